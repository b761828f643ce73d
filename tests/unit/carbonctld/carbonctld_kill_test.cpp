// SPDX-License-Identifier: Apache-2.0
// The daemon, killed with SIGKILL at random moments while it receives records: what it acknowledged is stored, nothing
// counts twice, and in the end the sums are those of the records. CARBON_KILLS sets how often (default 40; a release is tried
// with 200).
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <iostream>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "tests/support/carbonctld_fixture.h"

namespace carbon::carbonctld {
namespace {
using namespace std::chrono_literals;
using ledger::kDay;
using ledger::make_record;

class KillTest : public CarbonctldTest {};

// Sends jobs in turn as carbond does: each again and again until it is acknowledged.
class Sender {
 public:
  Sender(std::function<Result<net::HttpResponse>(const std::string&)> post, std::uint32_t first_job)
      : post_(std::move(post)), job_(first_job) {}

  void run(const std::atomic<bool>& ending) {
    while (!ending) {
      const auto answer = post_(to_json(make_record(job_, kDay + 1h * static_cast<std::int64_t>(job_ % 5000), {1 + job_})));
      if (!answer || answer->status != 200) {
        std::this_thread::sleep_for(2ms);
        continue;
      }
      const std::lock_guard lock(mutex_);
      acknowledged_.insert(job_++);
    }
  }
  std::set<std::uint32_t> acknowledged() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
  }

 private:
  std::function<Result<net::HttpResponse>(const std::string&)> post_;
  mutable std::mutex mutex_;
  std::uint32_t job_;
  std::set<std::uint32_t> acknowledged_;
};

TEST_F(KillTest, WhatIsAcknowledgedIsStored) {
  const char* wanted = std::getenv("CARBON_KILLS");
  const int kills = wanted ? std::atoi(wanted) : 40;
  constexpr std::uint32_t kSenders = 4, kApart = 1'000'000;
  std::vector<std::unique_ptr<Sender>> senders;
  std::vector<std::thread> threads;
  std::atomic<bool> ending = false;
  for (std::uint32_t s = 0; s < kSenders; ++s) {
    auto transport = std::make_shared<net::CurlTransport>();
    senders.push_back(std::make_unique<Sender>(
        [this, transport](const std::string& body) { return daemon_->send(*transport, "POST", "/v1/records", body); },
        1 + s * kApart));
    threads.emplace_back([&ending, sender = senders.back().get()] { sender->run(ending); });
  }
  std::mt19937 random(11);
  std::size_t checked = 0;
  std::set<std::uint32_t> known;
  for (int k = 0; k < kills && !HasFailure(); ++k) {
    daemon_->start();
    EXPECT_TRUE(daemon_->wait_until_it_serves());
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 300'000));
    daemon_->kill();
    // The daemon is dead: what was acknowledged until now must be in the file, read by a new process's eyes.
    std::set<std::uint32_t> acknowledged;
    for (const auto& s : senders) acknowledged.merge(s->acknowledged());
    reopen();
    for (const auto id : acknowledged) {
      if (!known.insert(id).second) continue;
      const auto held = store_->records({"campus", id});
      ASSERT_TRUE(held && held->size() == 1) << "kill " << k << ": job " << id;
      ASSERT_EQ(total_mj(held->front()), 1 + id);
      ++checked;
    }
    store_.reset();
  }
  daemon_->start();
  EXPECT_TRUE(daemon_->wait_until_it_serves());
  ending = true;
  for (auto& t : threads) t.join();
  daemon_->kill();
  EXPECT_GT(checked, static_cast<std::size_t>(kills));  // it did take in records between the kills
  reopen();
  account();
  std::int64_t energy = 0, jobs = 0;
  for (const auto& s : senders) {
    for (const auto id : s->acknowledged()) {
      energy += 1 + id;
      ++jobs;
    }
  }
  const auto report = ledger::run_report(*store_, {ledger::Dimension::kCluster, {kDay, kDay + 24h * 1000}});
  ASSERT_TRUE(report && report->size() == 1);
  EXPECT_GE(report->front().sums.jobs, jobs);
  EXPECT_LE(report->front().sums.jobs, jobs + kSenders);  // at most one of each sender was stored and not acknowledged
  EXPECT_GE(report->front().sums.energy_mj, energy);
  const auto scan = ledger::report_from_jobs(*store_, {ledger::Dimension::kCluster, {kDay, kDay + 24h * 1000}});
  EXPECT_EQ(report->front().sums, scan.at(0).sums);
  EXPECT_EQ(store_->counts()->jobs, store_->counts()->records);
  std::cout << kills << " kills, " << jobs << " records acknowledged, " << checked << " looked up after the kill that followed\n";
}

}  // namespace
}  // namespace carbon::carbonctld
