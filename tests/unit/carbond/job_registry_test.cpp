// SPDX-License-Identifier: Apache-2.0
// Every odd thing that can happen to a job, as events: what its record then says.
#include "carbond/job_registry.h"

#include <gtest/gtest.h>

#include "tests/support/node_simulation.h"

namespace carbon::carbond {
namespace {

TEST(JobRegistry, ARecordHasTheEnergyOfTheJobsGpusWhileItRan) {
  NodeSimulation n;
  n.pass(Duration(2500));
  const auto started = n.start(7, {0, 1});
  n.pass(Duration(60'000));
  n.end(7);
  n.pass(Duration(1000));
  const auto records = n.registry.finished();
  ASSERT_EQ(records.size(), 1u);
  const auto& r = records[0].second;
  EXPECT_EQ(r.job_id, 7u);
  EXPECT_EQ(r.node, "n1");
  EXPECT_EQ(r.user, "ada");
  EXPECT_EQ(r.start, started.at);
  EXPECT_TRUE(r.final);
  EXPECT_TRUE(r.simulated);
  EXPECT_EQ(ledger::total_mj(r), 60 * 400'000);
  EXPECT_EQ(estimated_mj(r), 0);
  EXPECT_EQ(r.note, "");
  EXPECT_EQ(r.devices[0].first, energy::floor_to(started.at, Duration(10'000)));
  EXPECT_TRUE(ledger::record_from_json(ledger::to_json(r)).ok());
}

TEST(JobRegistry, MarksThatComeTwiceChangeNothing) {
  NodeSimulation n;
  n.pass(Duration(2000));
  const auto start = n.start(7, {0});
  n.registry.mark(start, n.moment());
  n.pass(Duration(10'000));
  const auto end = n.end(7);
  n.pass(Duration(2000));
  n.registry.mark(start, n.moment());
  n.registry.mark(end, n.moment());
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(ledger::total_mj(records[0]), 3'000'000);
  n.registry.mark(start, n.moment());
  n.registry.mark(end, n.moment());
  n.pass(Duration(5000));
  EXPECT_TRUE(n.finished().empty()) << "marks that were left over after the record was closed";
}

TEST(JobRegistry, TwoJobsSwapOnOneGpuWithinASecond) {
  NodeSimulation n(1);
  n.pass(Duration(2000));
  n.start(7, {0});
  n.pass(Duration(10'300));
  n.end(7);
  n.now += Duration(200);
  n.start(8, {0});
  n.pass(Duration(5000));
  n.end(8);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(ledger::total_mj(records[0]), 10'300 * 300);
  EXPECT_EQ(ledger::total_mj(records[1]), 5000 * 300);
  EXPECT_EQ(records[0].note + records[1].note, "");
}

TEST(JobRegistry, LateMarksAreChargedTheirEnergy) {
  NodeSimulation n(1);
  n.pass(Duration(2000));
  const auto start = n.mark(JobMarkEvent::kStart, 7, {0});
  n.pass(Duration(10'000));
  const auto end = n.mark(JobMarkEvent::kEnd, 7, {});
  n.pass(Duration(5000));
  n.registry.mark(start, n.moment());
  n.registry.mark(end, n.moment());
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(ledger::total_mj(records[0]), 3'000'000);
  EXPECT_EQ(n.registry.totals().at("GPU-SIMULATED-0").idle_mj, 7 * 300'000);
}

TEST(JobRegistry, ARequeuedRunIsClosedByAnEndThatCountsTheNextRun) {
  NodeSimulation n(1);
  n.start(4, {0}, 0);
  n.pass(Duration(10'000));
  n.end(4, 1);  // as Slurm 22.05 has it
  n.pass(Duration(3000));
  n.start(4, {0}, 1);
  n.pass(Duration(20'000));
  n.end(4, 1);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].restart, 0u);
  EXPECT_EQ(ledger::total_mj(records[0]), 3'000'000);
  EXPECT_EQ(records[1].restart, 1u);
  EXPECT_EQ(ledger::total_mj(records[1]), 6'000'000);
}

TEST(JobRegistry, AJobWithoutEndMarkEndsWhenItsGpuIsAllocatedAgain) {
  NodeSimulation n(2);
  n.start(7, {0});
  n.pass(Duration(10'000));
  n.start(8, {0, 1});
  n.pass(Duration(10'000));
  n.end(8);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(ledger::total_mj(records[0]), 3'000'000);
  EXPECT_EQ(estimated_mj(records[0]), 3'000'000);
  EXPECT_EQ(records[0].note, "no end mark: the run ended no later than the next start on its GPU");
  EXPECT_EQ(ledger::total_mj(records[1]), 4'000'000);
  EXPECT_EQ(estimated_mj(records[1]), 0);
}

TEST(JobRegistry, GpusThatSlurmNamesOnlyAtTheEndAreChargedFromTheStart) {
  NodeSimulation n;
  n.pass(Duration(2000));
  n.start(7, {});
  n.pass(Duration(60'000));
  n.registry.mark(n.mark(JobMarkEvent::kEnd, 7, {0}), n.moment());
  n.pass(Duration(1000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(ledger::total_mj(records[0]), 60 * 300'000);
  EXPECT_EQ(estimated_mj(records[0]), 0);
  EXPECT_EQ(records[0].note, "Slurm named the GPUs only at the end of the run");
  const auto& totals = n.registry.totals().begin()->second;
  EXPECT_EQ(totals.jobs_mj, 60 * 300'000) << "and the device's idle time is no longer that";
}

TEST(JobRegistry, AnEndMarkWithoutStartMarkHasUnknownEnergy) {
  NodeSimulation n;
  n.pass(Duration(2000));
  n.registry.mark(n.mark(JobMarkEvent::kEnd, 9, {0, 5}), n.moment());
  n.registry.add_device(gpu(5));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_TRUE(records[0].devices.empty()) << "not known is not zero";
  EXPECT_EQ(records[0].note, "no start mark: the energy of this run is unknown");
}

TEST(JobRegistry, AClockThatIsSteppedChangesNoEnergy) {
  for (const auto step : {Duration(3'600'000), Duration(-3'600'000)}) {
    NodeSimulation n(1);
    n.start(7, {0});
    n.pass(Duration(10'000));
    n.step = step;
    n.pass(Duration(10'000));
    n.end(7);
    n.pass(Duration(2000));
    const auto records = n.finished();
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(ledger::total_mj(records[0]), 6'000'000);
    const auto checked = ledger::record_from_json(ledger::to_json(records[0]));
    EXPECT_TRUE(checked.ok()) << checked.error().message;
    EXPECT_EQ(records[0].end - records[0].start, Duration(20'000));
    EXPECT_EQ(records[0].end, from_unix_ms(kStart + 21'000 + step.count())) << "as the stepped clock has it";
    EXPECT_EQ(records[0].note, "the clock was stepped by " + std::to_string(step.count() / 1000) + " s during the job");
  }
}

TEST(JobRegistry, AGpuThatStopsAnsweringIsEstimatedAfterTheJobsEnd) {
  NodeSimulation n(2);
  n.start(7, {0, 1});
  n.pass(Duration(10'000));
  n.silent = "GPU-SIMULATED-0";
  n.pass(Duration(10'000));
  n.end(7);
  n.pass(Duration(5000));
  EXPECT_TRUE(n.finished().empty()) << "it may still answer";
  n.pass(Duration(6000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(ledger::total_mj(records[0]), 8'000'000);
  EXPECT_EQ(estimated_mj(records[0]), 3'000'000);
  EXPECT_EQ(records[0].note, "the device did not answer");
  EXPECT_GT(records[0].devices[0].uncertainty_mj, 0);
}

TEST(JobRegistry, AGpuThatComesBackInTimeIsExact) {
  NodeSimulation n(1);
  n.start(7, {0});
  n.pass(Duration(10'000));
  n.silent = "GPU-SIMULATED-0";
  n.pass(Duration(30'000));
  n.silent.clear();
  n.pass(Duration(10'000));
  n.end(7);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(ledger::total_mj(records[0]), 15'000'000);
  EXPECT_EQ(estimated_mj(records[0]), 0) << "the counter went on counting";
}

TEST(JobRegistry, MigInstancesAreChargedByTheirComputeSlices) {
  NodeSimulation n(1);
  auto info = gpu(4);
  for (int i = 0; i < 3; ++i) info.partitions.push_back({"MIG-" + std::to_string(i), (i + 1) / 7.0});
  n.registry.add_device(info);
  n.read();
  auto start = n.mark(JobMarkEvent::kStart, 7, {0});
  start.uuids = {"MIG-2"};
  n.registry.mark(start, n.moment());
  n.pass(Duration(7000));
  n.end(7);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  ASSERT_EQ(records[0].devices.size(), 1u) << "its index in SLURM_JOB_GPUS is no minor";
  EXPECT_EQ(records[0].devices[0].device, "GPU-SIMULATED-4");
  EXPECT_NEAR(static_cast<double>(ledger::total_mj(records[0])), 7 * 300'000 * 3 / 7.0, 10);
  EXPECT_NEAR(records[0].devices[0].share, 3 / 7.0, 1e-9);
}

TEST(JobRegistry, MpsJobsAreChargedByTheirPercentage) {
  NodeSimulation n(1);
  for (const auto job : {7u, 8u}) {
    auto mps = n.mark(JobMarkEvent::kStart, job, {0});
    mps.mps_percent = job == 7 ? 30 : 50;
    n.registry.mark(mps, n.moment());
  }
  n.pass(Duration(10'000));
  for (const auto job : {7u, 8u}) n.end(job);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(ledger::total_mj(records[0]), 900'000);
  EXPECT_EQ(ledger::total_mj(records[1]), 1'500'000);
  EXPECT_EQ(n.registry.totals().at("GPU-SIMULATED-0").idle_mj, 600'000 + 600'000);
}

energy::DeviceInfo package() {
  energy::DeviceInfo d;
  d.id = "rapl:package-0";
  d.type = "cpu";
  d.minor = 100;  // even: 300 W
  return d;
}

TEST(JobRegistry, CpuEnergyIsChargedByCpuTimeWhereItIsKnownElseByCpus) {
  auto settings = NodeSimulation::with_node();
  settings.node_cpus = 8;
  Duration now{0};
  // Job 7 keeps two CPUs busy; of job 8 nothing can be read.
  settings.cpu_time_us = [&now](const JobMark& m) {
    return m.job_id == 7 ? std::optional<std::int64_t>(now.count() * 1000 * 2) : std::nullopt;
  };
  NodeSimulation n(0, settings);
  n.registry.add_device(package());
  n.read();
  for (const auto job : {7u, 8u}) {
    auto start = n.mark(JobMarkEvent::kStart, job, {});
    start.cpus = 4;
    n.registry.mark(start, n.moment());
  }
  for (int s = 0; s < 20; ++s) {
    now += Duration(1000);
    n.pass(Duration(1000));
  }
  n.end(7);
  n.end(8);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 2u);
  // The first second by its CPUs, a half; then a quarter.
  EXPECT_NEAR(static_cast<double>(ledger::total_mj(records[0])), 300'000 * (0.5 + 19 * 0.25), 100);
  EXPECT_NEAR(static_cast<double>(ledger::total_mj(records[1])), 300'000 * 20 * 0.5, 100);
  EXPECT_EQ(records[0].devices[0].type, "cpu");
  const auto& totals = n.registry.totals().at("rapl:package-0");
  EXPECT_EQ(totals.jobs_mj + totals.idle_mj, 22 * 300'000);
}

TEST(JobRegistry, AGpuWithoutMeterIsEstimatedAndNamed) {
  NodeSimulation n(1);
  n.start(7, {0, 5});
  n.pass(Duration(15'000));
  n.end(7);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  ASSERT_EQ(records[0].devices.size(), 2u);
  const auto& d = records[0].devices[1];
  EXPECT_EQ(d.device, "gpu-nvidia5");
  EXPECT_EQ(d.method, Method::kEstimated);
  EXPECT_EQ(ledger::total_mj(d), 15 * 400'000);
  EXPECT_EQ(d.estimated_mj, ledger::total_mj(d));
  EXPECT_EQ(records[0].note, "/dev/nvidia5 has no meter: gpu_power x time");
  EXPECT_TRUE(ledger::record_from_json(ledger::to_json(records[0])).ok());
}

TEST(JobRegistry, TheTimeBeforeTheDriverLoadedIsEstimated) {
  NodeSimulation n(1);
  n.start(7, {0, 2});
  n.pass(Duration(10'000));
  n.registry.add_device(gpu(2));
  n.pass(Duration(30'000));
  n.end(7);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  const auto& d = records[0].devices[1];
  EXPECT_EQ(d.device, "GPU-SIMULATED-2");
  EXPECT_EQ(ledger::total_mj(d), 40 * 300'000);
  EXPECT_EQ(d.estimated_mj, 11 * 300'000) << "its first reading came a second later";
  EXPECT_EQ(records[0].note, "no readings for part of the run: mean power x time");
}

TEST(JobRegistry, AMigInstanceThatIsFoundLaterIsCharged) {
  NodeSimulation n(0);
  auto start = n.mark(JobMarkEvent::kStart, 7, {0, 1});
  start.uuids = {"MIG-0", "MIG-9"};
  n.registry.mark(start, n.moment());
  auto info = gpu(0);
  info.partitions.push_back({"MIG-0", 0.5});
  n.registry.add_device(package());  // its minor is no GPU's
  n.registry.add_device(info);
  n.read();
  n.pass(Duration(10'000));
  n.end(7);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  ASSERT_EQ(records[0].devices.size(), 1u);
  EXPECT_EQ(ledger::total_mj(records[0]), 1'500'000);
  EXPECT_EQ(records[0].note, "MIG-9 has no meter");
}

TEST(JobRegistry, AfterARebootJobsEndWithTheirLastReading) {
  NodeSimulation n(1);
  const auto start = n.start(7, {0});
  n.pass(Duration(10'000));
  n.registry.reboot("boot-2");
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(ledger::total_mj(records[0]), 3'000'000);
  EXPECT_EQ(records[0].end, start.at + Duration(10'000));
  EXPECT_EQ(records[0].note, "the node went down: the run ends with its last reading");
  // slurmd comes back and runs the epilog of the job that is gone: no second record.
  n.end(7, 1);
  EXPECT_TRUE(n.finished().empty());
}

TEST(JobRegistry, AStartThatWaitedOverARebootIsNoRunningJob) {
  NodeSimulation n(1);
  auto start = n.mark(JobMarkEvent::kStart, 7, {0});
  start.boot_id = "boot-0";
  n.registry.mark(start, n.moment());
  n.pass(Duration(5000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(ledger::total_mj(records[0]), 0);
  EXPECT_EQ(records[0].note, "the node went down: no readings of this run");
}

TEST(JobRegistry, AnEndWithoutBootIdIsPlacedByItsWallTime) {
  NodeSimulation n(1);
  n.start(7, {0});
  n.pass(Duration(4500));
  n.now += Duration(500);
  auto end = n.mark(JobMarkEvent::kEnd, 7, {});
  end.boot_id.clear();
  end.since_boot = Duration(0);
  n.now += Duration(300);
  n.registry.mark(end, n.moment());
  EXPECT_TRUE(n.finished().empty()) << "no reading covers the end yet";
  n.pass(Duration(1000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(ledger::total_mj(records[0]), 1'500'000);
}

// Seven instances, seven jobs of different lengths, marks at odd times: in each interval, not only in sum.
TEST(JobRegistry, JobsAndIdleAddUpToTheDeviceInEachInterval) {
  NodeSimulation n(0);
  auto info = gpu(3);
  for (int i = 0; i < 7; ++i) info.partitions.push_back({"MIG-" + std::to_string(i), 1 / 7.0});
  n.registry.add_device(info);
  n.read();
  for (std::uint32_t i = 0; i < 7; ++i) {
    auto start = n.mark(JobMarkEvent::kStart, i + 1, {0});
    start.uuids = {"MIG-" + std::to_string(i)};
    n.registry.mark(start, n.moment());
    n.pass(Duration(1357));
  }
  for (std::uint32_t i = 0; i < 7; ++i) {
    n.end(i + 1);
    n.pass(Duration(7777));
  }
  const auto& totals = n.registry.totals().at(info.id);
  const auto& recent = n.registry.devices().at(info.id).recent();
  EXPECT_EQ(worst_imbalance_mj(recent, totals), 0);
  EXPECT_EQ(recent.total_mj(), n.registry.devices().at(info.id).counter().state()->last.uj / 1000);
  auto wrong = totals;
  wrong.idle.add(recent.first() + recent.step(), 5, Duration(0));
  EXPECT_EQ(worst_imbalance_mj(recent, wrong), -5) << "it can tell";
}

TEST(JobRegistry, JobsAndIdleAddUpToTheDevice) {
  NodeSimulation n(2);
  n.pass(Duration(1500));
  n.start(1, {0});
  n.pass(Duration(3333));
  n.start(2, {1});
  n.pass(Duration(7777));
  n.end(1);
  n.pass(Duration(1234));
  n.end(2);
  n.pass(Duration(4000));
  for (const auto& [id, totals] : n.registry.totals()) {
    const auto& last = n.registry.devices().at(id).counter().state()->last;
    EXPECT_EQ(totals.jobs_mj + totals.idle_mj, last.uj / 1000) << id;
  }
}

}  // namespace
}  // namespace carbon::carbond
