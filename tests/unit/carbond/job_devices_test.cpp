// SPDX-License-Identifier: Apache-2.0
// Which devices a job is charged for: Slurm's positions and the driver's devices in different orders, and devices that come, go
// and change.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "carbond/spool.h"
#include "carbond/state_file.h"
#include "energy/nvml_meter.h"
#include "tests/support/node_simulation.h"

namespace carbon::carbond {
namespace {

std::vector<SlurmGpu> listed(std::string_view text) {
  auto gpus = parse_node_gpus(text);
  EXPECT_TRUE(gpus.ok()) << gpus.error().message;
  return gpus.ok() ? *gpus : std::vector<SlurmGpu>();
}

std::vector<std::string> ids_of(const ledger::EnergyRecord& record) {
  std::vector<std::string> out;
  for (const auto& d : record.devices) out.push_back(d.device);
  return out;
}

// The record of a job that has these positions for ten seconds.
ledger::EnergyRecord record_of_ten_seconds(NodeSimulation& n, std::vector<std::uint32_t> positions) {
  n.start(7, std::move(positions));
  n.pass(Duration(10'000));
  n.end(7);
  n.pass(Duration(2000));
  auto records = n.finished();
  EXPECT_EQ(records.size(), 1u);
  return records.empty() ? ledger::EnergyRecord() : std::move(records[0]);
}

using Ids = std::vector<std::string>;

TEST(JobDevices, APositionIsNoMinor) {
  NodeSimulation n(8);
  n.registry.set_gpu_list(listed("slurmd: Gres Name=gpu Type=(null) Count=4 File=/dev/nvidia[0-1,6-7]\n"));
  const auto r = record_of_ten_seconds(n, {2, 3});
  EXPECT_EQ(ids_of(r), (Ids{"GPU-SIMULATED-6", "GPU-SIMULATED-7"}));
  EXPECT_EQ(ledger::total_mj(r), 10 * 400'000);
  EXPECT_EQ(r.devices[0].method, Method::kCounter);
  EXPECT_EQ(estimated_mj(r), 0);
  EXPECT_EQ(r.note, "");
}

TEST(JobDevices, TwoTypesAreInTheOrderOfSlurmsList) {
  NodeSimulation n(6);
  n.registry.set_gpu_list(
      listed("slurmd: Gres Name=gpu Type=a100 Count=2 File=/dev/nvidia[4-5]\n"
             "slurmd: Gres Name=gpu Type=v100 Count=2 File=/dev/nvidia[2-3]\n"));
  EXPECT_EQ(ids_of(record_of_ten_seconds(n, {0})), Ids{"GPU-SIMULATED-4"});
  EXPECT_EQ(ids_of(record_of_ten_seconds(n, {2})), Ids{"GPU-SIMULATED-2"});
}

energy::DeviceInfo cut_gpu(std::uint32_t minor, std::vector<energy::Partition> partitions) {
  auto d = gpu(minor);
  d.partitions = std::move(partitions);
  return d;
}

TEST(JobDevices, MigInstancesByMultipleFilesAreFoundByTheirCapabilities) {
  NodeSimulation n(0);
  n.registry.add_device(
      cut_gpu(4, {{"MIG-a", 3.0 / 7, {"nvidia-cap30", "nvidia-cap31"}}, {"MIG-b", 4.0 / 7, {"nvidia-cap39", "nvidia-cap40"}}}));
  n.registry.add_device(cut_gpu(2, {{"MIG-c", 1.0, {"nvidia-cap12", "nvidia-cap13"}}}));
  n.read();
  n.registry.set_gpu_list(
      listed("slurmd: Gres Name=gpu Count=1 File=/dev/nvidia2,/dev/nvidia-caps/nvidia-cap[12-13]\n"
             "slurmd: Gres Name=gpu Count=1 File=/dev/nvidia4,/dev/nvidia-caps/nvidia-cap[39-40]\n"
             "slurmd: Gres Name=gpu Count=1 File=/dev/nvidia4,/dev/nvidia-caps/nvidia-cap[30-31]\n"));
  const auto r = record_of_ten_seconds(n, {2});
  EXPECT_EQ(ids_of(r), Ids{"GPU-SIMULATED-4"});
  EXPECT_NEAR(static_cast<double>(ledger::total_mj(r)), 3'000'000 * 3 / 7.0, 20);
  EXPECT_EQ(estimated_mj(r), 0);
}

// AutoDetect=nvml lists the GPUs in the order of their PCI addresses, as the driver does; their minors are of another order.
TEST(JobDevices, AutoDetectsOrderIsThatOfThePciBus) {
  const auto file = std::filesystem::temp_directory_path() / ("carbon-order-" + std::to_string(getpid()));
  std::ofstream(file) << "gpu uuid=GPU-SIMULATED-bus1 minor=3 curve=constant:100\n"
                         "gpu uuid=GPU-SIMULATED-bus2 minor=2 curve=constant:200\n"
                         "gpu uuid=GPU-SIMULATED-bus3 minor=0 curve=constant:300\n";
  setenv("CARBON_FAKE_NVML", file.c_str(), 1);
  const auto found = energy::find_nvml_meters(CARBON_FAKE_NVML_LIBRARY);
  std::filesystem::remove(file);
  ASSERT_EQ(found.meters.size(), 3u) << found.note;
  NodeSimulation n(0);
  for (const auto& meter : found.meters) n.registry.add_device(meter->info());
  n.read();
  n.registry.set_gpu_list(
      listed("slurmd: Gres Name=gpu Type=x Count=1 Index=3 ID=1 File=/dev/nvidia3 Links=-1,0,0 Flags=HAS_FILE\n"
             "slurmd: Gres Name=gpu Type=x Count=1 Index=2 ID=1 File=/dev/nvidia2 Links=0,-1,0 Flags=HAS_FILE\n"
             "slurmd: Gres Name=gpu Type=x Count=1 Index=0 ID=1 File=/dev/nvidia0 Links=0,0,-1 Flags=HAS_FILE\n"));
  EXPECT_EQ(ids_of(record_of_ten_seconds(n, {0})), Ids{"GPU-SIMULATED-bus1"});
  EXPECT_EQ(ids_of(record_of_ten_seconds(n, {2})), Ids{"GPU-SIMULATED-bus3"});
}

TEST(JobDevices, AnAmdCardIsFoundByItsRenderNodeOrByItsUuid) {
  NodeSimulation n(0);
  for (std::uint32_t i = 0; i < 2; ++i) {
    auto amd = gpu(i);
    amd.id = "GPU-amd-000000000000abc" + std::to_string(i);
    amd.file = "renderD" + std::to_string(129 - i);
    n.registry.add_device(amd);
  }
  n.read();
  n.registry.set_gpu_list(listed("slurmd: Gres Name=gpu Type=mi250 Count=2 File=/dev/dri/renderD[128-129] Flags=ENV_RSMI\n"));
  EXPECT_EQ(ids_of(record_of_ten_seconds(n, {0})), Ids{"GPU-amd-000000000000abc1"});
  auto start = n.mark(JobMarkEvent::kStart, 8, {0});
  start.uuids = {"GPU-000000000000abc0"};
  n.registry.mark(start, n.moment());
  n.pass(Duration(3000));
  n.end(8);
  n.pass(Duration(2000));
  EXPECT_EQ(ids_of(n.finished().at(0)), Ids{"GPU-amd-000000000000abc0"}) << "a UUID is more certain than a position";
}

TEST(JobDevices, WithoutSlurmsListNothingIsTakenForTheJobsGpu) {
  NodeSimulation n(0);
  n.registry = JobRegistry(NodeSimulation::with_node(), "boot-1");
  n.registry.add_device(gpu(0));
  n.registry.set_no_gpu_list("slurmd: No such file or directory");
  n.read();
  n.start(7, {0});
  n.pass(Duration(10'000));
  n.end(7);
  n.pass(Duration(5000));
  EXPECT_TRUE(n.finished().empty()) << "slurmd may still answer";
  n.pass(Duration(5000));
  const auto r = n.finished().at(0);
  ASSERT_EQ(r.devices.size(), 1u);
  EXPECT_EQ(r.devices[0].device, "gpu-position-0");
  EXPECT_EQ(r.devices[0].method, Method::kEstimated);
  EXPECT_EQ(estimated_mj(r), ledger::total_mj(r));
  EXPECT_EQ(r.note,
            "GPU at position 0: Slurm's list of this node's GPUs was not known in time: slurmd: No such file or directory: "
            "gpu_power x time");
  EXPECT_EQ(n.registry.totals().at("GPU-SIMULATED-0").jobs_mj, 0);
}

TEST(JobDevices, AListThatComesAfterTheJobsStartIsStillInTime) {
  NodeSimulation n(0);
  n.registry = JobRegistry(NodeSimulation::with_node(), "boot-1");
  n.registry.add_device(gpu(2));
  n.read();
  n.start(7, {0});
  n.pass(Duration(5000));
  n.end(7);
  n.pass(Duration(20'000));
  EXPECT_TRUE(n.finished().empty()) << "slurmd has not been heard yet";
  EXPECT_TRUE(n.registry.misses_position());
  n.registry.set_gpu_list(listed("Gres Name=gpu Count=1 File=/dev/nvidia2"));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(ledger::total_mj(records[0]), 1'500'000);
  EXPECT_EQ(estimated_mj(records[0]), 0);
}

TEST(JobDevices, APositionBeyondTheListIsSaidAndAskedForAgain) {
  NodeSimulation n(2);
  n.start(7, {0, 9});
  EXPECT_TRUE(n.registry.misses_position());
  n.pass(Duration(10'000));
  n.end(7);
  n.pass(Duration(2000));
  const auto r = n.finished().at(0);
  EXPECT_EQ(r.note, "GPU at position 9: Slurm's list of this node has 8 GPUs: gpu_power x time");
  EXPECT_EQ(estimated_mj(r), ledger::total_mj(r.devices.at(1)));
}

TEST(JobDevices, ARunningJobKeepsItsGpusWhenSlurmsListChangesAndOverARestart) {
  NodeSimulation n(4);
  n.start(7, {0});
  n.pass(Duration(5000));
  const auto text = state_to_json(n.registry);
  n.registry = JobRegistry(NodeSimulation::with_node(), "boot-1");
  ASSERT_TRUE(state_from_json(text, n.registry));
  n.registry.set_gpu_list(listed("Gres Name=gpu Count=2 File=/dev/nvidia[2-3]"));
  for (std::uint32_t i = 0; i < 4; ++i) n.registry.add_device(gpu(i));
  n.start(8, {0});
  n.pass(Duration(5000));
  n.end(7);
  n.end(8);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(ids_of(records[0]), Ids{"GPU-SIMULATED-0"});
  EXPECT_EQ(ids_of(records[1]), Ids{"GPU-SIMULATED-2"});
  EXPECT_EQ(ledger::total_mj(records[0]), 3'000'000);
}

TEST(JobDevices, AReplacedGpuIsMeteredAndTheOldOneForgotten) {
  auto before = gpu(0);
  before.id = "GPU-SIMULATED-aaaa";
  NodeSimulation old(0);
  old.registry.add_device(before);
  old.pass(Duration(5000));
  NodeSimulation n(0);
  n.registry = JobRegistry(NodeSimulation::with_node(), "boot-1");
  ASSERT_TRUE(state_from_json(state_to_json(old.registry), n.registry));
  n.registry.reboot("boot-2");
  auto after = gpu(0);
  after.id = "GPU-SIMULATED-ffff";
  n.registry.set_gpu_list(NodeSimulation::in_order(1));
  n.now = Duration(1000);
  n.silent = before.id;
  n.start(7, {0});
  EXPECT_TRUE(n.registry.misses_device()) << "searched for until it is found";
  n.registry.add_device(after);
  EXPECT_EQ(n.registry.keep_only({after.id}), Ids{before.id});
  EXPECT_FALSE(n.registry.misses_device());
  n.read();
  n.pass(Duration(600'000));
  n.end(7);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(ids_of(records[0]), Ids{after.id});
  EXPECT_EQ(ledger::total_mj(records[0]), 600 * 300'000);
  EXPECT_EQ(estimated_mj(records[0]), 0);
}

TEST(JobDevices, AGpuThatIsReplacedWhileCarbondRunsIsNotMistakenForTheOldOne) {
  NodeSimulation n(1);
  auto after = gpu(0);
  after.id = "GPU-SIMULATED-A-new-one";  // before the old one in any order by name
  n.registry.add_device(after);
  n.registry.keep_only({after.id});
  n.read();
  EXPECT_EQ(ids_of(record_of_ten_seconds(n, {0})), Ids{after.id});
}

TEST(JobDevices, AGpuThatAJobHasIsNotForgotten) {
  NodeSimulation n(2);
  n.start(7, {0});
  n.pass(Duration(10'000));
  n.silent = "GPU-SIMULATED-0";
  EXPECT_TRUE(n.registry.keep_only({"GPU-SIMULATED-1"}).empty());
  EXPECT_FALSE(n.registry.is_present("GPU-SIMULATED-0"));
  EXPECT_TRUE(n.registry.misses_device());
  n.pass(Duration(10'000));
  n.end(7);
  n.pass(Duration(12'000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(ledger::total_mj(records[0]), 6'000'000);
  EXPECT_EQ(estimated_mj(records[0]), 3'000'000);
}

TEST(JobDevices, AMigThatIsCutAgainIsKnownByItsNewInstances) {
  NodeSimulation n(0);
  n.registry.add_device(cut_gpu(0, {{"MIG-old", 3.0 / 7}}));
  n.read();
  auto start = n.mark(JobMarkEvent::kStart, 5, {0});
  start.uuids = {"MIG-new"};
  n.registry.mark(start, n.moment());
  EXPECT_TRUE(n.registry.misses_device()) << "an unknown instance is searched for";
  n.registry.add_device(cut_gpu(0, {{"MIG-new", 4.0 / 7}}));
  EXPECT_FALSE(n.registry.misses_device());
  n.pass(Duration(60'000));
  n.end(5);
  n.pass(Duration(3000));
  const auto r = n.finished().at(0);
  EXPECT_NEAR(static_cast<double>(ledger::total_mj(r)), 60 * 300'000 * 4 / 7.0, 100);
  EXPECT_EQ(r.note, "");
}

TEST(JobDevices, ADeviceThatIsKnownFromBeforeIsNotChargedUntilItIsFound) {
  NodeSimulation n(1);
  n.pass(Duration(5000));
  const auto text = state_to_json(n.registry);
  n.registry = JobRegistry(NodeSimulation::with_node(), "boot-1");
  ASSERT_TRUE(state_from_json(text, n.registry));
  n.registry.set_gpu_list(NodeSimulation::in_order(1));
  n.silent = "GPU-SIMULATED-0";  // the driver is late
  n.start(7, {0});
  EXPECT_TRUE(n.registry.devices_of(n.mark(JobMarkEvent::kStart, 7, {0})).empty());
  EXPECT_TRUE(n.registry.misses_device());
  n.pass(Duration(4000));
  n.silent.clear();
  auto better = gpu(0);
  better.rated = Watts(700);
  n.registry.add_device(better);
  EXPECT_EQ(n.registry.devices().at(better.id).info().rated, Watts(700)) << "what is found replaces what was restored";
  n.pass(Duration(16'000));
  n.end(7);
  n.pass(Duration(2000));
  const auto r = n.finished().at(0);
  EXPECT_EQ(ledger::total_mj(r), 20 * 300'000);
  EXPECT_LE(estimated_mj(r), 5 * 300'000);
}

TEST(JobDevices, AJobWhoseGpusWereNeverNamedEndsWithTheNodesLastReading) {
  NodeSimulation n(0);
  n.registry = JobRegistry(NodeSimulation::with_node(), "boot-1");
  n.registry.add_device(gpu(0));
  n.read();
  const auto start = n.start(7, {0});
  n.pass(Duration(10'000));
  n.registry.reboot("boot-2");
  n.registry.set_no_gpu_list("slurmd: No such file or directory");
  const auto r = n.finished().at(0);
  EXPECT_EQ(r.end, start.at + Duration(10'000));
  EXPECT_EQ(ledger::total_mj(r), 10 * 400'000);
  EXPECT_EQ(estimated_mj(r), ledger::total_mj(r));
}

TEST(JobDevices, MarksOfTwoBootsAreKeptApart) {
  NodeSimulation n(1);
  n.start(6, {0});
  n.pass(Duration(10'000));
  auto end = n.mark(JobMarkEvent::kEnd, 6, {});
  auto start = n.mark(JobMarkEvent::kStart, 7, {0});
  start.boot_id = "boot-2";
  start.since_boot = Duration(60'000);
  start.at += Duration(600'000);
  const Instant began = start.at - start.since_boot;
  EXPECT_TRUE(is_of_earlier_boot(end, "boot-2", began));
  EXPECT_FALSE(is_of_earlier_boot(start, "boot-2", began));
  end.boot_id.clear();
  EXPECT_TRUE(is_of_earlier_boot(end, "boot-2", began));
  // As the daemon plays them.
  n.registry.mark(end, n.moment());
  n.registry.reboot("boot-2");
  n.now = Duration(61'000);
  n.registry.add_device(gpu(0));
  n.read();
  n.registry.mark(start, n.moment());
  n.pass(Duration(9000));
  n.end(7);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1].job_id, 7u);
  EXPECT_NEAR(static_cast<double>(ledger::total_mj(records[1])), 10 * 300'000, 10);
}

TEST(JobDevices, AProfileKeepsItsOwnStepWhenTheSettingChanges) {
  for (const auto step : {Duration(1000), Duration(60'000)}) {
    NodeSimulation n(1);
    n.start(5, {0});
    n.pass(Duration(100'000));
    const auto text = state_to_json(n.registry);
    auto settings = NodeSimulation::with_node();
    settings.profile_step = step;
    n.registry = JobRegistry(settings, "boot-1");
    ASSERT_TRUE(state_from_json(text, n.registry));
    n.registry.set_gpu_list(NodeSimulation::in_order(1));
    n.registry.add_device(gpu(0));
    n.pass(Duration(3000));
    n.end(5);
    n.pass(Duration(3000));
    const auto r = n.finished().at(0);
    const auto& d = r.devices.at(0);
    EXPECT_EQ(d.step, Duration(10'000));
    EXPECT_EQ(d.mj.size(), 11u);
    EXPECT_EQ(ledger::total_mj(r), 103 * 300'000);
    const auto checked = ledger::record_from_json(ledger::to_json(r));
    EXPECT_TRUE(checked.ok()) << checked.error().message;
  }
}

std::vector<SlurmGpu> with_shards(std::uint32_t shards) { return {{"", {"/dev/nvidia0"}, shards}}; }

TEST(JobDevices, AJobAloneOnAGpuWithShardsHasAllThatItDraws) {
  NodeSimulation n(1);
  n.registry.set_gpu_list(with_shards(4));
  const auto r = record_of_ten_seconds(n, {0});
  EXPECT_EQ(ledger::total_mj(r), 3'000'000);
  EXPECT_EQ(estimated_mj(r), 0);
  EXPECT_EQ(r.note, "");
}

TEST(JobDevices, JobsThatShareByShardsDivideItEvenlyAndSaySo) {
  NodeSimulation n(1);
  n.registry.set_gpu_list(with_shards(4));
  n.start(7, {0});
  n.pass(Duration(10'000));
  n.start(8, {0});
  n.pass(Duration(10'000));
  n.end(7);
  n.end(8);
  n.pass(Duration(2000));
  const auto records = n.finished();
  ASSERT_EQ(records.size(), 2u) << "the second job does not end the first";
  EXPECT_EQ(ledger::total_mj(records[0]), 4'500'000);
  EXPECT_EQ(estimated_mj(records[0]), 1'500'000) << "while they shared it";
  EXPECT_EQ(ledger::total_mj(records[1]), 1'500'000);
  EXPECT_EQ(records[1].devices[0].method, Method::kEstimated);
  EXPECT_EQ(records[1].note, "shares a GPU by shards: Slurm does not tell how many, divided evenly");
  EXPECT_GE(records[1].devices[0].uncertainty_mj, 1'500'000 / 4);
}

std::int64_t idle_ms(const ledger::EnergyRecord& record) {
  std::int64_t sum = 0;
  for (const auto& d : record.devices) {
    for (const auto ms : d.allocated_idle_ms) sum += ms;
  }
  return sum;
}

TEST(JobDevices, HeldIdleTimeIsByShare) {
  NodeSimulation n(0);
  std::vector<energy::Partition> parts;
  for (int i = 0; i < 7; ++i) parts.push_back({"MIG-" + std::to_string(i), 1.0 / 7});
  auto idle = cut_gpu(1, parts);  // 100 W
  idle.rated = Watts(700);
  n.registry.add_device(idle);
  n.read();
  for (std::uint32_t job = 1; job <= 7; ++job) {
    auto m = n.mark(JobMarkEvent::kStart, job, {job - 1});
    m.uuids = {"MIG-" + std::to_string(job - 1)};
    n.registry.mark(m, n.moment());
  }
  n.pass(Duration(100'000));
  for (std::uint32_t job = 1; job <= 7; ++job) n.end(job);
  n.pass(Duration(3000));
  std::int64_t sum = 0;
  for (const auto& r : n.finished()) sum += idle_ms(r);
  EXPECT_NEAR(static_cast<double>(sum), 100'000.0, 200.0) << "one GPU was there for 100 s";
}

TEST(JobDevices, HeldIdleTimeIsNotKnownWithoutAPowerLimit) {
  NodeSimulation n(0);
  auto unrated = gpu(1);
  unrated.rated = Watts(0);
  n.registry.add_device(unrated);
  n.read();
  const auto r = record_of_ten_seconds(n, {1});
  EXPECT_EQ(ledger::total_mj(r), 1'000'000);
  EXPECT_TRUE(r.devices.at(0).allocated_idle_ms.empty()) << "not known is not zero";
}

TEST(JobDevices, WhatIsEstimatedAsAWholeDoesNotSayCounter) {
  NodeSimulation n(1);
  n.silent = "GPU-SIMULATED-0";
  n.pass(Duration(5000));
  n.start(7, {0});
  n.pass(Duration(10'000));
  n.end(7);
  n.pass(Duration(12'000));
  const auto r = n.finished().at(0);
  EXPECT_GT(ledger::total_mj(r), 0);
  EXPECT_EQ(estimated_mj(r), ledger::total_mj(r));
  EXPECT_EQ(r.devices.at(0).method, Method::kEstimated);
}

}  // namespace
}  // namespace carbon::carbond
