// SPDX-License-Identifier: Apache-2.0
#include "scarbon/reports/study.h"

#include <gtest/gtest.h>

namespace carbon::scarbon {
namespace {
using namespace std::chrono_literals;

Trial trial(const char* id, int hour, double kwh, double grams, Settings settings, const char* state = "COMPLETED") {
  Trial t;
  t.id = id;
  t.state = state;
  t.settings = std::move(settings);
  t.start = from_unix_ms(1'764'000'000'000) + std::chrono::hours(hour);
  t.end = *t.start + 1h;
  t.gpu_hours = 2;
  t.kwh = kwh;
  t.facility_kwh = 1.5 * kwh;
  t.covered_kwh = t.facility_kwh;
  t.grams = grams;
  t.methods = {"counter"};
  t.providers = {"gb-neso"};
  t.intensities = {"actual"};
  return t;
}

std::vector<Trial> search() {
  return {trial("3", 2, 2, 600, {{"lr", "0.1"}, {"batch", "32"}}), trial("1", 0, 1, 100, {{"lr", "0.1"}}),
          trial("2", 1, 1, 200, {{"lr", "0.01"}}, "FAILED"), trial("4", 3, 4, 400, {})};
}

TEST(Study, SettingsAreReadFromAnyText) {
  EXPECT_EQ(settings_in("bert --param lr=3e-4 --param batch=32"), (Settings{{"lr", "3e-4"}, {"batch", "32"}}));
  EXPECT_EQ(settings_in("--param=lr=0.1"), (Settings{{"lr", "0.1"}}));
  EXPECT_EQ(settings_in("sbatch t.sh '--param' \"a=b=c\""), (Settings{{"a", "b=c"}}));
  for (const auto* none : {"", "lr=0.1", "--params lr=1", "x--param lr=1", "--param", "--param lr", "--param =1"})
    EXPECT_TRUE(settings_in(none).empty()) << none;
}

TEST(Study, TheWholeSearchAgainstItsFinalRun) {
  const auto study = study_of(search(), "", {});
  ASSERT_TRUE(study.ok());
  EXPECT_DOUBLE_EQ(*study->kwh, 8);
  EXPECT_DOUBLE_EQ(*study->facility_kwh, 12);
  EXPECT_DOUBLE_EQ(study->gpu_hours, 8);
  EXPECT_EQ(study->trials[*study->final_run].id, "4");
  EXPECT_DOUBLE_EQ(*study->multiplier, 2);
  EXPECT_DOUBLE_EQ(*study_of(search(), "1", {})->multiplier, 8);
  const auto none = study_of(search(), "9", {});
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("--final: job 9"), std::string::npos);
}

TEST(Study, SpreadOverTheSettings) {
  const auto study = study_of(search(), "", {});
  ASSERT_EQ(study->spread.size(), 3u);
  EXPECT_EQ(study->spread[0].setting, "batch");
  const auto& high = study->spread[1];
  EXPECT_EQ(high.value, "0.1");
  EXPECT_EQ(high.trials, 2u);
  EXPECT_DOUBLE_EQ(*high.mean_g, 350);
  EXPECT_DOUBLE_EQ(*high.least_g, 100);
  EXPECT_DOUBLE_EQ(*high.most_g, 600);
  EXPECT_EQ(study->spread[2].value, "0.01");
}

TEST(Study, ATrialThatIsNotKnownIsCountedAndInNoSum) {
  auto trials = search();
  trials[0].kwh.reset();
  trials[0].facility_kwh.reset();
  trials[0].covered_kwh.reset();
  trials[0].grams.reset();
  trials[0].seen = trials[0].complete = false;
  const auto study = study_of(trials, "", {});
  EXPECT_EQ(study->unknown, 1u);
  EXPECT_EQ(study->unrecorded, 1u);
  EXPECT_DOUBLE_EQ(*study->kwh, 6);
  EXPECT_EQ(study->spread[1].known, 1u);
  EXPECT_NE(study_paragraph(*study).find("The energy of 1 jobs is not known (of 1 of them no record came)"), std::string::npos);
  EXPECT_TRUE(study_json(*study, {})["trials"][2]["energy_kwh"].is_null());
}

// 100 kWh and 36 kg, of which five trials have no intensity and two half of it.
TEST(Study, AnEmissionIsDividedByTheEnergyThatItIsOf) {
  std::vector<Trial> trials;
  for (int i = 0; i < 10; ++i) {
    auto& t = trials.emplace_back(trial(std::to_string(i).c_str(), i, 10, 3600, {{"lr", "0.1"}}));
    t.facility_kwh = 12;
    t.covered_kwh = i < 5 ? 0.0 : i < 7 ? 6.0 : 12.0;
    if (i < 5) {
      t.grams.reset();
    } else {
      t.grams = 300 * *t.covered_kwh;
    }
  }
  const auto study = study_of(trials, "", {});
  EXPECT_DOUBLE_EQ(*study->grams, 14'400);
  EXPECT_DOUBLE_EQ(*study->mean_intensity(), 300);
  EXPECT_DOUBLE_EQ(*study->coverage(), 0.4);
  EXPECT_EQ(study->uncovered, 5u);
  EXPECT_EQ(study->spread[0].known, 3u) << "trials that are covered in part are not compared with whole ones";
  EXPECT_DOUBLE_EQ(*study->spread[0].mean_g, 3600);
  const auto text = study_paragraph(*study);
  EXPECT_NE(text.find("40.0 % of that energy, whose carbon intensity is known, emitted 14.40 kg CO2e"), std::string::npos)
      << text;
  EXPECT_NE(text.find("300.0 g/kWh"), std::string::npos) << text;
  EXPECT_NE(text.find("The carbon intensity of 5 jobs is not known"), std::string::npos) << text;
  for (auto& t : trials) {
    t.covered_kwh = 0;
    t.grams.reset();
  }
  const auto none = study_of(trials, "", {});
  EXPECT_FALSE(none->grams);
  EXPECT_TRUE(study_json(*none, {})["co2e_g"].is_null());
  EXPECT_NE(study_paragraph(*none).find("Their emission is not known."), std::string::npos);
}

TEST(Study, WhatIsNoTrialOrIsIncompleteIsCountedAndNamed) {
  auto jobs = search();
  jobs.push_back(trial("5", 4, 1, 100, {}));
  jobs.back().progress = Trial::Progress::kGoesOn;
  jobs.push_back(trial("6", 5, 1, 100, {}, "CANCELLED"));
  jobs.back().progress = Trial::Progress::kNeverBegan;
  jobs[0].complete = false;
  jobs[1].estimated_kwh = 0.5;
  const auto study = study_of(jobs, "", {});
  EXPECT_EQ(study->trials.size(), 4u);
  EXPECT_EQ(study->running, 1u);
  EXPECT_EQ(study->never_began, 1u);
  EXPECT_EQ(study->incomplete, 1u);
  EXPECT_EQ(study->estimated, 1u);
  EXPECT_TRUE(study->multiplier_is_least);
  const auto text = study_paragraph(*study);
  for (const auto* part : {"we ran 4 jobs", "Records of 1 jobs are missing in part", "0.5000 kWh of 1 jobs are estimated",
                           "1 jobs still wait or run", "1 jobs never began", "at least 2.000 times"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  const auto json = study_json(*study, {});
  EXPECT_EQ(json["trials_incomplete"], 1);
  EXPECT_EQ(json["jobs_never_begun"], 1);
  EXPECT_EQ(json["jobs_not_ended"], 1);
}

TEST(Study, TheParagraphTellsHowItsFiguresWereObtained) {
  const auto text = study_paragraph(*study_of(search(), "", {}));
  for (const auto* part :
       {"4 jobs", "8.000 kWh", "12.00 kWh", "PUE 1.500", "1.300 kg CO2e", "method: counter", "gb-neso (actual)", "2.000 times"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  EXPECT_EQ(text.find("simulated"), std::string::npos);
  auto trials = search();
  trials[1].simulated = true;
  EXPECT_NE(study_paragraph(*study_of(trials, "", {})).find("simulated"), std::string::npos);
}

}  // namespace
}  // namespace carbon::scarbon
