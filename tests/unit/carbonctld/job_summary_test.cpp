// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/accounting/job_summary.h"

#include <gtest/gtest.h>

namespace carbon::carbonctld {
namespace {

ledger::JobRow row() {
  ledger::JobRow r;
  r.site = "coast";
  r.complete = true;
  r.nodes = 1;
  r.energy_mj = r.covered_mj = 4'500'000'000;  // 1.25 kWh
  r.pue = 1.2;
  r.co2e_ug = 310'500'000;
  r.counterfactual_ug = 420'000'000;
  r.method = Method::kCounter;
  r.intensity = Origin::kActual;
  r.details.mode = "defer";
  return r;
}

TEST(Summary, HasEnergyGramsAndMethod) {
  EXPECT_EQ(with_summary("", row()), "carbon:g=310.5,saved_g=109.5,method=counter,kwh=1.25,ci=207,intensity=actual,site=coast");
}

TEST(Summary, KeepsTheDecisionAndWhatOthersWrote) {
  EXPECT_EQ(
      with_summary("JS1:H4sI+/== carbon:mode=defer,home=inland,site=inland,planned=1764000000,latest=1764009999 A Note", row()),
      "JS1:H4sI+/== carbon:g=310.5,saved_g=109.5,method=counter,kwh=1.25,ci=207,intensity=actual,site=coast,mode=defer,"
      "home=inland,planned=1764000000 A Note");
}

TEST(Summary, WritingAgainReplacesAndDoesNotPileUp) {
  auto partly = row();
  partly.covered_mj /= 2;
  partly.counterfactual_ug.reset();
  partly.complete = false;
  partly.nodes_expected = 2;
  partly.simulated = true;
  const auto before = with_summary("x", partly);
  EXPECT_EQ(before, "x carbon:g=310.5,sim=1,method=counter,kwh=1.25,ci=414,intensity=actual,coverage=0.5,site=coast,nodes=1/2");
  EXPECT_EQ(with_summary(before, row()), with_summary("x", row()));
}

TEST(Summary, UnknownValuesAreLeftOut) {
  auto r = row();
  r.covered_mj = r.co2e_ug = 0;
  r.intensity.reset();
  r.counterfactual_ug.reset();
  EXPECT_EQ(with_summary("", r), "carbon:method=counter,kwh=1.25,coverage=0,site=coast");
  r.method.reset();
  r.energy_mj = 0;
  EXPECT_EQ(with_summary("carbon:mode=defer", r), "carbon:method=none,site=coast,mode=defer");
  EXPECT_EQ(with_summary("theirs", r), "theirs");
}

TEST(Summary, SmallAndLargeFiguresStayReadable) {
  auto r = row();
  r.energy_mj = r.covered_mj = 1'234'567;  // 0.3429 Wh
  r.co2e_ug = 54'321;
  r.counterfactual_ug = 0;
  EXPECT_EQ(with_summary("", r),
            "carbon:g=0.05432,saved_g=-0.05432,method=counter,kwh=0.0003429,ci=132,intensity=actual,site=coast");
  r.energy_mj = r.covered_mj = 3'600'000'000'000'000;
  r.co2e_ug = 284'000'000'000'000;
  r.counterfactual_ug.reset();
  EXPECT_EQ(with_summary("", r), "carbon:g=284000000,method=counter,kwh=1000000,ci=236.7,intensity=actual,site=coast");
}

TEST(Summary, DetailsComeFromSlurmdbdAndTheDecisionToken) {
  SlurmJob job;
  job.submit = from_unix_ms(1'764'000'100'000);
  job.admin_comment = "JS1:a carbon:mode=relocate,home=inland,site=coast";
  job.name = "train";
  job.state = "FAILED";
  job.exit_code = "1:0";
  job.qos = "long";
  job.array = {7, 3};
  const auto first = from_unix_ms(1'764'000'000'000);
  auto details = details_from(job, {first, first, {}, {}, {}, false}, "coast");
  EXPECT_EQ(details.submit, first);
  EXPECT_EQ(details.mode, "relocate");
  EXPECT_EQ(details.home, "inland");
  EXPECT_EQ(details.name, "train");
  EXPECT_EQ(details.qos, "long");
  EXPECT_EQ(details.array, job.array);
  EXPECT_EQ(details.state, "");  // it has not ended
  job.end = job.submit;
  job.admin_comment = "";
  details = details_from(job, {first, first, {}, {}, {}, false}, "coast");
  EXPECT_EQ(details.mode, "");
  EXPECT_EQ(details.home, "coast");
  EXPECT_EQ(details.state, "FAILED");
  EXPECT_EQ(details.exit_code, "1:0");
}

}  // namespace
}  // namespace carbon::carbonctld
