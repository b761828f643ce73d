// SPDX-License-Identifier: Apache-2.0
#include "ledger/store/separate_runs.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "core/slurm/run_times.h"

namespace carbon::ledger {
namespace {

Interval time_of(const EnergyRecord& r) { return {r.start, r.end}; }
bool is_estimate(const StoredRecord& r) { return r.record.node == kBackfillNode; }
bool is_instant(const StoredRecord& r) { return r.damaged || r.record.end == r.record.start; }

struct Group {
  std::uint32_t uid = 0, restart = 0;
  std::optional<Instant> job_start;
  bool owner_known = true;
  Interval when{};
  std::map<std::string, Interval> marked;  // by node with a start mark
  std::vector<const StoredRecord*> measured, estimates;

  explicit Group(const StoredRecord& first)
      : uid(first.record.uid),
        restart(first.record.restart),
        job_start(first.record.job_start),
        owner_known(!first.damaged && !(is_estimate(first) && first.record.uid == 0)),
        when(time_of(first.record)) {
    add(first);
  }
  void add(const StoredRecord& r) {
    if (is_estimate(r)) return estimates.push_back(&r);
    if (measured.empty()) when = time_of(r.record);  // not the estimate's
    measured.push_back(&r);
    when = {std::min(when.start, r.record.start), std::max(when.end, r.record.end)};
    if (!is_instant(r)) marked.emplace(r.record.node, time_of(r.record));
    if (!owner_known && !r.damaged) {
      uid = r.record.uid;
      owner_known = true;
    }
  }
  bool may_own(const StoredRecord& r) const {
    return r.damaged || (is_estimate(r) && r.record.uid == 0) || !owner_known || uid == r.record.uid;
  }
  // A node runs at most one run of a job at a time.
  bool may_be_on_node(const EnergyRecord& r) const {
    const auto at = marked.find(r.node);
    return at == marked.end() || overlap(at->second, time_of(r)) > Duration::zero();
  }
  // Of the job's start: equal, or not known on one side.
  bool may_have_begun_as(const StoredRecord& r) const {
    return !job_start || !r.record.job_start || *job_start == *r.record.job_start;
  }
};

class Separation {
 public:
  // `records` must outlive it, and be in the order of before().
  explicit Separation(const std::vector<StoredRecord>& records) {
    for (const auto& r : records) {
      if (!is_estimate(r) && !is_instant(r) && r.record.job_start) put(r, begun_as(r));
    }
    for (const auto& r : records) {
      if (!is_estimate(r) && !is_instant(r) && !r.record.job_start) put(r, around(r));
    }
    const auto with_marks = groups_.size();
    for (const auto& r : records) {
      if (!is_estimate(r) && is_instant(r)) put(r, nearest(r, with_marks));
    }
    for (const auto& r : records) {
      if (is_estimate(r)) put(r, estimated(r));
    }
  }
  const std::vector<Group>& groups() const { return groups_; }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  void put(const StoredRecord& r, std::size_t group) {
    group == kNone ? static_cast<void>(groups_.emplace_back(r)) : groups_[group].add(r);
  }

  std::size_t begun_as(const StoredRecord& r) const {
    const auto it = std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) {
      return g.uid == r.record.uid && g.restart == r.record.restart && g.job_start == r.record.job_start;
    });
    return it == groups_.end() ? kNone : static_cast<std::size_t>(it - groups_.begin());
  }

  std::size_t around(const StoredRecord& r) const {
    return best(groups_.size(), r, [&](const Group& g) {
      return g.uid == r.record.uid && g.restart == r.record.restart && g.may_be_on_node(r.record);
    });
  }

