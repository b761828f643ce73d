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
  EXPECT_DOUBLE_EQ(study->kwh, 8);
  EXPECT_DOUBLE_EQ(study->facility_kwh, 12);
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
  trials[0].grams.reset();
  const auto study = study_of(trials, "", {});
  EXPECT_EQ(study->unknown, 1u);
  EXPECT_DOUBLE_EQ(study->kwh, 6);
  EXPECT_EQ(study->spread[1].known, 1u);
  EXPECT_NE(study_paragraph(*study).find("The energy of 1 jobs is not known"), std::string::npos);
  EXPECT_TRUE(study_json(*study, {})["trials"][2]["energy_kwh"].is_null());
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
