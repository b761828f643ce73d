// SPDX-License-Identifier: Apache-2.0
// Energy records, and the queue of jobs to be accounted.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "ledger/record/checksum.h"
#include "ledger/sql/bulk.h"
#include "ledger/store/separate_runs.h"
#include "ledger/store/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;

// Where the ids of the jobs are at most so many apart on average, all jobs between the first and the last are read: that is less
// work than looking up each.
constexpr std::size_t kDense = 3;

using Identity = std::tuple<std::uint32_t, std::uint32_t, std::string, std::string, long long>;
Identity identity(const EnergyRecord& r) { return {r.job_id, r.restart, r.cluster, r.node, unix_ms(r.start)}; }
JobId job_of(const EnergyRecord& r) { return {r.cluster, r.job_id}; }

// The stored revisions of these records.
std::map<Identity, long long> stored_revisions(soci::session& sql, std::span<const ReceivedRecord> records) {
  std::map<Identity, long long> stored;
  for (std::size_t at = 0; at < records.size(); at += kJobsPerStatement) {
    std::vector<JobId> jobs;
    for (const auto& r : records.subspan(at, std::min(kJobsPerStatement, records.size() - at))) jobs.push_back(job_of(r.record));
    BoundKey k;
    std::string node;
    long long start = 0, revision = 0;
    soci::statement find = (sql.prepare << "SELECT job_id, restart_count, cluster, node, start_ms, revision FROM records"
                                           " WHERE " +
                                               with_job_ids(jobs),
                            into(k.job_id), into(k.restart), into(k.cluster), into(node), into(start), into(revision));
    each_row(find, [&] { stored[{k.job_id, k.restart, k.cluster, node, start}] = revision; });
  }
  return stored;
}

void write_records(soci::session& sql, const std::vector<const ReceivedRecord*>& records) {
  Bulk bulk(sql, {"records",
                  {"job_id", "restart_count", "cluster", "node", "start_ms"},
                  {"revision", "body", "checksum"},
                  OnConflict::kUpdate});
  for (const auto* received : records) {
    const auto& r = received->record;
    const auto cells = bulk.next();
    cells[0] = r.job_id;
    cells[1] = r.restart;
    cells[2] = r.cluster;
    cells[3] = r.node;
    cells[4] = unix_ms(r.start);
    cells[5] = r.revision;
    cells[6] = received->json;
    cells[7] = checksum_of(received->json);
  }
  bulk.flush();
}

StoredRecord stored_record(const BoundKey& k, const std::string& node, long long start, const std::string& body,
                           long long checksum) {
  auto record = record_from_json(body);
  if (record && checksum == checksum_of(body)) return {std::move(*record), false};
  EnergyRecord identity;
  identity.cluster = k.cluster;
  identity.job_id = static_cast<std::uint32_t>(k.job_id);
  identity.restart = static_cast<std::uint32_t>(k.restart);
  identity.node = node;
  identity.start = identity.end = from_unix_ms(start);
  return {std::move(identity), true};
}

std::map<JobId, std::vector<StoredRecord>> stored_records(soci::session& sql, std::span<const JobId> jobs) {
  std::map<JobId, std::vector<StoredRecord>> out;
  for (const auto& job : jobs) out[job];
  for (std::size_t at = 0; at < jobs.size(); at += kJobsPerStatement) {
    const auto ids = with_job_ids(jobs.subspan(at, std::min(kJobsPerStatement, jobs.size() - at)));
    BoundKey k;
    std::string node, body;
    long long start = 0, checksum = 0;
    soci::statement find =
        (sql.prepare << "SELECT job_id, restart_count, cluster, node, start_ms, body, checksum FROM records WHERE " + ids,
         into(k.job_id), into(k.restart), into(k.cluster), into(node), into(start), into(body), into(checksum));
    each_row(find, [&] {
      const auto job = out.find(k.id());
      if (job != out.end()) job->second.push_back(stored_record(k, node, start, body, checksum));
    });
  }
  return out;
}

std::vector<JobInput> inputs_of(const JobId& job, std::vector<StoredRecord> records, const std::map<JobKey, JobRow>& stored) {
  std::vector<JobInput> out;
  std::vector<RunTime> times;
  for (auto& run : separate_runs(std::move(records))) {
    Interval when{run.key.run, run.key.run};
    for (const auto& r : run.records) when = {std::min(when.start, r.start), std::max(when.end, r.end)};
    times.push_back({run.key, when});
    out.push_back({run.key, std::move(run.records), {}, run.damaged});
  }
  const auto replaced = replaced_by(stored, job, times);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!replaced.by_run[i]) continue;
    out[i].row = *replaced.by_run[i];
    out[i].details = out[i].row->details;
  }
  for (const auto* row : replaced.rest) {
    if (!out.empty()) out.front().rest.push_back(*row);
  }
  return out;
}

}  // namespace

