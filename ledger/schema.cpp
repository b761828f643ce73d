// SPDX-License-Identifier: Apache-2.0
// Plain SQL that SQLite and MariaDB both take: BIGINT for all whole numbers (times in unix ms, energy in mJ, grams in ug),
// VARCHAR with a length for what stands in a key, no clause of one system alone.
#include "ledger/schema.h"

#include <array>
#include <span>
#include <string>

#include "core/time.h"

namespace carbon::ledger {
namespace {

constexpr const char* kVersion1[] = {
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
};

struct Migration {
  int to;
  std::span<const char* const> steps;
};
const std::array<Migration, 1> kMigrations{{{1, kVersion1}}};

int version_of(soci::session& sql) {
  sql << "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY, applied VARCHAR(32) NOT NULL)";
  long long version = 0;
  sql << "SELECT COALESCE(MAX(version), 0) FROM schema_version", soci::into(version);
  return static_cast<int>(version);
}

}  // namespace

Status bring_up_to_date(soci::session& sql) {
  const int held = version_of(sql);
  if (held > kSchemaVersion)
    return Error{"ledger: the schema is of version " + std::to_string(held) +
                 ", made by a newer carbonctld; this one knows up to " + std::to_string(kSchemaVersion)};
  for (const auto& migration : kMigrations) {
    if (migration.to <= held) continue;
    for (const char* step : migration.steps) sql << step;
    const long long to = migration.to;
    const auto at = format_utc(now());
    sql << "INSERT INTO schema_version (version, applied) VALUES (:v, :a)", soci::use(to, "v"), soci::use(at, "a");
  }
  return Done{};
}

}  // namespace carbon::ledger
