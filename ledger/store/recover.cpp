// SPDX-License-Identifier: Apache-2.0
#include "ledger/store/recover.h"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <map>
#include <set>
#include <utility>

#include "ledger/record/checksum.h"
#include "ledger/rows/intensity_kinds.h"
#include "ledger/rows/job_row.h"
#include "ledger/store/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;

constexpr std::size_t kBatch = 1000;
constexpr long long kEndOfRows = 1LL << 40;

// Calls read(after), which reads the next rows after row number `after`, moves it on, and returns whether there were any; skips
// pages that cannot be read, in growing steps.
template <class F>
Status each_batch(F read) {
  long long step = 1;
  for (long long after = 0; after < kEndOfRows;) {
    try {
      const Result<bool> any = read(after);
      if (!any) return any.error();
      if (!*any) break;
      step = 1;
    } catch (const soci::soci_error&) {
      after += step;
      step *= 2;
    }
  }
  return Done{};
}

// The next intact records; whether there were any, intact or not.
bool read_records(soci::session& sql, long long& after, std::vector<ReceivedRecord>& out, Recovered& count) {
  long long row = 0, checksum = 0;
  const long long most = kBatch, from = after;
  std::string body;
  soci::statement find =
      (sql.prepare << "SELECT rowid, body, checksum FROM records WHERE rowid > :after ORDER BY rowid LIMIT :most", into(row),
       into(body), into(checksum), use(from, "after"), use(most, "most"));
  bool any = false;
  each_row(find, [&] {
    any = true;
    after = row;
    auto record = record_from_json(body);
    if (record && checksum == checksum_of(body)) {
      out.push_back({std::move(*record), body});
      ++count.records;
    } else {
      ++count.damaged;
    }
  });
  return any;
}

Status copy_records(soci::session& sql, Store& to, Recovered& count) {
  std::vector<ReceivedRecord> batch;  // outlives a call: what was read before a page that cannot be read counts
  return each_batch([&](long long& after) -> Result<bool> {
    const bool any = read_records(sql, after, batch, count);
    const auto put = to.put(batch);
    if (!put) return put.error();
    batch.clear();
    return any;
  });
}

// The rows of jobs that have an intact record: what they were priced with, and their details from Slurm. All else is computed
// again. An older schema lacks columns: then no row is read.
Status copy_rows(soci::session& sql, Store& to) {
  std::vector<JobRow> rows;  // outlives a call, as in copy_records()
  return each_batch([&](long long& after) -> Result<bool> {
    BoundJob bound;
    long long row = 0;
    const long long most = kBatch, from = after;
    soci::statement find(sql);
    find.exchange(into(row));
    bound.bind_into(find);
    find.exchange(use(from, "after"));
    find.exchange(use(most, "most"));
    find.alloc();
    find.prepare("SELECT rowid, " + job_columns() + " FROM jobs WHERE rowid > :after ORDER BY rowid LIMIT :most");
    find.define_and_bind();
    each_row(find, [&] {
      after = row;
      rows.push_back(bound.row());
    });
    std::set<JobId> jobs;
    for (const auto& r : rows) jobs.insert(r.key.id());
    const auto inputs = to.inputs(std::vector<JobId>(jobs.begin(), jobs.end()));
    if (!inputs) return inputs.error();
    std::set<std::pair<JobId, std::uint32_t>> intact;
    for (const auto& input : *inputs) {
      if (!input.records.empty()) intact.emplace(input.key.id(), input.key.restart);
    }
    std::vector<JobRow> known;
    for (auto& r : rows) {
      if (intact.contains({r.key.id(), r.key.restart})) known.push_back(std::move(r));
    }
    const auto done = to.account(known, {}, now());
    if (!done) return done.error();
    return !std::exchange(rows, {}).empty();
  });
}

bool has_kinds(soci::session& sql) {
  try {
    sql << "SELECT kind FROM intensities WHERE 1 = 0";
    return true;
  } catch (const soci::soci_error&) {
    return false;
  }
}

// Up to the first row that cannot be read; the feeds may deliver the rest again.
Status copy_intensities(soci::session& sql, Store& to, Recovered& count) {
  std::map<std::pair<std::string, std::string>, std::vector<StoredIntensity>> found;  // by site and zone
  try {
    std::string site, zone, provider;
    long long start = 0, end = 0, origin = 0, simulated = 0, kind = 0;
    double value = 0;
    const std::string kind_column = has_kinds(sql) ? "kind" : std::to_string(kUnknownKind);
    soci::statement find =
        (sql.prepare << "SELECT site, zone, provider, simulated, " + kind_column +
                            ", start_ms, end_ms, g_per_kwh, origin FROM intensities ORDER BY site, start_ms",
         into(site), into(zone), into(provider), into(simulated), into(kind), into(start), into(end), into(value), into(origin));
    each_row(find, [&] {
      if (end <= start || origin < 0 || origin > static_cast<long long>(Origin::kYearlyFactor)) return;
      found[{site, zone}].push_back({{{from_unix_ms(start), from_unix_ms(end)}, GramsPerKwh(value), static_cast<Origin>(origin)},
                                     provider,
                                     simulated != 0,
                                     kind_of(kind)});
    });
  } catch (const soci::soci_error&) {  // the rest is lost
  }
  for (const auto& [place, values] : found) {
    const auto done = to.put_intensity(place.first, place.second, values);
    if (!done) return done.error();
    count.intensities += values.size();
  }
  return Done{};
}

}  // namespace

Result<Recovered> recover(const std::filesystem::path& file, Store& to) {
  try {
    if (!std::filesystem::exists(file)) return Error{"ledger: " + file.string() + " does not exist"};
    soci::session sql(soci::sqlite3, "db=" + file.string());
    Recovered count;
    if (const auto copied = copy_records(sql, to, count); !copied) return copied.error();
    if (const auto copied = copy_rows(sql, to); !copied) return copied.error();
    const auto copied = copy_intensities(sql, to, count);
    if (!copied) return copied.error();
    return count;
  } catch (const soci::soci_error& e) {
    return Error{"ledger: " + file.string() + ": " + e.what()};
  }
}

}  // namespace carbon::ledger
