// SPDX-License-Identifier: Apache-2.0
// Reads records from JSON with simdjson: they arrive by the thousand and are read again at each restatement.
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/strings.h"
#include "ledger/record/record.h"

namespace carbon::ledger {
namespace {

namespace dom = simdjson::dom;

constexpr int kVersion = 1;
constexpr std::size_t kMaxLabel = 128;  // cluster, user, account, partition: together they are a key of the ledger
constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxNote = 1024;
constexpr std::int64_t kMinTime = 946'684'800'000;    // 2000-01-01
constexpr std::int64_t kMaxTime = 4'102'444'800'000;  // 2100-01-01
constexpr double kMaxWatts = 1e6;
constexpr Duration kMinStep = std::chrono::milliseconds(100);
constexpr Duration kMaxStep = std::chrono::hours(24);
constexpr Duration kMaxLength = std::chrono::hours(24 * 1000);

std::string short_dump(dom::element v) {
  if (v.is_array()) return "a list";
  if (v.is_object()) return "an object";
  return simdjson::minify(v).substr(0, 40);
}

// Reads the members of one JSON object; keeps the first error, with the path to it.
class Members {
 public:
  Members(dom::element object, std::string path, std::string& error) : path_(std::move(path)), error_(error) {
    if (object.get(object_) != simdjson::SUCCESS) fail("", "is not an object");
  }

  std::int64_t integer(const char* key, std::int64_t low, std::int64_t high) {
    const auto v = find(key);
    if (!v) return low;
    const auto n = within(*v, low, high);
    if (!n) out_of_range(key, *v, low, high);
    return n.value_or(low);
  }

  template <class Number>
  Number unsigned_number(const char* key, Number low, Number high = std::numeric_limits<Number>::max()) {
    return static_cast<Number>(integer(key, low, high));
  }

  bool has(const char* key) const {
    dom::element v;
    return error_.empty() && object_.at_key(key).get(v) == simdjson::SUCCESS;
  }

  double number(const char* key, double low, double high) {
    const auto v = find(key);
    if (!v) return low;
    double x = 0;
    if (v->get(x) == simdjson::SUCCESS && x >= low && x <= high) return x;
    fail(key, "= " + short_dump(*v) + "; accepted: numbers from " + std::to_string(std::llround(low)) + " to " +
                  std::to_string(std::llround(high)));
    return low;
  }

  Instant time(const char* key) { return from_unix_ms(integer(key, kMinTime, kMaxTime)); }

  bool boolean(const char* key) {
    const auto v = find(key);
    bool value = false;
    if (v && v->get(value) != simdjson::SUCCESS) fail(key, "is not true or false");
    return value;
  }

  double share(const char* key) {
    const auto v = find(key);
    if (!v) return 1.0;
    double x = -1.0;
    if (v->get(x) != simdjson::SUCCESS || !(x > 0.0 && x <= 1.0)) fail(key, "= " + short_dump(*v) + "; accepted: above 0 to 1");
    return x;
  }

  std::string text(const char* key, std::size_t low, std::size_t high) {
    const auto v = find(key);
    std::string_view s;
    if (!v) return {};
    if (v->get(s) != simdjson::SUCCESS) {
      fail(key, "is not a text");
    } else if (s.size() < low || s.size() > high) {
      fail(key, "has " + std::to_string(s.size()) + " bytes; accepted: " + std::to_string(low) + " to " + std::to_string(high));
    } else if (std::any_of(s.begin(), s.end(), [](unsigned char c) { return c < ' ' || c == 127; })) {
      fail(key, "contains a control character");
    }
    return std::string(s);
  }

  std::vector<std::int64_t> integers(const char* key, std::int64_t high) {
    std::vector<std::int64_t> out;
    const auto list = array(key, kMaxIntervals);
    if (!list) return out;
    out.reserve(list->size());
    for (const auto v : *list) {
      const auto n = within(v, 0, high);
      if (!n) {
        out_of_range(std::string(key) + '[' + std::to_string(out.size()) + ']', v, 0, high);
        break;
      }
      out.push_back(*n);
    }
    return out;
  }

  std::optional<dom::array> array(const char* key, std::size_t max) {
    const auto v = find(key);
    if (!v) return {};
    dom::array list;
    if (v->get(list) != simdjson::SUCCESS) {
      fail(key, "is not a list");
      return {};
    }
    if (list.size() > max) {
      fail(key, "has " + std::to_string(list.size()) + " elements; accepted: at most " + std::to_string(max));
      return {};
    }
    return list;
  }

  void fail(const std::string& key, const std::string& what) {
    if (!error_.empty()) return;
    const std::string field = key.empty() ? path_ : path_.empty() ? key : path_ + '.' + key;
    error_ = "record: " + (field.empty() ? std::string() : field + ' ') + what;
  }

 private:
  std::optional<dom::element> find(const char* key) {
    if (!error_.empty()) return {};
    dom::element v;
    if (object_.at_key(key).get(v) == simdjson::SUCCESS) return v;
    fail(key, "is missing");
    return {};
  }

  static std::optional<std::int64_t> within(dom::element v, std::int64_t low, std::int64_t high) {
    std::int64_t n = 0;
    if (!v.is_int64() || v.get(n) != simdjson::SUCCESS || n < low || n > high) return {};
    return n;
  }

  void out_of_range(const std::string& key, dom::element v, std::int64_t low, std::int64_t high) {
    fail(key, "= " + short_dump(v) + "; accepted: whole numbers from " + std::to_string(low) + " to " + std::to_string(high));
  }

