// SPDX-License-Identifier: Apache-2.0
// One row per run of a job, and the rollups that move with the rows.
#include <algorithm>
#include <map>
#include <tuple>

#include "ledger/job_row.h"
#include "ledger/store_impl.h"

namespace carbon::ledger {
namespace {

using namespace std::chrono_literals;
using soci::into;
using soci::use;

constexpr Duration kWaitForNodes = 1h;

struct RollupKey {
  std::string span;  // "d" or "m"
  long long start_ms = 0;
  std::string user, account, partition, site, cluster;
  auto operator<=>(const RollupKey&) const = default;
};

long long day_of(Instant t) { return unix_ms(std::chrono::floor<std::chrono::days>(t)); }

long long month_of(Instant t) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(t));
  return unix_ms(std::chrono::sys_days(date.year() / date.month() / 1));
}

using Deltas = std::map<RollupKey, Totals>;

void add(Deltas& deltas, const JobRow& row, bool minus) {
  RollupKey key{"d", day_of(row.end), row.user, row.account, row.partition, row.site, row.key.cluster};
  const auto t = totals_of(row);
  for (const auto& [span, start] : {std::pair("d", day_of(row.end)), std::pair("m", month_of(row.end))}) {
    key.span = span;
    key.start_ms = start;
    auto& sum = deltas[key];
    minus ? sum -= t : sum += t;
  }
}

// Ten sums as bound values.
struct BoundTotals {
  explicit BoundTotals(const Totals& t)
      : v{t.jobs,          t.elapsed_ms,        t.energy_mj,   t.covered_mj,   t.co2e_ug,
          t.compared_jobs, t.counterfactual_ug, t.compared_ug, t.held_idle_ms, t.simulated_jobs} {}
  std::array<long long, 10> v;
};

class RollupWriter {
 public:
  explicit RollupWriter(soci::session& sql)
      : update_((sql.prepare << "UPDATE rollups SET jobs = jobs + :jobs, elapsed_ms = elapsed_ms + :elapsed,"
                                " energy_mj = energy_mj + :energy, covered_mj = covered_mj + :covered, co2e_ug = co2e_ug + :co2e,"
                                " compared_jobs = compared_jobs + :cjobs, counterfactual_ug = counterfactual_ug + :cf,"
                                " compared_ug = compared_ug + :cown, held_idle_ms = held_idle_ms + :idle,"
                                " simulated_jobs = simulated_jobs + :sim WHERE span = :span AND start_ms = :start"
                                " AND user_name = :user AND account = :account AND part = :part AND site = :site"
                                " AND cluster = :cluster",
                 use(t_.v[0], "jobs"), use(t_.v[1], "elapsed"), use(t_.v[2], "energy"), use(t_.v[3], "covered"),
                 use(t_.v[4], "co2e"), use(t_.v[5], "cjobs"), use(t_.v[6], "cf"), use(t_.v[7], "cown"), use(t_.v[8], "idle"),
                 use(t_.v[9], "sim"), use(k_.span, "span"), use(k_.start_ms, "start"), use(k_.user, "user"),
                 use(k_.account, "account"), use(k_.partition, "part"), use(k_.site, "site"), use(k_.cluster, "cluster"))),
        insert_(
            (sql.prepare << "INSERT INTO rollups (span, start_ms, user_name, account, part, site, cluster, jobs, elapsed_ms,"
                            " energy_mj, covered_mj, co2e_ug, compared_jobs, counterfactual_ug, compared_ug, held_idle_ms,"
                            " simulated_jobs) VALUES (:span, :start, :user, :account, :part, :site, :cluster, :jobs, :elapsed,"
                            " :energy, :covered, :co2e, :cjobs, :cf, :cown, :idle, :sim)",
             use(k_.span, "span"), use(k_.start_ms, "start"), use(k_.user, "user"), use(k_.account, "account"),
             use(k_.partition, "part"), use(k_.site, "site"), use(k_.cluster, "cluster"), use(t_.v[0], "jobs"),
             use(t_.v[1], "elapsed"), use(t_.v[2], "energy"), use(t_.v[3], "covered"), use(t_.v[4], "co2e"),
             use(t_.v[5], "cjobs"), use(t_.v[6], "cf"), use(t_.v[7], "cown"), use(t_.v[8], "idle"), use(t_.v[9], "sim"))) {}

  void add(const RollupKey& key, const Totals& delta) {
    if (delta == Totals{}) return;
    k_ = key;
    t_ = BoundTotals(delta);
    update_.execute(true);
    if (update_.get_affected_rows() == 0) insert_.execute(true);
  }

 private:
  RollupKey k_;
  BoundTotals t_{Totals{}};
  soci::statement update_, insert_;
};

