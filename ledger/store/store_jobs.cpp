// SPDX-License-Identifier: Apache-2.0
// One row per run of a job, and the rollups that move with the rows.
#include <map>

#include "ledger/reports/rollups.h"
#include "ledger/store/bulk.h"
#include "ledger/store/job_row.h"
#include "ledger/store/store_impl.h"

namespace carbon::ledger {
namespace {

using namespace std::chrono_literals;
using soci::into;
using soci::use;

constexpr Duration kWaitForNodes = 1h;

// So many jobs are asked for by one statement.
constexpr std::size_t kAtOnce = 500;

// Rows of jobs and the rollups that move with them.
class JobWriter {
 public:
  JobWriter(soci::session& sql, Groups& groups, RowChanges& changes)
      : sql_(sql), groups_(groups), changes_(changes), whole_(sql, job_table(true)), emissions_(sql, job_table(false)) {}

  // `held`: the row as it stands; none: it is new.
  void put(const JobRow* held, const JobRow& row) {
    const auto group = groups_.number_of(sql_, group_of(row));
    const bool restated = held && same_but_emission(*held, row);
    if (held) deltas_.remove(*held, restated ? group : groups_.number_of(sql_, group_of(*held)));
    deltas_.add(row, group);
    changes_.note(row.key);
    store(row, group, (restated ? emissions_ : whole_).next());
  }

  void finish() {
    whole_.flush();
    emissions_.flush();
    deltas_.write(sql_, groups_);
  }

 private:
  soci::session& sql_;
  Groups& groups_;
  RowChanges& changes_;
  Bulk whole_, emissions_;
  RollupDeltas deltas_;
};

// Asks for summaries, at the same time if one waits already.
class SummaryAsker {
 public:
  SummaryAsker(soci::session& sql, SummaryAsks& asks)
      : asks_(asks),
        bulk_(sql, {"summaries", {"job_id", "restart_count", "cluster"}, {"next_ms", "tries", "problem"}, OnHeld::kUpdate}) {}

  void ask(const JobKey& key, Instant next) {
    const auto cells = bulk_.next();
    cells[0] = key.job_id;
    cells[1] = key.restart;
    cells[2] = key.cluster;
    cells[3] = unix_ms(next);
    cells[4] = 0;
    cells[5] = std::string_view("");
    asks_.last[key] = ++asks_.count;
  }
  void finish() { bulk_.flush(); }

 private:
  SummaryAsks& asks_;
  Bulk bulk_;
};

bool reads_differently(const JobRow& a, const JobRow& b) {
  return a.complete != b.complete || a.site != b.site || a.energy_mj != b.energy_mj || a.co2e_ug != b.co2e_ug ||
         a.counterfactual_ug != b.counterfactual_ug || a.intensity != b.intensity || a.method != b.method || a.nodes != b.nodes;
}

bool compared_differently(const JobDetails& a, const JobDetails& b) {
  return a.submit != b.submit || a.home != b.home || a.kept_from != b.kept_from || a.kept_to != b.kept_to;
}

// As wide as the columns.
JobDetails fitting(JobDetails f) {
  for (auto* text : {&f.mode, &f.state}) *text = cut(std::move(*text), 32);
  for (auto* text : {&f.home, &f.qos, &f.wckey}) *text = cut(std::move(*text), 128);
  f.name = cut(std::move(f.name), 255);
  f.exit_code = cut(std::move(f.exit_code), 16);
  f.comment = cut(std::move(f.comment), 1024);
  return f;
}

// The rows as they stand, in whose place others are to be written: those that were read before, and those that changed since
// anew.
class HeldRows {
 public:
  HeldRows(soci::session& sql, std::span<const JobRow> rows, const DueJobs& due, const RowChanges& changes) {
    const auto stands = [&](const JobKey& key) { return due.held && changes.stands(key, due.changes); };
    std::vector<JobKey> keys;
    for (const auto& row : rows) {
      if (!stands(row.key)) keys.push_back(row.key);
    }
    anew_ = held_jobs(sql, keys);
    for (const auto& row : rows) {
      const auto& from = stands(row.key) ? *due.held : anew_;
      const auto at = from.find(row.key);
      of_.push_back(at == from.end() ? nullptr : &at->second);
    }
  }
  // Of the row of this index; none: it is new.
  const JobRow* operator[](std::size_t index) const { return of_[index]; }

