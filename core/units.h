// SPDX-License-Identifier: Apache-2.0
// Physical quantities as types, so that no bare double crosses a room's border. Each holds one double in the unit that its
// name says; arithmetic exists only where it has a meaning.
#pragma once

#include <chrono>
#include <compare>

namespace carbon::inline core {

template <class Tag>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(double value) : value_(value) {}
  constexpr double value() const { return value_; }

  constexpr auto operator<=>(const Quantity&) const = default;
  constexpr Quantity operator+(Quantity o) const { return Quantity(value_ + o.value_); }
  constexpr Quantity operator-(Quantity o) const { return Quantity(value_ - o.value_); }
  constexpr Quantity operator-() const { return Quantity(-value_); }
  constexpr Quantity operator*(double f) const { return Quantity(value_ * f); }
  constexpr Quantity operator/(double f) const { return Quantity(value_ / f); }
  constexpr double operator/(Quantity o) const { return value_ / o.value_; }
  constexpr Quantity& operator+=(Quantity o) {
    value_ += o.value_;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity o) {
    value_ -= o.value_;
    return *this;
  }
  friend constexpr Quantity operator*(double f, Quantity q) { return q * f; }

 private:
  double value_ = 0.0;
};

using Joules = Quantity<struct JoulesTag>;
using Watts = Quantity<struct WattsTag>;
using GramsCo2e = Quantity<struct GramsCo2eTag>;
using GramsPerKwh = Quantity<struct GramsPerKwhTag>;  // carbon intensity, gCO2e/kWh

inline constexpr double kJoulesPerKwh = 3.6e6;

constexpr double kwh(Joules e) { return e.value() / kJoulesPerKwh; }
constexpr Joules from_kwh(double e) { return Joules(e * kJoulesPerKwh); }
constexpr GramsCo2e operator*(Joules e, GramsPerKwh i) { return GramsCo2e(kwh(e) * i.value()); }

constexpr double seconds(std::chrono::milliseconds d) { return static_cast<double>(d.count()) / 1000.0; }
constexpr Joules operator*(Watts p, std::chrono::milliseconds d) { return Joules(p.value() * seconds(d)); }
constexpr Watts operator/(Joules e, std::chrono::milliseconds d) { return Watts(e.value() / seconds(d)); }

}  // namespace carbon::inline core
