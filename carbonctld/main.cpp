// SPDX-License-Identifier: Apache-2.0
// carbonctld: the controller daemon. Runs in the foreground; systemd (or whoever started it) ends it with SIGTERM.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <ctime>
#include <functional>
#include <iostream>

#include "carbonctld/controller.h"
#include "carbonctld/slurm/slurm_child.h"
#include "ledger/store/recover.h"
#include "log/log.h"
#include "manual/describe.h"

namespace {

using namespace carbon;

// Blocked in all threads, taken by sigtimedwait() here alone.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, s);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return set;
}

// Until one of the signals comes; tells the service manager that all is well while it is. Returns the signal.
int wait_for_signal(const sigset_t& signals, const carbonctld::Controller& controller) {
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

// The ledger that the configuration names, opened as the daemon opens it. The daemon must not run meanwhile.
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
  if (counts && problems->empty()) std::cout << "sound: records=" << counts->records << " jobs=" << counts->jobs << '\n';
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

// The daemon with the configuration that it has.
class Running {
 public:
  Running(std::filesystem::path file, bool verbose) : file_(std::move(file)), helper_(slurm_helper(verbose)) {}

  Status start() {
    auto config = config::load_config(file_);
    return config ? start(std::move(*config)) : Status(config.error());
  }
  const carbonctld::Controller& controller() const { return *controller_; }

  // With the file read anew; an error: the configuration stays as it was. What can be seen to be wrong is refused while all goes
  // on. What shows only at the start (a port that is taken, a database that is away) ends it, and it is started as it was.
  Status reload() {
    auto config = config::load_config(file_);
    if (!config) return config.error();
    if (const auto fit = carbonctld::Controller::check(*config, secrets()); !fit) return fit;
    const config::Config before = config_;
    controller_.reset();
    ::sd_notify(0, "WATCHDOG=1");
    auto started = start(std::move(*config));
    if (!started) {
      if (const auto again = start(before); !again) spdlog::critical("{}", again.error().message);
    }
    return started;
  }
  bool up() const { return controller_ != nullptr; }

 private:
  Status start(config::Config config) {
    config_ = config;
    auto made = carbonctld::Controller::make(std::move(config), helper_, secrets());
    if (!made) return made.error();
    if (const auto started = (*made)->start(); !started) return started;
    controller_ = std::move(*made);
    return Done{};
  }
  std::filesystem::path secrets() const { return file_.parent_path() / "carbon-secrets.conf"; }

  std::filesystem::path file_;
  std::vector<std::string> helper_;
  config::Config config_;
  std::unique_ptr<carbonctld::Controller> controller_;
};

int run_daemon(const std::filesystem::path& file, bool verbose) {
  const auto signals = block_signals();
  ::umask(0022);
  log::set_up_log("carbonctld", verbose, log::stderr_is_journal());
  Running running(file, verbose);
  if (const auto started = running.start(); !started) {
    spdlog::critical("{}", started.error().message);
    return 1;
  }
  ::sd_notify(0, "READY=1");
  while (running.up()) {
    const int got = wait_for_signal(signals, running.controller());
    if (got != SIGHUP) {
      spdlog::info("ends on signal {}", got);
      ::sd_notify(0, "STOPPING=1");
      return 0;
    }
    ::sd_notify(0, "RELOADING=1");
    if (const auto reloaded = running.reload()) {
      spdlog::info("goes on with {} read anew", file.string());
    } else {
      spdlog::error("{}; the configuration stays as it was", reloaded.error().message);
    }
    ::sd_notify(0, "READY=1");
  }
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("slurm-carbon's controller daemon: grid feeds, energy records, emissions, summaries in Slurm's accounting",
               "carbonctld");
  std::filesystem::path config = config::default_config_path();
  bool verbose = false, helper = false;
  app.add_option("--config", config, "carbon.conf")->type_name("FILE")->capture_default_str();
  app.add_flag("--verbose", verbose, "log what is done, not only what goes wrong");
  app.add_flag("--slurm-helper", helper, "be the child process that talks to Slurm")->group("");
  std::filesystem::path damaged;
  bool check = false;
  app.add_flag("--check-ledger", check, "read the whole ledger, say what is damaged, and end");
  app.add_option("--recover", damaged, "bring what can be read of this damaged ledger file into the configured one, and end")
      ->type_name("FILE");
  app.set_version_flag("--version", CARBON_VERSION);
  manual::add_description(app);
  CLI11_PARSE(app, argc, argv);
  if (helper) {
    // libslurm says each failed connection on stderr several times; what matters comes back as an error.
    if (!verbose && !std::freopen("/dev/null", "w", stderr)) return 1;
    ::close_range(carbonctld::kChildSocket + 1, ~0U, 0);  // connections that were open when the daemon started this process
    return carbonctld::serve_slurm(carbonctld::kChildSocket, carbonctld::make_libslurm_api);
  }
  if (check) return with_ledger(config, check_ledger);
  if (!damaged.empty()) return with_ledger(config, [&](auto& store) { return recover_ledger(damaged, store); });
  return run_daemon(config, verbose);
}