 private:
  std::map<JobKey, JobRow> anew_;
  std::vector<const JobRow*> of_;
};

}  // namespace

std::map<JobKey, JobRow> held_jobs(soci::session& sql, std::span<const JobKey> keys) {
  std::map<JobKey, JobRow> held;
  for (std::size_t at = 0; at < keys.size(); at += kAtOnce) {
    const auto ids = with_job_ids(keys.subspan(at, std::min(kAtOnce, keys.size() - at)));
    BoundJob bound;
    soci::statement find(sql);
    bound.bind_into(find);
    find.alloc();
    find.prepare("SELECT " + job_columns() + " FROM jobs WHERE " + ids);
    find.define_and_bind();
    each_row(find, [&] {
      auto row = bound.row();
      auto key = row.key;
      held.insert_or_assign(std::move(key), std::move(row));
    });
  }
  return held;
}

Status Store::account(std::span<const JobRow> rows, const DueJobs& due, Instant now) {
  auto done = impl_->db->write([&](soci::session& sql) -> Status {
    impl_->changes.settle();
    const HeldRows all_held(sql, rows, due, impl_->changes);
    impl_->changes.forget(due.changes);
    JobWriter jobs(sql, impl_->groups, impl_->changes);
    SummaryAsker summaries(sql, impl_->asks);
    long long longest = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      JobRow row = rows[i];
      const JobRow* held = all_held[i];
      if (held) {
        row.details = held->details;
        row.summary = held->summary;
        row.restated = held->restated || (!held->summary.empty() && held->co2e_ug != row.co2e_ug);
      }
      jobs.put(held, row);
      if (!held || reads_differently(*held, row)) summaries.ask(row.key, row.complete ? now : now + kWaitForNodes);
      longest = std::max<long long>(longest, (row.end - row.start).count());
    }
    jobs.finish();
    summaries.finish();
    sql << "UPDATE facts SET value = :l WHERE name = 'longest_ms' AND value < :m", use(longest, "l"), use(longest, "m");
    const long long last = due.upto;
    sql << "DELETE FROM due_jobs WHERE seq <= :upto", use(last, "upto");
    if (due.intensities != fact(sql, "intensities")) impl_->make_due(sql, due.jobs);
    return Done{};
  });
  if (!done) impl_->groups.forget();
  return done;
}

Result<std::size_t> Store::ask_summaries(std::span<const JobKey> keys, Instant now) {
  return impl_->db->write([&](soci::session& sql) -> Result<std::size_t> {
    const auto held = held_jobs(sql, keys);
    SummaryAsker summaries(sql, impl_->asks);
    std::size_t asked = 0;
    for (const auto& key : keys) {
      if (!held.contains(key)) continue;
      summaries.ask(key, now);
      ++asked;
    }
    summaries.finish();
    return asked;
  });
}

Result<std::map<JobKey, JobRow>> Store::jobs_of(std::span<const JobKey> keys) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::map<JobKey, JobRow>> {
    auto held = held_jobs(sql, keys);
    std::map<JobKey, JobRow> wanted;
    for (const auto& key : keys) {
      if (auto found = held.extract(key)) wanted.insert(std::move(found));
    }
    return wanted;
  });
}

Result<std::optional<JobRow>> Store::job(const JobKey& key) {
  auto found = jobs_of(std::span(&key, 1));
  if (!found) return found.error();
  if (found->empty()) return std::optional<JobRow>();
  return std::optional(std::move(found->begin()->second));
}

Status Store::set_details(const JobKey& key, const JobDetails& details) {
  const auto held = job(key);
  if (!held) return held.error();
  if (!*held) return Error{"ledger: job " + std::to_string(key.job_id) + " is not known"};
  return set_details({{key, details}});
}

Status Store::set_details(const std::map<JobKey, JobDetails>& jobs) {
  if (jobs.empty()) return Done{};
  auto done = impl_->db->write([&](soci::session& sql) -> Status {
    std::vector<JobKey> keys, to_compute;
    for (const auto& [key, details] : jobs) keys.push_back(key);
    const auto all_held = held_jobs(sql, keys);
    impl_->changes.settle();
    JobWriter writer(sql, impl_->groups, impl_->changes);
    for (const auto& [key, given] : jobs) {
      const auto held = all_held.find(key);
      if (held == all_held.end()) continue;
      auto row = held->second;
      row.details = fitting(given);
      if (row.details == held->second.details) continue;
      if (compared_differently(row.details, held->second.details)) to_compute.push_back(key);
      writer.put(&held->second, row);
    }
    writer.finish();
    impl_->make_due(sql, to_compute);
    return Done{};
  });
  if (!done) impl_->groups.forget();
  return done;
}

}  // namespace carbon::ledger
