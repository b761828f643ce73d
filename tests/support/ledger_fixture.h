// SPDX-License-Identifier: Apache-2.0
// A ledger in a temporary directory, and records for it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ledger/accounting/accountant.h"
#include "ledger/reports/report.h"
#include "ledger/store/store.h"

namespace carbon::ledger {

inline const Instant kDay = from_unix_ms(1'764'028'800'000);  // 2025-11-25T00:00:00Z
inline constexpr std::int64_t kKwhMj = 3'600'000'000;

inline EnergyRecord make_record(std::uint32_t job, Instant start, std::vector<std::int64_t> mj_by_hour,
                                const std::string& node = "n1") {
  using namespace std::chrono_literals;
  EnergyRecord r;
  r.cluster = "campus";
  r.job_id = job;
  r.node = node;
  r.start = start;
  r.end = start + 1h * static_cast<std::int64_t>(mj_by_hour.size());
  r.final = true;
  r.revision = 1;
  r.uid = 1000;
  r.user = "ada";
  r.account = "nlp";
  r.partition = "gpu-a";
  const Instant first(std::chrono::floor<std::chrono::hours>(start));
  r.devices = {
      {"GPU-" + node, "gpu", 0, Method::kCounter, 1.0, first, 1h, std::move(mj_by_hour), {}, 0, 0, "GPU of tests", Watts(0)}};
  return r;
}

// Details of a job that we moved from `submit` to `planned`, and that began then.
inline JobDetails moved(Instant submit, Instant planned, const std::string& home) {
  return {.submit = submit, .mode = "defer", .home = home, .turn = submit, .planned = planned};
}

// As carbonctld receives them from a node of this version.
inline std::vector<ReceivedRecord> received(const std::vector<EnergyRecord>& records) {
  std::vector<ReceivedRecord> out;
  for (const auto& r : records) out.push_back({r, to_json(r)});
  return out;
}

inline std::string value_in(const JobRow& row, Dimension dimension) {
  switch (dimension) {
    case Dimension::kUser: return row.user;
    case Dimension::kAccount: return row.account;
    case Dimension::kPartition: return row.partition;
    case Dimension::kSite: return row.site;
    case Dimension::kCluster: return row.key.cluster;
    case Dimension::kQos: return row.details.qos;
    case Dimension::kWckey: return row.details.wckey;
    case Dimension::kState: return row.details.state;
  }
  return {};
}

// The report computed from single jobs, without rollups.
inline std::vector<ReportRow> report_from_jobs(Store& store, const ReportQuery& query) {
  JobQuery all;
  all.limit = 1'000'000;
  all.only = query.only;
  all.visible = query.visible;
  const auto jobs = find_jobs(store, all);
  EXPECT_TRUE(jobs) << jobs.error().message;
  std::map<std::pair<std::string, std::string>, Totals> sums;
  for (const auto& job : *jobs) {
    if (job.end < query.when.start || job.end >= query.when.end) continue;
    sums[{value_in(job, query.group_by), query.then_by ? value_in(job, *query.then_by) : ""}] += totals_of(job);
  }
  std::vector<ReportRow> rows;
  for (const auto& [key, sum] : sums) rows.push_back({key.first, key.second, sum});
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.sums.co2e_ug > b.sums.co2e_ug; });
  return rows;
}

class LedgerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/carbon-ledger-XXXXXX";
    ASSERT_TRUE(::mkdtemp(name));
    dir_ = name;
    reopen();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(dir_);
  }

  void reopen() {
    store_.reset();
    auto opened = Store::open(database());
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  virtual std::string database() const { return "sqlite3://db=" + file().string(); }
  std::filesystem::path file() const { return dir_ / "ledger.sqlite"; }

  PutOutcome put(const std::vector<EnergyRecord>& records) {
    const auto done = store_->put(received(records));
    EXPECT_TRUE(done) << done.error().message;
    return done ? *done : PutOutcome{};
  }

  // Values by hour from `from` at `site`.
  std::size_t put_hours(const std::string& site, Instant from, const std::vector<double>& values,
                        Origin origin = Origin::kActual) {
    using namespace std::chrono_literals;
    std::vector<IntensityPoint> points;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto start = from + 1h * static_cast<std::int64_t>(i);
      points.push_back({{start, start + 1h}, GramsPerKwh(values[i]), origin});
    }
    const auto done = store_->put_intensity(site, {"Z-" + site, "test", {}, {}, false}, points);
    EXPECT_TRUE(done) << done.error().message;
    return done ? *done : 0;
  }

  void summary_written(std::uint32_t id, const std::string& text) {
    const std::pair one(key(id), text);
    ASSERT_TRUE(store_->summaries_written(std::span(&one, 1), *store_->summary_requests()));
  }

  // Accounts all jobs that are due.
  void account(Instant now = kDay) {
    const auto done = Accountant(*store_, sites()).run(now, 7);  // in several batches
    ASSERT_TRUE(done) << done.error().message;
  }

  // All runs of a number, by start.
  std::vector<JobRow> runs(std::uint32_t id, const std::string& cluster = "campus") {
    const JobId job{cluster, id};
    const auto found = store_->runs_of(std::span(&job, 1));
    EXPECT_TRUE(found) << found.error().message;
    std::vector<JobRow> out;
    for (const auto& [key, row] : *found) out.push_back(row);
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.start < b.start; });
    return out;
  }

  // The only run with that restart count.
  JobRow job(std::uint32_t id, std::uint32_t restart = 0) {
    auto found = runs(id);
    std::erase_if(found, [&](const auto& row) { return row.key.restart != restart; });
    EXPECT_EQ(found.size(), 1u) << "job " << id;
    return found.empty() ? JobRow{} : found.front();
  }
  JobKey key(std::uint32_t id, std::uint32_t restart = 0) { return job(id, restart).key; }

  // Consecutive jobs of one hour each, whose ids differ by `apart`.
  void expect_only_the_jobs_of_changed_hours_due(std::uint32_t apart) {
    using namespace std::chrono_literals;
    const auto number = [apart](std::uint32_t hour) { return 1 + apart * hour; };
    for (std::uint32_t hour = 0; hour < 4; ++hour) put({make_record(number(hour), kDay + 1h * hour, {kKwhMj})});
    put_hours("a", kDay, {100, 100, 100, 100});
    account();
    EXPECT_EQ(put_hours("a", kDay, {200, 100, 100, 300}), 3u);  // with the one that ended when the last hour began
    EXPECT_EQ(store_->counts()->due, 3);
    account();
    EXPECT_EQ(job(number(0)).co2e_ug, 200'000'000);
    EXPECT_EQ(job(number(2)).co2e_ug, 100'000'000);
    EXPECT_EQ(job(number(3)).co2e_ug, 300'000'000);
  }

  static std::vector<Site> sites() { return {{"a", "Z-a", 1.0, {"gpu-a"}, {}}, {"b", "Z-b", 1.5, {"gpu-b"}, {}}}; }

  std::filesystem::path dir_;
  std::unique_ptr<Store> store_;
};

}  // namespace carbon::ledger
