// SPDX-License-Identifier: Apache-2.0
// The daemon under stress: a full disk, a read-only disk, a thousand nodes at once, a node that repeats one record, records out
// of order and from the future. It stores what it acknowledged, once; it refuses what it cannot store, and the node keeps that.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/support/carbonctld_fixture.h"

namespace carbon::carbonctld {
namespace {
using namespace std::chrono_literals;
using ledger::kDay;
using ledger::make_record;

class SiegeTest : public CarbonctldTest {
 protected:
  void start() {
    daemon_->start();
    ASSERT_TRUE(daemon_->wait_until_it_serves());
  }
  // The status of the answer; 0: none came.
  int post(const std::string& body, std::string* text = nullptr) {
    const auto answer = daemon_->send(transport_, "POST", "/v1/records", body, 60s);
    if (answer && text) *text = answer->body;
    return answer ? static_cast<int>(answer->status) : 0;
  }
  // The ledger's content, after the daemon was killed.
  void read() {
    daemon_->kill();
    reopen();
    account(now());
  }

  net::CurlTransport transport_;
};

std::string bodies(std::uint32_t from, std::uint32_t count) {
  std::string out = "[";
  for (std::uint32_t id = from; id < from + count; ++id) {
    auto r = make_record(id, kDay, {1});
    r.note = std::string(900, 'n');
    out += (id == from ? "" : ",") + to_json(r);
  }
  return out + "]";
}

TEST_F(SiegeTest, AFullDiskIsRefusalAndNothingAcknowledgedIsLost) {
  start();
  daemon_->limit_files(2u << 20);
  std::uint32_t stored = 0;
  int status = 200;
  for (; status == 200 && stored < 10'000; stored += status == 200 ? 100 : 0) status = post(bodies(stored + 1, 100));
  EXPECT_EQ(status, 503) << "after " << stored << " records";
  EXPECT_GT(stored, 0u);
  EXPECT_TRUE(daemon_->alive());
  EXPECT_EQ(post(bodies(stored + 1, 100)), 503);  // still
  daemon_->limit_files(RLIM_INFINITY);            // there is room again
  EXPECT_EQ(post(bodies(stored + 1, 100)), 200);
  read();
  EXPECT_EQ(store_->counts()->records, stored + 100);
  EXPECT_EQ(store_->counts()->jobs, stored + 100);
  EXPECT_TRUE(store_->check()->empty());
}

TEST_F(SiegeTest, ADiskThatCannotBeWrittenIsRefusalAndTheLedgerStaysSound) {
  start();
  EXPECT_EQ(post(bodies(1, 10)), 200);
  daemon_->limit_files(0);
  EXPECT_EQ(post(bodies(11, 10)), 503);
  EXPECT_TRUE(daemon_->alive());
  daemon_->limit_files(RLIM_INFINITY);
  EXPECT_EQ(post(bodies(11, 10)), 200);
  read();
  EXPECT_EQ(store_->counts()->records, 20);
  EXPECT_TRUE(store_->check()->empty());
}

TEST_F(SiegeTest, AThousandNodesAtOnce) {
  start();
  constexpr std::uint32_t kNodes = 1000;
  std::atomic<std::uint32_t> acknowledged = 0;
  std::vector<std::thread> nodes;
  const auto deadline = now() + 200s;
  for (std::uint32_t n = 1; n <= kNodes; ++n) {
    nodes.emplace_back([&, n] {
      net::CurlTransport transport;
      auto r = make_record(n, kDay, {n}, "node" + std::to_string(n));
      while (now() < deadline) {  // as carbond does: again and again until it is acknowledged
        const auto answer = daemon_->send(transport, "POST", "/v1/records", to_json(r), 20s);
        if (answer && answer->status == 200) {
          ++acknowledged;
          return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100 + n % 100));
      }
    });
  }
  for (auto& n : nodes) n.join();
  EXPECT_EQ(acknowledged, kNodes);
  EXPECT_TRUE(daemon_->alive());
  read();
  EXPECT_EQ(store_->counts()->records, kNodes);
  const auto report = ledger::run_report(*store_, {ledger::Dimension::kCluster, {kDay, kDay + 24h}});
  EXPECT_EQ(report->at(0).sums.jobs, kNodes);
  EXPECT_EQ(report->at(0).sums.energy_mj, kNodes * (kNodes + 1) / 2);
}

TEST_F(SiegeTest, TheSameRecordAThousandTimesCountsOnce) {
  start();
  const auto one = to_json(make_record(1, kDay, {5}));
  std::string all = "[" + one;
  for (int i = 1; i < 990; ++i) all += "," + one;
  EXPECT_EQ(post(all + "]"), 200);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(post(one), 200);
  read();
  EXPECT_EQ(store_->counts()->records, 1);
  EXPECT_EQ(job(1).energy_mj, 5);
}

TEST_F(SiegeTest, RecordsOutOfOrderAndFromTheFuture) {
  start();
  auto last = make_record(1, kDay, {9}), first = last;
  last.revision = 7;
  first.revision = 3;
  first.devices[0].mj = {4};
  auto second_run = make_record(2, kDay + 5h, {1}), first_run = make_record(2, kDay, {2});
  second_run.restart = 1;
  for (const auto& r : {last, first, second_run, first_run}) EXPECT_EQ(post(to_json(r)), 200);
  std::string text;
  EXPECT_EQ(post(to_json(make_record(3, std::chrono::floor<std::chrono::hours>(now()) + 48h, {1})), &text), 400);
  EXPECT_NE(text.find("in the future"), std::string::npos) << text;
  read();
  EXPECT_EQ(job(1).energy_mj, 9);
  EXPECT_EQ(job(2, 0).energy_mj, 2);
  EXPECT_EQ(job(2, 1).energy_mj, 1);
  EXPECT_EQ(store_->counts()->records, 3);
}

}  // namespace
}  // namespace carbon::carbonctld
