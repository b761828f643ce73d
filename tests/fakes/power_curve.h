// SPDX-License-Identifier: Apache-2.0
// The power of a simulated device as a closed-form function of wall time, with its exact integral. A sum of terms:
//   constant:W  square:LOW,HIGH,PERIOD_S,DUTY  bursts:LOW,HIGH,EVERY_S,WIDTH_S  ramp:LOW,HIGH,PERIOD_S (up and down again)
//   step:BEFORE,AFTER,AT_UNIX_S
// joined by '+', such as "constant:60+bursts:0,240,5,0.05".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carbon::fakes {

class PowerCurve {
 public:
  static std::optional<PowerCurve> parse(std::string_view text);
  double watts(double unix_s) const;
  // Joules from kEpoch to `unix_s`.
  double joules_until(double unix_s) const;
  double joules(double from_s, double to_s) const { return joules_until(to_s) - joules_until(from_s); }

  static constexpr double kEpoch = 1.7e9;  // recent, so that a double still resolves a microsecond

 private:
  struct Term {
    char kind;
    std::vector<double> p;
  };
  std::vector<Term> terms_;
};

}  // namespace carbon::fakes
