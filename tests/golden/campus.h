// SPDX-License-Identifier: Apache-2.0
// A small cluster that stands still at one moment: its ledger, its grid and its queue, behind carbonctld's own API; what the
// golden tests ask scarbon about. Slurm alone is played (tests/golden/sacct).
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "carbonctld/api/api.h"
#include "tests/support/temp_dir.h"

namespace carbon::golden {

inline const Instant kNow = from_unix_ms(1'764'072'000'000);  // 2025-11-25T12:00:00Z

class Campus {
 public:
  // Serves at once, on a port of its own; throws where that cannot be.
  explicit Campus(const std::string& munge_socket);

  std::filesystem::path config_file() const { return dir_ / "carbon.conf"; }
  std::filesystem::path dir() const { return dir_.path(); }
  std::uint16_t port() const { return server_->port(); }

 private:
  void fill_ledger();
  void write_snapshot() const;
  void account();

  TempDir dir_;
  config::Config config_;
  std::unique_ptr<ledger::Store> store_;
  std::shared_ptr<const std::vector<grid_feeds::SiteSeries>> grid_;
  std::unique_ptr<carbonctld::Ingest> ingest_;
  std::unique_ptr<carbonctld::Api> api_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace carbon::golden
