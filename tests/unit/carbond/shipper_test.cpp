// SPDX-License-Identifier: Apache-2.0
#include "carbond/shipper.h"

#include <gtest/gtest.h>

#include <atomic>

#include "tests/support/temporary_spool.h"

namespace carbon::carbond {
namespace {

// Answers with one status after the other; then with 200.
struct Script {
  std::mutex mutex;
  std::vector<int> statuses;  // 0: no connection
  std::vector<std::string> bodies;
  std::size_t asked = 0;
};

class ScriptedTransport final : public net::HttpTransport {
 public:
  explicit ScriptedTransport(Script& script) : script_(script) {}
  Result<net::HttpResponse> send(const net::HttpRequest& request) override {
    const std::lock_guard lock(script_.mutex);
    const std::size_t n = script_.asked++;
    const int status = n < script_.statuses.size() ? script_.statuses[n] : 200;
    if (status == 0) return Error{"no connection"};
    if (status == 200) script_.bodies.push_back(request.body);
    net::HttpResponse r;
    r.status = status;
    return r;
  }

 private:
  Script& script_;
};

class ShipperTest : public testing::Test {
 protected:
  void put(std::uint32_t job) {
    ledger::EnergyRecord r;
    r.cluster = "demo";
    r.node = "n1";
    r.job_id = job;
    r.start = r.end = from_unix_ms(1'764'000'000'000 + job);
    ASSERT_TRUE(outbox.add(r));
  }
  // Ships until the outbox is empty.
  void ship(std::vector<int> statuses) {
    script.statuses = std::move(statuses);
    Shipper shipper(
        outbox, "http://127.0.0.1:1/v1/records", std::make_unique<ScriptedTransport>(script),
        [](net::HttpRequest&) { return Status(Done{}); }, Backoff{Duration(1), Duration(2)});
    shipper.start();
    for (int i = 0; i < 5000 && outbox.oldest(); ++i) std::this_thread::sleep_for(Duration(2));
    ASSERT_FALSE(outbox.oldest());
  }

  TemporarySpool t;
  Outbox outbox{t.spool, 1 << 20};
  Script script;
};

TEST_F(ShipperTest, ShipsEachRecordOnce) {
  put(1);
  put(2);
  ship({});
  ASSERT_EQ(script.bodies.size(), 2u);
  EXPECT_EQ(ledger::record_from_json(script.bodies[0])->job_id, 1u);
  EXPECT_EQ(ledger::record_from_json(script.bodies[1])->job_id, 2u);
}

TEST_F(ShipperTest, TriesAgainUntilItIsAcknowledged) {
  put(1);
  ship({0, 503, 401, 429, 408, 500, 0});
  EXPECT_EQ(script.bodies.size(), 1u);
  EXPECT_EQ(script.asked, 8u);
}

TEST_F(ShipperTest, ARefusalIsKeptAsideAndTheNextIsShipped) {
  put(1);
  put(2);
  ship({400});
  ASSERT_EQ(script.bodies.size(), 1u);
  EXPECT_EQ(ledger::record_from_json(script.bodies[0])->job_id, 2u);
  EXPECT_EQ(t.count(t.spool.refused()), 1u);
}

}  // namespace
}  // namespace carbon::carbond
