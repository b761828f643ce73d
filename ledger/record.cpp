// SPDX-License-Identifier: Apache-2.0
#include "ledger/record.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

namespace carbon::ledger {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr std::size_t kMaxLabel = 128;  // cluster, user, account, partition: together they are a key of the ledger
constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxNote = 1024;
constexpr std::int64_t kMinTime = 946'684'800'000;    // 2000-01-01
constexpr std::int64_t kMaxTime = 4'102'444'800'000;  // 2100-01-01
constexpr Duration kMinStep = std::chrono::milliseconds(100);
constexpr Duration kMaxStep = std::chrono::hours(24);
constexpr Duration kMaxLength = std::chrono::hours(24 * 1000);

// Reads the members of one JSON object and remembers the first thing that is wrong, with the path to it.
class Members {
 public:
  Members(const json& object, std::string path, std::string& error) : object_(object), path_(std::move(path)), error_(error) {
    if (!object_.is_object()) fail("", "is not an object");
  }

  std::int64_t integer(const char* key, std::int64_t low, std::int64_t high) {
    const json* v = find(key);
    return v ? checked(*v, key, low, high) : low;
  }

  template <class Number>
  Number unsigned_number(const char* key, Number low, Number high = std::numeric_limits<Number>::max()) {
    return static_cast<Number>(integer(key, low, high));
  }

  Instant time(const char* key) { return from_unix_ms(integer(key, kMinTime, kMaxTime)); }

  bool boolean(const char* key) {
    const json* v = find(key);
    if (!v) return false;
    if (!v->is_boolean()) fail(key, "is not true or false");
    return v->is_boolean() && v->get<bool>();
  }

  double share(const char* key) {
    const json* v = find(key);
    if (!v) return 1.0;
    const double x = v->is_number() ? v->get<double>() : -1.0;
    if (!(x > 0.0 && x <= 1.0)) fail(key, "= " + short_dump(*v) + "; accepted: above 0 to 1");
    return x;
  }

  std::string text(const char* key, std::size_t low, std::size_t high) {
    const json* v = find(key);
    if (!v) return {};
    if (!v->is_string()) {
      fail(key, "is not a text");
      return {};
    }
    auto s = v->get<std::string>();
    if (s.size() < low || s.size() > high) {
      fail(key, "has " + std::to_string(s.size()) + " bytes; accepted: " + std::to_string(low) + " to " + std::to_string(high));
    } else if (std::any_of(s.begin(), s.end(), [](unsigned char c) { return c < ' ' || c == 127; })) {
      fail(key, "holds a control character");
    }
    return s;
  }

  std::vector<std::int64_t> integers(const char* key, std::int64_t high) {
    std::vector<std::int64_t> out;
    const json* v = array(key, kMaxIntervals);
    if (!v) return out;
    out.reserve(v->size());
    for (std::size_t i = 0; i < v->size() && error_.empty(); ++i)
      out.push_back(checked((*v)[i], std::string(key) + '[' + std::to_string(i) + ']', 0, high));
    return out;
  }

  const json* array(const char* key, std::size_t max) {
    const json* v = find(key);
    if (!v) return nullptr;
    if (!v->is_array()) {
      fail(key, "is not a list");
      return nullptr;
    }
    if (v->size() > max) {
      fail(key, "has " + std::to_string(v->size()) + " elements; accepted: at most " + std::to_string(max));
      return nullptr;
    }
    return v;
  }

  void fail(const std::string& key, const std::string& what) {
    if (!error_.empty()) return;
    const std::string field = key.empty() ? path_ : path_.empty() ? key : path_ + '.' + key;
    error_ = "record: " + (field.empty() ? std::string() : field + ' ') + what;
  }

 private:
  const json* find(const char* key) {
    if (!error_.empty()) return nullptr;
    const auto it = object_.find(key);
    if (it == object_.end()) {
      fail(key, "is missing");
      return nullptr;
    }
    return &*it;
  }

  std::int64_t checked(const json& v, const std::string& key, std::int64_t low, std::int64_t high) {
    const bool fits = v.is_number_unsigned() ? v.get<std::uint64_t>() <= static_cast<std::uint64_t>(high) : v.is_number_integer();
    const std::int64_t n = fits ? v.get<std::int64_t>() : low;
    if (fits && n >= low && n <= high) return n;
    fail(key, "= " + short_dump(v) + "; accepted: whole numbers from " + std::to_string(low) + " to " + std::to_string(high));
    return low;
  }

  static std::string short_dump(const json& v) {
    if (v.is_structured()) return v.is_array() ? "a list" : "an object";
    return v.dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 40);
  }

