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
constexpr Duration kHoursEvery = std::chrono::minutes(1);
constexpr Duration kMetricsEvery = std::chrono::seconds(15);
constexpr Duration kDiscoverSoon = std::chrono::seconds(2);  // a driver may load after carbond; the wait then doubles
constexpr Duration kDiscoverEvery = std::chrono::seconds(60);
constexpr Duration kHangs = std::chrono::seconds(5);
constexpr std::size_t kMaxStateBytes = 256u << 20;
constexpr std::size_t kMaxWaiting = 1000;  // ended jobs kept in the state file while the outbox has no room

RegistrySettings registry_settings(const DaemonSettings& s) {
  RegistrySettings b;
  b.node = s.node;
  b.profile_step = s.profile_interval;
  b.gpu_power = s.gpu_power;
  b.node_cpus = static_cast<std::uint32_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  b.cpu_time_us = [sysfs = s.sysfs, node = s.node](const JobMark& start) {
    return energy::job_cpu_time_us(sysfs, node, start.uid, start.job_id);
  };
  // ReadingSchedule may leave out every second reading, and one more may be late.
  b.longest_step = std::max<Duration>(3 * s.reading_interval, std::chrono::seconds(2));
  return b;
}

}  // namespace

Daemon::Daemon(DaemonSettings settings)
    : settings_(std::move(settings)),
      registry_(registry_settings(settings_), energy::current_boot_id()),
      gpu_list_(settings_.ask_for_gpus, settings_.state_of_slurm_files),
      outbox_(settings_.spool, settings_.outbox_max_bytes),
      schedule_(settings_.reading_interval, std::random_device{}()) {
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
    return Error{marks.string() + ": inotify: " + std::strerror(errno)};
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

// Restores what the last process saved, at whatever point it stopped: first the state, then the marks that waited, then the last
// saved readings. Marks of two boots may wait: those of the boot that is over belong before its end.
void Daemon::restore() {
  const std::string boot = restore_state();
  std::vector<SavedReading> readings;
  if (const auto last = read_file(settings_.spool.jobs() / "readings.json", kMaxStateBytes)) {
    if (auto parsed = readings_from_json(*last)) readings = std::move(*parsed);
  }
  // The state may be gone, or older than these devices.
  for (const auto& r : readings) registry_.restore_device(r.info);
  const auto now_boot = energy::current_boot_id();
  const bool rebooted = !boot.empty() && boot != now_boot;
  const auto now = Moment::now();
  if (rebooted) {
    for (const auto& mark : read_spooled_marks(settings_.spool).marks) {
      if (is_of_earlier_boot(mark, now_boot, now.wall - now.boot)) play(mark, now);
    }
  } else {
    read_marks();
  }
  for (const auto& r : readings) registry_.catch_up(r.info.id, r.counter);
  if (!rebooted) return;
  spdlog::info("the node was rebooted: {} open jobs end with their last reading", registry_.jobs().size());
  registry_.reboot(now_boot);
  read_marks();
}

// Returns the boot in which the state was written; empty if there is no valid state.
std::string Daemon::restore_state() {
  const auto file = settings_.spool.jobs() / "state.json";
  if (!fs::exists(file)) return {};
  const auto text = read_file(file, kMaxStateBytes);
  const auto boot = text ? boot_of_state(*text) : std::string();
  JobRegistry restored(registry_settings(settings_), boot);
  const auto status = text ? state_from_json(*text, restored) : Status(text.error());
  if (!status) {
    spdlog::error("{}; moved to state.bad, no job is open", status.error().message);
    std::error_code ec;
    fs::rename(file, settings_.spool.jobs() / "state.bad", ec);
    return {};
  }
  registry_ = std::move(restored);
  return boot;
}

Status Daemon::run() {
  if (const auto opened = open(); !opened) return opened;
  restore();
  registry_.begin_hours(now());
  checkpoint();  // the number of the first batch is durable before it is sent
  pool_.discover(settings_.find_meters);
  gpu_list_.step(Moment::now().boot, registry_.misses_position());
  next_discovery_ = Moment::now().boot + kDiscoverSoon;
  sd_notify(0, "READY=1");
  spdlog::info("carbond for node {} on {}: {} open jobs", settings_.node, settings_.spool.root.string(), registry_.jobs().size());

  for (bool stop = false; !stop;) {
    const auto wait = std::clamp<std::int64_t>((schedule_.next() - Moment::now().boot).count(), 0, 1000);
    std::array<pollfd, 3> fds{{{signals_, POLLIN, 0}, {inotify_, POLLIN, 0}, {pool_.event_fd(), POLLIN, 0}}};
    poll(fds.data(), fds.size(), static_cast<int>(wait));
    stop = (fds[0].revents & POLLIN) != 0 && asked_to_stop();
    // Marks come first, so the readings after them are divided among the right jobs at once.
    if ((fds[1].revents & POLLIN) != 0) read_marks();
    if ((fds[2].revents & POLLIN) != 0) {
      accept_devices();
      accept_answers();
    }
    if (Moment::now().boot >= schedule_.next()) round();
    close_finished();
    report_hours();
    sd_notify(0, "WATCHDOG=1");
  }
  checkpoint();
  spdlog::info("shutting down; {} jobs stay open", registry_.jobs().size());
  return Done{};
}

void Daemon::read_marks() {
  alignas(inotify_event) std::array<char, 4096> events{};
  while (read(inotify_, events.data(), events.size()) > 0) {
  }
  const auto [marks, files] = read_spooled_marks(settings_.spool);
  if (files.empty()) return;
  const auto now = Moment::now();
  for (const auto& mark : marks) play(mark, now);
  // Marks are removed only after the checkpoint that covers them is durable. Reading them twice is harmless.
  marks_wait_ = !checkpoint();
  if (marks_wait_) return;
  std::error_code ec;
  for (const auto& file : files) fs::remove(file, ec);
}

void Daemon::play(const JobMark& mark, const Moment& now) {
  spdlog::info("job={} {} gpus={}", mark.job_id, mark.event == JobMarkEvent::kStart ? "starts" : "ends", mark.gpus.size());
  registry_.mark(mark, now);
  for (const auto& device : registry_.devices_of(mark)) pool_.request(device, MeterPool::Kind::kCounterUpdate);
}

void Daemon::accept_devices() {
  const auto found = pool_.found();
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
  for (const auto& info : found.again) registry_.add_device(info);
  if (found.devices.empty() && found.again.empty()) return;
  search_incomplete_ = !found.complete;
  if (!found.complete) return;
  std::set<std::string> ids;
  for (const auto* list : {&found.devices, &found.again}) {
    for (const auto& info : *list) ids.insert(info.id);
  }
  for (const auto& id : registry_.keep_only(ids)) {
    spdlog::info("{} is gone", id);
    pool_.drop(id);
    health_.unavailable.erase(id);
  }
}

void Daemon::accept_gpu_list() {
  const auto answer = gpu_list_.answer();
  if (!answer) return;
  const auto error = answer->ok() ? std::string() : answer->error().message;
  if (error.empty()) {
    registry_.set_gpu_list(**answer);
    // Which devices they have must survive, and an exact reading of them, which a job that began just now did not have yet.
    if (!registry_.jobs().empty()) checkpoint();
    for (const auto& [_, job] : registry_.jobs()) {
      for (const auto& device : registry_.devices_of(job.start)) pool_.request(device, MeterPool::Kind::kCounterUpdate);
    }
    spdlog::info("Slurm has {} GPUs on this node", (*answer)->size());
  } else {
    registry_.set_no_gpu_list(error);
    if (error != last_list_error_) spdlog::warn("Slurm's list of this node's GPUs: {}; trying again", error);
  }
  last_list_error_ = error;
}

void Daemon::accept_answers() {
  for (auto& answer : pool_.answers()) {
    schedule_.charge(answer.device, answer.extra_calls);
    unsaved_search_ = unsaved_search_ || answer.extra_calls > 0;
    if (!answer.samples) {
      note_failure(answer.device, answer.samples.error().message);
      continue;
    }
    if (health_.unavailable.erase(answer.device) > 0) spdlog::info("{} answers again", answer.device);
    for (const auto& sample : *answer.samples) registry_.sample(answer.device, sample);
    unsaved_readings_ = true;
  }
  // One write per round, after its last answer. The exact readings at a mark must survive together with it: later readings do not
  // show the energy at that moment.
  if (unsaved_search_ && !pool_.busy()) checkpoint();
  if (unsaved_readings_ && !pool_.busy()) save_readings();
}

void Daemon::save_readings() {
  unsaved_readings_ = false;
  const auto saved = replace_file(settings_.spool.jobs() / "readings.json", readings_to_json(registry_), Sync::kNo);
  if (!saved) log_once(saved.error().message);
}

void Daemon::log_once(const std::string& error) {
  if (last_error_ != error) spdlog::error("{}; retrying", error);
  last_error_ = error;
}

void Daemon::note_failure(const std::string& device, const std::string& why) {
  auto& known = health_.unavailable[device];
  if (known != why) spdlog::warn("{} is unavailable: {}", device, why);
  known = why;
  ++health_.meter_errors[device];
}

void Daemon::round() {
  const auto now = Moment::now();
  schedule_.begin_round(now.boot);
  for (const auto& [id, _] : registry_.devices()) {
    if (schedule_.reads(id, now.boot)) pool_.request(id, MeterPool::Kind::kOnce);
  }
  if (unsaved_search_) checkpoint();
  if (unsaved_readings_) save_readings();
  accept_gpu_list();
  gpu_list_.step(now.boot, registry_.misses_position());
  if (marks_wait_) read_marks();
  for (const auto& id : pool_.hanging(kHangs)) note_failure(id, "a call into the driver hangs");
  discover(now.boot);
  if (now.boot >= next_checkpoint_) checkpoint();
  if (now.boot >= next_metrics_) write_metrics(now.boot);
  registry_.tick(now);
}

// Searches, ever more rarely, while there is no device, one does not answer, or a known one or one of a job was not found.
void Daemon::discover(Duration now) {
  const bool needed =
      registry_.devices().empty() || !health_.unavailable.empty() || search_incomplete_ || registry_.misses_device();
  if (!needed) discovery_wait_ = kDiscoverSoon;
  if (!needed || now < next_discovery_ || pool_.discovering()) return;
  pool_.discover(settings_.find_meters);
  discovery_wait_ = std::min(discovery_wait_ * 2, kDiscoverEvery);
  next_discovery_ = now + discovery_wait_;
}

void Daemon::write_metrics(Duration now) {
  // Wait for the first discovery to end: until then no device does not mean that there is none.
  if (registry_.devices().empty() && pool_.discovering()) return;
  next_metrics_ = now + kMetricsEvery;
  if (settings_.metrics_file.empty()) return;
  health_.outbox = outbox_.counts();
  health_.attempts = settings_.attempts();
  const auto written = replace_file(settings_.metrics_file, metrics_text(registry_, health_), Sync::kNo, 0644);
  if (!written) log_once(written.error().message);
}

void Daemon::close_finished() {
  bool closed = false;
  std::size_t waiting = 0;
  for (const auto& [key, record] : registry_.finished()) {
    if (const auto added = outbox_.add(record); !added) {
      log_once(added.error().message);
      if (++waiting <= kMaxWaiting) continue;
      spdlog::error("job={} {:.3f} kJ lost: {} records already wait for room in the outbox", record.job_id,
                    static_cast<double>(ledger::total_mj(record)) / 1e6, kMaxWaiting);
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
  checkpoint();
  settings_.on_record();
}

void Daemon::report_hours() {
  const auto boot = Moment::now().boot;
  if (boot < next_hours_) return;
  next_hours_ = boot + kHoursEvery;
  const auto at = now();
  auto hours = registry_.device_hours(at);
  if (!hours) return;
  hours->cluster = settings_.cluster;
  if (const auto added = outbox_.add(*hours); !added) return log_once(added.error().message);
  registry_.hours_sent(*hours, at);
  checkpoint();
  settings_.on_record();
}

// Always synced: a file that is not would replace one that is, on which the removal of marks relied.
bool Daemon::checkpoint() {
  next_checkpoint_ = Moment::now().boot + kCheckpointEvery;
  unsaved_search_ = false;
  const auto saved = replace_file(settings_.spool.jobs() / "state.json", state_to_json(registry_), Sync::kYes);
  if (saved) {
    last_error_.clear();
    return true;
  }
  log_once(saved.error().message);
  return false;
}

}  // namespace carbon::carbond
