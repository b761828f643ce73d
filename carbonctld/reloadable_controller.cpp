// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/reloadable_controller.h"

#include <spdlog/spdlog.h>

#include "carbonctld/controller.h"

namespace carbon::carbonctld {

ReloadableController::ReloadableController(std::filesystem::path file, std::vector<std::string> slurm_helper)
    : file_(std::move(file)), slurm_helper_(std::move(slurm_helper)) {}

ReloadableController::~ReloadableController() = default;

bool ReloadableController::alive() const { return controller_ && controller_->alive(); }

Status ReloadableController::start() {
  auto config = config::load_config(file_);
  return config ? start(std::move(*config)) : Status(config.error());
}

Status ReloadableController::reload(const std::function<void()>& stopped) {
  auto next = config::load_config(file_);
  if (!next) return next.error();
  if (const auto valid = Controller::check(*next, secrets()); !valid) return valid;
  const config::Config previous = config_;
  controller_.reset();
  stopped();
  auto started = start(std::move(*next));
  if (!started) {
    if (const auto restored = start(previous); !restored) spdlog::critical("{}", restored.error().message);
  }
  return started;
}

Status ReloadableController::start(config::Config config) {
  config_ = config;
  auto made = Controller::make(std::move(config), slurm_helper_, secrets());
  if (!made) return made.error();
  if (const auto started = (*made)->start(); !started) return started;
  controller_ = std::move(*made);
  return Done{};
}

}  // namespace carbon::carbonctld
