// SPDX-License-Identifier: Apache-2.0
// The ledger: energy records as they came, the intensities that were used, one row per run of a job with its emission, and
// rollups by day and month kept along with the rows. docs/ledger.md has the schema.
//
// What a call reports as done is durable (synced). All sums are whole numbers (mJ, ug), so that a rollup always equals a scan
// of its jobs. Any thread may call; writers wait for each other, readers do not wait for writers.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/series.h"
#include "ledger/record.h"

namespace carbon::ledger {

// One run of a job: a requeued job keeps its id and counts its restarts.
struct JobKey {
  std::string cluster;
  std::uint32_t job_id = 0;
  std::uint32_t restart = 0;
  auto operator<=>(const JobKey&) const = default;
};

// What Slurm's accounting knows of a job and the records do not.
struct SlurmFacts {
  std::optional<Instant> submit;
  std::string mode;  // from the decision token; empty: no decision was asked for
  std::string home;  // the site that it was submitted to; empty: where it ran
  bool operator==(const SlurmFacts&) const = default;
  // True where slurm-carbon chose the start or the site, be it the same as without it.
  bool decided() const { return !mode.empty() && mode != "off" && mode != "observe"; }
};

struct JobRow {
  JobKey key;
  std::uint32_t uid = 0;
  std::string user;
  std::string account;
  std::string partition;
  std::string site;  // empty: the partition belongs to no site
  Instant start{};
  Instant end{};
  std::uint32_t nodes = 0;  // that have sent their final record
  std::uint32_t nodes_expected = 1;
  bool complete = false;
  bool simulated = false;
  std::string note;

  std::int64_t energy_mj = 0;
  std::optional<std::int64_t> gpu_mj;  // none: no such device was metered
  std::optional<std::int64_t> cpu_mj;  // with dram
  std::optional<std::int64_t> held_idle_ms;
  std::int64_t uncertainty_mj = 0;
  std::int64_t estimated_mj = 0;
  std::optional<Method> method;  // the worst with a share

  double pue = 1.0;
  std::int64_t covered_mj = 0;                    // the part with a known intensity
  std::int64_t co2e_ug = 0;                       // of that part
  std::optional<std::int64_t> counterfactual_ug;  // none where not known whole
  std::optional<Origin> intensity;                // the worst label used
  std::string provider;                           // of the intensities; several are joined by '+'

  // Written by set_facts(), summary_written() and the store; account() leaves them alone.
  SlurmFacts facts;
  std::string summary;    // the token that stands in Slurm's accounting record
  bool restated = false;  // the grams changed after the summary was written

  double coverage() const;
  // counterfactual - emission; none where either is not known whole, or where nothing was decided: that a job waited in the
  // queue is no saving of ours.
  std::optional<std::int64_t> saved_ug() const;
};

struct StoredIntensity {
  IntensityPoint point;
  std::string provider;
  bool simulated = false;
};

// What is to be accounted: jobs whose records, facts or intensities changed.
struct DueJobs {
  std::vector<JobKey> jobs;
  std::int64_t upto = 0;         // the last of the queue that is among them
  std::int64_t intensities = 0;  // how often intensities had changed when this was read
};

struct JobInput {
  JobKey key;
  std::vector<EnergyRecord> records;  // by node, then by start
  SlurmFacts facts;
  std::size_t damaged = 0;  // held records that are no longer as they came; not among `records`
};

struct PutOutcome {
  std::size_t stored = 0;     // new, or a higher revision
  std::size_t known = 0;      // of equal or lower revision than what is held
  std::vector<bool> fresh{};  // of each record, whether it is among the stored
};

struct PendingSummary {
  JobKey key;
  std::uint32_t tries = 0;
};

struct JobQuery {
  std::vector<std::uint32_t> job_ids{};  // empty: any
  std::optional<std::string> user{};
  std::optional<std::uint32_t> uid{};
  std::optional<Instant> start{};  // jobs that ran in [start, end)
  std::optional<Instant> end{};
  std::size_t limit = 10'000;
};

enum class ReportBy : std::uint8_t { kUser, kAccount, kPartition, kSite, kCluster };
inline constexpr std::string_view kReportBys = "user, account, partition, site, cluster";
std::string_view to_string(ReportBy by);
Result<ReportBy> parse_report_by(std::string_view text);

struct ReportQuery {
  ReportBy by = ReportBy::kUser;
  Interval when;                    // jobs that ended in it
  std::optional<std::string> user;  // of this user alone
};

// Sums over jobs.
struct Totals {
  std::int64_t jobs = 0;
  std::int64_t elapsed_ms = 0;
  std::int64_t energy_mj = 0;
  std::int64_t covered_mj = 0;
  std::int64_t co2e_ug = 0;
  std::int64_t compared_jobs = 0;      // whose counterfactual is known
  std::int64_t counterfactual_ug = 0;  // of those
  std::int64_t compared_ug = 0;        // co2e of those
  std::int64_t held_idle_ms = 0;
  std::int64_t simulated_jobs = 0;

