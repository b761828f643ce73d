// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/ingest.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/unit/ledger/ledger_fixture.h"

namespace carbon::ctld {
namespace {
using ledger::kDay;
using ledger::make_record;

using IngestTest = ledger::LedgerTest;

TEST_F(IngestTest, WhatIsAcknowledgedIsStored) {
  std::atomic<int> commits = 0;
  Ingest ingest(*store_, [&] { ++commits; });
  const auto outcome = ingest.put({make_record(1, kDay, {5}), make_record(1, kDay, {5})});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->stored, 1u);
  EXPECT_EQ(outcome->known, 1u);
  EXPECT_EQ(store_->records({"campus", 1, 0})->size(), 1u);
}

TEST_F(IngestTest, ManySendersEachGetTheirOwnAnswer) {
  std::atomic<std::size_t> stored = 0, known = 0;
  {
    Ingest ingest(*store_, [] {});
    std::vector<std::thread> senders;
    for (std::uint32_t s = 0; s < 16; ++s) {
      senders.emplace_back([&, s] {
        for (std::uint32_t i = 0; i < 50; ++i) {
          const auto outcome = ingest.put({make_record(1 + (s % 8) * 50 + i, kDay, {1})});  // each record from two senders
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

}  // namespace
}  // namespace carbon::ctld
