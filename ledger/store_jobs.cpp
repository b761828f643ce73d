// SPDX-License-Identifier: Apache-2.0
// One row per run of a job, and the rollups that move with the rows.
#include "ledger/job_row.h"
#include "ledger/rollups.h"
#include "ledger/store_impl.h"

namespace carbon::ledger {
namespace {

using namespace std::chrono_literals;
using soci::into;
using soci::use;

constexpr Duration kWaitForNodes = 1h;

class JobWriter {
 public:
  explicit JobWriter(soci::session& sql) : find_(sql), update_(sql), insert_(sql) {
    find_.exchange(use(k_.job_id, "job_id"));
    find_.exchange(use(k_.restart, "restart_count"));
    find_.exchange(use(k_.cluster, "cluster"));
    held_.bind_into(find_);
    prepare(find_, "SELECT " + job_columns() + " FROM jobs" + kWhereKey);
    row_.bind_use(update_);
    prepare(update_, "UPDATE jobs SET " + job_assignments() + kWhereKey);
    row_.bind_use(insert_);
    prepare(insert_, "INSERT INTO jobs (" + job_columns() + ") VALUES (" + job_parameters() + ")");
  }

  std::optional<JobRow> find(const JobKey& key) {
    k_ = BoundKey(key);
    std::optional<JobRow> out;
    each_row(find_, [&] { out = held_.row(); });
    return out;
  }

  void put(const JobRow& row, long long group, bool replaces) {
    row_.set(row, group);
    (replaces ? update_ : insert_).execute(true);
  }

 private:
  static void prepare(soci::statement& s, const std::string& text) {
    s.alloc();
    s.prepare(text);
    s.define_and_bind();
  }
  BoundKey k_;
  BoundJob held_, row_;
  soci::statement find_, update_, insert_;
};

// Asks for a summary, however many stand in the queue for this job already.
class SummaryAsker {
 public:
  explicit SummaryAsker(soci::session& sql)
      : remove_((sql.prepare << std::string("DELETE FROM summaries") + kWhereKey, use(k_.job_id, "job_id"),
                 use(k_.restart, "restart_count"), use(k_.cluster, "cluster"))),
        insert_((sql.prepare << "INSERT INTO summaries (job_id, restart_count, cluster, next_ms, tries, problem)"
                                " VALUES (:job_id, :restart_count, :cluster, :next, 0, '')",
                 use(k_.job_id, "job_id"), use(k_.restart, "restart_count"), use(k_.cluster, "cluster"), use(next_, "next"))) {}

  void ask(const JobKey& key, Instant next) {
    k_ = BoundKey(key);
    next_ = unix_ms(next);
    remove_.execute(true);
    insert_.execute(true);
  }

 private:
  BoundKey k_;
  long long next_ = 0;
  soci::statement remove_, insert_;
};

bool reads_differently(const JobRow& a, const JobRow& b) {
  return a.complete != b.complete || a.site != b.site || a.energy_mj != b.energy_mj || a.co2e_ug != b.co2e_ug ||
         a.counterfactual_ug != b.counterfactual_ug || a.intensity != b.intensity || a.method != b.method || a.nodes != b.nodes;
}

// As wide as the columns.
SlurmFacts fitting(SlurmFacts f) {
  for (auto* text : {&f.mode, &f.state}) *text = cut(std::move(*text), 32);
  for (auto* text : {&f.home, &f.qos, &f.wckey}) *text = cut(std::move(*text), 128);
  f.name = cut(std::move(f.name), 255);
  f.exit_code = cut(std::move(f.exit_code), 16);
  f.comment = cut(std::move(f.comment), 1024);
  return f;
}

}  // namespace

Status Store::account(std::span<const JobRow> rows, const DueJobs& due, Instant now) {
  auto done = impl_->db->write([&](soci::session& sql) -> Status {
    JobWriter jobs(sql);
    SummaryAsker summaries(sql);
    RollupDeltas deltas;
    long long longest = 0;
    for (const auto& fresh : rows) {
      JobRow row = fresh;
      const auto held = jobs.find(row.key);
      if (held) {
        row.facts = held->facts;
        row.summary = held->summary;
        row.restated = held->restated || (!held->summary.empty() && held->co2e_ug != row.co2e_ug);
        deltas.remove(*held, impl_->groups.number_of(sql, group_of(*held)));
      }
      const auto group = impl_->groups.number_of(sql, group_of(row));
      deltas.add(row, group);
      jobs.put(row, group, held.has_value());
      if (!held || reads_differently(*held, row)) summaries.ask(row.key, row.complete ? now : now + kWaitForNodes);
      longest = std::max<long long>(longest, (row.end - row.start).count());
    }
    deltas.write(sql);
    sql << "UPDATE facts SET value = :l WHERE name = 'longest_ms' AND value < :m", use(longest, "l"), use(longest, "m");
    const long long last = due.upto;
    sql << "DELETE FROM due_jobs WHERE seq <= :upto", use(last, "upto");
    if (due.intensities != fact(sql, "intensities")) impl_->make_due(sql, due.jobs);
    return Done{};
  });
  if (!done) impl_->groups.forget();
  return done;
}

Result<std::optional<JobRow>> Store::job(const JobKey& key) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::optional<JobRow>> { return JobWriter(sql).find(key); });
}

Status Store::set_facts(const JobKey& key, const SlurmFacts& facts) {
  auto done = impl_->db->write([&](soci::session& sql) -> Status {
    JobWriter jobs(sql);
    auto row = jobs.find(key);
    if (!row) return Error{"ledger: job " + std::to_string(key.job_id) + " is not known"};
    const auto fresh = fitting(facts);
    if (row->facts == fresh) return Done{};
    const bool computed_anew = row->facts.submit != fresh.submit || row->facts.home != fresh.home;
    RollupDeltas deltas;
    deltas.remove(*row, impl_->groups.number_of(sql, group_of(*row)));
    row->facts = fresh;
    const auto group = impl_->groups.number_of(sql, group_of(*row));
    deltas.add(*row, group);
    deltas.write(sql);
    jobs.put(*row, group, true);
    if (computed_anew) impl_->make_due(sql, std::span(&key, 1));
    return Done{};
  });
  if (!done) impl_->groups.forget();
  return done;
}

}  // namespace carbon::ledger
