// SPDX-License-Identifier: Apache-2.0
// Migration of ledgers that an earlier version made, when they are opened. The old schemas in this file are history: they never
// change.
#include <gtest/gtest.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <functional>
#include <tuple>

#include "ledger/record/checksum.h"
#include "tests/support/ledger_fixture.h"
#include "tests/support/local_mariadb.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

constexpr const char* kVersion1[] = {
    "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY, applied VARCHAR(32) NOT NULL)",
    // The record as it came; `body` is the JSON of docs/record.md, `checksum` its XXH3.
    "CREATE TABLE records (job_id BIGINT NOT NULL, restart_count BIGINT NOT NULL, cluster VARCHAR(128) NOT NULL,"
    " node VARCHAR(255) NOT NULL, start_ms BIGINT NOT NULL, revision BIGINT NOT NULL, body MEDIUMTEXT NOT NULL,"
    " checksum BIGINT NOT NULL,"
    " PRIMARY KEY (job_id, restart_count, cluster, node, start_ms))",

    "CREATE TABLE jobs (job_id BIGINT NOT NULL, restart_count BIGINT NOT NULL, cluster VARCHAR(128) NOT NULL,"
    " uid BIGINT NOT NULL, user_name VARCHAR(128) NOT NULL, account VARCHAR(128) NOT NULL, part VARCHAR(128) NOT NULL,"
    " site VARCHAR(128) NOT NULL, start_ms BIGINT NOT NULL, end_ms BIGINT NOT NULL, nodes BIGINT NOT NULL,"
    " nodes_expected BIGINT NOT NULL, complete BIGINT NOT NULL, simulated BIGINT NOT NULL, note VARCHAR(1024) NOT NULL,"
    " energy_mj BIGINT NOT NULL, gpu_mj BIGINT, cpu_mj BIGINT, held_idle_ms BIGINT, uncertainty_mj BIGINT NOT NULL,"
    " estimated_mj BIGINT NOT NULL, method BIGINT, pue DOUBLE NOT NULL, covered_mj BIGINT NOT NULL, co2e_ug BIGINT NOT NULL,"
    " counterfactual_ug BIGINT, intensity BIGINT, provider VARCHAR(255) NOT NULL, submit_ms BIGINT, mode VARCHAR(32) NOT NULL,"
    " home VARCHAR(128) NOT NULL, summary VARCHAR(1024) NOT NULL, restated BIGINT NOT NULL,"
    " PRIMARY KEY (job_id, restart_count, cluster))",
    "CREATE INDEX jobs_by_end ON jobs (end_ms)",
    "CREATE INDEX jobs_by_user ON jobs (user_name, end_ms)",
    "CREATE INDEX jobs_by_site ON jobs (site, end_ms, start_ms)",
    "CREATE INDEX jobs_by_home ON jobs (home, submit_ms)",

    // Queues. due_jobs only grows at its end and is cut at its start, so that taking in a record costs one append.
    "CREATE TABLE due_jobs (seq BIGINT NOT NULL PRIMARY KEY, job_id BIGINT NOT NULL, restart_count BIGINT NOT NULL,"
    " cluster VARCHAR(128) NOT NULL)",
    "CREATE TABLE summaries (job_id BIGINT NOT NULL, restart_count BIGINT NOT NULL, cluster VARCHAR(128) NOT NULL,"
    " next_ms BIGINT NOT NULL, tries BIGINT NOT NULL, problem VARCHAR(1024) NOT NULL,"
    " PRIMARY KEY (job_id, restart_count, cluster))",
    "CREATE INDEX summaries_by_next ON summaries (next_ms)",

    // Per site, without overlap.
    "CREATE TABLE intensities (site VARCHAR(128) NOT NULL, start_ms BIGINT NOT NULL, end_ms BIGINT NOT NULL,"
    " zone VARCHAR(255) NOT NULL, g_per_kwh DOUBLE NOT NULL, origin BIGINT NOT NULL, provider VARCHAR(255) NOT NULL,"
    " simulated BIGINT NOT NULL, PRIMARY KEY (site, start_ms))",

    // Sums over jobs by the UTC day ('d') and month ('m') in which they ended.
    "CREATE TABLE rollups (span CHAR(1) NOT NULL, start_ms BIGINT NOT NULL, user_name VARCHAR(128) NOT NULL,"
    " account VARCHAR(128) NOT NULL, part VARCHAR(128) NOT NULL, site VARCHAR(128) NOT NULL, cluster VARCHAR(128) NOT NULL,"
    " jobs BIGINT NOT NULL, elapsed_ms BIGINT NOT NULL, energy_mj BIGINT NOT NULL, covered_mj BIGINT NOT NULL,"
    " co2e_ug BIGINT NOT NULL, compared_jobs BIGINT NOT NULL, counterfactual_ug BIGINT NOT NULL, compared_ug BIGINT NOT NULL,"
    " held_idle_ms BIGINT NOT NULL, simulated_jobs BIGINT NOT NULL,"
    " PRIMARY KEY (span, start_ms, user_name, account, part, site, cluster))",

    // records: counts the rows. intensities: counts their changes. longest_ms: the longest run of a job, which bounds the
    // search for jobs that touch a time.
    "CREATE TABLE facts (name VARCHAR(64) NOT NULL PRIMARY KEY, value BIGINT NOT NULL)",
    "INSERT INTO facts (name, value) VALUES ('longest_ms', 0)",
    "INSERT INTO facts (name, value) VALUES ('intensities', 0)",
    "INSERT INTO facts (name, value) VALUES ('records', 0)",
    "INSERT INTO schema_version (version, applied) VALUES (1, '2026-11-24T00:00:00Z')",
};

