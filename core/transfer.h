// SPDX-License-Identifier: Apache-2.0
// What moving a job's data to another site costs: one formula for the decision and for the bill.
#pragma once

#include "core/units.h"

namespace carbon::inline core {

// `kwh_per_gb`: transfer_kwh_per_gb of the site that the data goes to.
inline Joules transfer_energy(double data_gb, double kwh_per_gb) { return from_kwh(data_gb * kwh_per_gb); }

// At the intensities of both sites at the submission: each end draws half. Networks have no PUE of ours.
inline GramsCo2e transfer_emission(Joules energy, GramsPerKwh from, GramsPerKwh to) { return energy * ((from + to) / 2); }

}  // namespace carbon::inline core