  const json& object_;
  std::string path_;
  std::string& error_;
};

// Every interval must touch the record's time, so that a profile cannot claim energy outside the job.
void check_intervals(const DeviceEnergy& d, const EnergyRecord& r, Members& m) {
  if (unix_ms(d.first) % d.step.count() != 0) m.fail("first_ms", "is not a multiple of step_ms");
  if (d.mj.empty()) return;
  const Instant last = d.first + d.step * static_cast<std::int64_t>(d.mj.size() - 1);
  if (d.first + d.step < r.start) m.fail("first_ms", "begins an interval that is over before start_ms");
  if (last > r.end) m.fail("mj", "has an interval that begins after end_ms");
}

DeviceEnergy device_from(const json& object, std::size_t index, const EnergyRecord& r, std::string& error) {
  Members m(object, "devices[" + std::to_string(index) + ']', error);
  DeviceEnergy d;
  d.device = m.text("device", 1, kMaxName);
  d.type = m.text("type", 1, 32);
  d.minor = m.unsigned_number<std::uint32_t>("minor", 0);
  const auto method = m.text("method", 1, 32);
  if (error.empty()) {
    const auto parsed = parse_method(method);
    if (parsed) {
      d.method = *parsed;
    } else {
      m.fail("method", parsed.error().message);
    }
  }
  d.share = m.share("share");
  d.step = Duration(m.integer("step_ms", kMinStep.count(), kMaxStep.count()));
  d.first = from_unix_ms(m.integer("first_ms", 0, kMaxTime));
  d.mj = m.integers("mj", kMaxRecordMj);
  d.held_idle_ms = m.integers("held_idle_ms", d.step.count());
  if (!error.empty()) return d;
  if (!d.held_idle_ms.empty() && d.held_idle_ms.size() != d.mj.size())
    m.fail("held_idle_ms", "has " + std::to_string(d.held_idle_ms.size()) + " values; accepted: none, or as many as mj has");
  std::int64_t sum = 0;
  for (const auto mj : d.mj) {
    if (mj > kMaxRecordMj - sum) {
      m.fail("mj", "adds up to more than " + std::to_string(kMaxRecordMj) + " mJ");
      return d;
    }
    sum += mj;
  }
  d.uncertainty_mj = m.integer("uncertainty_mj", 0, kMaxRecordMj);
  d.estimated_mj = m.integer("estimated_mj", 0, sum);
  check_intervals(d, r, m);
  return d;
}

void devices_from(Members& m, EnergyRecord& r, std::string& error) {
  const json* list = m.array("devices", kMaxDevices);
  if (!list) return;
  std::set<std::string> names;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < list->size() && error.empty(); ++i) {
    r.devices.push_back(device_from((*list)[i], i, r, error));
    if (!error.empty()) return;
    const auto& d = r.devices.back();
    if (!names.insert(d.device).second) m.fail("devices", "names '" + d.device + "' twice");
    const auto mj = total_mj(d);
    if (mj > kMaxRecordMj - sum) {
      m.fail("devices", "add up to more than " + std::to_string(kMaxRecordMj) + " mJ");
      return;
    }
    sum += mj;
  }
}

Result<EnergyRecord> record_from(const json& object, const std::string& path) {
  std::string error;
  Members m(object, path, error);
  EnergyRecord r;
  m.integer("version", kVersion, kVersion);
  r.cluster = m.text("cluster", 1, kMaxLabel);
  r.job_id = m.unsigned_number<std::uint32_t>("job_id", 1);
  r.restart = m.unsigned_number<std::uint32_t>("restart", 0);
  r.node = m.text("node", 1, kMaxName);
  r.start = m.time("start_ms");
  r.end = m.time("end_ms");
  if (r.end < r.start) m.fail("end_ms", "is before start_ms");
  if (r.end - r.start > kMaxLength) m.fail("end_ms", "is more than 1000 days after start_ms");
  r.final = m.boolean("final");
  r.revision = m.unsigned_number<std::uint32_t>("revision", 0);
  r.uid = m.unsigned_number<std::uint32_t>("uid", 0);
  r.user = m.text("user", 0, kMaxLabel);
  r.account = m.text("account", 0, kMaxLabel);
  r.partition = m.text("partition", 0, kMaxLabel);
  r.num_nodes = m.unsigned_number<std::uint32_t>("num_nodes", 1, 1'000'000);
  r.cpus = m.unsigned_number<std::uint32_t>("cpus", 0);
  r.simulated = m.boolean("simulated");
  r.note = m.text("note", 0, kMaxNote);
  devices_from(m, r, error);
  if (!error.empty()) return Error{std::move(error)};
  return r;
}