  dom::object object_;
  std::string path_;
  std::string& error_;
};

// Every interval must touch the record's time, so that a profile cannot claim energy outside the job.
void check_intervals(const DeviceEnergy& d, const EnergyRecord& r, Members& m) {
  if (unix_ms(d.first) % d.step.count() != 0) m.fail("first_ms", "is not a multiple of step_ms");
  if (d.mj.empty()) return;
  const Instant last = d.first + d.step * static_cast<std::int64_t>(d.mj.size() - 1);
  if (d.first + d.step < r.start) m.fail("first_ms", "starts an interval that ends before start_ms");
  if (last > r.end) m.fail("mj", "has an interval that begins after end_ms");
}

DeviceEnergy device_from(dom::element object, std::size_t index, const EnergyRecord& r, std::string& error) {
  Members m(object, "devices[" + std::to_string(index) + ']', error);
  DeviceEnergy d;
  d.device = m.text("device", 1, kMaxName);
  d.type = m.text("type", 1, 32);
  d.minor = m.unsigned_number<std::uint32_t>("minor", 0);
  if (m.has("model")) d.model = m.text("model", 0, kMaxName);
  if (m.has("idle_w")) d.idle = Watts(m.number("idle_w", 0, kMaxWatts));
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
  d.allocated_idle_ms = m.integers("held_idle_ms", d.step.count());
  if (!error.empty()) return d;
  if (!d.allocated_idle_ms.empty() && d.allocated_idle_ms.size() != d.mj.size())
    m.fail("held_idle_ms", "has " + std::to_string(d.allocated_idle_ms.size()) + " values; accepted: none, or as many as mj has");
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
  const auto list = m.array("devices", kMaxDevices);
  if (!list) return;
  std::set<std::string> names;
  std::int64_t sum = 0;
  for (const auto element : *list) {
    r.devices.push_back(device_from(element, r.devices.size(), r, error));
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

Result<EnergyRecord> record_from(dom::element object, const std::string& path) {
  std::string error;
  Members m(object, path, error);
  EnergyRecord r;
  m.integer("version", kVersion, kVersion);
  r.cluster = m.text("cluster", 1, kMaxLabel);
  r.job_id = m.unsigned_number<std::uint32_t>("job_id", 1);
  r.restart = m.unsigned_number<std::uint32_t>("restart", 0);
  if (m.has("job_start_ms")) r.job_start = m.time("job_start_ms");
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

constexpr std::size_t kMaxDepth = 8;  // a record needs 4

// A parser keeps its memory for the next text, up to the size of a record of several days.
constexpr std::size_t kKeptBytes = 1u << 20;

Error too_long(std::size_t bytes, const std::string& path) {
  return Error{"record: " + (path.empty() ? path : path + " has ") + std::to_string(bytes) + " bytes; accepted: at most " +
               std::to_string(kMaxRecordBytes)};
}

// `path`: the position in a list, for errors; empty: the text is one record.
Result<EnergyRecord> parse_record(std::string_view text, const std::string& path) {
  if (text.size() > kMaxRecordBytes) return too_long(text.size(), path);
  static thread_local dom::parser parser;
  if (parser.capacity() > kKeptBytes) parser = dom::parser();
  if (text.size() > parser.capacity() || parser.max_depth() != kMaxDepth) {
    if (const auto wrong = parser.allocate(text.size(), kMaxDepth)) return Error{std::string("record: ") + error_message(wrong)};
  }
  dom::element root;
  const auto wrong = parser.parse(text.data(), text.size()).get(root);
  if (wrong == simdjson::DEPTH_ERROR) return Error{"record: nested too deep"};
  if (wrong) return Error{std::string("record: not JSON: ") + error_message(wrong)};
  return record_from(root, path);
}

// The text of each element of a JSON array. Elements are delimited, not checked.
Result<std::vector<std::string>> elements_of(std::string_view text, std::size_t max) {
  namespace ondemand = simdjson::ondemand;
  const auto not_json = [](simdjson::error_code wrong) {
    return Error{std::string("record: not JSON: ") + error_message(wrong)};
  };
  const simdjson::padded_string padded(text);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array list;
  std::size_t count = 0;
  if (const auto wrong = parser.iterate(padded).get(document)) return not_json(wrong);
  if (const auto wrong = document.get_array().get(list)) return not_json(wrong);
  if (const auto wrong = list.count_elements().get(count)) return not_json(wrong);
  if (count > max) return Error{"record: a list of " + std::to_string(count) + "; accepted: at most " + std::to_string(max)};
  std::vector<std::string> out;
  out.reserve(count);
  for (auto element : list) {
    ondemand::object object;
    std::string_view json;
    const auto wrong = element.get_object().get(object);
    if (wrong == simdjson::INCORRECT_TYPE) return Error{"record: [" + std::to_string(out.size()) + "] is not an object"};
    if (wrong) return not_json(wrong);
    if (const auto cut_off = object.raw_json().get(json)) return not_json(cut_off);
    out.emplace_back(trimmed(json));
  }
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return not_json(simdjson::TAPE_ERROR);  // text follows
  return out;
}

}  // namespace

Result<EnergyRecord> record_from_json(std::string_view text) { return parse_record(text, ""); }

Result<std::vector<ReceivedRecord>> records_from_json(std::string_view text, std::size_t max_records) {
  text = trimmed(text);
  std::vector<ReceivedRecord> out;
  if (!text.starts_with('[')) {
    auto one = parse_record(text, "");
    if (!one) return one.error();
    out.push_back({std::move(*one), std::string(text)});
    return out;
  }
  auto elements = elements_of(text, max_records);
  if (!elements) return elements.error();
  out.reserve(elements->size());
  for (auto& json : *elements) {
    auto one = parse_record(json, '[' + std::to_string(out.size()) + ']');
    if (!one) return one.error();
    out.push_back({std::move(*one), std::move(json)});
  }
  return out;
}

}  // namespace carbon::ledger
