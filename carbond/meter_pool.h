// SPDX-License-Identifier: Apache-2.0
// Pool of meters: runs the calls into drivers on one thread per device, because such a call may hang for ever. A device that
// hangs is unavailable; the others continue. A thread that hangs is never joined.
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
  std::uint32_t extra_calls = 0;  // of a counter update search: beyond the one reading per round
};

class MeterPool {
 public:
  MeterPool();
  ~MeterPool();
  MeterPool(const MeterPool&) = delete;
  MeterPool& operator=(const MeterPool&) = delete;

  // Calls `find` on a thread of its own; found() returns its result.
  void discover(std::function<energy::MetersFound()> find);
  // Adds the devices found since the last call to the pool.
  struct Found {
    std::vector<energy::DeviceInfo> devices;  // new in the pool, or measured in another way than before
    std::vector<energy::DeviceInfo> again;    // in it already, as they are now
    std::vector<std::string> notes;
    bool complete = false;  // a search has ended, and no driver has a device that it could not describe
  };
  Found found();
  bool discovering() const;
  // The device is gone. Its thread ends, unless it hangs.
  void drop(const std::string& device);

  enum class Kind { kOnce, kCounterUpdate };
  // If the device is still busy with the last request, a plain reading is dropped; a counter update search follows that request.
  void request(const std::string& device, Kind kind);
  // The answers since the last call.
  std::vector<MeterAnswer> answers();
  bool busy() const;  // a device has not answered yet, for less than 200 ms
  // Busy with one request for longer than `limit`.
  std::vector<std::string> hanging(Duration limit) const;

  int event_fd() const;  // readable when there are new answers or devices

 private:
  struct Shared;
  struct Worker;
  std::shared_ptr<Shared> shared_;
  std::map<std::string, std::shared_ptr<Worker>> workers_;
};

}  // namespace carbon::carbond
