// SPDX-License-Identifier: Apache-2.0
// Jobs and idle devices add up to the devices, from the nodes' readings to the API: two nodes of two GPUs with jobs at random
// over the end of a month, late marks, daemons that die at the worst moment, and messages that come twice.
#include <nlohmann/json.hpp>
#include <random>

#include "carbonctld/api/api.h"
#include "carbond/state_file.h"
#include "tests/support/ledger_fixture.h"
#include "tests/support/node_simulation.h"

namespace carbon::carbonctld {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;

constexpr double kJoule = 1 / 3.6e6;  // in kWh

class ConservationTest : public ledger::LedgerTest {
 protected:
  struct Node {
    Node(std::string of, std::string at) : name(std::move(of)), site(std::move(at)) {
      simulation.step = 6 * 24h;  // 2025-11-30T16:00:00Z
      simulation.registry.begin_hours(simulation.moment().wall);
    }
    std::string name, site;
    carbond::NodeSimulation simulation;
    std::map<std::uint32_t, std::uint32_t> job_of_gpu;
    std::vector<std::pair<Duration, JobMark>> late;  // marks, and when they come
  };

  void SetUp() override {
    LedgerTest::SetUp();
    config_.cluster = "campus";
    config_.sites = sites();
    ingest_ = std::make_unique<Ingest>(*store_, [] {});
  }
  void TearDown() override {
    ingest_.reset();
    LedgerTest::TearDown();
  }

  net::ServerResponse ask(const std::string& method, const std::string& path, const std::string& body,
                          std::map<std::string, std::string, std::less<>> query = {}) {
    ApiSources sources{[] { return nullptr; },
                       [] { return std::optional(SlurmSettings{}); },
                       [](const auto&) {
                         return std::optional(SlurmRights{true, {}, Privacy{}});
                       },
                       [] { return Health{}; },
                       [this] { return clock_; },
                       [] { return QueueView{}; },
                       [](const std::string& node) { return std::optional<std::string>(node == "n1" ? "a" : "b"); }};
    net::ServerRequest r;
    r.method = method;
    r.path = r.target = path;
    r.body = body;
    r.query = std::move(query);
    return Api(config_, *store_, *ingest_, std::move(sources)).handle(r);
  }

  void send(const std::string& body) {
    for (std::size_t times = 1 + pick(2); times > 0; --times) {
      const auto answer = ask("POST", "/v1/records", body);
      EXPECT_EQ(answer.status, 200) << answer.body;
    }
  }

  void ship(Node& node) {
    auto& registry = node.simulation.registry;
    for (auto& record : node.simulation.finished()) {
      record.cluster = "campus";
      record.node = node.name;
      record.partition = "gpu-" + node.site;
      send(to_json(record));
    }
    const auto now = node.simulation.moment().wall;
    auto hours = registry.device_hours(now);
    if (!hours) return;
    const auto state = carbond::state_to_json(registry);
    hours->cluster = "campus";
    hours->node = node.name;
    send(to_json(*hours));
    if (pick(3) == 0) {  // carbond dies before it has noted that they are sent
      carbond::JobRegistry restored(carbond::NodeSimulation::with_node(), registry.boot_id());
      ASSERT_TRUE(carbond::state_from_json(state, restored));
      restored.set_gpu_list(carbond::NodeSimulation::in_order(8));
      for (std::uint32_t i = 0; i < 2; ++i) restored.add_device(carbond::gpu(i));
      registry = std::move(restored);
    } else {
      registry.hours_sent(*hours, now);
    }
  }

  void change_jobs(Node& node) {
    auto& n = node.simulation;
    const auto give = [&](const JobMark& mark) {
      if (pick(3) == 0) {
        node.late.emplace_back(n.now + Duration(1000 * static_cast<std::int64_t>(1 + pick(60))), mark);
      } else {
        n.registry.mark(mark, n.moment());
      }
    };
    for (std::uint32_t gpu = 0; gpu < 2; ++gpu) {
      const auto held = node.job_of_gpu.find(gpu);
      if (held == node.job_of_gpu.end() && pick(3) == 0) {
        node.job_of_gpu[gpu] = ++last_job_;
        give(n.mark(JobMarkEvent::kStart, last_job_, {gpu}));
      } else if (held != node.job_of_gpu.end() && (ending_ || pick(6) == 0)) {
        give(n.mark(JobMarkEvent::kEnd, held->second, {}));
        node.job_of_gpu.erase(held);
      }
    }
  }

