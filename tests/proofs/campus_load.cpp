// SPDX-License-Identifier: Apache-2.0
// A campus in fast time: 1,000 nodes with 8,000 GPUs, whose jobs end at 50,000 a day, ship their records to one carbonctld as
// carbond does. Prints carbonctld's memory and queues as the day passes, and fails where what was sent is not what the ledger
// holds, where a queue is left over, or where memory grew by more than half from the second quarter of the time to its end.
//
//   campus_load [JOBS [SECONDS [DIRECTORY]]]     (default: 50000 jobs, as in a day, within 300 s, in a temporary
//   directory)
#include <stdlib.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ledger/reports/report.h"
#include "ledger/store/store.h"
#include "tests/support/local_carbonctld.h"
#include "tests/support/local_munged.h"

namespace carbon {
namespace {
using namespace std::chrono_literals;

constexpr std::uint32_t kNodes = 1000, kGpusOfNode = 8, kSenders = 32;

// Job `id`: one to eight GPUs of one node, half an hour to eight hours, a value each 5 minutes.
ledger::EnergyRecord record_of(std::uint32_t id, Instant day, std::uint32_t jobs) {
  std::minstd_rand random(id * 7919);
  random.discard(2);
  ledger::EnergyRecord r;
  r.cluster = "campus";
  r.job_id = id;
  r.node = "node" + std::to_string(random() % kNodes);
  r.end = std::chrono::floor<std::chrono::seconds>(day + Duration(Duration(24h).count() / jobs * id));
  r.start = r.end - 1min * static_cast<std::int64_t>(30 + random() % 450);
  r.final = true;
  r.revision = 1;
  const auto user = random() % 2000;
  r.uid = static_cast<std::uint32_t>(1000 + user);
  r.user = "user" + std::to_string(user);
  r.account = "group" + std::to_string(user % 100);
  r.partition = "gpu-a";
  r.simulated = true;
  for (auto gpu = random() % kGpusOfNode + 1; gpu > 0; --gpu) {
    ledger::DeviceEnergy d;
    d.device = "GPU-SIMULATED-" + r.node + "-" + std::to_string(gpu);
    d.type = "gpu";
    d.step = 5min;
    d.first = std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<300>>>(r.start);
    for (auto t = d.first; t < r.end; t += d.step) d.mj.push_back(60'000'000 + static_cast<std::int64_t>(random() % 60'000'000));
    r.devices.push_back(std::move(d));
  }
  return r;
}

long resident_kib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  }
  return 0;
}

struct Sample {
  double seconds = 0;
  long rss_kib = 0;
  std::uint32_t sent = 0;
  std::int64_t records = 0, unaccounted = 0;
};

class Campus {
 public:
  Campus(const carbonctld::LocalCarbonctld& daemon, std::uint32_t jobs, double seconds)
      : daemon_(daemon), jobs_(jobs), seconds_(seconds) {}

  void run() {
    std::vector<std::thread> threads;
    for (std::uint32_t s = 0; s < kSenders; ++s) threads.emplace_back([this] { send(); });
    net::CurlTransport transport;
    std::printf("%8s %10s %10s %12s %12s\n", "s", "RSS MiB", "sent", "stored", "unaccounted");
    for (auto next = begun_; sent_ < jobs_ || samples_.empty() || samples_.back().unaccounted > 0; next += every()) {
      std::this_thread::sleep_until(next);
      if (!sample(transport)) failed_ = true;
      if (failed_) break;
    }
    ending_ = failed_.load();
    for (auto& t : threads) t.join();
    sample(transport);
  }

