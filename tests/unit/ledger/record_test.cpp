// SPDX-License-Identifier: Apache-2.0
#include "ledger/record/record.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kStart = 1'764'000'000'000;  // 2025-11-24T16:00:00Z

EnergyRecord sample() {
  EnergyRecord r;
  r.cluster = "campus";
  r.job_id = 4711;
  r.restart = 1;
  r.node = "gpu07";
  r.start = from_unix_ms(kStart + 1000);
  r.end = from_unix_ms(kStart + 2 * kHour + 500);
  r.final = true;
  r.revision = 3;
  r.uid = 1000;
  r.user = "ada";
  r.account = "nlp";
  r.partition = "gpu-a";
  r.num_nodes = 2;
  r.cpus = 16;
  r.simulated = true;
  r.note = "carbond restarted";
  r.devices = {{"GPU-0f", "gpu", 0, Method::kCounter, 1.0, from_unix_ms(kStart), Duration(kHour), {1, 2, 3}, {0, 0, 7}, 0, 2},
               {"rapl:package-0", "cpu", 0, Method::kIntegrated, 0.25, from_unix_ms(kStart), Duration(kHour), {9, 9}, {}, 4, 0}};
  return r;
}

json sample_json() { return json::parse(to_json(sample())); }

std::string error_of(const json& j) {
  const auto r = record_from_json(j.dump());
  return r ? "accepted" : r.error().message;
}

TEST(Record, ComesBackAsItWasWritten) {
  const auto back = record_from_json(to_json(sample()));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_json(*back), to_json(sample()));
  EXPECT_EQ(back->devices[0].method, Method::kCounter);
  EXPECT_EQ(back->devices[1].method, Method::kIntegrated);
  EXPECT_EQ(back->start, sample().start);
  EXPECT_EQ(total_mj(*back), 24);
}

TEST(Record, KeepsTheJobsStartAndTheDevicesModelAndIdlePower) {
  auto r = sample();
  r.job_start = from_unix_ms(kStart);
  r.devices[0].model = "NVIDIA A100";
  r.devices[0].idle = Watts(52.5);
  const auto back = record_from_json(to_json(r));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->job_start, from_unix_ms(kStart));
  EXPECT_EQ(back->devices[0].model, "NVIDIA A100");
  EXPECT_DOUBLE_EQ(back->devices[0].idle->value(), 52.5);
  EXPECT_FALSE(back->devices[1].idle);
  auto j = json::parse(to_json(r));
  j["devices"][0]["idle_w"] = -1;
  EXPECT_EQ(error_of(j), "record: devices[0].idle_w = -1; accepted: numbers from 0 to 1000000");
}

TEST(Record, AnErrorNamesTheFieldWhatWasFoundAndWhatIsAccepted) {
  auto j = sample_json();
  j["devices"][1]["share"] = 1.5;
  EXPECT_EQ(error_of(j), "record: devices[1].share = 1.5; accepted: above 0 to 1");
  j = sample_json();
  j["devices"][0]["mj"][2] = -1;
  EXPECT_EQ(error_of(j), "record: devices[0].mj[2] = -1; accepted: whole numbers from 0 to 9007199254740992");
  j = sample_json();
  j["devices"][0]["method"] = "guessed";
  EXPECT_EQ(error_of(j), "record: devices[0].method = 'guessed'; accepted: counter, integrated, estimated");
  j = sample_json();
  j.erase("node");
  EXPECT_EQ(error_of(j), "record: node is missing");
  j = sample_json();
  j["job_id"] = 0;
  EXPECT_EQ(error_of(j), "record: job_id = 0; accepted: whole numbers from 1 to 4294967295");
  j["job_id"] = 12.0;
  EXPECT_NE(error_of(j), "accepted");
  j["job_id"] = std::uint64_t{1} << 63;
  EXPECT_NE(error_of(j), "accepted");
}

TEST(Record, TimesMustMakeSense) {
  auto j = sample_json();
  j["end_ms"] = kStart;
  EXPECT_EQ(error_of(j), "record: end_ms is before start_ms");
  j = sample_json();
  j["devices"][0]["first_ms"] = kStart + 1;
  EXPECT_EQ(error_of(j), "record: devices[0].first_ms is not a multiple of step_ms");
  j = sample_json();
  j["devices"][0]["first_ms"] = kStart - 2 * kHour;
  EXPECT_EQ(error_of(j), "record: devices[0].first_ms starts an interval that ends before start_ms");
  j = sample_json();
  j["devices"][0]["mj"] = {1, 1, 1, 1};
  j["devices"][0]["held_idle_ms"] = json::array();
  EXPECT_EQ(error_of(j), "record: devices[0].mj has an interval that begins after end_ms");
  j = sample_json();
  j["end_ms"] = 9'000'000'000'000;
  EXPECT_NE(error_of(j), "accepted");
}

