// SPDX-License-Identifier: Apache-2.0
// Synthetic jobs whose ids are used again, requeued, moved between clusters and backfilled; their records come in random order,
// late, twice, revised or never. The ledger must equal what this test knows of each run, and each rollup a scan.
// CARBON_LEDGER_JOBS: how many jobs (default 5,000; in MariaDB a fifth).
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <random>

#include "tests/support/ledger_fixture.h"
#include "tests/support/local_mariadb.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

std::size_t job_count() {
  const char* text = std::getenv("CARBON_LEDGER_JOBS");
  return text ? static_cast<std::size_t>(std::strtoull(text, nullptr, 10)) : 5000;
}

// What the ledger must say of a run of which a record came.
struct Truth {
  std::string user, name;
  Instant start{}, end{};
  std::int64_t energy_mj = 0;
  std::size_t nodes = 0;
  bool estimated = false;
};

struct Sent {
  EnergyRecord record;
  std::string name;  // of the run
};

class SyntheticJobs {
 public:
  explicit SyntheticJobs(std::size_t jobs) {
    for (auto& ahead : clock_) ahead = 1ms * pick(-6000, 6000);
    for (std::uint32_t number = 1; made_ < jobs; ++number) {
      history("campus", number);
      if (chance(0.1)) history("north", number);  // a federation's ids are those of both
    }
    std::shuffle(sent.begin(), sent.end(), random_);
  }

  std::map<JobId, std::vector<Truth>> truth;  // by start
  std::vector<Sent> sent;                     // in order of arrival

  std::int64_t pick(std::int64_t low, std::int64_t high) { return std::uniform_int_distribution(low, high)(random_); }
  bool chance(double p) { return std::bernoulli_distribution(p)(random_); }

 private:
  static constexpr std::size_t kNodes = 40;

  // The jobs that one id was given to, one after the other.
  void history(const std::string& cluster, std::uint32_t number) {
    Instant at = kDay + 1s * pick(0, 200 * 86400);
    for (auto jobs = pick(1, 3); jobs > 0; --jobs, ++made_) {
      at = job(cluster, number, at);
      at += chance(0.2) ? 1s * pick(60, 600) : 1s * pick(3600, 200 * 86400);
    }
  }