class JobWriter {
 public:
  explicit JobWriter(soci::session& sql)
      : find_((sql.prepare << std::string("SELECT ") + kJobColumns + " FROM jobs" + kWhereKey, use(k_.job_id, "job_id"),
               use(k_.restart, "restart_count"), use(k_.cluster, "cluster"), into(held_))),
        update_((sql.prepare << std::string("UPDATE jobs SET ") + kJobAssignments + kWhereKey, use(row_))),
        insert_(
            (sql.prepare << std::string("INSERT INTO jobs (") + kJobColumns + ") VALUES (" + kJobParameters + ")", use(row_))) {}

  std::optional<JobRow> find(const JobKey& key) {
    k_ = BoundKey(key);
    std::optional<JobRow> out;
    each_row(find_, [&] { out = held_; });
    return out;
  }

  void put(const JobRow& row, bool replaces) {
    row_ = row;
    (replaces ? update_ : insert_).execute(true);
  }

 private:
  static constexpr const char* kJobAssignments =
      "uid = :uid, user_name = :user_name, account = :account, part = :part, site = :site, start_ms = :start_ms, end_ms = "
      ":end_ms,"
      " nodes = :nodes, nodes_expected = :nodes_expected, complete = :complete, simulated = :simulated, note = :note,"
      " energy_mj = :energy_mj, gpu_mj = :gpu_mj, cpu_mj = :cpu_mj, held_idle_ms = :held_idle_ms,"
      " uncertainty_mj = :uncertainty_mj, estimated_mj = :estimated_mj, method = :method, pue = :pue, covered_mj = :covered_mj,"
      " co2e_ug = :co2e_ug, counterfactual_ug = :counterfactual_ug, intensity = :intensity, provider = :provider,"
      " submit_ms = :submit_ms, mode = :mode, home = :home, summary = :summary, restated = :restated";
  static constexpr const char* kJobParameters =
      ":job_id, :restart_count, :cluster, :uid, :user_name, :account, :part, :site, :start_ms, :end_ms, :nodes, :nodes_expected,"
      " :complete, :simulated, :note, :energy_mj, :gpu_mj, :cpu_mj, :held_idle_ms, :uncertainty_mj, :estimated_mj, :method, :pue,"
      " :covered_mj, :co2e_ug, :counterfactual_ug, :intensity, :provider, :submit_ms, :mode, :home, :summary, :restated";
  BoundKey k_;
  JobRow held_, row_;
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

}  // namespace

Status Store::account(std::span<const JobRow> rows, const DueJobs& due, Instant now) {
  return impl_->db->write([&](soci::session& sql) -> Status {
    JobWriter jobs(sql);
    SummaryAsker summaries(sql);
    Deltas deltas;
    long long longest = 0;
    for (const auto& fresh : rows) {
      JobRow row = fresh;
      const auto held = jobs.find(row.key);
      if (held) {
        row.facts = held->facts;
        row.summary = held->summary;
        row.restated = held->restated || (!held->summary.empty() && held->co2e_ug != row.co2e_ug);
        add(deltas, *held, true);
      }
      add(deltas, row, false);
      jobs.put(row, held.has_value());
      if (!held || reads_differently(*held, row)) summaries.ask(row.key, row.complete ? now : now + kWaitForNodes);
      longest = std::max<long long>(longest, (row.end - row.start).count());
    }
    RollupWriter rollups(sql);
    for (const auto& [key, delta] : deltas) rollups.add(key, delta);
    sql << "UPDATE facts SET value = :l WHERE name = 'longest_ms' AND value < :m", use(longest, "l"), use(longest, "m");
    const long long last = due.upto;
    sql << "DELETE FROM due_jobs WHERE seq <= :upto", use(last, "upto");
    if (due.intensities != fact(sql, "intensities")) impl_->make_due(sql, due.jobs);
    return Done{};
  });
}

Result<std::optional<JobRow>> Store::job(const JobKey& key) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::optional<JobRow>> { return JobWriter(sql).find(key); });
}

Status Store::set_facts(const JobKey& key, const SlurmFacts& facts) {
  return impl_->db->write([&](soci::session& sql) -> Status {
    const auto held = JobWriter(sql).find(key);
    if (!held) return Error{"ledger: job " + std::to_string(key.job_id) + " is not known"};
    if (held->facts == facts) return Done{};
    const BoundKey k(key);
    const long long submit = facts.submit ? unix_ms(*facts.submit) : 0;
    auto known = facts.submit ? soci::i_ok : soci::i_null;
    sql << std::string("UPDATE jobs SET submit_ms = :submit, mode = :mode, home = :home") + kWhereKey,
        use(submit, known, "submit"), use(facts.mode, "mode"), use(facts.home, "home"), use(k.job_id, "job_id"),
        use(k.restart, "restart_count"), use(k.cluster, "cluster");
    impl_->make_due(sql, std::span(&key, 1));
    return Done{};
  });
}

}  // namespace carbon::ledger
