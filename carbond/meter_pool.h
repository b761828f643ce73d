// SPDX-License-Identifier: Apache-2.0
// Runs every call into a driver on a thread of its own, one per device, because such a call may hang for ever. Who hangs is
// unavailable; the others go on. A thread that hangs is never waited for.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "energy/meter.h"

namespace carbon::carbond {

struct MeterAnswer {
  std::string device;
  Result<std::vector<energy::Sample>> samples;
  std::uint32_t extra_calls = 0;  // of an edge search: beyond the one reading per round
};

class MeterPool {
 public:
  MeterPool();
  ~MeterPool();
  MeterPool(const MeterPool&) = delete;
  MeterPool& operator=(const MeterPool&) = delete;

  // Looks for devices on a thread; each call of `find` that ends is told by take_found().
  void discover(std::function<energy::MetersFound()> find);
  // What was found since the last call: devices are in the pool from then on; those that are in it already are left out.
  struct Found {
    std::vector<energy::DeviceInfo> devices;
    std::vector<std::string> notes;
  };
  Found take_found();
  bool discovering() const;

  enum class Kind { kOnce, kCounterUpdate };
  // Where the device is still busy with the last request, a plain reading is dropped and an edge search follows it.
  void request(const std::string& device, Kind kind);
  std::vector<MeterAnswer> take();
  bool busy() const;  // some device has not answered yet, and does not hang for long
  // Busy with one request for longer than `limit`.
  std::vector<std::string> hanging(Duration limit) const;

  int event_fd() const;  // readable when there is an answer or a discovery to take

 private:
  struct Shared;
  struct Worker;
  std::shared_ptr<Shared> shared_;
  std::map<std::string, std::shared_ptr<Worker>> workers_;
};

}  // namespace carbon::carbond