// Deeper than a record ever is. The parser itself does not recurse, so this only saves work.
constexpr int kMaxDepth = 8;

bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

Result<json> parse(std::string_view text) {
  if (too_deep(text)) return Error{"record: nested too deep"};
  auto parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return Error{"record: not JSON"};
  return parsed;
}

// Writes one JSON object on one line. Most of a record is numbers, which need no library.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }

  void text(const char* key, std::string_view value) {
    name(key);
    out_ += json(value).dump(-1, ' ', false, json::error_handler_t::replace);
  }
  void boolean(const char* key, bool value) {
    name(key);
    out_ += value ? "true" : "false";
  }
  template <class Number>
  void number(const char* key, Number value) {
    name(key);
    put(value);
  }
  void numbers(const char* key, const std::vector<std::int64_t>& values) {
    name(key);
    char before = '[';
    for (const auto v : values) {
      out_ += before;
      put(v);
      before = ',';
    }
    out_ += values.empty() ? "[]" : "]";
  }
  void name(const char* key) {
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += key;
    out_ += "\":";
  }

 private:
  template <class Number>
  void put(Number value) {
    char text[32];
    out_.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
  std::string& out_;
};

void write_device(std::string& out, const DeviceEnergy& d) {
  ObjectWriter w(out);
  w.text("device", d.device);
  w.text("type", d.type);
  w.number("minor", d.minor);
  w.text("method", to_string(d.method));
  w.number("share", d.share);
  w.number("first_ms", unix_ms(d.first));
  w.number("step_ms", d.step.count());
  w.numbers("mj", d.mj);
  w.numbers("held_idle_ms", d.held_idle_ms);
  w.number("uncertainty_mj", d.uncertainty_mj);
  w.number("estimated_mj", d.estimated_mj);
  out += '}';
}

}  // namespace

std::int64_t total_mj(const DeviceEnergy& d) { return std::accumulate(d.mj.begin(), d.mj.end(), std::int64_t{0}); }

std::int64_t total_mj(const EnergyRecord& r) {
  std::int64_t sum = 0;
  for (const auto& d : r.devices) sum += total_mj(d);
  return sum;
}

std::string to_json(const EnergyRecord& r) {
  std::string out;
  ObjectWriter w(out);
  w.number("version", kVersion);
  w.text("cluster", r.cluster);
  w.number("job_id", r.job_id);
  w.number("restart", r.restart);
  w.text("node", r.node);
  w.number("start_ms", unix_ms(r.start));
  w.number("end_ms", unix_ms(r.end));
  w.boolean("final", r.final);
  w.number("revision", r.revision);
  w.number("uid", r.uid);
  w.text("user", r.user);
  w.text("account", r.account);
  w.text("partition", r.partition);
  w.number("num_nodes", r.num_nodes);
  w.number("cpus", r.cpus);
  w.boolean("simulated", r.simulated);
  w.text("note", r.note);
  w.name("devices");
  out += '[';
  for (std::size_t i = 0; i < r.devices.size(); ++i) {
    if (i > 0) out += ',';
    write_device(out, r.devices[i]);
  }
  out += "]}";
  return out;
}

Result<EnergyRecord> record_from_json(std::string_view text) {
  if (text.size() > kMaxRecordBytes)
    return Error{"record: " + std::to_string(text.size()) + " bytes; accepted: at most " + std::to_string(kMaxRecordBytes)};
  const auto parsed = parse(text);
  if (!parsed) return parsed.error();
  return record_from(*parsed, "");
}

Result<std::vector<EnergyRecord>> records_from_json(std::string_view text, std::size_t max_records) {
  const auto parsed = parse(text);
  if (!parsed) return parsed.error();
  if (parsed->is_array() && parsed->size() > max_records)
    return Error{"record: a list of " + std::to_string(parsed->size()) + "; accepted: at most " + std::to_string(max_records)};
  std::vector<EnergyRecord> out;
  if (!parsed->is_array()) {
    auto one = record_from(*parsed, "");
    if (!one) return one.error();
    out.push_back(std::move(*one));
    return out;
  }
  out.reserve(parsed->size());
  for (std::size_t i = 0; i < parsed->size(); ++i) {
    auto one = record_from((*parsed)[i], '[' + std::to_string(i) + ']');
    if (!one) return one.error();
    out.push_back(std::move(*one));
  }
  return out;
}

}  // namespace carbon::ledger
