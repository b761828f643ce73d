// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/accounting/ingest.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/support/ledger_fixture.h"
#include "tests/support/local_mariadb.h"

namespace carbon::carbonctld {
namespace {
using ledger::kDay;
using ledger::make_record;
using ledger::received;

using IngestTest = ledger::LedgerTest;

TEST_F(IngestTest, WhatIsAcknowledgedIsStored) {
  std::atomic<int> commits = 0;
  Ingest ingest(*store_, [&] { ++commits; });
  const auto outcome = ingest.put(received({make_record(1, kDay, {5}), make_record(1, kDay, {5})}));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->stored, 1u);
  EXPECT_EQ(outcome->known, 1u);
  EXPECT_EQ(commits, 1);
  EXPECT_EQ(store_->records({"campus", 1})->size(), 1u);
}

TEST_F(IngestTest, ManySendersEachGetTheirOwnAnswer) {
  std::atomic<std::size_t> stored = 0, known = 0;
  {
    Ingest ingest(*store_, [] {});
    std::vector<std::thread> senders;
    for (std::uint32_t s = 0; s < 16; ++s) {
      senders.emplace_back([&, s] {
        for (std::uint32_t i = 0; i < 50; ++i) {
          const auto outcome =
              ingest.put(received({make_record(1 + (s % 8) * 50 + i, kDay, {1})}));  // each record from two senders
          if (outcome) {
            stored += outcome->stored;
            known += outcome->known;
          }
        }
      });
    }
    for (auto& t : senders) t.join();
  }
  EXPECT_EQ(stored, 400u);
  EXPECT_EQ(known, 400u);
  EXPECT_EQ(store_->counts()->records, 400);
}

// Sender `s` sends its 300 records in turn, each until it is acknowledged; the server is killed twice while they do.
TEST(IngestOnMariadb, AServerKilledWhileManySendLosesNothingThatWasAcknowledged) {
  test::LocalMariadb mariadb;
  if (!mariadb.running()) GTEST_SKIP() << "mariadbd does not start here (Debian package mariadb-server-core)";
  auto store = ledger::Store::open(mariadb.connection("one"));
  ASSERT_TRUE(store) << store.error().message;
  constexpr std::uint32_t kSenders = 8, kEach = 300;
  std::atomic<std::uint32_t> acknowledged = 0, refused = 0;
  {
    Ingest ingest(**store, [] {});
    std::vector<std::thread> senders;
    for (std::uint32_t s = 0; s < kSenders; ++s) {
      senders.emplace_back([&, s] {
        const auto deadline = now() + std::chrono::seconds(120);
        for (std::uint32_t i = 0; i < kEach && now() < deadline;) {
          if (ingest.put(received({make_record(1 + s * kEach + i, kDay, {1})}))) {
            ++acknowledged;
            ++i;
          } else {
            ++refused;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
          }
        }
      });
    }
    for (const std::uint32_t at : {300u, 1200u}) {
      while (acknowledged < at) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      mariadb.end();
      mariadb.start();
    }
    for (auto& t : senders) t.join();
  }
  EXPECT_EQ(acknowledged, kSenders * kEach);
  EXPECT_GT(refused, 0u);
  EXPECT_EQ((*store)->counts()->records, kSenders * kEach);
}

}  // namespace
}  // namespace carbon::carbonctld
