// SPDX-License-Identifier: Apache-2.0
#include "carbond/outbox.h"

#include <algorithm>
#include <charconv>

namespace carbon::carbond {
namespace {

namespace fs = std::filesystem;

std::string name_of(const ledger::EnergyRecord& r) {
  std::string cluster = r.cluster;
  std::replace(cluster.begin(), cluster.end(), '/', '_');
  return std::to_string(unix_ms(r.end)) + '.' + cluster + '.' + std::to_string(r.job_id) + '.' + std::to_string(r.restart) + '.' +
         std::to_string(unix_ms(r.start)) + '.' + std::to_string(r.revision) + ".json";
}

}  // namespace

Status Outbox::add(const ledger::EnergyRecord& record) const {
  return add(name_of(record), ledger::to_json(record), "job " + std::to_string(record.job_id));
}

Status Outbox::add(const ledger::DeviceHours& hours) const {
  Instant end{};
  for (const auto& h : hours.hours) end = std::max(end, h.hour + std::chrono::hours(1));
  return add(std::to_string(unix_ms(end)) + ".hours." + std::to_string(hours.batch) + ".json", ledger::to_json(hours),
             "the energy of idle devices");
}

Status Outbox::add(const std::string& name, const std::string& json, const std::string& of) const {
  const auto used = bytes();
  if (used + json.size() > max_bytes_)
    return Error{"the outbox has " + std::to_string(used) + " of " + std::to_string(max_bytes_) +
                 " bytes (outbox_max): no room for " + of};
  return replace_file(spool_.outbox() / name, json, Sync::kYes);
}

std::optional<fs::path> Outbox::oldest() const {
  // Names start with the end of the job in ms, which has 13 digits until the year 2286, so they sort by age.
  std::optional<fs::path> first;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(spool_.outbox(), ec)) {
    if (!is_temporary(entry.path()) && (!first || entry.path() < *first)) first = entry.path();
  }
  return first;
}

void Outbox::acknowledge(const fs::path& file) const {
  std::error_code ec;
  fs::remove(file, ec);
}

void Outbox::refuse(const fs::path& file) const {
  std::error_code ec;
  fs::rename(file, spool_.refused() / file.filename(), ec);
}

Outbox::Counts Outbox::counts() const {
  Counts out;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(spool_.outbox(), ec)) {
    if (is_temporary(entry.path())) continue;
    ++out.records;
    const auto size = entry.file_size(ec);
    out.bytes += ec ? 0 : size;  // it may have been sent meanwhile
    const auto name = entry.path().filename().string();
    std::int64_t ended = 0;
    std::from_chars(name.data(), name.data() + name.size(), ended);
    if (out.oldest == Instant{} || from_unix_ms(ended) < out.oldest) out.oldest = from_unix_ms(ended);
  }
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(spool_.refused(), ec)) ++out.refused;
  return out;
}

std::uint64_t Outbox::bytes() const {
  std::uint64_t sum = 0;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(spool_.outbox(), ec)) {
    const auto size = entry.file_size(ec);
    if (!ec) sum += size;
  }
  return sum;
}

}  // namespace carbon::carbond
