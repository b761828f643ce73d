// SPDX-License-Identifier: Apache-2.0
// Records, and the two queues: jobs to be accounted, summaries to be written into Slurm's accounting.
#include "ledger/store/store.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "ledger/record/checksum.h"
#include "ledger/store/bulk.h"
#include "ledger/store/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;

// So many jobs are asked for by one statement.
constexpr std::size_t kAtOnce = 500;
// Jobs that lie as close as one in so many ids are read in one go, with those between: less work than to look each up.
constexpr std::size_t kDense = 3;

using Identity = std::tuple<std::uint32_t, std::uint32_t, std::string, std::string, long long>;
Identity identity(const EnergyRecord& r) { return {r.job_id, r.restart, r.cluster, r.node, unix_ms(r.start)}; }
JobKey job_of(const EnergyRecord& r) { return {r.cluster, r.job_id, r.restart}; }

// The revisions that are held of these records.
std::map<Identity, long long> held_revisions(soci::session& sql, std::span<const EnergyRecord> records) {
  std::map<Identity, long long> held;
  for (std::size_t at = 0; at < records.size(); at += kAtOnce) {
    std::vector<JobKey> keys;
    for (const auto& r : records.subspan(at, std::min(kAtOnce, records.size() - at))) keys.push_back(job_of(r));
    BoundKey k;
    std::string node;
    long long start = 0, revision = 0;
    soci::statement find = (sql.prepare << "SELECT job_id, restart_count, cluster, node, start_ms, revision FROM records"
                                           " WHERE " +
                                               with_job_ids(keys),
                            into(k.job_id), into(k.restart), into(k.cluster), into(node), into(start), into(revision));
    each_row(find, [&] { held[{k.job_id, k.restart, k.cluster, node, start}] = revision; });
  }
  return held;
}

void write_records(soci::session& sql, const std::vector<const EnergyRecord*>& records) {
  Bulk bulk(
      sql,
      {"records", {"job_id", "restart_count", "cluster", "node", "start_ms"}, {"revision", "body", "checksum"}, OnHeld::kUpdate});
  for (const auto* r : records) {
    const auto cells = bulk.next();
    cells[0] = r->job_id;
    cells[1] = r->restart;
    cells[2] = r->cluster;
    cells[3] = r->node;
    cells[4] = unix_ms(r->start);
    cells[5] = r->revision;
    cells[6] = to_json(*r);
    cells[7] = checksum_of(cells[6].text);
  }
  bulk.flush();
}

// The records and what else is known of jobs, in the order of `keys`.
class InputReader {
 public:
  InputReader(soci::session& sql, std::span<const JobKey> keys) : sql_(sql) {
    for (const auto& key : keys) inputs_[key].key = key;
    for (std::size_t at = 0; at < keys.size(); at += kAtOnce) {
      read_records(with_job_ids(keys.subspan(at, std::min(kAtOnce, keys.size() - at))));
    }
    for (auto& [key, row] : held_jobs(sql, keys)) {
      const auto wanted = inputs_.find(key);
      if (wanted == inputs_.end()) continue;
      wanted->second.details = row.details;
      wanted->second.held = std::move(row);
    }
  }

  JobInput take(const JobKey& key) { return std::move(inputs_[key]); }

 private:
  void read_records(const std::string& ids) {
    BoundKey k;
    std::string body;
    long long checksum = 0;
    soci::statement find = (sql_.prepare << "SELECT job_id, restart_count, cluster, body, checksum FROM records WHERE " + ids +
                                                " ORDER BY job_id, restart_count, cluster, node, start_ms",
                            into(k.job_id), into(k.restart), into(k.cluster), into(body), into(checksum));
    each_row(find, [&] {
      const auto wanted = inputs_.find(k.key());
      if (wanted == inputs_.end()) return;
      auto record = record_from_json(body);
      if (record && checksum == checksum_of(body)) {
        wanted->second.records.push_back(std::move(*record));
      } else {
        ++wanted->second.damaged;
      }
    });
  }

  soci::session& sql_;
  std::map<JobKey, JobInput> inputs_;
};

}  // namespace