  void pass(Node& node, Duration time) {
    auto& n = node.simulation;
    for (const auto until = n.now + time; n.now < until;) {
      n.pass(5s);
      std::erase_if(node.late, [&](const auto& entry) {
        if (entry.first > n.now) return false;
        n.registry.mark(entry.second, n.moment());
        return true;
      });
    }
  }

  std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }

  config::Config config_;
  std::unique_ptr<Ingest> ingest_;
  Instant clock_{};
  std::mt19937 random_{7};
  std::uint32_t last_job_ = 0;
  bool ending_ = false;
};

TEST_F(ConservationTest, JobsAndIdleAreTheDevicesOfEachSiteAndMonth) {
  put_hours("a", from_unix_ms(1'764'460'800'000), std::vector<double>(48, 100));
  Node nodes[] = {Node("n1", "a"), Node("n2", "b")};
  for (int tenth = 0; tenth < 15 * 6; ++tenth) {  // of ten minutes, from 16:00 on the last day of November
    ending_ = tenth > 14 * 6 - 9;
    for (auto& node : nodes) {
      if (!ending_ || !node.job_of_gpu.empty()) change_jobs(node);
      pass(node, 10min);
      clock_ = node.simulation.moment().wall + 1min;
      ship(node);
    }
  }
  account(clock_);
  const auto answer = ask("GET", "/v1/energy", "", {{"by", "month"}, {"start", "2025-11-01"}, {"end", "2026-01-01"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto rows = json::parse(answer.body)["rows"];
  ASSERT_EQ(rows.size(), 4u) << rows;
  std::map<std::string, double> devices;
  for (const auto& row : rows) {
    const double jobs = row["jobs_kwh"], idle = row["idle_kwh"], device = row["device_kwh"];
    EXPECT_NEAR(jobs + idle, device, kJoule) << row;
    EXPECT_NEAR(row["other_kwh"].get<double>(), 0, kJoule) << row;
    EXPECT_GT(jobs, 0) << row;
    EXPECT_GT(idle, 0) << row;
    devices[row["site"]] += device;
    const bool known = row["site"] == "a";
    EXPECT_EQ(row["idle_co2e_g"].is_null(), !known) << row;
    if (known) EXPECT_NEAR(row["idle_co2e_g"].get<double>(), 100 * idle, 1e-3) << row;
  }
  for (const auto& node : nodes) {
    std::int64_t sent = 0;
    for (const auto& [id, totals] : node.simulation.registry.totals()) sent += totals.jobs_mj + totals.idle_mj;
    for (const auto& [key, sum] : node.simulation.registry.hours()) sent -= sum.device_mj;
    EXPECT_NEAR(devices[node.site], static_cast<double>(sent) / 3.6e9, kJoule) << "the devices' own meters";
  }
}

TEST_F(ConservationTest, WhatIsMissingIsSaid) {
  const Instant hour = from_unix_ms(1'764'547'200'000);  // 2025-12-01
  clock_ = hour + 12h;
  const auto hours = [&](std::int64_t batch, std::int64_t revision, std::int64_t device, std::int64_t idle) {
    return to_json(ledger::DeviceHours{"campus", "n1", batch, revision, {{"GPU-1", hour, device, idle}}});
  };
  const auto row = [&] {
    return json::parse(ask("GET", "/v1/energy", "", {{"by", "day"}, {"start", "2025-12-01"}}).body)["rows"].at(0);
  };
  const std::int64_t kwh = ledger::kKwhMj;
  send(hours(10, 1, 2 * kwh, kwh));
  EXPECT_DOUBLE_EQ(row()["other_kwh"], 1.0) << "a job of which no record has come";
  send(hours(10, 2, 3 * kwh, kwh));  // the same batch with what was added since
  EXPECT_DOUBLE_EQ(row()["device_kwh"], 3.0);
  send(hours(11, 3, kwh, kwh));
  send(hours(10, 2, 3 * kwh, kwh));  // again, late
  EXPECT_DOUBLE_EQ(row()["device_kwh"], 4.0);
  EXPECT_DOUBLE_EQ(row()["idle_kwh"], 2.0);
  for (const auto* bad : {R"({"device_hours":{}})", R"({"device_hours":[]})",
                          R"({"device_hours":{"cluster":"campus","node":"n1","batch":1,"revision":1,"hours":[["d",5,1,1]]}})",
                          R"({"device_hours":{"cluster":"other","node":"n1","batch":1,"revision":1,"hours":[]}})"})
    EXPECT_EQ(ask("POST", "/v1/records", bad).status, 400) << bad;
}

}  // namespace
}  // namespace carbon::carbonctld
