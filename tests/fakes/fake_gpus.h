// SPDX-License-Identifier: Apache-2.0
// The simulated GPUs of a node, read from the file that CARBON_FAKE_NVML names. One line per GPU, '#' starts a comment:
//   gpu uuid=GPU-SIMULATED-n1-0 minor=0 curve=square:60,300,0.07,0.5 [limit=400] [counter=no] [call_ms=1] [mig=1,1,2,3]
//       [most=500] [reset_at=UNIX_S] [stopped=FROM,UNTIL] [lost=FROM,UNTIL] [hang=FROM,UNTIL]
//       [cut_at=UNIX_S cut=4,3]
//   calls=FILE     where the number of calls per GPU is counted (8 bytes each, mapped)
//   no_driver=FROM,UNTIL
// most: the highest limit that can be set; by default `limit`. stopped: the counter misses the energy of that time.
// The lines are in the order of the driver's index, as GPUs are on the PCI bus. mig: compute slices of each MIG instance; from
// cut_at on there are those of cut instead, with other UUIDs. Instance k is GPU instance k + 1 with compute instance 0. Faults
// are functions of wall time, so that a test can foresee them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/fakes/power_curve.h"

namespace carbon::fakes {

struct Window {
  double from = 0, until = 0;
  bool holds(double t) const { return from <= t && t < until; }
};

struct FakeGpu {
  std::string uuid;
  unsigned minor = 0;
  PowerCurve curve;
  double limit = 400, most = 400;
  bool counter = true;
  double call_ms = 0;
  double reset_at = 0;
  Window stopped, lost, hang;
  std::vector<unsigned> mig;
  double cut_at = 0;
  std::vector<unsigned> cut;  // instances from cut_at on

  const std::vector<unsigned>& instances(double unix_s) const { return cut_at > 0 && unix_s >= cut_at ? cut : mig; }

  // What the counter shows: it is renewed every 100 ms.
  static constexpr double kUpdate = 0.1;
  double counter_joules(double unix_s) const;
};

struct FakeNode {
  std::vector<FakeGpu> gpus;
  std::string calls;
  Window no_driver;
};

// On failure nothing, and `error` says why.
std::optional<FakeNode> read_fake_node(const std::string& file, std::string& error);
double wall_seconds();

}  // namespace carbon::fakes
