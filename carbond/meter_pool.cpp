// SPDX-License-Identifier: Apache-2.0
#include "carbond/meter_pool.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "energy/counter_update_search.h"

namespace carbon::carbond {
namespace {

using Clock = std::chrono::steady_clock;

void sleep_for(Duration d) { std::this_thread::sleep_for(d); }

}  // namespace

// State shared with threads that may outlive the pool.
struct MeterPool::Shared {
  Shared() : fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Shared() { close(fd); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  void notify() const { (void)!eventfd_write(fd, 1); }

  const int fd;
  mutable std::mutex mutex;
  std::vector<MeterAnswer> answers;
  std::vector<energy::MetersFound> found;
  int discoveries = 0;
};

// A queue of one request, for a thread that may hang in a driver for ever. It cannot be a PeriodicTask, whose end joins its
// thread.
struct MeterPool::Worker {
  std::unique_ptr<energy::Meter> meter;
  Method method{};  // of the meter
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::optional<Kind> wanted;
  std::optional<Clock::time_point> busy_since;
  bool stop = false;

  void run(const std::shared_ptr<Shared>& shared) {
    for (;;) {
      std::unique_lock lock(mutex);
      wake.wait(lock, [this] { return stop || wanted; });
      if (stop) return;
      const Kind kind = *wanted;
      wanted.reset();
      lock.unlock();
      auto answer = read(kind);
      lock.lock();
      busy_since = wanted ? std::optional(Clock::now()) : std::nullopt;
      lock.unlock();
      {
        const std::lock_guard guard(shared->mutex);
        shared->answers.push_back(std::move(answer));
      }
      shared->notify();
    }
  }

  MeterAnswer read(Kind kind) {
    const auto& id = meter->info().id;
    if (kind == Kind::kCounterUpdate) {
      auto found = energy::find_counter_update(*meter, sleep_for);
      if (!found) return {id, found.error(), 1};
      return {id, std::move(found->samples), found->calls};
    }
    const auto sample = energy::read_once(*meter);
    if (!sample) return {id, sample.error(), 0};
    return {id, std::vector<energy::Sample>{*sample}, 0};
  }
};

MeterPool::MeterPool() : shared_(std::make_shared<Shared>()) {}

MeterPool::~MeterPool() {
  for (auto& [_, worker] : workers_) {
    const std::lock_guard lock(worker->mutex);
    worker->stop = true;
    worker->wake.notify_one();
  }
}

int MeterPool::event_fd() const { return shared_->fd; }

void MeterPool::discover(std::function<energy::MetersFound()> find) {
  {
    const std::lock_guard lock(shared_->mutex);
    ++shared_->discoveries;
  }
  std::thread([shared = shared_, find = std::move(find)] {
    auto found = find();
    {
      const std::lock_guard lock(shared->mutex);
      shared->found.push_back(std::move(found));
      --shared->discoveries;
    }
    shared->notify();
  }).detach();
}

bool MeterPool::discovering() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->discoveries > 0;
}

MeterPool::Found MeterPool::found() {
  std::vector<energy::MetersFound> all;
  {
    const std::lock_guard lock(shared_->mutex);
    all.swap(shared_->found);
  }
  Found out;
  for (auto& found : all) {
    if (!found.note.empty()) out.notes.push_back(found.note);
    out.complete = !found.incomplete;
    for (auto& meter : found.meters) {
      const auto info = meter->info();
      const auto known = workers_.find(info.id);
      if (known != workers_.end() && known->second->method == info.method) {
        out.again.push_back(info);
        continue;
      }
      drop(info.id);
      auto worker = std::make_shared<Worker>();
      worker->method = info.method;
      worker->meter = std::move(meter);
      workers_.emplace(info.id, worker);
      std::thread([worker, shared = shared_] { worker->run(shared); }).detach();
      out.devices.push_back(info);
    }
  }
  return out;
}

void MeterPool::drop(const std::string& device) {
  const auto it = workers_.find(device);
  if (it == workers_.end()) return;
  {
    const std::lock_guard lock(it->second->mutex);
    it->second->stop = true;
    it->second->wake.notify_one();
  }
  workers_.erase(it);
}

void MeterPool::request(const std::string& device, Kind kind) {
  const auto it = workers_.find(device);
  if (it == workers_.end()) return;
  auto& worker = *it->second;
  const std::lock_guard lock(worker.mutex);
  if (worker.busy_since) {
    if (kind == Kind::kCounterUpdate) worker.wanted = kind;
    return;
  }
  worker.busy_since = Clock::now();
  worker.wanted = kind;
  worker.wake.notify_one();
}

std::vector<MeterAnswer> MeterPool::answers() {
  eventfd_t ignored = 0;
  (void)!eventfd_read(shared_->fd, &ignored);
  const std::lock_guard lock(shared_->mutex);
  return std::exchange(shared_->answers, {});
}

bool MeterPool::busy() const {
  return std::any_of(workers_.begin(), workers_.end(), [](const auto& w) {
    const std::lock_guard lock(w.second->mutex);
    return w.second->busy_since && Clock::now() - *w.second->busy_since < Duration(200);
  });
}

std::vector<std::string> MeterPool::hanging(Duration limit) const {
  std::vector<std::string> out;
  for (const auto& [id, worker] : workers_) {
    const std::lock_guard lock(worker->mutex);
    if (worker->busy_since && Clock::now() - *worker->busy_since > limit) out.push_back(id);
  }
  return out;
}

}  // namespace carbon::carbond
