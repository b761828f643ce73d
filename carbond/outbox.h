// SPDX-License-Identifier: Apache-2.0
// Outbox: records that carbonctld has not acknowledged yet, one file each. Its size is bounded: when it is full, add() is an
// error, and the caller keeps the job open and tries again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "carbond/spool.h"
#include "ledger/record/device_hours.h"
#include "ledger/record/record.h"

namespace carbon::carbond {

class Outbox {
 public:
  Outbox(Spool spool, std::uint64_t max_bytes) : spool_(std::move(spool)), max_bytes_(max_bytes) {}

  // Durable when it returns. The same record again replaces its file.
  Status add(const ledger::EnergyRecord& record) const;
  // The same batch again replaces its file.
  Status add(const ledger::DeviceHours& hours) const;
  // The file of the job, or of the hours, that ended first.
  std::optional<std::filesystem::path> oldest() const;
  void acknowledge(const std::filesystem::path& file) const;
  // Moves it to refused/.
  void refuse(const std::filesystem::path& file) const;
  struct Counts {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;    // of them
    std::uint64_t refused = 0;  // marks and records in refused/
    Instant oldest{};           // the end of the job whose record has waited longest; the epoch: none waits
  };
  Counts counts() const;

 private:
  std::uint64_t bytes() const;
  Status add(const std::string& name, const std::string& json, const std::string& of) const;

  Spool spool_;
  std::uint64_t max_bytes_;
};

}  // namespace carbon::carbond
