// SPDX-License-Identifier: Apache-2.0
// The ledger's database: energy records as they were received, the intensities that were used, one row per run of a job with its
// emission, and rollups that change along with the rows. Reports on it: ledger/reports/. docs/ledger.md has the schema.
//
// What a call reports as done is durable (synced). All sums are whole numbers (mJ, ug), so a rollup equals a scan of its jobs.
// Any thread may call; writers wait for each other, readers do not wait for writers.
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
#include "core/units.h"
#include "ledger/record/device_hours.h"
#include "ledger/record/record.h"
#include "ledger/rows/job_emissions.h"

namespace carbon::ledger {

class Database;
class JobGroups;

struct StoredIntensity {
  IntensityPoint point;
  std::string provider;
  bool simulated = false;
  std::optional<SeriesKind> kind{};  // none: stored before kinds were
};

// Jobs to be accounted: those whose records, details or intensities changed.
struct DueJobs {
  std::vector<JobId> jobs;
  std::int64_t upto = 0;         // the last entry of the queue that is among them
  std::int64_t intensities = 0;  // how often intensities had changed when this was read
  std::uint64_t changes = 0;     // and rows of jobs
  // All stored rows of these jobs, if the caller has read them since (inputs()): account() then reads only the rows of jobs that
  // changed meanwhile.
  std::optional<std::map<JobKey, JobRow>> rows{};
};

// One run of a job.
struct JobInput {
  JobKey key;
  std::vector<EnergyRecord> records;  // that count (separate_runs.h), by node, then by start
  JobDetails details;
  std::size_t damaged = 0;      // stored records whose checksum is wrong; not among `records`
  std::optional<JobRow> row{};  // the stored one that it replaces, which may have another key
  // With the first run of a job: the stored rows that no run replaces, since its runs have merged.
  std::vector<JobRow> rest{};
};

struct PutOutcome {
  std::size_t stored = 0;     // new, or of a higher revision
  std::size_t known = 0;      // of no higher revision than the stored record
  std::vector<bool> fresh{};  // for each record, whether it counts as stored
};

struct PendingSummary {
  JobKey key;
  std::uint32_t tries = 0;
};

// One run of a job as Slurm's accounting knows it.
struct SlurmRun {
  std::string cluster;
  std::uint32_t job_id = 0;
  Instant start{}, end{};
  std::string user, account, partition, site, qos, wckey, state;
  std::optional<std::int64_t> gpu_ms;  // time x GPUs; none: Slurm does not account for GPUs
};

// The energy of a site's devices in an hour, without PUE.
struct SiteHour {
  std::string site;
  Instant hour{};
  double pue = 1;  // when its first energy came
  std::int64_t device_mj = 0;
  std::int64_t idle_mj = 0;  // the part that was charged to no job
};

struct StoreCounts {
  std::int64_t records = 0;
  std::int64_t jobs = 0;
  std::int64_t due = 0;
  std::int64_t unwritten = 0;  // summaries not yet in Slurm's accounting
};

inline constexpr int kIdleReadings = 20;

class Store {
 public:
  // `database`: a SOCI connection string with its backend ("sqlite3://db=/path", "mysql://db=... user=..."). A new SQLite file is
  // created with mode 0600; an existing one of up to 256 MiB is checked for damage. Migrates an older schema; a newer one is an
  // error.
  static Result<std::unique_ptr<Store>> open(const std::string& database);
  ~Store();

  // Records (store_records.cpp). All or none, in one transaction. Checks only identity and revision; the text of each record is
  // stored as it is.
  Result<PutOutcome> put(std::span<const ReceivedRecord> records);
  // In order of arrival, those after entry `after` of the queue.
  Result<DueJobs> due(std::size_t limit, std::int64_t after = 0);
  // All that is stored about these jobs except intensities, by run; in the order of `jobs`, then by start.
  Result<std::vector<JobInput>> inputs(std::span<const JobId> jobs);
  // All that is stored and intact, by node, then by start.
  Result<std::vector<EnergyRecord>> records(const JobId& job);

