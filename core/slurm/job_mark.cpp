// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/job_mark.h"

#include <charconv>
#include <map>

namespace carbon::inline core {
namespace {

constexpr std::string_view kVersionLine = "carbon-mark 1";

std::string one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c == '\n' || c == '\r' || c == '\0') c = '_';
  }
  return out;
}

std::string join(const std::vector<std::uint32_t>& numbers) {
  std::string out;
  for (const auto n : numbers) out += (out.empty() ? "" : ",") + std::to_string(n);
  return out;
}

// An empty text is written as "-".
std::string join(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& t : texts) out += (out.empty() ? "" : ",") + (t.empty() ? "-" : t);
  return out;
}

class Fields {
 public:
  explicit Fields(std::string_view body) {
    while (!body.empty()) {
      const auto line = body.substr(0, body.find('\n'));
      body.remove_prefix(std::min(body.size(), line.size() + 1));
      const auto equals = line.find('=');
      if (equals != std::string_view::npos) values_.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
  }

  std::string text(std::string_view key) {
    const auto it = values_.find(key);
    if (it != values_.end()) return std::string(it->second);
    fail(key, "is missing");
    return {};
  }

  template <class Number>
  Number number(std::string_view key) {
    const auto value = text(key);
    Number n{};
    const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), n);
    if (ec != std::errc{} || end != value.data() + value.size()) fail(key, "= '" + value + "' is not a number in range");
    return n;
  }

  std::vector<std::uint32_t> list(std::string_view key) {
    std::vector<std::uint32_t> out;
    const auto value = text(key);
    const char* at = value.data();
    const char* const end = at + value.size();
    while (at != end) {
      std::uint32_t n = 0;
      const auto [next, ec] = std::from_chars(at, end, n);
      if (ec != std::errc{} || (next != end && *next != ',')) {
        fail(key, "= '" + value + "' is not a list of numbers with commas");
        return {};
      }
      out.push_back(n);
      at = next == end ? end : next + 1;
    }
    return out;
  }

  bool has(std::string_view key) const { return values_.contains(key); }

  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> out;
    const auto value = text(key);
    for (std::size_t at = 0; at < value.size();) {
      const auto comma = std::min(value.find(',', at), value.size());
      const auto item = value.substr(at, comma - at);
      out.push_back(item == "-" ? std::string() : item);
      at = comma + 1;
    }
    return out;
  }

  const std::string& error() const { return error_; }

 private:
  void fail(std::string_view key, const std::string& what) {
    if (error_.empty()) error_ = "mark: " + std::string(key) + ' ' + what;
  }
  std::map<std::string_view, std::string_view> values_;
  std::string error_;
};

}  // namespace

std::string job_mark_file_name(const JobMark& m) {
  return std::string(m.event == JobMarkEvent::kStart ? "start." : "end.") + std::to_string(m.job_id) + '.' +
         std::to_string(m.restart) + '.' + std::to_string(unix_ms(m.at));
}

std::string format_job_mark(const JobMark& m) {
  std::string out(kVersionLine);
  const auto put = [&out](std::string_view key, const std::string& value) {
    out += '\n';
    out += key;
    out += '=';
    out += one_line(value);
  };
  put("event", m.event == JobMarkEvent::kStart ? "start" : "end");
  put("at_ms", std::to_string(unix_ms(m.at)));
  put("since_boot_ms", std::to_string(m.since_boot.count()));
  put("boot_id", m.boot_id);
  put("cluster", m.cluster);
  put("node", m.node);
  put("job_id", std::to_string(m.job_id));
  put("restart", std::to_string(m.restart));
  if (m.job_start) put("job_start_ms", std::to_string(unix_ms(*m.job_start)));
  put("uid", std::to_string(m.uid));
  put("user", m.user);
  put("account", m.account);
  put("partition", m.partition);
  put("num_nodes", std::to_string(m.num_nodes));
  put("cpus", std::to_string(m.cpus));
  put("gpus", join(m.gpus));
  if (!m.uuids.empty()) put("uuids", join(m.uuids));
  if (m.mps_percent > 0) put("mps_percent", std::to_string(m.mps_percent));
  out += '\n';
  return out;
}

Result<JobMark> parse_job_mark(std::string_view text) {
  if (text.size() > kMaxJobMarkBytes)
    return Error{"mark: " + std::to_string(text.size()) + " bytes, at most " + std::to_string(kMaxJobMarkBytes) + " accepted"};
  if (text.substr(0, text.find('\n')) != kVersionLine)
    return Error{"mark: the first line is not '" + std::string(kVersionLine) + "'"};
  if (text.back() != '\n') return Error{"mark: the last line does not end with a line break"};
  Fields fields(text);
  JobMark m;
  const auto event = fields.text("event");
  if (event != "start" && event != "end" && fields.error().empty())
    return Error{"mark: event = '" + event + "'; accepted: start, end"};
  m.event = event == "end" ? JobMarkEvent::kEnd : JobMarkEvent::kStart;
  m.at = from_unix_ms(fields.number<std::int64_t>("at_ms"));
  m.since_boot = Duration(fields.number<std::int64_t>("since_boot_ms"));
  m.boot_id = fields.text("boot_id");
  m.cluster = fields.text("cluster");
  m.node = fields.text("node");
  m.job_id = fields.number<std::uint32_t>("job_id");
  m.restart = fields.number<std::uint32_t>("restart");
  if (fields.has("job_start_ms")) m.job_start = from_unix_ms(fields.number<std::int64_t>("job_start_ms"));
  m.uid = fields.number<std::uint32_t>("uid");
  m.user = fields.text("user");
  m.account = fields.text("account");
  m.partition = fields.text("partition");
  m.num_nodes = fields.number<std::uint32_t>("num_nodes");
  m.cpus = fields.number<std::uint32_t>("cpus");
  m.gpus = fields.list("gpus");
  if (fields.has("uuids")) m.uuids = fields.texts("uuids");
  if (fields.has("mps_percent")) m.mps_percent = fields.number<std::uint32_t>("mps_percent");
  if (!fields.error().empty()) return Error{fields.error()};
  if (!m.uuids.empty() && !m.gpus.empty() && m.uuids.size() != m.gpus.size())
    return Error{"mark: uuids has " + std::to_string(m.uuids.size()) + " items, gpus " + std::to_string(m.gpus.size())};
  if (m.mps_percent > 100) return Error{"mark: mps_percent = " + std::to_string(m.mps_percent) + "; accepted: 0 to 100"};
  return m;
}

std::string node_path(std::string path, std::string_view node) {
  for (auto at = path.find("%n"); at != std::string::npos; at = path.find("%n", at + node.size())) path.replace(at, 2, node);
  return path;
}

}  // namespace carbon::inline core
