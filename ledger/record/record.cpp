// SPDX-License-Identifier: Apache-2.0
#include "ledger/record/record.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <numeric>

namespace carbon::ledger {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;

// Writes one JSON object on one line. Most of a record is numbers, which need no library.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }

  void text(const char* key, std::string_view value) {
    name(key);
    const bool plain =
        std::all_of(value.begin(), value.end(), [](unsigned char c) { return c >= ' ' && c < 127 && c != '"' && c != '\\'; });
    out_ += plain ? '"' + std::string(value) + '"' : json(value).dump(-1, ' ', false, json::error_handler_t::replace);
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
  if (!d.model.empty()) w.text("model", d.model);
  if (d.idle) w.number("idle_w", d.idle->value());
  w.text("method", to_string(d.method));
  w.number("share", d.share);
  w.number("first_ms", unix_ms(d.first));
  w.number("step_ms", d.step.count());
  w.numbers("mj", d.mj);
  w.numbers("held_idle_ms", d.allocated_idle_ms);
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
  if (r.job_start) w.number("job_start_ms", unix_ms(*r.job_start));
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

}  // namespace carbon::ledger
