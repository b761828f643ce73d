// SPDX-License-Identifier: Apache-2.0
// A saving is what we caused: jobs that we moved, energy above idle, the time that our plan added, less the transfer; and none
// where two figures cannot be compared.
#include "ledger/accounting/saving.h"

#include <gtest/gtest.h>

#include "core/slurm/decision_token.h"
#include "tests/support/ledger_fixture.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

class SavingTest : public LedgerTest {
 protected:
  // One kWh in the hour from `start`, on a device that draws 250 W when idle.
  void put_run(Instant start, const std::string& partition = "gpu-a", std::optional<Watts> idle = Watts(250)) {
    auto r = make_record(1, start, {kKwhMj});
    r.partition = partition;
    r.devices[0].idle = idle;
    put({r});
    account();
  }
  Explanation explained(const JobDetails& details, const std::vector<Site>& sites) {
    EXPECT_TRUE(store_->set_details(key(1), details));
    Accountant accountant(*store_, sites);
    EXPECT_TRUE(accountant.run(kDay));
    const auto id = key(1).id();
    const auto found = accountant.explain(store_->inputs(std::span(&id, 1))->at(0));
    EXPECT_TRUE(found && *found);
    EXPECT_EQ((*found)->row, job(1)) << "what is explained is what is stored";
    return **found;
  }
  std::optional<std::int64_t> saved(const JobDetails& details) {
    explained(details, sites());
    return job(1).saved_ug();
  }
  std::string why(const JobDetails& details) { return explained(details, sites()).saving.why; }
};

TEST_F(SavingTest, OnlyTheEnergyAboveIdleIsMoved) {
  put_hours("a", kDay, {500, 400, 100});
  put_run(kDay + 2h);
  EXPECT_EQ(saved(moved(kDay, kDay + 2h, "a")), 300'000'000) << "0.75 kWh x (500 - 100)";
  EXPECT_EQ(job(1).co2e_ug, 100'000'000) << "the bill has all of its energy";
}

TEST_F(SavingTest, AllOfTheEnergyIsMovedWhereIdleNodesArePoweredDown) {
  put_hours("a", kDay, {500, 400, 100});
  put_run(kDay + 2h);
  auto off = sites();
  off[0].powers_down = true;
  JobRow unpriced = job(1);
  EXPECT_EQ(unpriced.powers_down, false) << "it was priced before";
  auto r = make_record(2, kDay + 2h, {kKwhMj});
  r.devices[0].idle = Watts(250);
  put({r});
  ASSERT_TRUE(Accountant(*store_, off).run(kDay));
  ASSERT_TRUE(store_->set_details(key(2), moved(kDay, kDay + 2h, "a")));
  ASSERT_TRUE(Accountant(*store_, off).run(kDay));
  EXPECT_EQ(job(2).saved_ug(), 400'000'000);
}

TEST_F(SavingTest, TheQueuesWaitIsNotOurs) {
  put_hours("a", kDay, {500, 400, 300, 100});
  put_run(kDay + 3h);
  auto details = moved(kDay, kDay + 2h, "a");
  details.turn = kDay + 1h;  // as run_part.h has it: two hours of the three were planned
  EXPECT_EQ(saved(details), 225'000'000) << "0.75 kWh x (400 - 100)";
}

TEST_F(SavingTest, AJobThatWeDidNotMoveHasNone) {
  put_hours("a", kDay, {400, 400, 400, 400, 400, 400, 100});
  put_run(kDay + 6h);
  JobDetails details{.submit = kDay, .mode = "auto", .home = "a", .turn = kDay + 6h};
  EXPECT_EQ(saved(details), std::nullopt) << "it waited six hours for a GPU";
  EXPECT_NE(why(details).find("we did not move the job"), std::string::npos);
  for (const auto* mode : {"user", "observe", "off", ""}) {
    details = moved(kDay, kDay + 6h, "a");
    details.mode = mode;
    EXPECT_EQ(saved(details), std::nullopt) << mode;
    EXPECT_FALSE(why(details).empty());
  }
}

