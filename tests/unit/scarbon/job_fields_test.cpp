// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct/job_fields.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace carbon::scarbon {
namespace {

std::string value(const char* field, const JobRuns& runs) { return find_job_field(field)->value(runs); }

const nlohmann::json kFirst{{"energy_kwh", 1.0},  {"co2e_g", 100.0},     {"avg_intensity_g_per_kwh", 100.0},
                            {"site", "north"},    {"method", "counter"}, {"saved_g", 10.0},
                            {"simulated", false}, {"restated", false}};
const nlohmann::json kSecond{{"energy_kwh", 3.0}, {"co2e_g", 900.0},       {"avg_intensity_g_per_kwh", 300.0},
                             {"site", "south"},   {"method", "estimated"}, {"saved_g", nullptr},
                             {"simulated", true}, {"restated", true}};

TEST(JobFields, ARequeuedJobIsTheSumOfItsRuns) {
  const JobRuns runs{kFirst, kSecond};
  EXPECT_EQ(value("EnergyKWh", runs), "4.000");
  EXPECT_EQ(value("co2eg", runs), "1000");
  EXPECT_EQ(value("AvgIntensity", runs), "250.0");
  EXPECT_EQ(value("Site", runs), "north+south");
  EXPECT_EQ(value("Method", runs), "counter+estimated(sim)");
  EXPECT_EQ(value("Restated", runs), "yes");
}

TEST(JobFields, TheMeanIntensityIsThatOfTheEnergyWhoseIntensityIsKnown) {
  auto half = kSecond;
  half["coverage"] = 1.0 / 3;
  EXPECT_EQ(value("AvgIntensity", {kFirst, half}), "200.0") << "1 kWh at 100 and 1 of 3 kWh at 300 g/kWh";
}

TEST(JobFields, MissingIsNotZero) {
  EXPECT_EQ(value("SavedCo2eG", {kSecond}), "");
  for (const auto& field : job_fields()) EXPECT_EQ(field.value({}), "") << field.name;
}

TEST(JobFields, AMeanIsOverTheEnergyThatIsCovered) {
  auto half = kSecond;  // 3 kWh at 300 g/kWh, of which 1 kWh is covered
  half["coverage"] = 1.0 / 3;
  EXPECT_EQ(value("AvgIntensity", {kFirst, half}), "200.0");
  EXPECT_EQ(value("Coverage", {kFirst, half}), "50.0");
}

TEST(JobFields, WhatANodeDidNotSendIsSaid) {
  auto whole = kFirst, part = kFirst;
  whole.update({{"nodes", 1}, {"nodes_expected", 1}, {"complete", true}, {"estimated_kwh", 0.25}});
  part.update({{"nodes", 1}, {"nodes_expected", 16}, {"complete", false}, {"saved_g", nullptr}});
  EXPECT_EQ(value("Nodes", {whole}), "1/1");
  EXPECT_EQ(value("Complete", {whole}), "yes");
  EXPECT_EQ(value("EstimatedKWh", {whole}), "0.2500");
  EXPECT_EQ(value("Nodes", {whole, part}), "2/17");
  EXPECT_EQ(value("Complete", {whole, part}), "no");
  EXPECT_EQ(value("SavedCo2eG", {whole, part}), "") << "a part of a saving is none";
  whole["energy_kwh"] = nullptr;
  EXPECT_EQ(value("Complete", {whole}), "no") << "not metered";
}

TEST(JobFields, ARunIsFoundByItsTime) {
  auto first = kFirst, second = kSecond;
  first.update({{"start", "2025-10-26T00:00:00Z"}, {"end", "2025-10-26T00:30:00Z"}});
  second.update({{"start", "2025-10-26T01:00:00Z"}, {"end", "2025-10-26T01:30:00Z"}});  // the same local times in Berlin
  const JobRuns runs{first, second};
  const auto at = [&](const char* from, const char* to) { return run_during(runs, {*parse_utc(from), *parse_utc(to)}); };
  EXPECT_EQ(at("2025-10-26T00:00:00Z", "2025-10-26T00:29:00Z"), &runs[0]);
  EXPECT_EQ(at("2025-10-26T01:00:00Z", "2025-10-26T01:29:00Z"), &runs[1]);
  EXPECT_EQ(at("2025-10-27T01:00:00Z", "2025-10-27T01:29:00Z"), nullptr);
}

TEST(JobFields, SacctsOwnNamesAreNotTaken) {
  for (const auto* name : {"JobID", "ConsumedEnergy", "State", "AdminComment", "TRESUsageInAve"})
    EXPECT_EQ(find_job_field(name), nullptr);
}

}  // namespace
}  // namespace carbon::scarbon