  Totals& operator+=(const Totals& o);
  Totals& operator-=(const Totals& o);
  bool operator==(const Totals&) const = default;
};
Totals totals_of(const JobRow& row);

struct ReportRow {
  std::string key;
  Totals sums;
};

struct StoreCounts {
  std::int64_t records = 0;
  std::int64_t jobs = 0;
  std::int64_t due = 0;
  std::int64_t unwritten = 0;  // summaries not yet in Slurm's accounting
};

class Store {
 public:
  // `database`: a SOCI connection string with its backend ("sqlite3://db=/path", "mysql://db=... user=..."). An SQLite file is
  // made with mode 0600 where there is none; one of up to 256 MiB is checked for damage. Brings an older schema up to date; a
  // newer one is an error.
  static Result<std::unique_ptr<Store>> open(const std::string& database);
  ~Store();

  // All or none, in one transaction. Checks nothing but identity and revision.
  Result<PutOutcome> put(std::span<const EnergyRecord> records);

  // Takes points for a site; a better origin wins over a worse one, the newer over the older of the same origin. Jobs whose
  // emission may change become due. Returns how many.
  Result<std::size_t> put_intensity(const std::string& site, const SeriesMeta& meta, std::span<const IntensityPoint> points);
  // Ascending, without overlap; all that touch `when`.
  Result<std::vector<StoredIntensity>> intensity(const std::string& site, Interval when);

  Result<DueJobs> due(std::size_t limit);
  // What is known of each of these jobs besides the intensities; in their order, none left out.
  Result<std::vector<JobInput>> inputs(std::span<const JobKey> keys);
  Result<std::vector<EnergyRecord>> records(const JobKey& key);
  Result<std::optional<JobRow>> job(const JobKey& key);
  // Replaces the rows, moves the rollups by the difference, takes `due` off the queue, and asks for a summary of each row that
  // changed: now where complete, in an hour where nodes are missing. Where intensities changed since `due` was read, the rows
  // are due again.
  Status account(std::span<const JobRow> rows, const DueJobs& due, Instant now);
  // Makes the job due where they differ from what is held.
  Status set_facts(const JobKey& key, const SlurmFacts& facts);

  Result<std::vector<PendingSummary>> summaries_due(Instant now, std::size_t limit);
  Status summary_written(const JobKey& key, const std::string& summary);
  Status summary_later(const JobKey& key, Instant next, const std::string& problem);
  Status summary_given_up(const JobKey& key);

  Result<std::vector<JobRow>> jobs(const JobQuery& query);
  // By falling grams, then by key.
  Result<std::vector<ReportRow>> report(const ReportQuery& query);
  // The same from the jobs themselves: the check of the rollups.
  Result<std::vector<ReportRow>> report_by_scan(const ReportQuery& query);
  Result<StoreCounts> counts();
  // Reads all of it: the file's structure and each record's checksum. What is wrong, one line each; empty: nothing.
  Result<std::vector<std::string>> check();

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace carbon::ledger