TEST_F(SavingTest, TheCaseOfASitesNameDoesNotMatter) {
  for (const std::string name : {"london", "London", "New York"}) {
    TearDown();
    SetUp();
    put_hours(name, kDay, {400, 100, 100});
    const std::vector<Site> here{{name, "Z", 1.0, {"gpu-a"}, {}}};
    auto r = make_record(1, kDay + 1h, {kKwhMj});
    put({r});
    ASSERT_TRUE(Accountant(*store_, here).run(kDay));
    ASSERT_TRUE(store_->set_details(key(1), moved(kDay, kDay + 1h, as_in_token(name))));
    ASSERT_TRUE(Accountant(*store_, here).run(kDay));
    EXPECT_EQ(job(1).saved_ug(), 300'000'000) << name;
    EXPECT_EQ(put_hours(name, kDay, {410}), 1u) << "a correction at home is found by the name as written";
    ASSERT_TRUE(Accountant(*store_, here).run(kDay));
    EXPECT_EQ(job(1).saved_ug(), 310'000'000) << name;
  }
}

TEST_F(SavingTest, ATransferIsChargedToTheJobAndToItsSaving) {
  put_hours("a", kDay, {500, 400});
  put_hours("b", kDay, {100, 100});
  auto with_transfer = sites();
  with_transfer[1].transfer_kwh_per_gb = 0.01;
  auto r = make_record(1, kDay, {kKwhMj});
  r.partition = "gpu-b";
  r.devices[0].idle = Watts(250);
  put({r});
  ASSERT_TRUE(Accountant(*store_, with_transfer).run(kDay));
  auto details = moved(kDay, kDay, "a");
  details.data_gb = 20;
  const auto e = explained(details, with_transfer);
  ASSERT_TRUE(e.transfer);
  EXPECT_EQ(e.row.transfer_ug, 60'000'000) << "0.2 kWh x (500 + 100) / 2";
  EXPECT_EQ(e.row.co2e_ug, 150'000'000 + 60'000'000);
  EXPECT_EQ(e.row.saved_ug(), 375'000'000 - 112'500'000 - 60'000'000) << "0.75 kWh x 500, less 0.75 x 100 x 1.5";
  EXPECT_EQ(put_hours("b", kDay, {120}), 1u);
  put_hours("a", kDay + 1h, {410});
}

TEST_F(SavingTest, ItIsUnknownWhileANodesRecordIsMissing) {
  put_hours("a", kDay, {500, 100});
  auto r = make_record(1, kDay + 1h, {kKwhMj});
  r.num_nodes = 2;
  put({r});
  account();
  EXPECT_EQ(saved(moved(kDay, kDay + 1h, "a")), std::nullopt);
  EXPECT_EQ(why(moved(kDay, kDay + 1h, "a")), "the records of 1 of 2 nodes are missing");
  auto other = make_record(1, kDay + 1h, {kKwhMj}, "n2");
  other.num_nodes = 2;
  put({other});
  account();
  EXPECT_EQ(job(1).saved_ug(), 800'000'000);
}

TEST_F(SavingTest, DifferentKindsOfIntensityAreNotCompared) {
  const auto hour = [&](const char* site, Instant t, double g, SeriesKind kind, Origin origin = Origin::kActual) {
    const IntensityPoint point{{t, t + 1h}, GramsPerKwh(g), origin};
    ASSERT_TRUE(store_->put_intensity(site, {"Z", "test", kind, {}, false}, std::span(&point, 1)));
  };
  const SeriesKind lifecycle{}, direct{Signal::kAverage, Emissions::kDirect, Boundary::kConsumption};
  const SeriesKind marginal{Signal::kMarginal, Emissions::kLifecycle, Boundary::kConsumption};
  const auto details = moved(kDay, kDay + 1h, "a");
  hour("a", kDay, 500, lifecycle);
  hour("b", kDay + 1h, 100, lifecycle);
  put_run(kDay + 1h, "gpu-b");
  EXPECT_TRUE(saved(details));
  for (const auto& kind : {direct, marginal}) {
    hour("b", kDay + 1h, 100, kind);
    EXPECT_EQ(saved(details), std::nullopt);
    EXPECT_NE(why(details).find("different kinds"), std::string::npos) << why(details);
  }
  hour("b", kDay + 1h, 100, lifecycle);
  EXPECT_TRUE(saved(details));
}