// Two jobs of version 1: one accounted, with its summary in Slurm and its sums; one with only a record.
void write_version1(soci::session& sql) {
  for (const auto* step : kVersion1) sql << step;
  for (const std::uint32_t id : {1u, 2u}) {
    const auto r = make_record(id, kDay, {kKwhMj, kKwhMj});
    const auto body = to_json(r);
    const auto checksum = checksum_of(body);
    const long long job = id, start = unix_ms(r.start);
    sql << "INSERT INTO records VALUES (:job, 0, 'campus', 'n1', :start, 1, :body, :checksum)", soci::use(job), soci::use(start),
        soci::use(body), soci::use(checksum);
  }
  sql << "INSERT INTO due_jobs VALUES (2, 2, 0, 'campus')";
  const long long start = unix_ms(kDay), hour = unix_ms(kDay + 1h), end = unix_ms(kDay + 2h), submit = unix_ms(kDay - 1h);
  sql << "INSERT INTO jobs VALUES (1, 0, 'campus', 1000, 'ada', 'nlp', 'gpu-a', 'a', :start, :end, 1, 1, 1, 0, '', 7200000000,"
         " 7200000000, NULL, NULL, 0, 0, 0, 1.0, 7200000000, 400000000, 1000000000, 0, 'test', :submit, 'defer', 'a',"
         " 'carbon:g=400', 0)",
      soci::use(start), soci::use(end), soci::use(submit);
  for (const std::string span : {"d", "m"}) {
    const long long of = span == "d" ? start : 1'761'955'200'000;  // 2025-11-01
    sql << "INSERT INTO rollups VALUES (:span, :start, 'ada', 'nlp', 'gpu-a', 'a', 'campus', 1, 7200000, 7200000000, 7200000000,"
           " 400000000, 1, 1000000000, 400000000, 0, 0)",
        soci::use(span), soci::use(of);
  }
  for (const auto& [from, to, value] : {std::tuple(submit, start, 600.0), {start, hour, 100.0}, {hour, end, 300.0}})
    sql << "INSERT INTO intensities VALUES ('a', :from, :to, 'Z-a', :value, 0, 'test', 0)", soci::use(from), soci::use(to),
        soci::use(value);
  sql << "UPDATE facts SET value = 7200000 WHERE name = 'longest_ms'";
  sql << "UPDATE facts SET value = 2 WHERE name = 'records'";
}

class MigrationTest : public LedgerTest {
 protected:
  void SetUp() override {
    char name[] = "/tmp/carbon-ledger-XXXXXX";
    ASSERT_TRUE(::mkdtemp(name));
    dir_ = name;
  }

  soci::session raw() const { return soci::session(soci::sqlite3, "db=" + file().string()); }

  void expect_all_is_there() {
    EXPECT_EQ(store_->counts()->records, 2);
    EXPECT_EQ(store_->records({"campus", 1})->size(), 1u);
    const auto before = job(1);  // as version 1 computed it, before jobs are accounted again
    EXPECT_EQ(before.co2e_ug, 400'000'000);
    EXPECT_EQ(before.saved_ug(), std::nullopt) << "until Slurm has told what we planned (version 9)";
    EXPECT_EQ(before.home_site, "a");
    EXPECT_EQ(before.home_pue, 1.0);
    EXPECT_EQ(before.summary, "carbon:g=400");
    EXPECT_EQ(before.details.name, "");
    EXPECT_FALSE(before.details.array);
    auto rows = *run_report(*store_, {Dimension::kUser, {kDay, kDay + 24h}});
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].key, "ada");
    EXPECT_EQ(rows[0].sums.co2e_ug, 400'000'000);

    account();
    EXPECT_EQ(job(1).gpu_ms, 7'200'000);  // new in version 2
    EXPECT_EQ(job(1).co2e_ug, 400'000'000);
    EXPECT_FALSE(job(1).restated);
    EXPECT_EQ(job(1).summary, "carbon:g=400");
    EXPECT_EQ(job(1).details.mode, "defer");
    EXPECT_FALSE(job(1).details.kept_to);  // new in version 5
    for (const Interval when : {Interval{kDay, kDay + 24h}, Interval{kDay - 400h, kDay + 9000h}, Interval{kDay, kDay + 3h}}) {
      rows = *run_report(*store_, {Dimension::kUser, when});
      ASSERT_EQ(rows.size(), 1u);
      EXPECT_EQ(rows[0].sums.jobs, 2);
      EXPECT_EQ(rows[0].sums.energy_mj, 4 * kKwhMj);
      EXPECT_EQ(rows[0].sums, report_from_jobs(*store_, {Dimension::kUser, when}).at(0).sums);
    }
    // The job is looked up in Slurm again, for details that version 1 did not store.
    EXPECT_EQ(store_->summaries_due(now() + 1h, 10)->size(), 2u);
    auto details = moved(kDay - 1h, kDay, "a");
    details.state = "FAILED";
    ASSERT_TRUE(store_->set_details(key(1), details));
    account();
    EXPECT_EQ(job(1).saved_ug(), 300'000'000);
    const auto by_state = run_report(*store_, {Dimension::kState, {kDay, kDay + 24h}, {}, {{Dimension::kUser, {"ada"}}}});
    EXPECT_EQ(by_state->at(0).key, "");
    EXPECT_EQ(by_state->at(1).key, "FAILED");
  }

  // As version 6 had it: the table meta was called facts.
  static void back_to_version6(soci::session& sql) {
    sql << "ALTER TABLE meta RENAME TO facts";
    sql << "DELETE FROM schema_version WHERE version > 6";
  }

  // As version 5 had it: without sums by dimension.
  static void back_to_version5(soci::session& sql) {
    back_to_version6(sql);
    sql << "DROP TABLE property_rollups";
    sql << "DELETE FROM schema_version WHERE version > 5";
  }

  void expect_counts_survive_version7(const std::function<soci::session()>& open) {
    reopen();
    fill();
    store_.reset();
    {
      auto sql = open();
      back_to_version6(sql);
    }
    reopen();
    EXPECT_EQ(store_->counts()->records, 60);
    EXPECT_EQ(store_->counts()->due, 0);
    auto sql = open();
    long long longest = 0;
    sql << "SELECT value FROM meta WHERE name = 'longest_ms'", soci::into(longest);
    EXPECT_EQ(longest, 3'600'000);
    EXPECT_THROW(sql << "SELECT value FROM facts", soci::soci_error);
    put({make_record(61, kDay, {1})});
    EXPECT_EQ(store_->counts()->records, 61);
  }

  // As version 7 had it: a run was its job id and restart count.
  static void back_to_version7(soci::session& sql) {
    if (sql.get_backend_name() == "sqlite3") {
      std::string text, columns, name;
      sql << "SELECT sql FROM sqlite_master WHERE name = 'jobs'", soci::into(text);
      const auto replace = [&text](const std::string& what, const std::string& with) {
        text.replace(text.find(what), what.size(), with);
      };
      replace(", run_ms BIGINT NOT NULL DEFAULT 0", "");
      replace("cluster, run_ms)", "cluster)");
      replace("jobs", "old_jobs");
      soci::statement find =
          (sql.prepare << "SELECT name FROM pragma_table_info('jobs') WHERE name <> 'run_ms'", soci::into(name));
      for (bool more = find.execute(true); more; more = find.fetch()) columns += (columns.empty() ? "" : ", ") + name;
      sql << text;
      sql << "INSERT INTO old_jobs SELECT " + columns + " FROM jobs";
      for (const auto* table : {"jobs", "due_jobs", "summaries"}) sql << std::string("DROP TABLE ") + table;
      sql << "ALTER TABLE old_jobs RENAME TO jobs";
      for (const std::string_view step : kVersion1) {
        const auto has = [step](std::string_view what) { return step.find(what) != step.npos; };
        if (has("TABLE due_jobs") || has("summaries") || has("INDEX jobs")) sql << std::string(step);
      }
    } else {
      sql << "ALTER TABLE jobs DROP PRIMARY KEY, ADD PRIMARY KEY (job_id, restart_count, cluster), DROP COLUMN run_ms";
      sql << "ALTER TABLE summaries DROP PRIMARY KEY, ADD PRIMARY KEY (job_id, restart_count, cluster), DROP COLUMN run_ms";
      sql << "ALTER TABLE due_jobs ADD COLUMN restart_count BIGINT NOT NULL";
    }
    sql << "DELETE FROM due_jobs";
    sql << "DELETE FROM summaries";
    sql << "DELETE FROM schema_version WHERE version > 7";
  }

  static void insert_record(soci::session& sql, const EnergyRecord& r) {
    const auto body = to_json(r);
    const auto checksum = checksum_of(body);
    const long long job = r.job_id, start = unix_ms(r.start);
    sql << "INSERT INTO records VALUES (:job, 0, 'campus', 'n1', :start, 1, :body, :checksum)", soci::use(job), soci::use(start),
        soci::use(body), soci::use(checksum);
  }

  // Job 1 of ada and, 400 days later, job 1 of bob, which version 7 merged; job 2, which is one job; job 3, not yet accounted.
  void expect_separated_by_version8(const std::function<soci::session()>& open) {
    reopen();
    const auto later = kDay + 24h * 400;
    put_hours("a", kDay, {100});
    put_hours("a", later, {200});
    auto first = make_record(1, kDay, {kKwhMj}), second = make_record(1, later, {kKwhMj}),
         merged = make_record(1, kDay, {2 * kKwhMj});
    second.user = merged.user = "bob";
    second.uid = merged.uid = 1001;
    merged.end = second.end;
    put({merged, make_record(2, kDay, {kKwhMj})});
    account();
    ASSERT_TRUE(store_->set_details(key(1), {.submit = kDay, .name = "ada's"}));
    ASSERT_TRUE(store_->set_details(key(2), {.submit = kDay, .name = "kept"}));
    account();
    put({make_record(3, kDay, {kKwhMj})});
    store_.reset();
    {
      auto sql = open();
      back_to_version7(sql);
      sql << "DELETE FROM records WHERE job_id = 1";
      insert_record(sql, first);
      insert_record(sql, second);
      sql << "INSERT INTO due_jobs (seq, job_id, restart_count, cluster) VALUES (9, 3, 0, 'campus')";
      sql << "INSERT INTO summaries (job_id, restart_count, cluster, next_ms, tries, problem) VALUES (1, 0, 'campus', 5, 3, 'x')";
    }
    reopen();
    EXPECT_EQ(store_->due(10)->jobs.size(), 2u) << "job 3, and job 1, of which there are two records";
    const auto asked = *store_->summaries_due(now() + 24h, 10);
    EXPECT_TRUE(std::any_of(asked.begin(), asked.end(), [&](const auto& s) { return s.key == key(1); }));
    account();
    ASSERT_EQ(runs(1).size(), 2u);
    EXPECT_EQ(runs(1)[0].user, "ada");
    EXPECT_EQ(runs(1)[0].energy_mj, kKwhMj);
    EXPECT_EQ(runs(1)[0].details.name, "ada's");
    EXPECT_EQ(runs(1)[1].user, "bob");
    EXPECT_EQ(runs(1)[1].co2e_ug, 200'000'000);
    EXPECT_EQ(job(2).details.name, "kept");
    EXPECT_EQ(job(3).energy_mj, kKwhMj);
    EXPECT_EQ(store_->counts()->unwritten, 4) << "of both jobs 1, of job 3, and of job 2 (version 9 asks again)";
    for (const auto when : {Interval{kDay, kDay + 24h}, Interval{kDay, later + 24h}}) {
      const auto fast = run_report(*store_, {Dimension::kUser, when});
      const auto slow = report_from_jobs(*store_, {Dimension::kUser, when});
      ASSERT_EQ(fast->size(), slow.size());
      for (std::size_t i = 0; i < slow.size(); ++i) EXPECT_EQ((*fast)[i].sums, slow[i].sums);
    }
    auto sql = open();
    long long longest = 0;
    sql << "SELECT value FROM meta WHERE name = 'longest_ms'", soci::into(longest);
    EXPECT_EQ(longest, 3'600'000);
  }

  void fill() {
    std::vector<EnergyRecord> records;
    for (std::uint32_t id = 1; id <= 60; ++id) {
      auto r = make_record(id, kDay + 31h * static_cast<std::int64_t>(id), {static_cast<std::int64_t>(id) * 1'000'000});
      r.user = id % 2 ? "ada" : "Ada";
      r.account = "group" + std::to_string(id % 7);
      records.push_back(r);
    }
    put(records);
    account();
  }

  void expect_sums_by_property() {
    for (const auto by : {Dimension::kUser, Dimension::kAccount, Dimension::kSite, Dimension::kState}) {
      for (const Interval when : {Interval{kDay, kDay + 24h * 100}, Interval{kDay + 49h, kDay + 999h}}) {
        const auto fast = run_report(*store_, {by, when});
        const auto slow = report_from_jobs(*store_, {by, when});
        ASSERT_TRUE(fast);
        ASSERT_FALSE(slow.empty());
        ASSERT_EQ(fast->size(), slow.size());
        for (std::size_t i = 0; i < fast->size(); ++i) {
          EXPECT_EQ((*fast)[i].key, slow[i].key);
          EXPECT_EQ((*fast)[i].sums, slow[i].sums);
        }
      }
    }
  }
};

TEST_F(MigrationTest, FromTheFirstSchema) {
  {
    auto sql = raw();
    write_version1(sql);
  }
  reopen();
  expect_all_is_there();
  reopen();  // nothing is migrated twice
  EXPECT_EQ(store_->counts()->jobs, 2);
  EXPECT_EQ(store_->counts()->due, 0);
}

TEST_F(MigrationTest, SumsByDimensionAreComputedFromTheStoredRollups) {
  reopen();
  fill();
  store_.reset();
  {
    auto sql = raw();
    back_to_version5(sql);
  }
  reopen();
  EXPECT_EQ(store_->counts()->due, 0) << "no job is computed again";
  expect_sums_by_property();
}

TEST_F(MigrationTest, TheCountsAreInMetaSinceVersion7) {
  expect_counts_survive_version7([this] { return raw(); });
}

TEST_F(MigrationTest, JobsThatHadOneIdAreSeparatedSinceVersion8) {
  expect_separated_by_version8([this] { return raw(); });
}

TEST_F(MigrationTest, OneThatWasBrokenOffIsBegunAgain) {
  {
    auto sql = raw();
    write_version1(sql);
    // What an interrupted migration may leave in MariaDB, which cannot roll back changes of tables.
    sql << "ALTER TABLE jobs ADD COLUMN grp BIGINT NOT NULL DEFAULT 0";
    sql << "CREATE TABLE job_groups (id BIGINT NOT NULL PRIMARY KEY, user_name VARCHAR(128) NOT NULL,"
           " account VARCHAR(128) NOT NULL, part VARCHAR(128) NOT NULL, site VARCHAR(128) NOT NULL, cluster VARCHAR(128) NOT "
           "NULL,"
           " qos VARCHAR(128) NOT NULL, wckey VARCHAR(128) NOT NULL, state VARCHAR(32) NOT NULL)";
    sql << "INSERT INTO job_groups VALUES (1, 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x')";
    sql << "DROP TABLE rollups";
  }
  reopen();
  expect_all_is_there();
}

TEST_F(MigrationTest, ANewerSchemaIsRefusedUntouched) {
  {
    auto sql = raw();
    write_version1(sql);
    sql << "INSERT INTO schema_version (version, applied) VALUES (1000, '2030-01-01T00:00:00Z')";
  }
  const auto opened = Store::open(database());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("newer carbonctld"), std::string::npos) << opened.error().message;
  auto sql = raw();
  long long rows = 0;
  sql << "SELECT COUNT(*) FROM rollups WHERE span = 'd' AND user_name = 'ada'", soci::into(rows);
  EXPECT_EQ(rows, 1);
}

class MariadbMigrationTest : public MigrationTest {
 protected:
  void SetUp() override {
    if (!mariadb_.running()) GTEST_SKIP() << "mariadbd does not start here (Debian package mariadb-server-core)";
    MigrationTest::SetUp();
  }
  std::string database() const override { return mariadb_.connection("one"); }
  test::LocalMariadb mariadb_;
};

TEST_F(MariadbMigrationTest, FromTheFirstSchema) {
  {
    soci::session sql(database());
    write_version1(sql);
  }
  reopen();
  expect_all_is_there();
}

TEST_F(MariadbMigrationTest, JobsThatHadOneIdAreSeparatedSinceVersion8) {
  expect_separated_by_version8([this] { return soci::session(database()); });
}

TEST_F(MariadbMigrationTest, TheCountsAreInMetaSinceVersion7) {
  expect_counts_survive_version7([this] { return soci::session(database()); });
}

TEST_F(MariadbMigrationTest, SumsByDimensionAreComputedFromTheStoredRollups) {
  reopen();
  fill();
  store_.reset();
  {
    soci::session sql(database());
    back_to_version5(sql);
  }
  reopen();
  EXPECT_EQ(store_->counts()->due, 0);
  expect_sums_by_property();
}

}  // namespace
}  // namespace carbon::ledger
