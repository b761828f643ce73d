// SPDX-License-Identifier: Apache-2.0
// What moving a job saved: what we caused, and nothing else. docs/ledger.md has the formula and its reasons. Pure.
//
//   saved = PUE_h x sum of A_h,k x I_h(t_k - d)  -  PUE_s x sum of A_s,k x I_s(t_k)  -  transfer
//
// A_k: the energy of interval k above what its devices draw when idle. d: how much later the run began because of us. h: the home
// site, s: the site where it ran. The first sum is over the part of the run that would have run without us.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/units.h"
#include "ledger/accounting/emissions.h"
#include "ledger/rows/job_emissions.h"
#include "ledger/store/store.h"

namespace carbon::ledger {

// A site's intensities, as a series and with their labels.
struct SiteIntensities {
  std::vector<StoredIntensity> stored;
  IntensitySeries series;
};

// Whole devices, by model.
using IdleDraws = std::map<std::string, Watts>;

// Energy above the idle draw of the devices; all of it where Slurm powers idle nodes down.
struct ActiveEnergy {
  std::vector<EnergySlice> profile;
  std::int64_t left_out_mj = 0;  // of CPUs and memory whose idle draw is not known: it counts as drawn in any case
  std::string unknown{};         // the model of a GPU whose idle draw is not known; then the rest is void
};
ActiveEnergy active_energy(std::span<const EnergyRecord> records, const IdleDraws& learned, bool powers_down);

// Each figure that the saving was computed from, as far as it got.
struct Saving {
  enum class State : std::uint8_t { kNotOurs, kNotKnown, kKnown };
  State state = State::kNotOurs;
  std::string why;                // unless it is known
  Duration moved_by{0};           // the run began so much later because of us
  ActiveEnergy at_site, at_home;  // the latter: of the part that is compared
  Emission actual, otherwise;     // of these
  std::int64_t saved_ug = 0;
};

// `row`: complete but for its saving. `home`, `site`: their intensities; null: none.
Saving saving_of(const JobRow& row, std::span<const EnergyRecord> records, const IdleDraws& learned, const SiteIntensities* site,
                 const SiteIntensities* home);

// Bringing the job's data to its site.
struct Transfer {
  Joules energy;
  std::optional<GramsCo2e> grams;  // none: not known
};
// None: there was nothing to bring.
std::optional<Transfer> transfer_of(const JobRow& row, const SiteIntensities* site, const SiteIntensities* home);

// A part of the run in time, and the intensities there and then; none: not known.
struct PartOfRun {
  Interval when;
  double active_mj = 0;                         // above idle, at its site
  std::optional<GramsPerKwh> at_site, at_home;  // the latter `moved_by` earlier
};
// Of equal length, an hour or more, so that there are at most kMostParts.
inline constexpr int kMostParts = 72;
std::vector<PartOfRun> parts_of(const JobRow& row, const Saving& saving, const SiteIntensities* site,
                                const SiteIntensities* home);

// Whether we sent the run to another site than its home.
bool relocated(const JobRow& row);

}  // namespace carbon::ledger
