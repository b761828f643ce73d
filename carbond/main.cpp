// SPDX-License-Identifier: Apache-2.0
// carbond: measures the energy of each Slurm job on this node and ships it to carbonctld.
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <iostream>
#include <iterator>

#include "carbond/node_daemon.h"
#include "carbond/node_options.h"
#include "carbond/print_meters.h"
#include "carbond/shipper.h"
#include "config/config.h"
#include "core/slurm/job_mark.h"
#include "core/slurm/slurmd_query.h"
#include "energy/nvml_meter.h"
#include "energy/rapl_meter.h"
#include "energy/rocm_meter.h"
#include "log/log.h"
#include "net/munge.h"

namespace {

using carbon::carbond::NodeOptions;

std::string short_host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  const std::string full = name.data();
  return full.substr(0, full.find('.'));
}

// All devices that can be measured on this host. With simulated GPUs the host's real CPUs are left out, unless a test passes its
// own sysfs.
carbon::energy::MetersFound find_all_meters(const NodeOptions& options) {
  using namespace carbon::energy;
  auto found = find_nvml_meters(options.nvml, options.proc.empty() ? "/proc" : options.proc);
  const auto add = [&found](MetersFound more) {
    std::move(more.meters.begin(), more.meters.end(), std::back_inserter(found.meters));
    found.incomplete = found.incomplete || more.incomplete;
    if (!more.note.empty()) found.note += (found.note.empty() ? "" : "; ") + more.note;
  };
  add(find_rocm_meters(options.rocm));
  const bool simulated = std::any_of(found.meters.begin(), found.meters.end(), [](const auto& m) { return m->info().simulated; });
  if (!simulated || !options.sysfs.empty()) add(find_rapl_meters(options.sysfs.empty() ? "/sys" : options.sysfs));
  return found;
}

carbon::carbond::DaemonSettings settings_of(const carbon::config::Config& config, const NodeOptions& options) {
  using namespace carbon;
  carbond::DaemonSettings settings;
  settings.cluster = config.cluster;
  settings.node = options.node;
  settings.spool = carbond::Spool::at(config.carbond.spool, options.node);
  settings.reading_interval = config.carbond.reading_interval;
  settings.profile_interval = config.carbond.profile_interval;
  const auto& metrics = config.carbond.metrics_file;
  settings.metrics_file = settings.spool.root / "carbond.prom";
  if (!metrics.empty()) settings.metrics_file = node_path(metrics, options.node);
  settings.outbox_max_bytes = config.carbond.outbox_max_bytes;
  settings.gpu_power = config.placement.gpu_power;
  settings.find_meters = [options] { return find_all_meters(options); };
  settings.ask_for_gpus = [slurmd = config.carbond.slurmd, node = options.node] {
    return ask_slurmd_for_gpus({slurmd, slurm_conf_file(), node});
  };
  settings.state_of_slurm_files = [] { return carbon::state_of_slurm_files(slurm_conf_file()); };
  if (!options.sysfs.empty()) settings.sysfs = options.sysfs;
  return settings;
}

// Runs under one configuration until a signal ends it. `on_hangup`: see DaemonSettings.
carbon::Status run(const carbon::config::Config& config, const NodeOptions& options, std::function<bool()> on_hangup) {
  using namespace carbon;
  auto settings = settings_of(config, options);
  if (const auto made = settings.spool.create(); !made) return made;
  carbond::Shipper shipper(
      carbond::Outbox(settings.spool, settings.outbox_max_bytes), config.controller_url() + "/v1/records",
      std::make_unique<net::CurlTransport>(),
      [munge = net::Munge(config.munge_socket)](net::HttpRequest& request) { return munge.sign(request); }, carbond::Backoff{});
  settings.on_record = [&shipper] { shipper.wake(); };
  settings.attempts = [&shipper] { return shipper.attempts(); };
  settings.on_hangup = std::move(on_hangup);
  shipper.start();
  return carbond::Daemon(std::move(settings)).run();
}

// Reads the configuration again after a SIGHUP. The spool has the running jobs, so its path can only change with a restart.
carbon::Result<carbon::config::Config> read_again(const std::filesystem::path& file, const carbon::config::Config& now) {
  auto next = carbon::config::load_config(file);
  if (next && next->carbond.spool != now.carbond.spool) {
    return carbon::Error{file.string() + ": spool in [carbond] = '" + next->carbond.spool.string() + "' differs from '" +
                         now.carbond.spool.string() + "', which is in use: restart carbond to change it"};
  }
  return next;
}

int serve(const NodeOptions& options) {
  using namespace carbon;
  const auto file = options.config.empty() ? config::default_config_path() : std::filesystem::path(options.config);
  auto loaded = config::load_config(file);
  if (!loaded) {
    spdlog::error("{}", loaded.error().message);
    return 1;
  }
  // Threads inherit the mask; the daemon reads these from a descriptor.
  sigset_t blocked;
  sigemptyset(&blocked);
  for (const int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&blocked, s);
  sigprocmask(SIG_BLOCK, &blocked, nullptr);

  for (std::optional<config::Config> config = std::move(*loaded), next; config; config = std::exchange(next, std::nullopt)) {
    const auto status = run(*config, options, [&] {
      auto again = read_again(file, *config);
      if (!again) {
        spdlog::error("{}; keeping the previous configuration", again.error().message);
        return false;
      }
      next = std::move(*again);
      return true;
    });
    if (!status) {
      spdlog::error("{}", status.error().message);
      return 1;
    }
    if (next) spdlog::info("reloaded {}", file.string());
  }
  sd_notify(0, "STOPPING=1");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  NodeOptions options;
  options.node = short_host_name();
  if (const auto code = carbon::carbond::parse_options(argc, argv, options)) return *code;

  carbon::log::set_up_log("carbond", options.verbose, carbon::log::stderr_is_journal());
  int code = 0;
  try {
    if (options.once) {
      const auto find = [options] { return find_all_meters(options); };
      carbon::carbond::print_meters(find, std::chrono::seconds(10), std::cout);
    } else {
      code = serve(options);
    }
  } catch (const std::exception& e) {
    spdlog::critical("{}", e.what());
    code = 1;
  }
  std::cout.flush();
  spdlog::shutdown();
  // A thread may hang in a driver for ever: exit without running destructors.
  std::_Exit(code);
}