TEST(Record, SumsThatDoNotFitAreRefused) {
  auto j = sample_json();
  j["devices"][0]["mj"] = {kMaxRecordMj, 1, 0};
  EXPECT_EQ(error_of(j), "record: devices[0].mj adds up to more than 9007199254740992 mJ");
  j["devices"][0]["mj"] = {kMaxRecordMj, 0, 0};
  EXPECT_EQ(error_of(j), "record: devices add up to more than 9007199254740992 mJ");
  j = sample_json();
  j["devices"][0]["estimated_mj"] = 7;
  EXPECT_EQ(error_of(j), "record: devices[0].estimated_mj = 7; accepted: whole numbers from 0 to 6");
}

TEST(Record, ADeviceMayBeListedOnlyOnce) {
  auto j = sample_json();
  j["devices"][1]["device"] = "GPU-0f";
  EXPECT_EQ(error_of(j), "record: devices names 'GPU-0f' twice");
}

TEST(Record, NamesHoldNoControlCharacters) {
  auto j = sample_json();
  j["user"] = "ada\nroot";
  EXPECT_EQ(error_of(j), "record: user contains a control character");
}

TEST(Record, AnArrayIsReadWholeOrNotAtAll) {
  json list = json::array({sample_json(), sample_json()});
  auto read = records_from_json(list.dump(), 10);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->size(), 2u);
  EXPECT_TRUE(records_from_json(sample_json().dump(), 10));
  list[1]["revision"] = "3";
  read = records_from_json(list.dump(), 10);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "record: [1].revision = \"3\"; accepted: whole numbers from 0 to 4294967295");
  EXPECT_FALSE(records_from_json(list.dump(), 1));
}

TEST(Record, EachRecordOfAListKeepsItsText) {
  const auto one = to_json(sample());
  auto other = one;
  other.insert(1, R"( "new" : {"a": [1, "]}\"", {}]} ,)");
  const auto read = records_from_json("\n[ " + one + "\t,\r\n" + other + "] ", 10);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].json, one);
  EXPECT_EQ((*read)[1].json, other);
  EXPECT_EQ((*read)[1].record.devices.size(), 2u);
  EXPECT_EQ(records_from_json(" " + other + "\n", 10)->front().json, other);
  EXPECT_TRUE(records_from_json("[]", 10)->empty());
}

TEST(Record, MalformedListsAreRefused) {
  const auto one = to_json(sample());
  const std::vector<std::string> all = {"[" + one,
                                        "[" + one + "}",
                                        "[" + one + ",]",
                                        "[" + one + one + "]",
                                        "[" + one + "] x",
                                        "[" + one + "]]",
                                        "[" + one + ",7]",
                                        "[" + one + ",null]",
                                        "[[" + one + "]]",
                                        "[" + one + R"(,{"a":[}])",
                                        "[",
                                        "[" + one + "\xff]",
                                        "[,]",
                                        std::string(1 << 20, '['),
                                        "[{}" + std::string(1 << 20, ']')};
  for (const auto& bad : all) {
    EXPECT_FALSE(records_from_json(bad, 10)) << bad.substr(0, 20) << "..." << bad.size();
  }
  EXPECT_EQ(records_from_json("[7]", 10).error().message, "record: [0] is not an object");
  const auto large = "[{\"x\":\"" + std::string(kMaxRecordBytes, 'x') + "\"}]";
  EXPECT_EQ(records_from_json(large, 10).error().message, "record: [0] has 8388616 bytes; accepted: at most 8388608");
}

TEST(Record, NoBytesHarmTheReader) {
  EXPECT_FALSE(record_from_json(""));
  EXPECT_FALSE(record_from_json("null"));
  EXPECT_FALSE(record_from_json("[]"));
  EXPECT_FALSE(record_from_json("{\"cluster\":\"\xff\xfe\"}"));
  EXPECT_FALSE(record_from_json(std::string(1 << 20, '[')));
  EXPECT_FALSE(record_from_json(std::string(kMaxRecordBytes + 1, ' ')));
  const std::string good = to_json(sample());
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    for (unsigned n = 1 + random() % 4; n > 0; --n) bad[random() % bad.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bad.resize(random() % bad.size());
    (void)records_from_json("[" + bad + "," + good + "]", 10);
    const auto read = record_from_json(bad);
    if (read) {
      EXPECT_GE(total_mj(*read), 0);
    }
  }
}

TEST(Record, TextThatIsNotUtf8IsStillShipped) {
  auto r = sample();
  r.account = "caf\xe9";
  EXPECT_TRUE(record_from_json(to_json(r)));
}

}  // namespace
}  // namespace carbon::ledger
