// SPDX-License-Identifier: Apache-2.0
// A meter: one device whose energy can be read. Drivers differ in what they give (a counter of energy, or only the power of the
// moment); each sample says which it is.
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

// A part of a device that a job can hold on its own: a MIG instance, by its share of the device's compute slices.
struct Partition {
  std::string id;
  double share = 1.0;
};

struct DeviceInfo {
  std::string id;    // "GPU-<uuid>", "rapl:package-0": stays the same over reboots
  std::string type;  // "gpu", "cpu", "dram"
  std::uint32_t minor = 0;
  std::string model;
  Method method = Method::kCounter;
  Watts rated{0.0};              // power limit; 0: not known
  Duration update{0};            // how often the counter changes; 0: at every reading, as far as anyone can tell
  std::int64_t wraps_at_uj = 0;  // the counter starts anew there; 0: it never does
  bool simulated = false;        // a test double
  std::vector<Partition> partitions;
};

// What one reading gave: a counter for Method::kCounter, else a power.
struct Sample {
  Moment at;
  std::optional<std::int64_t> counter_uj;
  std::optional<Watts> power;
  Duration time_uncertainty{0};  // the value was true at some time within `at` +- blur
};

class Meter {
 public:
  virtual ~Meter() = default;
  virtual const DeviceInfo& info() const = 0;
  // One call into the driver. It may block for any time: call it on a thread that may hang. Not thread-safe.
  virtual Result<Sample> read() = 0;
  // The power of the moment, for show.
  virtual Result<Watts> power() = 0;
};

// What looking for devices gave. No driver on this host is a normal result: no meters, and a note that says why.
struct MetersFound {
  std::vector<std::unique_ptr<Meter>> meters;
  std::string note;
};

}  // namespace carbon::energy
