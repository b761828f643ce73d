// SPDX-License-Identifier: Apache-2.0
#include "carbond/state_file.h"

#include <nlohmann/json.hpp>

namespace carbon::carbond {
namespace {

using nlohmann::json;
constexpr int kVersion = 2;

json to_json(const energy::EnergyCounterState& s) {
  json out = {{"boot_ms", s.last.at.boot.count()},
              {"wall_ms", unix_ms(s.last.at.wall)},
              {"uj", s.last.uj},
              {"time_uncertainty_ms", s.last.time_uncertainty.count()},
              {"base_ms", s.base.at.count()},
              {"moved_ms", s.moved_at.count()},
              {"stopped", s.stopped},
              {"spare_uj", s.spare_uj},
              {"estimated_uj", s.estimated_uj},
              {"variance_uj2", s.variance_uj2},
              {"watts", s.watts},
              {"watts_before", s.watts_before},
              {"usual_watts", s.usual_watts},
              {"low_uj", s.base.uj},
              {"boot_id", s.boot_id}};
  if (s.base.counter_uj) out["counter_uj"] = *s.base.counter_uj;
  if (s.suspect && s.suspect->counter_uj)
    out["suspect"] = {{"ms", s.suspect->at.count()}, {"uj", s.suspect->uj}, {"counter_uj", *s.suspect->counter_uj}};
  return out;
}

energy::EnergyCounterState counter_from(const json& j) {
  energy::EnergyCounterState s;
  s.last.at.boot = Duration(j.at("boot_ms").get<std::int64_t>());
  s.last.at.wall = from_unix_ms(j.at("wall_ms").get<std::int64_t>());
  s.last.uj = j.at("uj").get<std::int64_t>();
  s.last.time_uncertainty = Duration(j.at("time_uncertainty_ms").get<std::int64_t>());
  s.watts = j.at("watts").get<double>();
  s.watts_before = j.at("watts_before").get<double>();
  s.usual_watts = j.at("usual_watts").get<double>();
  s.base.uj = j.at("low_uj").get<std::int64_t>();
  // Written since 0.1.0; a file from before has none of them.
  s.base.at = Duration(j.value("base_ms", s.last.at.boot.count()));
  s.moved_at = Duration(j.value("moved_ms", s.last.at.boot.count()));
  s.stopped = j.value("stopped", false);
  s.spare_uj = j.value("spare_uj", 0.0);
  s.estimated_uj = j.value("estimated_uj", std::int64_t{0});
  s.variance_uj2 = j.value("variance_uj2", 0.0);
  s.boot_id = j.at("boot_id").get<std::string>();
  if (j.contains("counter_uj")) s.base.counter_uj = j["counter_uj"].get<std::int64_t>();
  if (j.contains("suspect")) {
    const auto& suspect = j["suspect"];
    s.suspect = energy::CounterBase{Duration(suspect.at("ms").get<std::int64_t>()), suspect.at("uj").get<std::int64_t>(),
                                    suspect.at("counter_uj").get<std::int64_t>()};
  }
  return s;
}

json to_json(const energy::DeviceInfo& d) {
  json parts = json::array();
  for (const auto& p : d.partitions) parts.push_back({p.id, p.share, p.files});
  return {{"id", d.id},
          {"type", d.type},
          {"minor", d.minor},
          {"file", d.file},
          {"model", d.model},
          {"method", static_cast<int>(d.method)},
          {"rated_w", d.rated.value()},
          {"most_w", d.most.value()},
          {"update_ms", d.update.count()},
          {"wraps_at_uj", d.wraps_at_uj},
          {"simulated", d.simulated},
          {"partitions", std::move(parts)}};
}

energy::DeviceInfo info_from(const json& j) {
  energy::DeviceInfo d;
  d.id = j.at("id").get<std::string>();
  d.type = j.at("type").get<std::string>();
  d.minor = j.at("minor").get<std::uint32_t>();
  d.file = j.value("file", "");
  d.model = j.at("model").get<std::string>();
  d.method = static_cast<Method>(j.at("method").get<int>());
  d.rated = Watts(j.at("rated_w").get<double>());
  d.most = Watts(j.value("most_w", 0.0));
  d.update = Duration(j.at("update_ms").get<std::int64_t>());
  d.wraps_at_uj = j.at("wraps_at_uj").get<std::int64_t>();
  d.simulated = j.at("simulated").get<bool>();
  for (const auto& p : j.at("partitions")) {
    auto files = p.size() > 2 ? p[2].get<std::vector<std::string>>() : std::vector<std::string>();
    d.partitions.push_back({p.at(0).get<std::string>(), p.at(1).get<double>(), std::move(files)});
  }
  return d;
}

json to_json(const energy::Allocation& h) {
  return {{"job", h.job}, {"share", h.share}, {"from_ms", h.from.count()}, {"until_ms", h.until.count()}};
}

energy::Allocation allocation_from(const json& j) {
  return {j.at("job").get<std::string>(), j.at("share").get<double>(), Duration(j.at("from_ms").get<std::int64_t>()),
          Duration(j.at("until_ms").get<std::int64_t>())};
}

json to_json(const OpenJob& job) {
  json devices = json::object();
  for (const auto& [id, d] : job.devices) {
    devices[id] = {{"first_ms", unix_ms(d.profile.first())},
                   {"step_ms", d.profile.step().count()},
                   {"mj", d.profile.mj()},
                   {"idle_ms", d.profile.idle_ms()},
                   {"allocated", d.allocated},
                   {"share_ms", d.share_ms},
                   {"covered_ms", d.covered_ms},
                   {"estimated_mj", d.estimated_mj},
                   {"variance_mj2", d.variance_mj2},
                   {"by_shards", d.by_shards},
                   {"shared_mj", d.shared_mj}};
  }
  json gpus = json::array();
  for (const auto& [position, gpu] : job.gpus) gpus.push_back({position, gpu.type, gpu.files, gpu.shards});
  return {{"start", format_job_mark(job.start)},
          {"end", job.end ? format_job_mark(*job.end) : std::string()},
          {"end_seen", job.end_seen},
          {"end_guessed", job.end_guessed},
          {"notes", job.notes},
          {"revision", job.revision},
          {"gpus", std::move(gpus)},
          {"devices", std::move(devices)}};
}

// Lets other programs check the sums; carbond does not read it.
json recent_json(const energy::Profile& device, const DeviceTotals& totals) {
  json jobs = json::array(), idle = json::array();
  for (std::size_t k = 0; k < device.mj().size(); ++k) {
    const Instant at = device.first() + device.step() * static_cast<std::int64_t>(k);
    jobs.push_back(totals.jobs.at(at));
    idle.push_back(totals.idle.at(at));
  }
  return {{"first_ms", unix_ms(device.first())},
          {"step_ms", device.step().count()},
          {"device_mj", device.mj()},
          {"jobs_mj", std::move(jobs)},
          {"idle_mj", std::move(idle)}};
}

JobMark mark_from(const json& j) {
  auto mark = parse_job_mark(j.get<std::string>());
  if (!mark) throw std::invalid_argument(mark.error().message);
  return std::move(*mark);
}

OpenJob job_from(const json& j) {
  OpenJob job;
  job.start = mark_from(j.at("start"));
  if (!j.at("end").get<std::string>().empty()) job.end = mark_from(j["end"]);
  job.end_seen = j.at("end_seen").get<bool>();
  job.end_guessed = j.at("end_guessed").get<bool>();
  job.notes = j.at("notes").get<std::set<std::string>>();
  job.revision = j.at("revision").get<std::uint32_t>();
  for (const auto& g : j.value("gpus", json::array())) {
    job.gpus[g.at(0).get<std::uint32_t>()] = {g.at(1).get<std::string>(), g.at(2).get<std::vector<std::string>>(),
                                              g.at(3).get<std::uint32_t>()};
  }
  for (const auto& [id, d] : j.at("devices").items()) {
    JobDevice device;
    device.profile =
        energy::Profile(Duration(d.at("step_ms").get<std::int64_t>()), from_unix_ms(d.at("first_ms").get<std::int64_t>()),
                        d.at("mj").get<std::vector<std::int64_t>>(), d.at("idle_ms").get<std::vector<std::int64_t>>());
    device.allocated = d.at("allocated").get<double>();
    device.share_ms = d.at("share_ms").get<double>();
    device.covered_ms = d.at("covered_ms").get<std::int64_t>();
    device.estimated_mj = d.at("estimated_mj").get<std::int64_t>();
    device.variance_mj2 = d.at("variance_mj2").get<double>();
    device.by_shards = d.value("by_shards", false);
    device.shared_mj = d.value("shared_mj", std::int64_t{0});
    job.devices.emplace(id, std::move(device));
  }
  return job;
}

}  // namespace

std::string state_to_json(const JobRegistry& registry) {
  json devices = json::array(), jobs = json::array(), closed = json::array();
  for (const auto& [id, device] : registry.devices()) {
    json d = {{"info", to_json(device.info())}, {"allocations", json::array()}};
    for (const auto& h : device.allocations()) d["allocations"].push_back(to_json(h));
    if (const auto& state = device.counter().state()) d["counter"] = to_json(*state);
    const auto totals = registry.totals().find(id);
    d["jobs_mj"] = totals == registry.totals().end() ? 0 : totals->second.jobs_mj;
    d["idle_mj"] = totals == registry.totals().end() ? 0 : totals->second.idle_mj;
    if (totals != registry.totals().end()) d["recent"] = recent_json(device.recent(), totals->second);
    const auto idle = registry.idle_powers().find(id);
    if (idle != registry.idle_powers().end()) {
      d["idle_w"] = idle->second.minutes();
      if (const auto first = idle->second.first()) d["first_idle_w"] = first->value();
    }
    devices.push_back(std::move(d));
  }
  for (const auto& [_, job] : registry.jobs()) jobs.push_back(to_json(job));
  for (const auto& c : registry.closed()) closed.push_back({c.job, c.start_ms, c.end_ms});
  json hours = json::array();
  for (const auto& [key, sum] : registry.hours()) hours.push_back({key.first, unix_ms(key.second), sum.device_mj, sum.idle_mj});
  const json out = {{"version", kVersion},           {"hours", {{"batch", registry.hours_batch()}, {"sums", std::move(hours)}}},
                    {"boot_id", registry.boot_id()}, {"devices", std::move(devices)},
                    {"jobs", std::move(jobs)},       {"closed", std::move(closed)}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

// carbond wrote the file itself, so any fault in it is one error, found by nlohmann's checked access.
Status state_from_json(std::string_view text, JobRegistry& registry) {
  try {
    const auto j = json::parse(text);
    if (const auto version = j.at("version").get<int>(); version != kVersion)
      return Error{"state: version " + std::to_string(version) + "; accepted: " + std::to_string(kVersion)};
    for (const auto& d : j.at("devices")) {
      const auto info = info_from(d.at("info"));
      registry.restore_device(info);
      if (!d.contains("counter")) continue;
      std::vector<energy::Allocation> allocations;
      for (const auto& h : d.at("allocations")) allocations.push_back(allocation_from(h));
      registry.restore_readings(
          info.id, counter_from(d["counter"]), std::move(allocations),
          {d.at("jobs_mj").get<std::int64_t>(), d.at("idle_mj").get<std::int64_t>(), {}, {}},
          IdlePower(d.value("idle_w", std::vector<double>()),
                    d.contains("first_idle_w") ? std::optional(Watts(d["first_idle_w"].get<double>())) : std::nullopt));
    }
    for (const auto& job : j.at("jobs")) registry.restore_job(job_from(job));
    std::deque<ClosedRun> closed;
    for (const auto& c : j.at("closed"))
      closed.push_back({c.at(0).get<std::string>(), c.at(1).get<std::int64_t>(), c.at(2).get<std::int64_t>()});
    registry.restore_closed(std::move(closed));
    if (const auto hours = j.find("hours"); hours != j.end()) {  // absent in the state of an earlier build
      JobRegistry::Hours sums;
      for (const auto& h : hours->at("sums"))
        sums[{h.at(0).get<std::string>(), from_unix_ms(h.at(1).get<std::int64_t>())}] = {h.at(2).get<std::int64_t>(),
                                                                                         h.at(3).get<std::int64_t>()};
      registry.restore_hours(std::move(sums), hours->at("batch").get<std::int64_t>());
    }
  } catch (const std::exception& e) {
    return Error{std::string("state: ") + e.what()};
  }
  return Done{};
}

std::string readings_to_json(const JobRegistry& registry) {
  json out = json::array();
  for (const auto& [_, device] : registry.devices()) {
    const auto& state = device.counter().state();
    if (state) out.push_back({{"info", to_json(device.info())}, {"counter", to_json(*state)}});
  }
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<std::vector<SavedReading>> readings_from_json(std::string_view text) {
  std::vector<SavedReading> out;
  try {
    for (const auto& r : json::parse(text)) out.push_back({info_from(r.at("info")), counter_from(r.at("counter"))});
  } catch (const std::exception& e) {
    return Error{std::string("readings: ") + e.what()};
  }
  return out;
}

std::string boot_of_state(std::string_view text) {
  const auto j = json::parse(text, nullptr, false);
  const auto id = j.is_object() ? j.find("boot_id") : j.end();
  return id != j.end() && id->is_string() ? id->get<std::string>() : std::string();
}

}  // namespace carbon::carbond