  // Intensities (store_intensity.cpp). Merges points of a site into the stored ones; a better origin wins over a worse one, of
  // the same origin the newer. Jobs whose emission may change become due. Returns how many.
  Result<std::size_t> put_intensity(const std::string& site, const SeriesMeta& meta, std::span<const IntensityPoint> points);
  // The same of values of several sources.
  Result<std::size_t> put_intensity(const std::string& site, const std::string& zone, std::span<const StoredIntensity> fresh);
  // Ascending, without overlap; all that overlap `when`.
  Result<std::vector<StoredIntensity>> intensity(const std::string& site, Interval when);

  // Since when a site's intensities are to be fetched again, no earlier than `since`: the end of its last measured value, and the
  // start of its first run with energy whose intensity is not known. None: neither is known.
  Result<std::optional<Instant>> last_measured(const std::string& site, Instant since);
  Result<std::optional<Instant>> first_uncovered(const std::string& site, Instant since);

  // Draw of an idle device by model, as nodes have measured it (store_idle.cpp): the mean of the first kIdleReadings records of a
  // model, and the same from then on. Models of fewer records are not in it.
  Result<std::map<std::string, Watts>> idle_draws();

  // Rows of jobs (store_jobs.cpp).
  Result<std::optional<JobRow>> job(const JobKey& key);
  // All runs of these jobs.
  Result<std::map<JobKey, JobRow>> runs_of(std::span<const JobId> jobs);
  // Replaces the rows, changes the rollups by the difference, removes `due` from the queue, and requests a summary of each row
  // that changed: now if it is complete, in an hour if nodes are missing. `rows` has all runs of a job, or none: a stored row of
  // the job that is not among them is replaced by the one of the same time, with its details, or removed. If intensities changed
  // since `due` was read, its jobs become due again.
  Status account(std::span<const JobRow> rows, const DueJobs& due, Instant now);
  // Changes the rollups too; makes the job due if its emission or its saving may change.
  Status set_details(const JobKey& key, const JobDetails& details);
  // The same for several jobs in one transaction; unknown jobs are skipped.
  Status set_details(const std::map<JobKey, JobDetails>& jobs);

  // Summaries to be written into Slurm's accounting (store_summaries.cpp).
  Result<std::vector<PendingSummary>> summaries_due(Instant now, std::size_t limit);
  // How many summaries have been requested so far: to be called before the rows are read whose summaries are to be written.
  Result<std::uint64_t> summary_requests();
  // A summary requested again since `requests` stays due: its row may have changed meanwhile.
  Status summaries_written(std::span<const std::pair<JobKey, std::string>> summaries, std::uint64_t requests);
  Status postpone_summary(const JobKey& key, Instant next, const std::string& problem);
  Status drop_summary(const JobKey& key);
  // Requests summaries again, for accounting records that lost theirs. Unknown runs are skipped; returns how many were requested.
  Result<std::size_t> request_summaries(std::span<const JobKey> keys, Instant now);

  // Energy of all devices (store_device_hours.cpp). False: known already. `site`: of the node.
  Result<bool> put(const DeviceHours& hours, const std::string& site, double pue);
  // By site and hour, those hours that begin in `when`.
  Result<std::vector<SiteHour>> site_hours(Interval when);

  // Runs that Slurm's accounting knows and of which no record came (store_unrecorded.cpp).
  // Compares the runs that ended in `ended` with the ledger. Those without a row are kept as unrecorded until a record comes, at
  // most a million, the latest. `ended` must begin where the last one ended, or before.
  Status compare(Interval ended, std::span<const SlurmRun> runs);
  // The time of whose runs the ledger knows which are unrecorded; none: nothing was compared yet.
  Result<std::optional<Interval>> compared();
  // When the first of the ledger's runs ended.
  Result<std::optional<Instant>> first_end();

  Result<StoreCounts> counts();
  // Reads everything: the file's structure and each record's checksum. One line per problem.
  Result<std::vector<std::string>> check();

  // Only for ledger/reports/.
  Database& database();
  JobGroups& groups();

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace carbon::ledger