TEST_F(SavingTest, AYearlyFactorIsNotComparedWithAMeasuredHour) {
  put_hours("a", kDay, {500}, Origin::kYearlyFactor);
  put_hours("a", kDay + 1h, {100});
  put_run(kDay + 1h);
  EXPECT_EQ(saved(moved(kDay, kDay + 1h, "a")), std::nullopt);
  EXPECT_NE(why(moved(kDay, kDay + 1h, "a")).find("yearly factor"), std::string::npos);
  put_hours("a", kDay, {400}, Origin::kForecast);
  account();
  EXPECT_EQ(job(1).saved_ug(), 225'000'000);
}

TEST_F(SavingTest, TheIdleDrawOfAModelIsLearnedFromOtherRecords) {
  put_hours("a", kDay, {500, 100});
  put_run(kDay + 1h, "gpu-a", std::nullopt);
  const auto details = moved(kDay, kDay + 1h, "a");
  EXPECT_EQ(saved(details), std::nullopt);
  EXPECT_EQ(why(details), "the draw of an idle GPU of tests is not known yet");
  for (std::uint32_t id = 2; id < 2 + kIdleReadings; ++id) {
    auto r = make_record(id, kDay, {kKwhMj});
    r.devices[0].idle = Watts(id % 2 ? 200 : 300);
    put({r});
  }
  EXPECT_EQ(store_->idle_draws()->at("GPU of tests"), Watts(250));
  auto late = make_record(99, kDay, {kKwhMj});
  late.devices[0].idle = Watts(9000);
  put({late});
  EXPECT_EQ(store_->idle_draws()->at("GPU of tests"), Watts(250)) << "what a job saved does not change with later records";
  account();
  EXPECT_EQ(job(1).saved_ug(), 300'000'000);
  EXPECT_EQ(explained(details, sites()).saving.why, "");
  put_hours("a", kDay, {510});
  account();
  EXPECT_EQ(job(1).saved_ug(), 307'500'000);
}

TEST_F(SavingTest, ACpuWhoseIdleDrawIsNotKnownIsLeftOut) {
  put_hours("a", kDay, {500, 100});
  auto r = make_record(1, kDay + 1h, {kKwhMj});
  auto cpu = r.devices[0];
  cpu.type = "cpu";
  cpu.device = "rapl:package-0";
  cpu.idle.reset();
  cpu.model.clear();
  r.devices.push_back(cpu);
  put({r});
  account();
  const auto e = explained(moved(kDay, kDay + 1h, "a"), sites());
  EXPECT_EQ(e.row.saved_ug(), 400'000'000) << "of the GPU alone";
  EXPECT_EQ(e.saving.at_site.left_out_mj, kKwhMj);
}

TEST_F(SavingTest, TheExplanationAddsUp) {
  put_hours("a", kDay, {500, 400, 100});
  put_run(kDay + 2h);
  const auto e = explained(moved(kDay, kDay + 2h, "a"), sites());
  EXPECT_EQ(e.saving.moved_by, 2h);
  ASSERT_EQ(e.parts.size(), 1u);
  EXPECT_EQ(e.parts[0].at_site, GramsPerKwh(100));
  EXPECT_EQ(e.parts[0].at_home, GramsPerKwh(500));
  EXPECT_NEAR(e.parts[0].active_mj, 0.75 * kKwhMj, 1);
  EXPECT_NEAR((e.saving.otherwise.grams - e.saving.actual.grams).value() * 1e6, static_cast<double>(*e.row.saved_ug()), 1);
}

}  // namespace
}  // namespace carbon::ledger
