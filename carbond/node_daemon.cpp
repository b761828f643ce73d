// SPDX-License-Identifier: Apache-2.0
#include "carbond/node_daemon.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>

#include "carbond/state_file.h"
#include "energy/cpu_time.h"

namespace carbon::carbond {
namespace {

namespace fs = std::filesystem;
using energy::Moment;

constexpr Duration kCheckpointEvery = std::chrono::seconds(30);
constexpr Duration kMetricsEvery = std::chrono::seconds(15);
constexpr Duration kDiscoverSoon = std::chrono::seconds(2);  // a driver may be loaded after us; then ever more rarely
constexpr Duration kDiscoverEvery = std::chrono::seconds(60);
constexpr Duration kHangs = std::chrono::seconds(5);
constexpr std::size_t kMaxStateBytes = 256u << 20;
constexpr int kMaxCredit = 1;
constexpr std::size_t kMostWaiting = 1000;  // ended jobs for which the outbox has no room: kept in the state file

RegistrySettings registry_settings(const DaemonSettings& s) {
  RegistrySettings b;
  b.node = s.node;
  b.profile_step = s.profile_interval;
  b.shards_per_gpu = s.shards_per_gpu;
  b.gpu_power = s.gpu_power;
  b.node_cpus = static_cast<std::uint32_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  b.cpu_time_us = [sysfs = s.sysfs, node = s.node](const JobMark& start) {
    return energy::job_cpu_time_us(sysfs, node, start.uid, start.job_id);
  };
  // Every second reading may be left out after an edge search (see round()); one more may be late.
  b.longest_step = std::max<Duration>(3 * s.reading_interval, std::chrono::seconds(2));
  return b;
}

}  // namespace

Daemon::Daemon(DaemonSettings settings)
    : settings_(std::move(settings)),
      registry_(registry_settings(settings_), energy::current_boot_id()),
      outbox_(settings_.spool, settings_.outbox_max_bytes) {
  health_.node = settings_.node;
}

Daemon::~Daemon() {
  if (inotify_ >= 0) close(inotify_);
  if (signals_ >= 0) close(signals_);
}

Status Daemon::open() {
  if (const auto made = settings_.spool.create(); !made) return made;
  const auto marks = settings_.spool.marks();
  inotify_ = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify_ < 0 || inotify_add_watch(inotify_, marks.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
    return Error{marks.string() + ": cannot be watched: " + std::strerror(errno)};
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, s);
  signals_ = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
  if (signals_ < 0) return Error{std::string("signalfd: ") + std::strerror(errno)};
  return Done{};
}

bool Daemon::asked_to_stop() {
  bool end = false, hangup = false;
  for (signalfd_siginfo info{}; read(signals_, &info, sizeof info) == sizeof info;) {
    (info.ssi_signo == SIGHUP ? hangup : end) = true;
  }
  return end || (hangup && settings_.on_hangup());
}

// As it was when the last process stopped, at whatever point: state, then the marks that waited, then the last saved readings.
void Daemon::restore() {
  const auto file = settings_.spool.jobs() / "state.json";
  std::string boot;
  if (fs::exists(file)) {
    const auto text = read_file(file, kMaxStateBytes);
    boot = text ? boot_of_state(*text) : std::string();
    JobRegistry held(registry_settings(settings_), boot);
    const auto status = text ? state_from_json(*text, held) : Status(text.error());
    if (status) {
      registry_ = std::move(held);
    } else {
      spdlog::error("{}; set aside as state.bad", status.error().message);
      std::error_code ec;
      fs::rename(file, settings_.spool.jobs() / "state.bad", ec);
      boot.clear();
    }
  }
  std::vector<SavedReading> readings;
  if (const auto last = read_file(settings_.spool.jobs() / "readings.json", kMaxStateBytes)) {
    if (auto parsed = readings_from_json(*last)) readings = std::move(*parsed);
  }
  // A state that is older than its devices, or gone, does not make us forget them.
  for (const auto& r : readings) registry_.add_device(r.info);
  read_marks();
  for (const auto& r : readings) registry_.catch_up(r.info.id, r.account);
  const auto now_boot = energy::current_boot_id();
  if (!boot.empty() && boot != now_boot) {
    spdlog::info("the node was rebooted: {} open jobs end with their last reading", registry_.jobs().size());
    registry_.reboot(now_boot);
  }
}

Status Daemon::run() {
  if (const auto opened = open(); !opened) return opened;
  restore();
  pool_.discover(settings_.find_meters);
  next_discovery_ = Moment::now().boot + kDiscoverSoon;
  sd_notify(0, "READY=1");
  spdlog::info("carbond for node {} on {}: {} open jobs", settings_.node, settings_.spool.root.string(), registry_.jobs().size());

  for (bool stop = false; !stop;) {
    const auto wait = std::clamp<std::int64_t>((next_round_ - Moment::now().boot).count(), 0, 1000);
    std::array<pollfd, 3> fds{{{signals_, POLLIN, 0}, {inotify_, POLLIN, 0}, {pool_.event_fd(), POLLIN, 0}}};
    poll(fds.data(), fds.size(), static_cast<int>(wait));
    stop = (fds[0].revents & POLLIN) != 0 && asked_to_stop();
    // Marks come first: the readings that follow are then divided among the right jobs at once.
    if ((fds[1].revents & POLLIN) != 0) read_marks();
    if ((fds[2].revents & POLLIN) != 0) {
      take_devices();
      take_answers();
    }
    if (Moment::now().boot >= next_round_) round();
    close_finished();
    sd_notify(0, "WATCHDOG=1");
  }
  checkpoint(true);
  spdlog::info("carbond stops; {} jobs stay open", registry_.jobs().size());
  return Done{};
}

void Daemon::read_marks() {
  alignas(inotify_event) std::array<char, 4096> events{};
  while (read(inotify_, events.data(), events.size()) > 0) {
  }
  std::vector<fs::path> files;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(settings_.spool.marks(), ec)) {
    if (!is_temporary(entry.path())) files.push_back(entry.path());
  }
  if (files.empty()) return;
  std::vector<JobMark> marks;
  std::vector<fs::path> done;
  for (const auto& file : files) {
    const auto text = read_file(file, kMaxJobMarkBytes);
    auto mark = text ? parse_job_mark(*text) : Result<JobMark>(text.error());
    if (mark) {
      marks.push_back(std::move(*mark));
      done.push_back(file);
      continue;
    }
    spdlog::error("{}: {}; moved to refused/", file.filename().string(), mark.error().message);
    fs::rename(file, settings_.spool.refused() / file.filename(), ec);
  }
  std::stable_sort(marks.begin(), marks.end(), [](const JobMark& a, const JobMark& b) {
    return a.boot_id == b.boot_id ? a.since_boot < b.since_boot : a.at < b.at;
  });
  const auto now = Moment::now();
  for (const auto& mark : marks) {
    spdlog::info("job={} {} gpus={}", mark.job_id, mark.event == JobMarkEvent::kStart ? "starts" : "ends", mark.gpus.size());
    registry_.mark(mark, now);
    for (const auto& device : registry_.devices_of(mark)) {
      pool_.request(device, MeterPool::Kind::kCounterUpdate);
    }
  }
  // A mark is only gone once what it says is safe; else it is read again, which changes nothing.
  marks_wait_ = !checkpoint(true);
  if (marks_wait_) return;
  for (const auto& file : done) fs::remove(file, ec);
}