  // Runs with a start mark come first: another instant may only be nearer to a run that no other node recorded.
  std::size_t nearest(const StoredRecord& r, std::size_t with_marks) const {
    const auto begun = std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) {
      return r.record.job_start && g.job_start == r.record.job_start && g.may_own(r);
    });
    if (begun != groups_.end()) return static_cast<std::size_t>(begun - groups_.begin());
    const auto accepts = [&](const Group& g) { return g.may_own(r) && g.may_have_begun_as(r); };
    const auto found = best(with_marks, r, accepts);
    if (found != kNone) return found;
    return best(groups_.size(), r, [&](const Group& g) { return accepts(g) && g.restart == r.record.restart; });
  }

  std::size_t estimated(const StoredRecord& r) const {
    const auto when = time_of(r.record);
    const auto near = [](Instant a, Instant b) { return std::chrono::abs(a - b) <= kClockTolerance; };
    return best(groups_.size(), r, [&](const Group& g) {
      if (!g.may_own(r)) return false;
      if (near(g.when.start, when.start) && near(g.when.end, when.end)) return true;
      const auto shorter = std::min(g.when.length(), when.length());
      return shorter == Duration::zero() ? !g.measured.empty() : overlap(g.when, when) * 2 >= shorter;
    });
  }

  // Of the first `count` groups that `accepts`, the one that the record overlaps longest (an instant: the nearest), then the one
  // of its restart count, then the one with the nearest end, then the first.
  template <class Accepts>
  std::size_t best(std::size_t count, const StoredRecord& r, Accepts accepts) const {
    std::size_t found = kNone;
    const auto when = time_of(r.record);
    const auto rank = [&](const Group& g) {
      return std::tuple(-overlap(g.when, when), g.restart != r.record.restart, std::chrono::abs(g.when.end - when.end));
    };
    for (std::size_t i = 0; i < count; ++i) {
      const auto& g = groups_[i];
      if (!may_be_one_run(g.when, when) || !accepts(g)) continue;
      if (found == kNone || rank(g) < rank(groups_[found])) found = i;
    }
    return found;
  }

  std::vector<Group> groups_;
};

// Without a node's records that lie in the time of a longer one of it.
std::vector<EnergyRecord> each_node_once(std::vector<EnergyRecord> records) {
  const auto longer = [](const EnergyRecord& a, const EnergyRecord& b) {
    return std::tuple(b.end - b.start, a.start, a.node) < std::tuple(a.end - a.start, b.start, b.node);
  };
  std::sort(records.begin(), records.end(), longer);
  std::vector<EnergyRecord> out;
  for (auto& r : records) {
    const bool within = std::any_of(out.begin(), out.end(), [&](const auto& o) {
      const auto common = overlap(time_of(o), time_of(r));
      return o.node == r.node && (common > Duration::zero() || (r.start == r.end && common == Duration::zero()));
    });
    if (!within) out.push_back(std::move(r));
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return std::tie(a.node, a.start) < std::tie(b.node, b.start); });
  return out;
}

// Two estimates of one run may differ in their restart count: an earlier scarbon did not count restarts.
const StoredRecord& the_one(const std::vector<const StoredRecord*>& estimates) {
  const auto rank = [](const StoredRecord* e) { return std::tuple(e->record.restart, e->record.revision, e->record.start); };
  return **std::max_element(estimates.begin(), estimates.end(), [&](auto* a, auto* b) { return rank(a) < rank(b); });
}

Run run_of(const Group& group) {
  Run run;
  std::vector<EnergyRecord> counted;
  for (const auto* r : group.measured) {
    if (r->damaged) {
      ++run.damaged;
    } else {
      counted.push_back(r->record);
    }
  }
  std::vector<const StoredRecord*> estimates;
  for (const auto* e : group.estimates) {
    if (!e->damaged) estimates.push_back(e);
  }
  run.damaged += group.estimates.size() - estimates.size();
  Instant start = group.when.start;
  auto restart = group.restart;
  if (counted.empty() && !estimates.empty()) {
    const auto& estimate = the_one(estimates).record;
    if (group.measured.empty()) {
      start = estimate.start;
      restart = estimate.restart;
    }
    counted.push_back(estimate);
  }
  const auto& front = group.measured.empty() ? group.estimates.front() : group.measured.front();
  run.key = {front->record.cluster, front->record.job_id, restart, group.job_start.value_or(start)};
  run.records = each_node_once(std::move(counted));
  return run;
}

bool before(const StoredRecord& a, const StoredRecord& b) {
  const auto rank = [](const EnergyRecord& r) { return std::tie(r.start, r.end, r.node, r.restart); };
  return rank(a.record) < rank(b.record);
}

}  // namespace

std::vector<Run> separate_runs(std::vector<StoredRecord> records) {
  std::sort(records.begin(), records.end(), before);
  const Separation separation(records);
  std::vector<Run> runs;
  for (const auto& group : separation.groups()) runs.push_back(run_of(group));
  std::stable_sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.key < b.key; });
  // Two owners at once cannot be, but may be recorded.
  for (std::size_t i = 1; i < runs.size(); ++i) {
    if (runs[i].key <= runs[i - 1].key) {
      runs[i].key.run = runs[i - 1].key.run + Duration(1);
      runs[i].key.restart = runs[i - 1].key.restart;
    }
  }
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
    return std::tuple(a.key.run, a.key.restart) < std::tuple(b.key.run, b.key.restart);
  });
  return runs;
}

}  // namespace carbon::ledger
