// SPDX-License-Identifier: Apache-2.0
// carbonctld: the controller daemon. Runs in the foreground; SIGTERM ends it, SIGHUP reloads its configuration.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <ctime>
#include <functional>
#include <iostream>

#include "carbonctld/controller.h"
#include "carbonctld/controller_options.h"
#include "carbonctld/reloadable_controller.h"
#include "carbonctld/slurm/slurm_child.h"
#include "ledger/store/recover.h"
#include "log/log.h"

namespace {

using namespace carbon;

// Blocked in all threads; sigtimedwait() below receives them.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, s);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return set;
}

// Waits for one of the signals and returns it. Meanwhile tells the service manager's watchdog that the controller is alive.
int wait_for_signal(const sigset_t& signals, const carbonctld::ReloadableController& controller) {
  std::uint64_t watchdog_us = 0;
  const bool watched = ::sd_watchdog_enabled(0, &watchdog_us) > 0;
  const timespec step{watched && watchdog_us < 20'000'000 ? 0 : 5, watched && watchdog_us < 20'000'000 ? 250'000'000 : 0};
  for (;;) {
    if (const int got = ::sigtimedwait(&signals, nullptr, &step); got > 0) return got;
    if (watched && controller.alive()) ::sd_notify(0, "WATCHDOG=1");
  }
}

std::vector<std::string> slurm_helper(bool verbose) {
  std::vector<std::string> command{"/proc/self/exe", "--slurm-helper"};
  if (verbose) command.emplace_back("--verbose");
  return command;
}

// Opens the ledger that the configuration names as the daemon does. The daemon must not be running.
int with_ledger(const std::filesystem::path& file, const std::function<int(ledger::Store&)>& work) {
  const auto config = config::load_config(file);
  if (!config) {
    std::cerr << "carbonctld: " << config.error().message << '\n';
    return 1;
  }
  const auto store = ledger::Store::open(carbonctld::ledger_of(config->carbonctld));
  if (!store) {
    std::cerr << "carbonctld: " << store.error().message << '\n';
    return 1;
  }
  return work(**store);
}

int check_ledger(ledger::Store& store) {
  const auto problems = store.check();
  if (!problems) {
    std::cerr << "carbonctld: " << problems.error().message << '\n';
    return 1;
  }
  for (const auto& line : *problems) std::cout << line << '\n';
  const auto counts = store.counts();
  if (counts && problems->empty())
    std::cout << "the ledger is sound: records=" << counts->records << " jobs=" << counts->jobs << '\n';
  return problems->empty() ? 0 : 1;
}

int recover_ledger(const std::filesystem::path& damaged, ledger::Store& store) {
  const auto done = ledger::recover(damaged, store);
  if (!done) {
    std::cerr << "carbonctld: " << done.error().message << '\n';
    return 1;
  }
  std::cout << "records=" << done->records << " damaged=" << done->damaged << " intensities=" << done->intensities
            << "; carbonctld computes the jobs from them when it starts\n";
  return 0;
}

int run_daemon(const std::filesystem::path& file, bool verbose) {
  const auto signals = block_signals();
  ::umask(0022);
  log::set_up_log("carbonctld", verbose, log::stderr_is_journal());
  carbonctld::ReloadableController controller(file, slurm_helper(verbose));
  if (const auto started = controller.start(); !started) {
    spdlog::critical("{}", started.error().message);
    return 1;
  }
  ::sd_notify(0, "READY=1");
  while (controller.running()) {
    const int signal = wait_for_signal(signals, controller);
    if (signal != SIGHUP) {
      spdlog::info("received {}, shutting down", signal == SIGTERM ? "SIGTERM" : "SIGINT");
      ::sd_notify(0, "STOPPING=1");
      return 0;
    }
    ::sd_notify(0, "RELOADING=1");
    if (const auto reloaded = controller.reload([] { ::sd_notify(0, "WATCHDOG=1"); })) {
      spdlog::info("reloaded {}", file.string());
    } else {
      spdlog::error("{}; keeping the previous configuration", reloaded.error().message);
    }
    ::sd_notify(0, "READY=1");
  }
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  carbonctld::ControllerOptions options;
  if (const auto code = carbonctld::parse_options(argc, argv, options)) return *code;
  if (options.slurm_helper) {
    // libslurm prints each failed connection on stderr several times; what matters is returned as an error.
    if (!options.verbose && !std::freopen("/dev/null", "w", stderr)) return 1;
    ::close_range(carbonctld::kChildSocket + 1, ~0U, 0);  // connections that were open when the daemon started this process
    return carbonctld::serve_slurm(carbonctld::kChildSocket, carbonctld::make_libslurm_api);
  }
  if (options.check_ledger) return with_ledger(options.config, check_ledger);
  if (!options.damaged.empty())
    return with_ledger(options.config, [&](auto& store) { return recover_ledger(options.damaged, store); });
  return run_daemon(options.config, options.verbose);
}
