// SPDX-License-Identifier: Apache-2.0
#include "ledger/accounting/saving.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/slurm/decision_token.h"
#include "core/transfer.h"
#include "ledger/rows/intensity_kinds.h"

namespace carbon::ledger {
namespace {

// The draw of a whole idle device; none: not known.
std::optional<Watts> idle_draw(const DeviceEnergy& d, const IdleDraws& learned) {
  if (d.idle) return d.idle;
  const auto known = learned.find(d.model);
  return known == learned.end() ? std::nullopt : std::optional(known->second);
}

// How intensities were obtained, as sets.
struct Labels {
  std::int64_t kinds = 0;
  unsigned origins = 0;
};

Labels labels_of(std::span<const EnergySlice> profile, std::span<const StoredIntensity> stored, Duration shift) {
  Labels out;
  for (const auto& slice : profile) {
    const Instant from = slice.when.start + shift, to = std::max(slice.when.end + shift, from + Duration(1));
    auto at = std::partition_point(stored.begin(), stored.end(), [&](const auto& s) { return s.point.when.end <= from; });
    for (; at != stored.end() && at->point.when.start < to; ++at) {
      out.kinds |= set_of(at->kind);
      out.origins |= 1u << static_cast<unsigned>(at->point.origin);
    }
  }
  return out;
}

// A difference between two kinds of intensity, or between a measured value and a yearly mean, says nothing about the job.
std::string incomparable(const Labels& a, const Labels& b) {
  constexpr unsigned kYearly = 1u << static_cast<unsigned>(Origin::kYearlyFactor);
  if (a.origins == 0 || b.origins == 0) return {};  // no energy on one side
  const auto kinds = a.kinds | b.kinds;
  if (std::popcount(static_cast<std::uint64_t>(kinds)) > 1) return "the intensities are of different kinds: " + kinds_text(kinds);
  const auto origins = a.origins | b.origins;
  if ((origins & kYearly) != 0 && origins != kYearly) return "a part of the intensities is only a yearly factor";
  return {};
}

bool delayed(const JobRow& row) {
  return row.details.planned && row.details.turn && *row.details.planned > *row.details.submit &&
         *row.details.turn < row.details.kept_from.value_or(row.start);
}

std::string not_ours(const JobRow& row) {
  const auto& d = row.details;
  if (d.mode.empty()) return "no decision was requested for the job";
  if (d.mode == "user") return "someone has chosen another time or place for the job since we planned it";
  if (!d.ours()) return "mode=" + d.mode + ": the job was not to be moved";
  if (!d.interrupted && !delayed(row) && !relocated(row)) return "we did not move the job: it began as soon as Slurm let it";
  return {};
}

std::string not_known(const JobRow& row) {
  if (!row.method) return "no device of the job was metered";
  if (!row.complete)
    return "the records of " + std::to_string(row.nodes_expected - row.nodes) + " of " + std::to_string(row.nodes_expected) +
           " nodes are missing";
  if (row.site.empty()) return "the partition " + row.partition + " belongs to no site";
  if (row.covered_mj < row.energy_mj) return "the intensity at the site is not known for a part of the run";
  if (!row.home_pue) return "the home site '" + row.details.home + "' is not known";
  return {};
}

Saving not_known(Saving saving, std::string why) {
  saving.state = Saving::State::kNotKnown;
  saving.why = std::move(why);
  return saving;
}

}  // namespace

ActiveEnergy active_energy(std::span<const EnergyRecord> records, const IdleDraws& learned, bool powers_down) {
  ActiveEnergy out;
  if (powers_down) {
    out.profile = profile_of(records);
    return out;
  }
  std::vector<EnergyRecord> active(records.begin(), records.end());
  for (auto& r : active) {
    for (auto& d : r.devices) {
      const auto idle = idle_draw(d, learned);
      if (!idle && d.type != "gpu") out.left_out_mj += total_mj(d);
      if (!idle && d.type == "gpu" && total_mj(d) > 0) return {{}, 0, d.model.empty() ? d.device : d.model};
      for (std::size_t k = 0; k < d.mj.size(); ++k) {
        const auto when = interval_of(r, d, k);
        const double idle_mj = idle.value_or(Watts(0)).value() * d.share * static_cast<double>(when.length().count());
        d.mj[k] = idle ? std::max<std::int64_t>(d.mj[k] - std::llround(idle_mj), 0) : 0;
      }
    }
  }
  out.profile = profile_of(active);
  return out;
}

bool relocated(const JobRow& row) {
  return row.details.ours() && row.details.planned && !row.home_site.empty() && !row.site.empty() &&
         as_in_token(row.home_site) != as_in_token(row.site);
}

std::optional<Transfer> transfer_of(const JobRow& row, const SiteIntensities* site, const SiteIntensities* home) {
  // A later run finds the data there.
  if (!relocated(row) || row.details.data_gb <= 0 || row.key.restart > 0) return std::nullopt;
  if (!row.transfer_kwh_per_gb) return Transfer{};
  Transfer out{transfer_energy(row.details.data_gb, *row.transfer_kwh_per_gb), {}};
  if (!site || !home || !row.details.submit) return out;
  const auto here = home->series.view().at(*row.details.submit), there = site->series.view().at(*row.details.submit);
  if (here && there) out.grams = transfer_emission(out.energy, *here, *there);
  return out;
}

Saving saving_of(const JobRow& row, std::span<const EnergyRecord> records, const IdleDraws& learned, const SiteIntensities* site,
                 const SiteIntensities* home) {
  Saving out;
  const auto& details = row.details;
  if (!details.submit || !details.turn) return not_known(out, "Slurm's accounting has not told when the job was submitted");
  if (out.why = not_ours(row); !out.why.empty()) return out;
  const Instant from = details.kept_from.value_or(row.start), to = details.kept_to.value_or(row.end);
  out.moved_by = from - *details.turn;
  if (auto why = not_known(row); !why.empty()) return not_known(out, why);
  if (!site || !home) return not_known(out, "no intensity is known");
  out.at_site = active_energy(records, learned, row.powers_down.value_or(false));
  out.at_home = active_energy(records, learned, row.home_powers_down.value_or(false));
  for (const auto* active : {&out.at_site, &out.at_home}) {
    if (!active->unknown.empty()) return not_known(out, "the draw of an idle " + active->unknown + " is not known yet");
  }
  if (details.kept_from || details.kept_to) out.at_home.profile = cut(out.at_home.profile, {from, to});
  out.actual = emission_of(out.at_site.profile, site->series, row.pue);
  out.otherwise = emission_of(out.at_home.profile, home->series, *row.home_pue, -out.moved_by);
  if (!out.actual.whole()) return not_known(out, "the intensity at the site is not known for a part of the run");
  if (!out.otherwise.whole())
    return not_known(out, "the intensity at home is not known for a part of the time in which it would have run");
  const auto transfer = transfer_of(row, site, home);
  if (transfer && !transfer->grams) return not_known(out, "what the transfer of its data emitted is not known");
  const auto why = incomparable(labels_of(out.at_site.profile, site->stored, Duration(0)),
                                labels_of(out.at_home.profile, home->stored, -out.moved_by));
  if (!why.empty()) return not_known(out, why);
  out.state = Saving::State::kKnown;
  out.saved_ug = std::llround((out.otherwise.grams - out.actual.grams).value() * 1e6) - row.transfer_ug.value_or(0);
  return out;
}

std::vector<PartOfRun> parts_of(const JobRow& row, const Saving& saving, const SiteIntensities* site,
                                const SiteIntensities* home) {
  using std::chrono::hours;
  const auto whole_hours = (row.end - row.start) / Duration(hours(1));
  const Duration step = hours(whole_hours / kMostParts + 1);
  std::vector<PartOfRun> parts;
  for (Instant from = row.start; from < row.end; from += step) {
    auto& part = parts.emplace_back();
    part.when = {from, std::min(from + step, row.end)};
    for (const auto& slice : cut(saving.at_site.profile, part.when)) part.active_mj += static_cast<double>(slice.mj);
    const auto mean = [&](const SiteIntensities* of, Duration shift) {
      return of ? of->series.view().integrate(part.when.start + shift, part.when.end + shift).mean() : std::nullopt;
    };
    part.at_site = mean(site, Duration(0));
    part.at_home = mean(home, -saving.moved_by);
  }
  return parts;
}

}  // namespace carbon::ledger
