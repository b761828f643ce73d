// SPDX-License-Identifier: Apache-2.0
// Energy records, and the queue of jobs to be accounted.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "ledger/record/checksum.h"
#include "ledger/sql/bulk.h"
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
JobKey job_of(const EnergyRecord& r) { return {r.cluster, r.job_id, r.restart}; }

// The stored revisions of these records.
std::map<Identity, long long> stored_revisions(soci::session& sql, std::span<const ReceivedRecord> records) {
  std::map<Identity, long long> stored;
  for (std::size_t at = 0; at < records.size(); at += kJobsPerStatement) {
    std::vector<JobKey> keys;
    for (const auto& r : records.subspan(at, std::min(kJobsPerStatement, records.size() - at))) keys.push_back(job_of(r.record));
    BoundKey k;
    std::string node;
    long long start = 0, revision = 0;
    soci::statement find = (sql.prepare << "SELECT job_id, restart_count, cluster, node, start_ms, revision FROM records"
                                           " WHERE " +
                                               with_job_ids(keys),
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

// Reads records, details and rows of jobs.
class InputReader {
 public:
  InputReader(soci::session& sql, std::span<const JobKey> keys) : sql_(sql) {
    for (const auto& key : keys) inputs_[key].key = key;
    for (std::size_t at = 0; at < keys.size(); at += kJobsPerStatement) {
      read_records(with_job_ids(keys.subspan(at, std::min(kJobsPerStatement, keys.size() - at))));
    }
    for (auto& [key, row] : stored_jobs(sql, keys)) {
      const auto input = inputs_.find(key);
      if (input == inputs_.end()) continue;
      input->second.details = row.details;
      input->second.row = std::move(row);
    }
  }

  JobInput extract(const JobKey& key) { return std::move(inputs_[key]); }

 private:
  void read_records(const std::string& ids) {
    BoundKey k;
    std::string body;
    long long checksum = 0;
    soci::statement find = (sql_.prepare << "SELECT job_id, restart_count, cluster, body, checksum FROM records WHERE " + ids +
                                                " ORDER BY job_id, restart_count, cluster, node, start_ms",
                            into(k.job_id), into(k.restart), into(k.cluster), into(body), into(checksum));
    each_row(find, [&] {
      const auto input = inputs_.find(k.key());
      if (input == inputs_.end()) return;
      auto record = record_from_json(body);
      if (record && checksum == checksum_of(body)) {
        input->second.records.push_back(std::move(*record));
      } else {
        ++input->second.damaged;
      }
    });
  }

  soci::session& sql_;
  std::map<JobKey, JobInput> inputs_;
};

}  // namespace

std::string with_job_ids(std::span<const JobKey> keys) {
  std::vector<std::uint32_t> ids;
  for (const auto& k : keys) ids.push_back(k.job_id);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.empty()) return "1 = 0";
  if (ids.back() - ids.front() < kDense * ids.size())
    return "job_id BETWEEN " + std::to_string(ids.front()) + " AND " + std::to_string(ids.back());
  std::string out;
  for (const auto id : ids) out += (out.empty() ? "job_id IN (" : ", ") + std::to_string(id);
  return out + ")";
}

void Store::Impl::make_due(soci::session& sql, std::span<const JobKey> keys) {
  Bulk bulk(sql, {"due_jobs", {"seq"}, {"job_id", "restart_count", "cluster"}});
  for (const auto& key : keys) {
    const auto cells = bulk.next();
    cells[0] = next_seq++;
    cells[1] = key.job_id;
    cells[2] = key.restart;
    cells[3] = key.cluster;
  }
  bulk.flush();
}

Result<PutOutcome> Store::put(std::span<const ReceivedRecord> records) {
  return impl_->db->write([&](soci::session& sql) -> Result<PutOutcome> {
    PutOutcome outcome;
    auto revisions = stored_revisions(sql, records);
    const auto before = revisions.size();
    std::map<Identity, const ReceivedRecord*> last;
    std::set<JobKey> changed;
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
    impl_->make_due(sql, std::vector<JobKey>(changed.begin(), changed.end()));
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
    soci::statement find = (sql.prepare << "SELECT seq, job_id, restart_count, cluster FROM due_jobs WHERE seq > :last"
                                           " ORDER BY seq LIMIT :most",
                            into(seq), into(k.job_id), into(k.restart), into(k.cluster), use(last, "last"), use(most, "most"));
    DueJobs due;
    due.changes = impl_->changes.committed();
    due.intensities = meta(sql, "intensities");
    std::set<JobKey> jobs;
    each_row(find, [&] {
      jobs.insert(k.key());
      due.upto = seq;
    });
    due.jobs.assign(jobs.begin(), jobs.end());
    return due;
  });
}

Result<std::vector<JobInput>> Store::inputs(std::span<const JobKey> keys) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<JobInput>> {
    InputReader reader(sql, keys);
    std::vector<JobInput> out;
    out.reserve(keys.size());
    for (const auto& key : keys) out.push_back(reader.extract(key));
    return out;
  });
}

Result<std::vector<EnergyRecord>> Store::records(const JobKey& key) {
  auto of_one = inputs(std::span(&key, 1));
  if (!of_one) return of_one.error();
  return std::move(of_one->front().records);
}

}  // namespace carbon::ledger
