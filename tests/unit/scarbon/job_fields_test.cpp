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

TEST(JobFields, SacctsOwnNamesAreNotTaken) {
  for (const auto* name : {"JobID", "ConsumedEnergy", "State", "AdminComment", "TRESUsageInAve"})
    EXPECT_EQ(find_job_field(name), nullptr);
}

}  // namespace
}  // namespace carbon::scarbon
