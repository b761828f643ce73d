// SPDX-License-Identifier: Apache-2.0
// Energy meter: one device that can be read. Some drivers have an energy counter, others only the present power; each sample
// states which it is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/method.h"
#include "core/result.h"
#include "core/time.h"
#include "core/units.h"
#include "energy/moment.h"

namespace carbon::energy {

// A part of a device that Slurm allocates by itself: a MIG instance, by its share of the device's compute slices.
struct Partition {
  std::string id;
  double share = 1.0;
  std::vector<std::string> files{};  // "nvidia-cap21", "nvidia-cap22": of its GPU instance and of itself; empty: not known
};

struct DeviceInfo {
  std::string id;    // "GPU-<uuid>", "rapl:package-0": the same after a reboot
  std::string type;  // "gpu", "cpu", "dram"
  std::uint32_t minor = 0;
  std::string file;  // name of its device file: "nvidia3", "renderD129"; empty: not known
  std::string model;
  Method method = Method::kCounter;
  Watts rated{0.0};              // power limit; 0: not known
  Watts most{0.0};               // the highest power limit that can be set; 0: `rated`
  Duration update{0};            // update interval of the counter; 0: it changes at every reading
  std::int64_t wraps_at_uj = 0;  // the counter restarts at zero there; 0: it never does
  bool simulated = false;        // a test double
  std::vector<Partition> partitions;
};

// One reading: an energy counter, or power, or both if the counter stands still.
struct Sample {
  Moment at;
  std::optional<std::int64_t> counter_uj;
  std::optional<Watts> power;
  Duration time_uncertainty{0};  // the value was true at some time within `at` +- this
  double part = 1.0;             // of the energy read, what belongs to this device: below 1 where several share one meter
};

class Meter {
 public:
  virtual ~Meter() = default;
  virtual const DeviceInfo& info() const = 0;
  // One call into the driver, which may block for ever: call it on a thread that may hang. Not thread-safe.
  virtual Result<Sample> read() = 0;
  // The present power, for display.
  virtual Result<Watts> power() = 0;
};

// Result of a search for devices. No driver on this host is a normal result: no meters, and a note that says why.
struct MetersFound {
  std::vector<std::unique_ptr<Meter>> meters;
  std::string note;
  bool incomplete = false;  // the driver has a device that could not be described now: search again
};

}  // namespace carbon::energy