long long fact(soci::session& sql, const char* name) {
  long long value = 0;
  const std::string wanted(name);
  sql << "SELECT value FROM facts WHERE name = :name", into(value), use(wanted, "name");
  return value;
}

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

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::string& database) {
  auto db = Database::open(database);
  if (!db) return db.error();
  auto impl = std::make_unique<Impl>();
  impl->db = std::move(*db);
  const auto last = impl->db->read([](soci::session& sql) -> Result<long long> {
    long long seq = 0;
    sql << "SELECT COALESCE(MAX(seq), 0) FROM due_jobs", into(seq);
    return seq;
  });
  if (!last) return last.error();
  impl->next_seq = *last + 1;
  return std::unique_ptr<Store>(new Store(std::move(impl)));
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

Result<PutOutcome> Store::put(std::span<const EnergyRecord> records) {
  return impl_->db->write([&](soci::session& sql) -> Result<PutOutcome> {
    PutOutcome outcome;
    auto held = held_revisions(sql, records);
    const auto before = held.size();
    std::map<Identity, const EnergyRecord*> last;
    std::set<JobKey> changed;
    for (const auto& r : records) {
      const auto [known, inserted] = held.try_emplace(identity(r), r.revision);
      const bool fresh = inserted || known->second < static_cast<long long>(r.revision);
      outcome.fresh.push_back(fresh);
      ++(fresh ? outcome.stored : outcome.known);
      if (!fresh) continue;
      known->second = r.revision;
      last[known->first] = &r;
      changed.insert(job_of(r));
    }
    std::vector<const EnergyRecord*> to_write;
    for (const auto& [id, r] : last) to_write.push_back(r);
    write_records(sql, to_write);
    impl_->make_due(sql, std::vector<JobKey>(changed.begin(), changed.end()));
    const auto inserted = static_cast<long long>(held.size() - before);
    sql << "UPDATE facts SET value = value + :n WHERE name = 'records'", use(inserted, "n");
    return outcome;
  });
}

Result<DueJobs> Store::due(std::size_t limit, std::int64_t after) {
  return impl_->db->read([&](soci::session& sql) -> Result<DueJobs> {
    BoundKey k;
    long long seq = 0;
    const long long most = static_cast<long long>(limit), behind = after;
    soci::statement find =
        (sql.prepare << "SELECT seq, job_id, restart_count, cluster FROM due_jobs WHERE seq > :behind"
                        " ORDER BY seq LIMIT :most",
         into(seq), into(k.job_id), into(k.restart), into(k.cluster), use(behind, "behind"), use(most, "most"));
    DueJobs due;
    due.changes = impl_->changes.settled();
    due.intensities = fact(sql, "intensities");
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
    for (const auto& key : keys) out.push_back(reader.take(key));
    return out;
  });
}

Result<std::vector<EnergyRecord>> Store::records(const JobKey& key) {
  auto of_one = inputs(std::span(&key, 1));
  if (!of_one) return of_one.error();
  return std::move(of_one->front().records);
}

Result<std::vector<PendingSummary>> Store::summaries_due(Instant now, std::size_t limit) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<PendingSummary>> {
    BoundKey k;
    long long tries = 0;
    const long long at = unix_ms(now), most = static_cast<long long>(limit);
    soci::statement find = (sql.prepare << "SELECT job_id, restart_count, cluster, tries FROM summaries WHERE next_ms <= :at"
                                           " ORDER BY next_ms LIMIT :most",
                            into(k.job_id), into(k.restart), into(k.cluster), into(tries), use(at, "at"), use(most, "most"));
    std::vector<PendingSummary> out;
    each_row(find, [&] { out.push_back({k.key(), static_cast<std::uint32_t>(tries)}); });
    return out;
  });
}

// Within write(): what was asked for by then is committed.
Result<std::uint64_t> Store::asks() {
  return impl_->db->write([&](soci::session&) -> Result<std::uint64_t> { return impl_->asks.count; });
}

Status Store::summaries_written(std::span<const std::pair<JobKey, std::string>> summaries, std::uint64_t asks) {
  if (summaries.empty()) return Done{};
  return impl_->db->write([&](soci::session& sql) -> Status {
    impl_->changes.settle();
    BoundKey k;
    std::string summary;
    soci::statement set = (sql.prepare << std::string("UPDATE jobs SET summary = :summary") + kWhereKey, use(summary, "summary"),
                           use(k.job_id, "job_id"), use(k.restart, "restart_count"), use(k.cluster, "cluster"));
    soci::statement settle = (sql.prepare << std::string("DELETE FROM summaries") + kWhereKey, use(k.job_id, "job_id"),
                              use(k.restart, "restart_count"), use(k.cluster, "cluster"));
    for (const auto& [key, text] : summaries) {
      k = BoundKey(key);
      summary = cut(text, 1000);
      impl_->changes.note(key);
      set.execute(true);
      const auto last = impl_->asks.last.find(key);
      if (last != impl_->asks.last.end() && last->second > asks) continue;
      settle.execute(true);
      if (last != impl_->asks.last.end()) impl_->asks.last.erase(last);
    }
    return Done{};
  });
}

Status Store::summary_later(const JobKey& key, Instant next, const std::string& problem) {
  return impl_->db->write([&](soci::session& sql) -> Status {
    const BoundKey k(key);
    const long long at = unix_ms(next);
    const auto why = problem.substr(0, 1000);
    sql << std::string("UPDATE summaries SET next_ms = :next, tries = tries + 1, problem = :problem") + kWhereKey,
        use(at, "next"), use(why, "problem"), use(k.job_id, "job_id"), use(k.restart, "restart_count"), use(k.cluster, "cluster");
    return Done{};
  });
}

Status Store::summary_given_up(const JobKey& key) {
  return impl_->db->write([&](soci::session& sql) -> Status {
    const BoundKey k(key);
    sql << std::string("DELETE FROM summaries") + kWhereKey, use(k.job_id, "job_id"), use(k.restart, "restart_count"),
        use(k.cluster, "cluster");
    return Done{};
  });
}

Result<StoreCounts> Store::counts() {
  return impl_->db->read([](soci::session& sql) -> Result<StoreCounts> {
    // Asked for often: nothing here grows with the records.
    long long jobs = 0, due = 0, unwritten = 0;
    sql << "SELECT COALESCE(SUM(jobs), 0) FROM rollups WHERE span = 'y'", into(jobs);
    sql << "SELECT COUNT(*) FROM due_jobs", into(due);
    sql << "SELECT COUNT(*) FROM summaries", into(unwritten);
    return StoreCounts{fact(sql, "records"), jobs, due, unwritten};
  });
}

Result<std::vector<std::string>> Store::check() {
  return impl_->db->read([](soci::session& sql) -> Result<std::vector<std::string>> {
    auto problems = structure_problems(sql, true);
    BoundKey k;
    std::string body, node;
    long long checksum = 0;
    soci::statement find = (sql.prepare << "SELECT job_id, restart_count, cluster, node, body, checksum FROM records",
                            into(k.job_id), into(k.restart), into(k.cluster), into(node), into(body), into(checksum));
    each_row(find, [&] {
      if (checksum != checksum_of(body))
        problems.push_back("record of job " + std::to_string(k.job_id) + " from " + node + " is damaged");
    });
    return problems;
  });
}

}  // namespace carbon::ledger
