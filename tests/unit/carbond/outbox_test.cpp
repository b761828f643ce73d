// SPDX-License-Identifier: Apache-2.0
#include "carbond/outbox.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_spool.h"

namespace carbon::carbond {
namespace {

ledger::EnergyRecord record(std::uint32_t job, std::int64_t end_s) {
  ledger::EnergyRecord r;
  r.cluster = "demo";
  r.node = "n1";
  r.job_id = job;
  r.start = from_unix_ms(1'764'000'000'000);
  r.end = r.start + std::chrono::seconds(end_s);
  return r;
}

TEST(Outbox, GivesTheOldestFirstUntilItIsAcknowledged) {
  TemporarySpool t;
  const Outbox outbox(t.spool, 1 << 20);
  EXPECT_FALSE(outbox.oldest());
  ASSERT_TRUE(outbox.add(record(2, 20)));
  ASSERT_TRUE(outbox.add(record(1, 10)));
  const auto first = outbox.oldest();
  ASSERT_TRUE(first);
  EXPECT_EQ(ledger::record_from_json(*read_file(*first, 1 << 20))->job_id, 1u);
  EXPECT_EQ(outbox.oldest(), first);
  outbox.acknowledge(*first);
  EXPECT_EQ(ledger::record_from_json(*read_file(*outbox.oldest(), 1 << 20))->job_id, 2u);
}

TEST(Outbox, TheSameRecordTwiceIsOneFile) {
  TemporarySpool t;
  const Outbox outbox(t.spool, 1 << 20);
  ASSERT_TRUE(outbox.add(record(1, 10)));
  ASSERT_TRUE(outbox.add(record(1, 10)));
  EXPECT_EQ(t.count(t.spool.outbox()), 1u);
}

TEST(Outbox, AFullOutboxKeepsTheOldestAndRefusesMore) {
  TemporarySpool t;
  const Outbox outbox(t.spool, 1000);
  std::uint32_t job = 1;
  while (outbox.add(record(job, 10)).ok()) ++job;
  EXPECT_GT(job, 1u);
  const auto refused = outbox.add(record(job, 10));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("no room for job " + std::to_string(job)), std::string::npos) << refused.error().message;
  EXPECT_EQ(ledger::record_from_json(*read_file(*outbox.oldest(), 1 << 20))->job_id, 1u);
}

TEST(Outbox, ARefusedRecordIsKeptAside) {
  TemporarySpool t;
  const Outbox outbox(t.spool, 1 << 20);
  ASSERT_TRUE(outbox.add(record(1, 10)));
  outbox.refuse(*outbox.oldest());
  EXPECT_FALSE(outbox.oldest());
  EXPECT_EQ(t.count(t.spool.refused()), 1u);
}

TEST(Spool, NamesTheNode) { EXPECT_EQ(Spool::at("/var/spool/%n/c-%n", "n1").root, "/var/spool/n1/c-n1"); }

}  // namespace
}  // namespace carbon::carbond
