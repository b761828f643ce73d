// SPDX-License-Identifier: Apache-2.0
// Published rules that the planner is compared with, as their papers state them: each job by itself, without capacity. They know
// the job's expected run time and the whole series.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "policies/policy.h"

namespace carbon::replay {

// Same contract as the policies of policy.h, with starts at ready + whole hours, but for lowest_slot.
namespace published {
// The moment of least intensity, the earliest of them (GAIA's Lowest-Slot): ready, or where a step of the series begins.
Placement lowest_slot(const JobRequest& job, std::span<const SiteForecast> sites);
// The window of least emission (GAIA's Lowest-Window, CATS).
Placement lowest_window(const JobRequest& job, std::span<const SiteForecast> sites);
// The most grams saved per hour until the job is done (GAIA's Carbon-Time, ASPLOS'24).
Placement carbon_time(const JobRequest& job, std::span<const SiteForecast> sites);
}  // namespace published

// For interruptible jobs: the intervals in which the job runs at home, in order. Together they are as long as the job; the last
// one ends by ready + max_delay + run time. If the series is too short: one interval from ready.
using PiecewisePolicy = std::vector<Interval> (*)(const JobRequest& job, const SiteForecast& home);

// The greenest parts of [ready, ready + max_delay + length) (Wait Awhile, Middleware'21).
std::vector<Interval> suspend_resume(const JobRequest& job, const SiteForecast& home);
// Runs while the intensity is below the 30 % quantile of the 24 hours to come, until its pauses add up to max_delay; then
// without pause (Ecovisor, ASPLOS'23, as GAIA states it).
std::vector<Interval> threshold(const JobRequest& job, const SiteForecast& home);

}  // namespace carbon::replay