void Daemon::take_devices() {
  const auto found = pool_.take_found();
  for (const auto& note : found.notes) {
    if (note != last_note_) spdlog::info("{}", note);
    last_note_ = note;
  }
  for (const auto& info : found.devices) {
    spdlog::info("{}: {} {}, minor {}, {}{}", info.id, info.type, info.model, info.minor, to_string(info.method),
                 info.simulated ? ", SIMULATED" : "");
    registry_.add_device(info);
    pool_.request(info.id, MeterPool::Kind::kCounterUpdate);
  }
}

void Daemon::take_answers() {
  bool edges = false;
  for (auto& answer : pool_.take()) {
    credit_[answer.device] -= static_cast<int>(answer.extra_calls);
    edges = edges || answer.extra_calls > 0;
    if (!answer.samples) {
      note_failure(answer.device, answer.samples.error().message);
      continue;
    }
    if (health_.unavailable.erase(answer.device) > 0) spdlog::info("{} answers again", answer.device);
    for (const auto& sample : *answer.samples) registry_.sample(answer.device, sample);
    unsaved_readings_ = true;
  }
  // The exact readings beside a mark must survive with it: later ones alone would tell nothing about that moment.
  if (edges) checkpoint(false);
  // One write for a round: when its last answer is there.
  if (unsaved_readings_ && !pool_.busy()) save_readings();
}

