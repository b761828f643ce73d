// SPDX-License-Identifier: Apache-2.0
#include "ledger/record/device_hours.h"

#include <nlohmann/json.hpp>

namespace carbon::ledger {
namespace {

using nlohmann::json;

constexpr std::string_view kBegin = "{\"device_hours\":";
constexpr std::int64_t kMostMj = 1'000'000'000'000;  // an hour at 277 kW
constexpr std::size_t kLongestName = 255;

void require(bool sound, const char* what) {
  if (!sound) throw std::invalid_argument(what);
}

DeviceHour hour_from(const json& j) {
  DeviceHour h{j.at(0).get<std::string>(), from_unix_ms(j.at(1).get<std::int64_t>()), j.at(2).get<std::int64_t>(),
               j.at(3).get<std::int64_t>()};
  require(!h.device.empty() && h.device.size() <= kLongestName, "a device's name; accepted: 1 to 255 bytes");
  require(h.hour > Instant{} && std::chrono::floor<std::chrono::hours>(h.hour) == h.hour, "an hour; accepted: its start");
  require(std::abs(h.device_mj) <= kMostMj && std::abs(h.idle_mj) <= kMostMj, "an energy; accepted: at most 1e12 mJ in an hour");
  return h;
}

}  // namespace

std::string to_json(const DeviceHours& d) {
  json hours = json::array();
  for (const auto& h : d.hours) hours.push_back({h.device, unix_ms(h.hour), h.device_mj, h.idle_mj});
  const json body{
      {"cluster", d.cluster}, {"node", d.node}, {"batch", d.batch}, {"revision", d.revision}, {"hours", std::move(hours)}};
  return std::string(kBegin) + body.dump(-1, ' ', false, json::error_handler_t::replace) + "}";
}

bool is_device_hours(std::string_view text) { return text.starts_with(kBegin); }

Result<DeviceHours> device_hours_from_json(std::string_view text) {
  try {
    const auto j = json::parse(text).at("device_hours");
    DeviceHours d{j.at("cluster").get<std::string>(),
                  j.at("node").get<std::string>(),
                  j.at("batch").get<std::int64_t>(),
                  j.at("revision").get<std::int64_t>(),
                  {}};
    require(!d.node.empty() && d.node.size() <= kLongestName, "node; accepted: 1 to 255 bytes");
    require(d.batch > 0 && d.revision > 0, "batch and revision; accepted: above 0");
    const auto& hours = j.at("hours");
    require(hours.is_array() && hours.size() <= kMostDeviceHours, "hours; accepted: a list of at most 100000");
    for (const auto& h : hours) d.hours.push_back(hour_from(h));
    return d;
  } catch (const std::exception& e) {
    return Error{std::string("device_hours: ") + e.what()};
  }
}

}  // namespace carbon::ledger
