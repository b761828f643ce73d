// SPDX-License-Identifier: Apache-2.0
// The controller with the configuration file that it was made from: SIGHUP makes a new one in its place.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/result.h"

namespace carbon::carbonctld {

class Controller;

class ReloadableController {
 public:
  // `slurm_helper`: see Controller::make(). carbon-secrets.conf is looked for in the folder of `file`.
  ReloadableController(std::filesystem::path file, std::vector<std::string> slurm_helper);
  ~ReloadableController();
  ReloadableController(const ReloadableController&) = delete;
  ReloadableController& operator=(const ReloadableController&) = delete;

  Status start();
  // Reads the file again. On an error the previous configuration stays in force: a faulty file is refused while the controller
  // runs; after a failure that shows only at the start (a port in use, a database that is down) it is started as it was.
  // `stopped` is called when the old controller has ended.
  Status reload(const std::function<void()>& stopped);
  // False after a reload that could not restore the previous configuration either.
  bool running() const { return controller_ != nullptr; }
  bool alive() const;  // Controller::alive()

 private:
  Status start(config::Config config);
  std::filesystem::path secrets() const { return file_.parent_path() / "carbon-secrets.conf"; }

  std::filesystem::path file_;
  std::vector<std::string> slurm_helper_;
  config::Config config_;
  std::unique_ptr<Controller> controller_;
};

}  // namespace carbon::carbonctld