std::string with_job_ids(std::span<const JobId> jobs) {
  std::vector<std::uint32_t> ids;
  for (const auto& job : jobs) ids.push_back(job.number);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.empty()) return "1 = 0";
  if (ids.back() - ids.front() < kDense * ids.size())
    return "job_id BETWEEN " + std::to_string(ids.front()) + " AND " + std::to_string(ids.back());
  std::string out;
  for (const auto id : ids) out += (out.empty() ? "job_id IN (" : ", ") + std::to_string(id);
  return out + ")";
}

void Store::Impl::make_due(soci::session& sql, std::span<const JobId> jobs) {
  Bulk bulk(sql, {"due_jobs", {"seq"}, {"job_id", "cluster"}});
  for (const auto& job : jobs) {
    const auto cells = bulk.next();
    cells[0] = next_seq++;
    cells[1] = job.number;
    cells[2] = job.cluster;
  }
  bulk.flush();
}

Result<PutOutcome> Store::put(std::span<const ReceivedRecord> records) {
  return impl_->db->write([&](soci::session& sql) -> Result<PutOutcome> {
    PutOutcome outcome;
    auto revisions = stored_revisions(sql, records);
    const auto before = revisions.size();
    std::map<Identity, const ReceivedRecord*> last;
    std::set<JobId> changed;
    for (const auto& r : records) {
      const auto [known, inserted] = revisions.try_emplace(identity(r.record), r.record.revision);
      const bool fresh = inserted || known->second < static_cast<long long>(r.record.revision);
      outcome.fresh.push_back(fresh);
      ++(fresh ? outcome.stored : outcome.known);
      if (!fresh) continue;
      known->second = r.record.revision;
      last[known->first] = &r;
      changed.insert(job_of(r.record));
    }
    std::vector<const ReceivedRecord*> to_write;
    to_write.reserve(last.size());
    for (const auto& [id, r] : last) to_write.push_back(r);
    write_records(sql, to_write);
    impl_->learn_idle_draws(sql, to_write);
    impl_->make_due(sql, std::vector<JobId>(changed.begin(), changed.end()));
    const auto inserted = static_cast<long long>(revisions.size() - before);
    sql << "UPDATE meta SET value = value + :n WHERE name = 'records'", use(inserted, "n");
    return outcome;
  });
}

Result<DueJobs> Store::due(std::size_t limit, std::int64_t after) {
  return impl_->db->read([&](soci::session& sql) -> Result<DueJobs> {
    BoundKey k;
    long long seq = 0;
    const long long most = static_cast<long long>(limit), last = after;
    soci::statement find = (sql.prepare << "SELECT seq, job_id, cluster FROM due_jobs WHERE seq > :last"
                                           " ORDER BY seq LIMIT :most",
                            into(seq), into(k.job_id), into(k.cluster), use(last, "last"), use(most, "most"));
    DueJobs due;
    due.changes = impl_->changes.committed();
    due.intensities = meta(sql, "intensities");
    std::set<JobId> jobs;
    each_row(find, [&] {
      jobs.insert(k.id());
      due.upto = seq;
    });
    due.jobs.assign(jobs.begin(), jobs.end());
    return due;
  });
}

Result<std::vector<JobInput>> Store::inputs(std::span<const JobId> jobs) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<JobInput>> {
    auto records = stored_records(sql, jobs);
    const auto rows = stored_runs(sql, jobs);
    std::vector<JobInput> out;
    out.reserve(jobs.size());
    for (const auto& job : jobs) {
      for (auto& input : inputs_of(job, std::move(records[job]), rows)) out.push_back(std::move(input));
    }
    return out;
  });
}

Result<std::vector<EnergyRecord>> Store::records(const JobId& job) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<EnergyRecord>> {
    std::vector<EnergyRecord> out;
    auto stored = stored_records(sql, std::span(&job, 1));
    for (auto& r : stored[job]) {
      if (!r.damaged) out.push_back(std::move(r.record));
    }
    std::sort(out.begin(), out.end(),
              [](const auto& a, const auto& b) { return std::tie(a.node, a.start) < std::tie(b.node, b.start); });
    return out;
  });
}

}  // namespace carbon::ledger
