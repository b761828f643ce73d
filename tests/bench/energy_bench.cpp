// SPDX-License-Identifier: Apache-2.0
// What carbond costs a node, measured from outside: a real carbond with eight simulated GPUs whose calls take 1 ms, readings
// every second, a job on each GPU. Counters: calls per device and second, CPU in % of one core (the calls sleep, so their own
// time is not in it), resident memory.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>

#include "core/slurm/job_mark.h"
#include "energy/moment.h"

extern char** environ;

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int kGpus = 8;

class Carbond {
 public:
  Carbond() {
    std::string name = (fs::temp_directory_path() / "carbond-bench-XXXXXX").string();
    root_ = mkdtemp(name.data());
    std::ofstream gpus(root_ / "gpus");
    for (int i = 0; i < kGpus; ++i)
      gpus << "gpu uuid=GPU-SIMULATED-" << i << " minor=" << i << " curve=square:60,300,0.07,0.5 call_ms=1\n";
    gpus << "calls=" << (root_ / "calls").string() << '\n';
    std::ofstream(root_ / "carbon.conf") << "cluster = \"bench\"\n[carbond]\nspool = \"" << (root_ / "spool").string()
                                         << "\"\n[[site]]\nname = \"a\"\nzone = \"X\"\npartitions = [\"p\"]\n"
                                            "[[site.feed]]\nprovider = \"static\"\nintensity = 100\n";
    setenv("CARBON_FAKE_NVML", (root_ / "gpus").c_str(), 1);
    const std::string config = root_ / "carbon.conf";
    const char* arguments[] = {CARBOND, "--config", config.c_str(), "--node", "n1", "--nvml", CARBON_FAKE_NVML_LIBRARY, nullptr};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, (root_ / "log").c_str(), O_WRONLY | O_CREAT, 0644);
    if (posix_spawn(&pid_, CARBOND, &files, nullptr, const_cast<char**>(arguments), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&files);
  }
  ~Carbond() {
    if (pid_ > 0) {
      kill(pid_, SIGTERM);
      waitpid(pid_, nullptr, 0);
    }
    std::error_code ec;
    fs::remove_all(root_, ec);
  }
  Carbond(const Carbond&) = delete;
  Carbond& operator=(const Carbond&) = delete;

  bool ready() const { return fs::exists(root_ / "spool" / "jobs" / "readings.json"); }

  void mark(carbon::JobMarkEvent event, std::uint32_t job) const {
    carbon::JobMark m;
    m.event = event;
    const auto now = carbon::energy::Moment::now();
    m.at = now.wall;
    m.since_boot = now.boot;
    m.boot_id = carbon::energy::current_boot_id();
    m.cluster = "bench";
    m.node = "n1";
    m.job_id = job + 1;
    m.gpus = {job};
    const auto name = carbon::job_mark_file_name(m);
    const auto temporary = root_ / "spool" / "marks" / ('.' + name);
    std::ofstream(temporary) << carbon::format_job_mark(m);
    fs::rename(temporary, root_ / "spool" / "marks" / name);
  }

  double cpu_seconds() const {
    std::ifstream in("/proc/" + std::to_string(pid_) + "/stat");
    std::string text((std::istreambuf_iterator<char>(in)), {});
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string skip;
    for (int i = 0; i < 11; ++i) fields >> skip;
    double user = 0, system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }

  double resident_mb() const {
    std::ifstream in("/proc/" + std::to_string(pid_) + "/status");
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
    }
    return 0;
  }

  double calls() const {
    std::ifstream in(root_ / "calls", std::ios::binary);
    double sum = 0;
    for (std::uint64_t n = 0; in.read(reinterpret_cast<char*>(&n), sizeof n);) sum += static_cast<double>(n);
    return sum;
  }

 private:
  fs::path root_;
  pid_t pid_ = -1;
};

void CarbondCost(benchmark::State& state) {
  const auto length = std::chrono::seconds(state.range(0));
  for ([[maybe_unused]] auto _ : state) {
    Carbond carbond;
    for (int i = 0; i < 200 && !carbond.ready(); ++i) std::this_thread::sleep_for(50ms);
    std::this_thread::sleep_for(2s);
    const double cpu = carbond.cpu_seconds(), calls = carbond.calls();
    const auto start = std::chrono::steady_clock::now();
    for (std::uint32_t i = 0; i < kGpus; ++i) carbond.mark(carbon::JobMarkEvent::kStart, i);
    std::this_thread::sleep_until(start + length);
    for (std::uint32_t i = 0; i < kGpus; ++i) carbond.mark(carbon::JobMarkEvent::kEnd, i);
    std::this_thread::sleep_for(500ms);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    state.counters["calls_per_device_second"] = (carbond.calls() - calls) / kGpus / seconds;
    state.counters["cpu_percent"] = 100 * (carbond.cpu_seconds() - cpu) / seconds;
    state.counters["resident_MB_peak"] = carbond.resident_mb();
  }
}
BENCHMARK(CarbondCost)->Arg(60)->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace
