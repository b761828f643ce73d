// SPDX-License-Identifier: Apache-2.0
// Plain SQL that SQLite and MariaDB both accept: BIGINT for all whole numbers (times in unix ms, energy in mJ, grams in ug),
// VARCHAR with a length for columns of a key. Each step may run again: MariaDB does not roll back the changes of tables that an
// interrupted migration made.
#include "ledger/store/schema.h"

#include <array>
#include <span>
#include <string>
#include <vector>

#include "core/time.h"
#include "ledger/store/database.h"
#include "ledger/store/rollups.h"

namespace carbon::ledger {
namespace {

constexpr const char* kVersion1[] = {
    // `body` is the record as it was received (JSON, docs/record.md), `checksum` its XXH3.
    "CREATE TABLE IF NOT EXISTS records (job_id BIGINT NOT NULL, restart_count BIGINT NOT NULL, cluster VARCHAR(128) NOT NULL,"
    " node VARCHAR(255) NOT NULL, start_ms BIGINT NOT NULL, revision BIGINT NOT NULL, body MEDIUMTEXT NOT NULL,"
    " checksum BIGINT NOT NULL,"
    " PRIMARY KEY (job_id, restart_count, cluster, node, start_ms))",

    "CREATE TABLE IF NOT EXISTS jobs (job_id BIGINT NOT NULL, restart_count BIGINT NOT NULL, cluster VARCHAR(128) NOT NULL,"
    " uid BIGINT NOT NULL, user_name VARCHAR(128) NOT NULL, account VARCHAR(128) NOT NULL, part VARCHAR(128) NOT NULL,"
    " site VARCHAR(128) NOT NULL, start_ms BIGINT NOT NULL, end_ms BIGINT NOT NULL, nodes BIGINT NOT NULL,"
    " nodes_expected BIGINT NOT NULL, complete BIGINT NOT NULL, simulated BIGINT NOT NULL, note VARCHAR(1024) NOT NULL,"
    " energy_mj BIGINT NOT NULL, gpu_mj BIGINT, cpu_mj BIGINT, held_idle_ms BIGINT, uncertainty_mj BIGINT NOT NULL,"
    " estimated_mj BIGINT NOT NULL, method BIGINT, pue DOUBLE NOT NULL, covered_mj BIGINT NOT NULL, co2e_ug BIGINT NOT NULL,"
    " counterfactual_ug BIGINT, intensity BIGINT, provider VARCHAR(255) NOT NULL, submit_ms BIGINT, mode VARCHAR(32) NOT NULL,"
    " home VARCHAR(128) NOT NULL, summary VARCHAR(1024) NOT NULL, restated BIGINT NOT NULL,"
    " PRIMARY KEY (job_id, restart_count, cluster))",
    "CREATE INDEX IF NOT EXISTS jobs_by_end ON jobs (end_ms)",
    "CREATE INDEX IF NOT EXISTS jobs_by_user ON jobs (user_name, end_ms)",
    "CREATE INDEX IF NOT EXISTS jobs_by_site ON jobs (site, end_ms, start_ms)",
    "CREATE INDEX IF NOT EXISTS jobs_by_home ON jobs (home, submit_ms)",

    // Queues. due_jobs only grows at its end and shrinks at its start: a record costs one append.
    "CREATE TABLE IF NOT EXISTS due_jobs (seq BIGINT NOT NULL PRIMARY KEY, job_id BIGINT NOT NULL, restart_count BIGINT NOT NULL,"
    " cluster VARCHAR(128) NOT NULL)",
    "CREATE TABLE IF NOT EXISTS summaries (job_id BIGINT NOT NULL, restart_count BIGINT NOT NULL, cluster VARCHAR(128) NOT NULL,"
    " next_ms BIGINT NOT NULL, tries BIGINT NOT NULL, problem VARCHAR(1024) NOT NULL,"
    " PRIMARY KEY (job_id, restart_count, cluster))",
    "CREATE INDEX IF NOT EXISTS summaries_by_next ON summaries (next_ms)",

    // Per site, without overlap.
    "CREATE TABLE IF NOT EXISTS intensities (site VARCHAR(128) NOT NULL, start_ms BIGINT NOT NULL, end_ms BIGINT NOT NULL,"
    " zone VARCHAR(255) NOT NULL, g_per_kwh DOUBLE NOT NULL, origin BIGINT NOT NULL, provider VARCHAR(255) NOT NULL,"
    " simulated BIGINT NOT NULL, PRIMARY KEY (site, start_ms))",

    // Since version 7: meta. records: counts the rows. intensities: counts their changes. longest_ms: the longest run of a job,
    // which bounds the search for jobs that overlap a time.
    "CREATE TABLE IF NOT EXISTS facts (name VARCHAR(64) NOT NULL PRIMARY KEY, value BIGINT NOT NULL)",
    "REPLACE INTO facts (name, value) VALUES ('longest_ms', 0)",
    "REPLACE INTO facts (name, value) VALUES ('intensities', 0)",
    "REPLACE INTO facts (name, value) VALUES ('records', 0)",
};

struct Column {
  const char* table;
  const char* name;
  const char* definition;
};

// Details of jobs from Slurm's accounting, and the sums by them.
constexpr Column kVersion2Columns[] = {
    {"jobs", "grp", "BIGINT NOT NULL DEFAULT 0"},
    {"jobs", "gpu_ms", "BIGINT NOT NULL DEFAULT 0"},
    {"jobs", "job_name", "VARCHAR(255) NOT NULL DEFAULT ''"},
    {"jobs", "state", "VARCHAR(32) NOT NULL DEFAULT ''"},
    {"jobs", "exit_code", "VARCHAR(16) NOT NULL DEFAULT ''"},
    {"jobs", "qos", "VARCHAR(128) NOT NULL DEFAULT ''"},
    {"jobs", "wckey", "VARCHAR(128) NOT NULL DEFAULT ''"},
    {"jobs", "job_comment", "VARCHAR(1024) NOT NULL DEFAULT ''"},
    {"jobs", "array_job", "BIGINT"},
    {"jobs", "array_index", "BIGINT"},
    {"jobs", "het_job", "BIGINT"},
    {"jobs", "het_offset", "BIGINT"},
};

// Sums over all jobs by one dimension, over the same periods. The step to version 2 fills the table already, so it creates it
// too.
#define CARBON_SUMS                                                                                                          \
  " jobs BIGINT NOT NULL, elapsed_ms BIGINT NOT NULL, energy_mj BIGINT NOT NULL, covered_mj BIGINT NOT NULL,"                \
  " co2e_ug BIGINT NOT NULL, compared_jobs BIGINT NOT NULL, counterfactual_ug BIGINT NOT NULL, compared_ug BIGINT NOT NULL," \
  " held_idle_ms BIGINT NOT NULL, simulated_jobs BIGINT NOT NULL, gpu_ms BIGINT NOT NULL, estimated_mj BIGINT NOT NULL,"     \
  " unmetered_jobs BIGINT NOT NULL, incomplete_jobs BIGINT NOT NULL, missing_nodes BIGINT NOT NULL,"                         \
  " estimated_jobs BIGINT NOT NULL, idle_known_gpu_ms BIGINT NOT NULL,"
constexpr const char* kPropertyRollups =
    "CREATE TABLE IF NOT EXISTS property_rollups (property VARCHAR(16) NOT NULL, span CHAR(1) NOT NULL, start_ms BIGINT NOT NULL,"
    " name VARCHAR(128) NOT NULL," CARBON_SUMS " PRIMARY KEY (property, span, start_ms, name)){clustered}{binary}";
// Sums over jobs by the UTC day ('d'), month ('m') and year ('y') in which they ended.
constexpr const char* kRollups =
    "CREATE TABLE rollups (span CHAR(1) NOT NULL, start_ms BIGINT NOT NULL, grp BIGINT NOT NULL," CARBON_SUMS
    " PRIMARY KEY (span, start_ms, grp)){clustered}";
#undef CARBON_SUMS

// Each job is looked up in Slurm again, the newest first and a thousand times as fast as they ended.
constexpr const char* kAskAgain =
    "REPLACE INTO summaries (job_id, restart_count, cluster, run_ms, next_ms, tries, problem)"
    " SELECT job_id, restart_count, cluster, run_ms, {now} + ((SELECT MAX(end_ms) FROM jobs) - end_ms) / 1000, 0, '' FROM jobs";

constexpr const char* kVersion2[] = {
    ("CREATE TABLE IF NOT EXISTS job_groups (id BIGINT NOT NULL PRIMARY KEY, user_name VARCHAR(128) NOT NULL,"
     " account VARCHAR(128) NOT NULL, part VARCHAR(128) NOT NULL, site VARCHAR(128) NOT NULL, cluster VARCHAR(128) NOT NULL,"
     " qos VARCHAR(128) NOT NULL, wckey VARCHAR(128) NOT NULL, state VARCHAR(32) NOT NULL)"),
    "DELETE FROM job_groups",
    "DROP TABLE IF EXISTS rollups",
    kRollups,
    kPropertyRollups,
    "CREATE INDEX IF NOT EXISTS jobs_by_array ON jobs (array_job)",
    kAskAgain,
};

// By default "Ada" equals "ada" in MariaDB; in Slurm and in SQLite they differ.
constexpr const char* kVersion3[] = {
    "{mariadb}ALTER TABLE records CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "{mariadb}ALTER TABLE jobs CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "{mariadb}ALTER TABLE due_jobs CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "{mariadb}ALTER TABLE summaries CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "{mariadb}ALTER TABLE intensities CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "{mariadb}ALTER TABLE job_groups CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
};

// All rows are computed again.
void account_all_again(soci::session& sql) {
  sql << "DELETE FROM due_jobs";
  sql << "INSERT INTO due_jobs (seq, job_id, restart_count, cluster)"
         " SELECT ROW_NUMBER() OVER (ORDER BY job_id), job_id, restart_count, cluster FROM"
         " (SELECT DISTINCT job_id, restart_count, cluster FROM records) AS runs";
}

constexpr Column kVersion4Columns[] = {{"jobs", "held_idle_mj", "BIGINT"}};

void sum_up_again(soci::session& sql) {
  JobGroups groups;
  rebuild_rollups(sql, groups);
  account_all_again(sql);
}

// A requeued run is compared with nothing: until version 5 reports saw to that, since then its row does.
constexpr Column kVersion5Columns[] = {{"jobs", "kept_from_ms", "BIGINT"}, {"jobs", "kept_to_ms", "BIGINT"}};
constexpr const char* kVersion5[] = {"UPDATE jobs SET kept_to_ms = start_ms WHERE state = 'REQUEUED'"};

constexpr const char* kVersion6[] = {kPropertyRollups};

// Until version 9 a row was priced anew from carbon.conf each time. What it has stays; Slurm is asked again about each job, the
// newest first, for the start that was planned. A saving is unknown until then.
constexpr Column kVersion9Columns[] = {
    {"jobs", "turn_ms", "BIGINT"},
    {"jobs", "planned_ms", "BIGINT"},
    {"jobs", "data_gb", "DOUBLE NOT NULL DEFAULT 0"},
    {"jobs", "interrupted", "BIGINT NOT NULL DEFAULT 0"},
    {"jobs", "home_site", "VARCHAR(128) NOT NULL DEFAULT ''"},
    {"jobs", "home_pue", "DOUBLE"},
    {"jobs", "transfer_kwh_per_gb", "DOUBLE"},
    {"jobs", "powers_down", "BIGINT"},
    {"jobs", "home_powers_down", "BIGINT"},
    {"jobs", "transfer_ug", "BIGINT"},
    {"jobs", "kinds", "BIGINT NOT NULL DEFAULT 0"},
    {"intensities", "kind", "BIGINT NOT NULL DEFAULT 8"},
};
constexpr const char* kVersion9[] = {
    ("CREATE TABLE IF NOT EXISTS idle_draws (model VARCHAR(255) NOT NULL PRIMARY KEY, readings BIGINT NOT NULL,"
     " watts DOUBLE NOT NULL){binary}"),
    "UPDATE jobs SET home_site = site, home_pue = pue WHERE site <> '' AND (home = site OR home = '')",
    "UPDATE jobs SET counterfactual_ug = NULL",
    "UPDATE rollups SET compared_jobs = 0, counterfactual_ug = 0, compared_ug = 0",
    "UPDATE property_rollups SET compared_jobs = 0, counterfactual_ug = 0, compared_ug = 0",
    "DROP INDEX IF EXISTS jobs_by_home{on jobs}",
    "CREATE INDEX IF NOT EXISTS jobs_by_turn ON jobs (home_site, turn_ms)",
    "CREATE INDEX IF NOT EXISTS jobs_by_submit ON jobs (submit_ms)",
    kAskAgain,
};

// Sums of what is not known. unrecorded_jobs: runs in Slurm's accounting of which the ledger had no record when the two were
// compared; gpu_ms is null where Slurm does not account for GPUs.
constexpr const char* kVersion10[] = {
    "DROP TABLE IF EXISTS rollups",
    kRollups,
    "DROP TABLE IF EXISTS property_rollups",
    kPropertyRollups,
    "CREATE TABLE IF NOT EXISTS unrecorded_jobs (job_id BIGINT NOT NULL, start_ms BIGINT NOT NULL, cluster VARCHAR(128) NOT NULL,"
    " end_ms BIGINT NOT NULL, user_name VARCHAR(128) NOT NULL, account VARCHAR(128) NOT NULL, part VARCHAR(128) NOT NULL,"
    " site VARCHAR(128) NOT NULL, qos VARCHAR(128) NOT NULL, wckey VARCHAR(128) NOT NULL, state VARCHAR(32) NOT NULL,"
    " gpu_ms BIGINT, PRIMARY KEY (job_id, start_ms, cluster)){binary}",
    "CREATE INDEX IF NOT EXISTS unrecorded_jobs_by_end ON unrecorded_jobs (end_ms)",
    // The energy of all devices by site and hour, and of each node the batch that came last.
    "CREATE TABLE IF NOT EXISTS site_hours (site VARCHAR(128) NOT NULL, hour_ms BIGINT NOT NULL, pue DOUBLE NOT NULL,"
    " device_mj BIGINT NOT NULL, idle_mj BIGINT NOT NULL, PRIMARY KEY (site, hour_ms)){binary}",
    "CREATE TABLE IF NOT EXISTS device_batches (cluster VARCHAR(128) NOT NULL, node VARCHAR(255) NOT NULL, batch BIGINT NOT NULL,"
    " revision BIGINT NOT NULL, site VARCHAR(128) NOT NULL, body MEDIUMTEXT NOT NULL, PRIMARY KEY (cluster, node)){binary}",
};

void sum_up(soci::session& sql) {
  JobGroups groups;
  rebuild_rollups(sql, groups);
}

bool has_column(soci::session& sql, const char* table, const char* name) {
  try {
    sql << std::string("SELECT ") + name + " FROM " + table + " WHERE 1 = 0";
    return true;
  } catch (const soci::soci_error&) {
    return false;
  }
}

void rename_facts(soci::session& sql) {
  if (has_column(sql, "facts", "value")) sql << "ALTER TABLE facts RENAME TO meta";
}

// The key of a run has its start, since Slurm uses job ids again; the queue has jobs, whose runs are separated each time.
constexpr Column kVersion8Columns[] = {{"jobs", "run_ms", "BIGINT NOT NULL DEFAULT 0"},
                                       {"summaries", "run_ms", "BIGINT NOT NULL DEFAULT 0"}};
constexpr const char* kVersion8[] = {
    "UPDATE jobs SET run_ms = start_ms WHERE run_ms = 0",
    "UPDATE summaries SET run_ms = COALESCE((SELECT run_ms FROM jobs WHERE jobs.job_id = summaries.job_id"
    " AND jobs.restart_count = summaries.restart_count AND jobs.cluster = summaries.cluster), 0) WHERE run_ms = 0",
    "{mariadb}ALTER TABLE jobs DROP PRIMARY KEY, ADD PRIMARY KEY (job_id, restart_count, cluster, run_ms)",
    "{mariadb}ALTER TABLE summaries DROP PRIMARY KEY, ADD PRIMARY KEY (job_id, restart_count, cluster, run_ms)",
    "{mariadb}ALTER TABLE due_jobs DROP COLUMN IF EXISTS restart_count",
    // What no merged row can have made: the others are computed again.
    "UPDATE meta SET value = (SELECT COALESCE(MAX(end_ms - start_ms), 0) FROM jobs JOIN"
    " (SELECT job_id, cluster FROM records GROUP BY job_id, cluster HAVING COUNT(*) = 1) AS single"
    " ON single.job_id = jobs.job_id AND single.cluster = jobs.cluster) WHERE name = 'longest_ms'",
};

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

// SQLite changes neither a key nor, before 3.35, which columns there are: the table is made anew, `from` of its text by `to`.
void make_anew(soci::session& sql, const std::string& table, const std::string& columns, const std::string& from,
               const std::string& to) {
  std::string text, index;
  sql << "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name", soci::into(text), soci::use(table, "name");
  std::vector<std::string> indexes;
  {
    soci::statement find =
        (sql.prepare << "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :name AND sql NOT NULL",
         soci::into(index), soci::use(table, "name"));
    each_row(find, [&] { indexes.push_back(index); });
  }
  replace_all(text, from, to);
  text.replace(text.find(table), table.size(), table + "_anew");
  sql << text;
  sql << "INSERT INTO " + table + "_anew SELECT " + columns + " FROM " + table;
  sql << "DROP TABLE " + table;
  sql << "ALTER TABLE " + table + "_anew RENAME TO " + table;
  for (const auto& i : indexes) sql << i;
}

// A row may be of several jobs that had one id, where several records are.
void separate_runs_again(soci::session& sql) {
  if (sql.get_backend_name() == "sqlite3") {
    for (const char* table : {"jobs", "summaries"})
      make_anew(sql, table, "*", "(job_id, restart_count, cluster)", "(job_id, restart_count, cluster, run_ms)");
    make_anew(sql, "due_jobs", "seq, job_id, cluster", " restart_count BIGINT NOT NULL,", "");
  }
  long long last = 0;
  sql << "SELECT COALESCE(MAX(seq), 0) FROM due_jobs", soci::into(last);
  sql << "INSERT INTO due_jobs (seq, job_id, cluster) SELECT :last + ROW_NUMBER() OVER (ORDER BY job_id, cluster), job_id, "
         "cluster"
         " FROM (SELECT job_id, cluster FROM records GROUP BY job_id, cluster HAVING COUNT(*) > 1) AS several",
      soci::use(last, "last");
}

struct Migration {
  int to;
  std::span<const Column> columns;  // added where they are missing: MariaDB keeps those of an interrupted migration
  std::span<const char* const> steps;
  void (*last)(soci::session&);
};
// The sums by property came with version 6; version 10 makes all sums anew.
const std::array<Migration, 10> kMigrations{{{1, {}, kVersion1, nullptr},
                                             {2, kVersion2Columns, kVersion2, sum_up_again},
                                             {3, {}, kVersion3, nullptr},
                                             {4, kVersion4Columns, {}, account_all_again},
                                             {5, kVersion5Columns, kVersion5, account_all_again},
                                             {6, {}, kVersion6, nullptr},
                                             {7, {}, {}, rename_facts},
                                             {8, kVersion8Columns, kVersion8, separate_runs_again},
                                             {9, kVersion9Columns, kVersion9, nullptr},
                                             {10, {}, kVersion10, sum_up}}};

// {clustered}: rows are stored in the order of their key, as InnoDB always does. {binary}: names are compared byte by byte, as
// SQLite always does. {now}: unix ms. {on jobs}: the table of an index to be dropped. {mariadb}: a step for MariaDB alone.
void run_step(soci::session& sql, std::string step) {
  const bool sqlite = sql.get_backend_name() == "sqlite3";
  if (sqlite && step.starts_with("{mariadb}")) return;
  replace_all(step, "{mariadb}", "");
  replace_all(step, "{clustered}", sqlite ? " WITHOUT ROWID" : "");
  replace_all(step, "{binary}", sqlite ? "" : " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
  replace_all(step, "{on jobs}", sqlite ? "" : " ON jobs");
  replace_all(step, "{now}", std::to_string(unix_ms(now())));
  sql << step;
}

void migrate(soci::session& sql, const Migration& migration) {
  // With the columns of later versions: the code that recomputes rows reads and writes all columns it knows.
  for (const auto& later : kMigrations) {
    if (migration.columns.empty() || later.to < migration.to) continue;
    for (const auto& c : later.columns) {
      if (!has_column(sql, c.table, c.name))
        sql << std::string("ALTER TABLE ") + c.table + " ADD COLUMN " + c.name + " " + c.definition;
    }
  }
  for (const char* step : migration.steps) run_step(sql, step);
  if (migration.last) migration.last(sql);
  const long long to = migration.to;
  const auto at = format_utc(now());
  sql << "INSERT INTO schema_version (version, applied) VALUES (:v, :a)", soci::use(to, "v"), soci::use(at, "a");
}

int version_of(soci::session& sql) {
  sql << "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY, applied VARCHAR(32) NOT NULL)";
  long long version = 0;
  sql << "SELECT COALESCE(MAX(version), 0) FROM schema_version", soci::into(version);
  return static_cast<int>(version);
}

}  // namespace

Status bring_up_to_date(soci::session& sql) {
  const int version = version_of(sql);
  if (version > kSchemaVersion)
    return Error{"ledger: schema version " + std::to_string(version) + " was made by a newer carbonctld; this one knows up to " +
                 std::to_string(kSchemaVersion)};
  for (const auto& migration : kMigrations) {
    if (migration.to > version) migrate(sql, migration);
  }
  return Done{};
}

}  // namespace carbon::ledger