void Daemon::save_readings() {
  unsaved_readings_ = false;
  const auto saved = replace_file(settings_.spool.jobs() / "readings.json", readings_to_json(registry_), Sync::kNo);
  if (!saved) trouble(saved.error().message);
}

void Daemon::trouble(const std::string& what) {
  if (last_trouble_ != what) spdlog::error("{}; tried again", what);
  last_trouble_ = what;
}

void Daemon::note_failure(const std::string& device, const std::string& why) {
  auto& held = health_.unavailable[device];
  if (held != why) spdlog::warn("{} is unavailable: {}", device, why);
  held = why;
  ++health_.meter_errors[device];
}

// One reading per device and round. An edge search takes more calls at once; they are paid back by leaving out every second
// reading, so that on average a device is never asked more than once per interval.
void Daemon::round() {
  const auto now = Moment::now();
  // Readings at random times within their interval: a load with a period of its own cannot hide between them.
  round_base_ = std::max(round_base_ + settings_.reading_interval, now.boot);
  const auto quarter = settings_.reading_interval.count() / 4;
  next_round_ = round_base_ + settings_.reading_interval +
                Duration(std::uniform_int_distribution<std::int64_t>(-quarter, quarter)(random_));
  for (const auto& [id, _] : registry_.devices()) {
    auto [credit, is_new] = credit_.try_emplace(id, kMaxCredit);
    if (!is_new) credit->second = std::min(credit->second + 1, kMaxCredit);
    const bool in_debt = credit->second < kMaxCredit;
    const bool odd = (now.boot / settings_.reading_interval) % 2 != 0;
    if (in_debt && odd) continue;
    --credit->second;
    pool_.request(id, MeterPool::Kind::kOnce);
  }
  if (unsaved_readings_) save_readings();
  if (marks_wait_) read_marks();
  for (const auto& id : pool_.hanging(kHangs)) note_failure(id, "a call into the driver hangs");
  if (now.boot >= next_discovery_ && !pool_.discovering() && (registry_.devices().empty() || !health_.unavailable.empty())) {
    pool_.discover(settings_.find_meters);
    discovery_wait_ = std::min(discovery_wait_ * 2, kDiscoverEvery);
    next_discovery_ = now.boot + (registry_.devices().empty() ? discovery_wait_ : kDiscoverEvery);
  }
  if (now.boot >= next_checkpoint_) checkpoint(false);
  if (now.boot >= next_metrics_) write_metrics(now.boot);
  registry_.tick(now);
}

void Daemon::write_metrics(Duration now) {
  // Until the first devices are found, or it is clear that there are none, nothing is to be said.
  if (registry_.devices().empty() && pool_.discovering()) return;
  next_metrics_ = now + kMetricsEvery;
  if (settings_.metrics_file.empty()) return;
  health_.outbox = outbox_.standing();
  health_.attempts = settings_.attempts();
  const auto written = replace_file(settings_.metrics_file, metrics_text(registry_, health_), Sync::kNo, 0644);
  if (!written) trouble(written.error().message);
}

void Daemon::close_finished() {
  bool closed = false;
  std::size_t waiting = 0;
  for (const auto& [key, record] : registry_.finished()) {
    if (const auto added = outbox_.add(record); !added) {
      trouble(added.error().message);
      if (++waiting <= kMostWaiting) continue;
      spdlog::error("job={} {:.3f} kJ are lost: {} records wait for room in the outbox already", record.job_id,
                    static_cast<double>(ledger::total_mj(record)) / 1e6, kMostWaiting);
      ++health_.records_dropped;
      registry_.remove(key);
      continue;
    }
    spdlog::info("job={} {:.3f} kJ from {} devices{}", record.job_id, static_cast<double>(ledger::total_mj(record)) / 1e6,
                 record.devices.size(), record.note.empty() ? "" : ", " + record.note);
    registry_.remove(key);
    closed = true;
  }
  if (!closed) return;
  checkpoint(true);
  settings_.on_record();
}

bool Daemon::checkpoint(bool sync) {
  next_checkpoint_ = Moment::now().boot + kCheckpointEvery;
  const auto saved = replace_file(settings_.spool.jobs() / "state.json", state_to_json(registry_), sync ? Sync::kYes : Sync::kNo);
  if (saved) {
    last_trouble_.clear();
    return true;
  }
  trouble(saved.error().message);
  return false;
}

}  // namespace carbon::carbond
