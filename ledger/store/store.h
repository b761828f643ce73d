// SPDX-License-Identifier: Apache-2.0
// The ledger: energy records as they came, the intensities that were used, one row per run of a job with its emission, and
// rollups by day and month kept along with the rows. docs/ledger.md has the schema.
//
// What a call reports as done is durable (synced). All sums are whole numbers (mJ, ug), so that a rollup always equals a scan
// of its jobs. Any thread may call; writers wait for each other, readers do not wait for writers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/series.h"
#include "ledger/record/record.h"
#include "ledger/reports/report.h"
#include "ledger/store/job_emissions.h"

namespace carbon::ledger {

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
  std::uint64_t changes = 0;     // and rows of jobs
  // Their rows, of those that have one, where the caller has read them since (inputs()): account() reads those alone that were
  // changed meanwhile.
  std::optional<std::map<JobKey, JobRow>> held{};
};

struct JobInput {
  JobKey key;
  std::vector<EnergyRecord> records;  // by node, then by start
  JobDetails details;
  std::size_t damaged = 0;       // held records that are no longer as they came; not among `records`
  std::optional<JobRow> held{};  // its row as it stands
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

  // In order of arrival, those behind the entry `after` of the queue.
  Result<DueJobs> due(std::size_t limit, std::int64_t after = 0);
  // What is known of each of these jobs besides the intensities; in their order, none left out.
  Result<std::vector<JobInput>> inputs(std::span<const JobKey> keys);
  Result<std::vector<EnergyRecord>> records(const JobKey& key);
  Result<std::optional<JobRow>> job(const JobKey& key);
  // Of those that are known.
  Result<std::map<JobKey, JobRow>> jobs_of(std::span<const JobKey> keys);
  // Replaces the rows, moves the rollups by the difference, takes `due` off the queue, and asks for a summary of each row that
  // changed: now where complete, in an hour where nodes are missing. Where intensities changed since `due` was read, the rows
  // are due again.
  Status account(std::span<const JobRow> rows, const DueJobs& due, Instant now);
  // Moves the rollups with them; makes the job due where its counterfactual changes.
  Status set_details(const JobKey& key, const JobDetails& details);
  // The same of several jobs in one transaction; those that are not known are left out.
  Status set_details(const std::map<JobKey, JobDetails>& jobs);

  Result<std::vector<PendingSummary>> summaries_due(Instant now, std::size_t limit);
  // How often a summary was asked for so far: to be taken before the rows are read that are to be written.
  Result<std::uint64_t> asks();
  // One that was asked for again since `asks` stays due: its row may have changed meanwhile.
  Status summaries_written(std::span<const std::pair<JobKey, std::string>> summaries, std::uint64_t asks);
  Status summary_later(const JobKey& key, Instant next, const std::string& problem);
  Status summary_given_up(const JobKey& key);
  // Asks for it again, now: for records that lost theirs. Unknown jobs are left out; returns how many are asked for.
  Result<std::size_t> ask_summaries(std::span<const JobKey> keys, Instant now);

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