  std::int64_t energy_mj() const { return energy_mj_; }
  std::uint32_t refused() const { return refused_; }
  bool failed() const { return failed_; }
  const std::vector<Sample>& samples() const { return samples_; }
  double passed() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count(); }

 private:
  std::chrono::steady_clock::duration every() const {
    return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(std::max(0.5, seconds_ / 20)));
  }

  // Each record when its job ends in the fast day; what is not acknowledged is sent again.
  void send() {
    net::CurlTransport transport;
    while (!ending_) {
      const auto id = ++next_;
      if (id > jobs_) return;
      std::this_thread::sleep_until(begun_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                                 std::chrono::duration<double>(seconds_ * id / jobs_)));
      const auto r = record_of(id, day_, jobs_);
      while (!ending_) {
        const auto answer = daemon_.send(transport, "POST", "/v1/records", to_json(r), 30s);
        if (answer && answer->status == 200) break;
        ++refused_;
        std::this_thread::sleep_for(100ms);
      }
      energy_mj_ += total_mj(r);
      ++sent_;
    }
  }

  bool sample(net::CurlTransport& transport) {
    const auto answer = daemon_.send(transport, "GET", "/v1/health", "", 60s);
    if (!answer || answer->status != 200) return false;
    const auto j = nlohmann::json::parse(answer->body);
    const auto& l = j.at("ledger");
    samples_.push_back({passed(), resident_kib(daemon_.pid()), sent_, l.at("records"), l.at("unaccounted")});
    const auto& s = samples_.back();
    std::printf("%8.1f %10.1f %10u %12lld %12lld\n", s.seconds, static_cast<double>(s.rss_kib) / 1024, s.sent,
                static_cast<long long>(s.records), static_cast<long long>(s.unaccounted));
    std::fflush(stdout);
    return true;
  }

  const carbonctld::LocalCarbonctld& daemon_;
  const std::uint32_t jobs_;
  const double seconds_;
  const Instant day_ = std::chrono::floor<std::chrono::days>(now()) - 48h;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::atomic<std::uint32_t> next_ = 0, sent_ = 0, refused_ = 0;
  std::atomic<std::int64_t> energy_mj_ = 0;
  std::atomic<bool> ending_ = false, failed_ = false;
  std::vector<Sample> samples_;
};

int verdict(const Campus& campus, std::uint32_t jobs, const std::filesystem::path& dir) {
  auto store = ledger::Store::open("sqlite3://db=" + (dir / "ledger.sqlite").string());
  if (!store) return std::puts(store.error().message.c_str()), 1;
  const auto day = std::chrono::floor<std::chrono::days>(now());
  const auto report = ledger::run_report(**store, {ledger::Dimension::kCluster, {day - 72h, day}});
  if (!report || report->size() != 1) return std::puts("the ledger holds no sums"), 1;
  const auto& sums = report->front().sums;
  const auto& all = campus.samples();
  const long early = all[all.size() / 4].rss_kib, late = all.back().rss_kib;
  std::int64_t longest = 0;
  for (const auto& s : all) longest = std::max(longest, s.unaccounted);
  std::printf("%u jobs of %u nodes with %u GPUs in %.1f s (%.0f records/s; a day at 50,000 jobs has 0.6); sent again: %u\n", jobs,
              kNodes, kNodes * kGpusOfNode, campus.passed(), jobs / campus.passed(), campus.refused());
  std::printf(
      "ledger: %lld jobs, %.3f MWh, sent %.3f MWh; longest queue %lld, left over %lld; memory %.1f MiB after a quarter, %.1f at "
      "the "
      "end\n",
      static_cast<long long>(sums.jobs), static_cast<double>(sums.energy_mj) / 3.6e12,
      static_cast<double>(campus.energy_mj()) / 3.6e12, static_cast<long long>(longest),
      static_cast<long long>(all.back().unaccounted), static_cast<double>(early) / 1024, static_cast<double>(late) / 1024);
  const bool whole = sums.jobs == jobs && sums.energy_mj == campus.energy_mj();
  const bool bounded = late < early + early / 2 + 16 * 1024 && all.back().unaccounted == 0;
  std::puts(campus.failed() ? "FAILED: carbonctld gave no answer"
            : !whole        ? "FAILED: not what was sent"
            : !bounded      ? "FAILED: it grows"
                            : "OK");
  return !campus.failed() && whole && bounded ? 0 : 1;
}

int run(std::uint32_t jobs, double seconds, const std::filesystem::path& dir) {
  test::LocalMunged munged;
  if (!munged.running()) {
    std::puts("skipped: munged does not start here (Debian package munge)");
    return 77;
  }
  carbonctld::LocalCarbonctld daemon(dir, munged.socket());
  daemon.start();
  if (!daemon.wait_until_it_serves()) return std::puts("FAILED: carbonctld does not serve"), 1;
  Campus campus(daemon, jobs, seconds);
  campus.run();
  daemon.kill();
  return verdict(campus, jobs, dir);
}

}  // namespace
}  // namespace carbon

int main(int argc, char** argv) {
  char made[] = "/tmp/carbon-campus-XXXXXX";
  const std::filesystem::path dir = argc > 3 ? argv[3] : ::mkdtemp(made);
  const int done =
      carbon::run(argc > 1 ? static_cast<std::uint32_t>(std::atoi(argv[1])) : 50'000, argc > 2 ? std::atof(argv[2]) : 300, dir);
  if (argc <= 3) std::filesystem::remove_all(dir);
  return done;
}
