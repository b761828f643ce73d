// SPDX-License-Identifier: Apache-2.0
// Records, and the two queues: jobs to be accounted, summaries to be written into Slurm's accounting.
#include "ledger/store.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "ledger/checksum.h"
#include "ledger/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;

// The statements that take in records, prepared once for a batch.
class RecordWriter {
 public:
  explicit RecordWriter(soci::session& sql)
      : find_((sql.prepare << std::string("SELECT revision FROM records") + kWhereRecord, use(job_id_, "job_id"),
               use(restart_, "restart_count"), use(cluster_, "cluster"), use(node_, "node"), use(start_, "start_ms"),
               into(held_))),
        update_((sql.prepare << std::string("UPDATE records SET revision = :revision, body = :body, checksum = :checksum") +
                                    kWhereRecord,
                 use(revision_, "revision"), use(body_, "body"), use(checksum_, "checksum"), use(job_id_, "job_id"),
                 use(restart_, "restart_count"), use(cluster_, "cluster"), use(node_, "node"), use(start_, "start_ms"))),
        insert_((sql.prepare << "INSERT INTO records (job_id, restart_count, cluster, node, start_ms, revision, body, checksum)"
                                " VALUES (:job_id, :restart_count, :cluster, :node, :start_ms, :revision, :body, :checksum)",
                 use(job_id_, "job_id"), use(restart_, "restart_count"), use(cluster_, "cluster"), use(node_, "node"),
                 use(start_, "start_ms"), use(revision_, "revision"), use(body_, "body"), use(checksum_, "checksum"))) {}

  // False where an equal or higher revision is held.
  bool put(const EnergyRecord& r) {
    job_id_ = r.job_id;
    restart_ = r.restart;
    cluster_ = r.cluster;
    node_ = r.node;
    start_ = unix_ms(r.start);
    bool found = false;
    each_row(find_, [&] { found = true; });
    if (found && held_ >= static_cast<long long>(r.revision)) return false;
    revision_ = r.revision;
    body_ = to_json(r);
    checksum_ = checksum_of(body_);
    (found ? update_ : insert_).execute(true);
    if (!found) ++inserted_;
    return true;
  }

  long long inserted() const { return inserted_; }

 private:
  static constexpr const char* kWhereRecord =
      " WHERE job_id = :job_id AND restart_count = :restart_count AND cluster = :cluster AND node = :node AND start_ms = "
      ":start_ms";
  long long job_id_ = 0, restart_ = 0, start_ = 0, revision_ = 0, checksum_ = 0, held_ = 0, inserted_ = 0;
  std::string cluster_, node_, body_;
  soci::statement find_, update_, insert_;
};

// The statements that read what is known of a job, prepared once for a batch.
class InputReader {
 public:
  explicit InputReader(soci::session& sql)
      : records_((sql.prepare << std::string("SELECT body, checksum FROM records") + kWhereKey + " ORDER BY node, start_ms",
                  use(k_.job_id, "job_id"), use(k_.restart, "restart_count"), use(k_.cluster, "cluster"), into(body_),
                  into(checksum_))),
        facts_((sql.prepare << std::string("SELECT submit_ms, mode, home FROM jobs") + kWhereKey, use(k_.job_id, "job_id"),
                use(k_.restart, "restart_count"), use(k_.cluster, "cluster"), into(submit_, submit_known_), into(mode_),
                into(home_))) {}

  JobInput read(const JobKey& key) {
    k_ = BoundKey(key);
    JobInput input;
    input.key = key;
    each_row(records_, [&] {
      auto record = record_from_json(body_);
      if (record && checksum_ == checksum_of(body_)) {
        input.records.push_back(std::move(*record));
      } else {
        ++input.damaged;
      }
    });
    each_row(facts_, [&] {
      if (submit_known_ == soci::i_ok) input.facts.submit = from_unix_ms(submit_);
      input.facts.mode = mode_;
      input.facts.home = home_;
    });
    return input;
  }

 private:
  BoundKey k_;
  std::string body_, mode_, home_;
  long long submit_ = 0, checksum_ = 0;
  soci::indicator submit_known_ = soci::i_null;
  soci::statement records_, facts_;
};

}  // namespace

long long fact(soci::session& sql, const char* name) {
  long long value = 0;
  const std::string wanted(name);
  sql << "SELECT value FROM facts WHERE name = :name", into(value), use(wanted, "name");
  return value;
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
  BoundKey k;
  long long seq = 0;
  soci::statement insert = (sql.prepare << "INSERT INTO due_jobs (seq, job_id, restart_count, cluster)"
                                           " VALUES (:seq, :job_id, :restart_count, :cluster)",
                            use(seq, "seq"), use(k.job_id, "job_id"), use(k.restart, "restart_count"), use(k.cluster, "cluster"));
  for (const auto& key : keys) {
    seq = next_seq++;
    k = BoundKey(key);
    insert.execute(true);
  }
}

Result<PutOutcome> Store::put(std::span<const EnergyRecord> records) {
  return impl_->db->write([&](soci::session& sql) -> Result<PutOutcome> {
    RecordWriter writer(sql);
    PutOutcome outcome;
    std::set<JobKey> changed;
    for (const auto& r : records) {
      outcome.fresh.push_back(writer.put(r));
      if (outcome.fresh.back()) {
        ++outcome.stored;
        changed.insert({r.cluster, r.job_id, r.restart});
      } else {
        ++outcome.known;
      }
    }
    impl_->make_due(sql, std::vector<JobKey>(changed.begin(), changed.end()));
    const long long inserted = writer.inserted();
    sql << "UPDATE facts SET value = value + :n WHERE name = 'records'", use(inserted, "n");
    return outcome;
  });
}

Result<DueJobs> Store::due(std::size_t limit) {
  return impl_->db->read([&](soci::session& sql) -> Result<DueJobs> {
    BoundKey k;
    long long seq = 0;
    const auto most = static_cast<long long>(limit);
    soci::statement find = (sql.prepare << "SELECT seq, job_id, restart_count, cluster FROM due_jobs ORDER BY seq LIMIT :most",
                            into(seq), into(k.job_id), into(k.restart), into(k.cluster), use(most, "most"));
    DueJobs due;
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
    InputReader reader(sql);
    std::vector<JobInput> out;
    out.reserve(keys.size());
    for (const auto& key : keys) out.push_back(reader.read(key));
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

Status Store::summary_written(const JobKey& key, const std::string& summary) {
  return impl_->db->write([&](soci::session& sql) -> Status {
    const BoundKey k(key);
    sql << std::string("UPDATE jobs SET summary = :summary") + kWhereKey, use(summary, "summary"), use(k.job_id, "job_id"),
        use(k.restart, "restart_count"), use(k.cluster, "cluster");
    sql << std::string("DELETE FROM summaries") + kWhereKey, use(k.job_id, "job_id"), use(k.restart, "restart_count"),
        use(k.cluster, "cluster");
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