  Instant job(const std::string& cluster, std::uint32_t number, Instant at) {
    const auto user = pick(1, 9);
    const bool slurm_tells_start = chance(0.5);
    const auto restarts = chance(0.25) ? pick(1, 3) : 0;
    for (std::uint32_t restart = 0; restart <= restarts; ++restart) {
      const auto length = chance(0.2) ? 1s * pick(1, 20) : 1s * pick(60, 40'000);
      EnergyRecord r = make_record(number, at, {});
      r.cluster = cluster;
      r.restart = restart;
      r.end = at + length;
      r.user = "u" + std::to_string(user);
      r.uid = 1000 + static_cast<std::uint32_t>(user);
      r.account = "a" + std::to_string(user % 3);
      r.partition = chance(0.5) ? "gpu-a" : "gpu-b";
      if (slurm_tells_start) r.job_start = at;
      run(r, restart < restarts);
      at = r.end + 1s * pick(121, 9000);
    }
    return at;
  }

  void run(const EnergyRecord& of_run, bool requeued) {
    const auto name = std::to_string(++runs_);
    Truth expected{of_run.user, name, Instant::max(), Instant::min(), 0, 0, false};
    const auto first = pick(0, kNodes - 1), count = chance(0.3) ? pick(2, 5) : 1;
    for (auto k = first; k < first + count; ++k) {
      const auto n = static_cast<std::size_t>(k) % kNodes;
      EnergyRecord r = of_run;
      r.node = "n" + std::to_string(n);
      r.num_nodes = static_cast<std::uint32_t>(count);
      r.start = of_run.start + clock_[n] + 1ms * pick(0, 3000);
      r.end = std::max(of_run.end + clock_[n] + 1ms * pick(0, 8000), r.start + 500ms);
      if (r.job_start && chance(0.05)) r.job_start.reset();  // a node whose plugin is older
      r.devices = {DeviceEnergy{"GPU-" + r.node, "gpu", 0, Method::kCounter, 1.0, {}, 1h, {}, {}, 0, 0}};
      auto& d = r.devices[0];
      d.first = Instant(std::chrono::floor<std::chrono::hours>(r.start));
      for (auto t = d.first; t < r.end; t += 1h) d.mj.push_back(pick(0, 1'000'000'000));
      if (chance(0.03)) {  // its start mark was lost
        r.start = r.end;
        r.devices.clear();
        r.restart += requeued ? 1 : 0;
      }
      if (chance(0.05)) continue;  // never arrives
      arrive(r, name);
      expected.start = std::min(expected.start, r.start);
      expected.end = std::max(expected.end, r.end);
      expected.energy_mj += total_mj(r);
      ++expected.nodes;
    }
    if (chance(0.08)) backfill(of_run, name, expected);
    if (expected.nodes > 0) truth[{of_run.cluster, of_run.job_id}].push_back(expected);
  }

  void arrive(EnergyRecord r, const std::string& name) {
    sent.push_back({r, name});
    if (chance(0.1)) sent.push_back(sent.back());
    if (chance(0.03) && !r.devices.empty()) {
      r.revision = 0;  // an older one, whether it comes before or after
      r.devices[0].mj.assign(r.devices[0].mj.size(), 77);
      sent.push_back({r, name});
    }
  }

  void backfill(const EnergyRecord& of_run, const std::string& name, Truth& expected) {
    EnergyRecord r = of_run;
    r.node = kBackfillNode;
    r.job_start.reset();
    r.devices = {DeviceEnergy{"GPU-estimated-0",
                              "gpu",
                              0,
                              Method::kEstimated,
                              1.0,
                              Instant(std::chrono::floor<std::chrono::hours>(r.start)),
                              1h,
                              {1'000'000},
                              {},
                              0,
                              1'000'000}};
    sent.push_back({r, name});
    if (r.restart > 0) {  // of an earlier scarbon, too
      r.restart = 0;
      sent.push_back({r, name});
    }
    if (expected.nodes == 0) expected = {of_run.user, name, r.start, r.end, 1'000'000, 1, true};
  }

  std::mt19937 random_{17};
  std::array<Duration, kNodes> clock_{};
  std::size_t made_ = 0, runs_ = 0;
};

class LedgerModelTest : public LedgerTest {
 protected:
  void expect_ledger_equals_model(std::size_t jobs) {
    SyntheticJobs model(jobs);
    put_years();
    for (std::size_t at = 0; at < model.sent.size();) {
      const auto size = std::min(model.sent.size() - at, static_cast<std::size_t>(model.pick(1, 4000)));
      std::vector<EnergyRecord> batch;
      for (std::size_t i = at; i < at + size; ++i) batch.push_back(model.sent[i].record);
      put(batch);
      if (model.chance(0.6)) accounted();
      if (model.chance(0.3)) name_some_rows(std::span(model.sent).subspan(at, size));
      if (model.chance(0.1)) put_hours("a", kDay + 24h * model.pick(0, 300), std::vector<double>(48, 123));
      at += size;
    }
    accounted();
    EXPECT_EQ(store_->counts()->due, 0);
    std::size_t runs_known = 0, named = 0;
    for (auto& [job, expected] : model.truth) {
      std::sort(expected.begin(), expected.end(), [](const auto& a, const auto& b) { return a.start < b.start; });
      const auto rows = runs(job.number, job.cluster);
      ASSERT_EQ(rows.size(), expected.size()) << job.cluster << ' ' << job.number << '\n' << records_text(job);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& t = expected[i];
        const auto& row = rows[i];
        const auto what = [&] {
          return job.cluster + ' ' + std::to_string(job.number) + ", run " + t.name + '\n' + records_text(job);
        };
        ASSERT_EQ(row.user, t.user) << what();
        ASSERT_EQ(row.energy_mj, t.energy_mj) << what();
        ASSERT_EQ(row.start, t.start) << what();
        ASSERT_EQ(row.end, t.end) << what();
        ASSERT_EQ(row.nodes, t.nodes) << what();
        ASSERT_EQ(row.method == Method::kEstimated, t.estimated) << what();
        if (!row.details.name.empty()) {
          ASSERT_EQ(row.details.name, t.name);
          ++named;
        }
        ++runs_known;
      }
    }
    EXPECT_EQ(store_->counts()->jobs, static_cast<std::int64_t>(runs_known));
    EXPECT_GT(named, runs_known / 200);
    EXPECT_EQ(store_->counts()->unwritten, static_cast<std::int64_t>(runs_known)) << "a request for each run, and for no other";
    std::cout << jobs << " jobs, " << model.sent.size() << " records, " << runs_known << " runs in the ledger\n";
    expect_rollups_equal_scan();
  }

 private:
  void accounted() {
    const auto done = Accountant(*store_, sites()).run(kDay);
    ASSERT_TRUE(done) << done.error().message;
  }

  std::string records_text(const JobId& job) {
    std::string out;
    const auto records = store_->records(job);
    for (const auto& r : *records) {
      out += r.node + ' ' + std::to_string(total_mj(r)) + " mJ, restart " + std::to_string(r.restart) + " uid " +
             std::to_string(r.uid) + ' ' + format_utc(r.start) + " to " + format_utc(r.end) +
             (r.job_start ? " begun " + format_utc(*r.job_start) : "") + '\n';
    }
    return out;
  }

  void put_years() {
    for (const auto* site : {"a", "b"}) {
      const std::vector<IntensityPoint> years{{{kDay - 24h, kDay + 24h * 2000}, GramsPerKwh(100), Origin::kYearlyFactor}};
      ASSERT_TRUE(store_->put_intensity(site, {site, "yearly", {}, {}, false}, years));
    }
  }

  // Details that a row was given stay with its run, whatever comes later.
  void name_some_rows(std::span<const Sent> sent) {
    std::map<JobKey, JobDetails> details;
    for (std::size_t i = 0; i < sent.size(); i += 20) {
      const auto& r = sent[i].record;
      for (const auto& row : runs(r.job_id, r.cluster)) {
        if (row.start > r.start || row.end < r.end || row.user != r.user) continue;
        details[row.key] = {.submit = row.start - 1h, .name = sent[i].name, .state = i % 40 ? "FAILED" : "COMPLETED"};
      }
    }
    ASSERT_TRUE(store_->set_details(details));
  }

  void expect_rollups_equal_scan() {
    for (const auto when : {Interval{kDay - 24h, kDay + 24h * 2000}, Interval{kDay + 777min, kDay + 24h * 99 + 333min}}) {
      for (const auto by : {Dimension::kUser, Dimension::kCluster, Dimension::kState}) {
        for (const auto then_by : {std::optional<Dimension>(), std::optional(Dimension::kSite)}) {
          const auto by_key = [](auto rows) {
            std::map<std::pair<std::string, std::string>, Totals> out;
            for (const auto& r : rows) out[{r.key, r.then_key}] = r.sums;
            return out;
          };
          const auto fast = run_report(*store_, {by, when, then_by});
          ASSERT_TRUE(fast);
          EXPECT_FALSE(fast->empty());
          EXPECT_EQ(by_key(*fast), by_key(report_from_jobs(*store_, {by, when, then_by})));
        }
      }
    }
  }
};

TEST_F(LedgerModelTest, EachRunIsAsTheModelHasItAndEachRollupIsAScan) { expect_ledger_equals_model(job_count()); }

class MariadbLedgerModelTest : public LedgerModelTest {
 protected:
  void SetUp() override {
    if (!mariadb_.running()) GTEST_SKIP() << "mariadbd does not start here (Debian package mariadb-server-core)";
    LedgerModelTest::SetUp();
  }
  std::string database() const override { return mariadb_.connection("one"); }
  test::LocalMariadb mariadb_;
};

TEST_F(MariadbLedgerModelTest, EachRunIsAsTheModelHasItAndEachRollupIsAScan) { expect_ledger_equals_model(job_count() / 5); }

}  // namespace
}  // namespace carbon::ledger
