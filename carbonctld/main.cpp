// SPDX-License-Identifier: Apache-2.0
// carbonctld: the controller daemon. Runs in the foreground; systemd (or whoever started it) ends it with SIGTERM.
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <ctime>
#include <functional>
#include <iostream>

#include "carbonctld/controller.h"
#include "carbonctld/slurm_child.h"
#include "ledger/salvage.h"
#include "manual/describe.h"

namespace {

using namespace carbon;

// Blocked in all threads, taken by sigtimedwait() here alone.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGTERM, SIGINT}) sigaddset(&set, s);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return set;
}

void set_up_log(bool verbose) {
  auto log = spdlog::stderr_logger_mt("carbonctld");
  // Under systemd the journal has its own clock and reads the level from the prefix.
  log->set_pattern(std::getenv("JOURNAL_STREAM") ? "level=%l %v" : "%Y-%m-%dT%H:%M:%S.%eZ level=%l %v",
                   spdlog::pattern_time_type::utc);
  log->set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  spdlog::set_default_logger(std::move(log));
}

// Until a signal to end; tells the service manager that all is well while it is.
void wait_for_end(const sigset_t& signals, const ctld::Controller& controller) {
  std::uint64_t watchdog_us = 0;
  const bool watched = ::sd_watchdog_enabled(0, &watchdog_us) > 0;
  const timespec step{watched && watchdog_us < 20'000'000 ? 0 : 5, watched && watchdog_us < 20'000'000 ? 250'000'000 : 0};
  for (;;) {
    const int got = ::sigtimedwait(&signals, nullptr, &step);
    if (got > 0) {
      spdlog::info("ends on signal {}", got);
      return;
    }
    if (watched && controller.alive()) ::sd_notify(0, "WATCHDOG=1");
  }
}

std::vector<std::string> slurm_helper(bool verbose) {
  std::vector<std::string> command{"/proc/self/exe", "--slurm-helper"};
  if (verbose) command.emplace_back("--verbose");
  return command;
}

// The ledger that the configuration names, opened as the daemon opens it. The daemon must not run meanwhile.
int with_ledger(const std::filesystem::path& file, const std::function<int(ledger::Store&)>& work) {
  const auto config = load_config(file);
  if (!config) {
    std::cerr << "carbonctld: " << config.error().message << '\n';
    return 1;
  }
  const auto store = ledger::Store::open(ctld::ledger_of(config->carbonctld));
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
  if (counts && problems->empty()) std::cout << "sound: records=" << counts->records << " jobs=" << counts->jobs << '\n';
  return problems->empty() ? 0 : 1;
}

int salvage_ledger(const std::filesystem::path& damaged, ledger::Store& store) {
  const auto done = ledger::salvage(damaged, store);
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
  set_up_log(verbose);
  auto config = load_config(file);
  if (!config) {
    spdlog::critical("{}", config.error().message);
    return 1;
  }
  auto controller = ctld::Controller::make(std::move(*config), slurm_helper(verbose), file.parent_path() / "carbon-secrets.conf");
  if (!controller) {
    spdlog::critical("{}", controller.error().message);
    return 1;
  }
  const auto started = (*controller)->start();
  if (!started) {
    spdlog::critical("{}", started.error().message);
    return 1;
  }
  ::sd_notify(0, "READY=1");
  wait_for_end(signals, **controller);
  ::sd_notify(0, "STOPPING=1");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("slurm-carbon's controller daemon: grid feeds, energy records, emissions, summaries in Slurm's accounting",
               "carbonctld");
  std::filesystem::path config = default_config_path();
  bool verbose = false, helper = false;
  app.add_option("--config", config, "carbon.conf")->type_name("FILE")->capture_default_str();
  app.add_flag("--verbose", verbose, "log what is done, not only what goes wrong");
  app.add_flag("--slurm-helper", helper, "be the child process that talks to Slurm")->group("");
  std::filesystem::path damaged;
  bool check = false;
  app.add_flag("--check-ledger", check, "read the whole ledger, say what is damaged, and end");
  app.add_option("--salvage", damaged, "bring what can be read of this damaged ledger file into the configured one, and end")
      ->type_name("FILE");
  app.set_version_flag("--version", CARBON_VERSION);
  manual::add_description(app);
  CLI11_PARSE(app, argc, argv);
  if (helper) {
    // libslurm says each failed connection on stderr several times; what matters comes back as an error.
    if (!verbose && !std::freopen("/dev/null", "w", stderr)) return 1;
    ::close_range(ctld::kChildSocket + 1, ~0U, 0);  // connections that were open when the daemon started this process
    return ctld::serve_slurm(ctld::kChildSocket, ctld::make_libslurm_api);
  }
  if (check) return with_ledger(config, check_ledger);
  if (!damaged.empty()) return with_ledger(config, [&](auto& store) { return salvage_ledger(damaged, store); });
  return run_daemon(config, verbose);
}
