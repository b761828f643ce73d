// SPDX-License-Identifier: Apache-2.0
#include "ledger/store/recover.h"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <map>
#include <tuple>

#include "ledger/record/checksum.h"
#include "ledger/store/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;

constexpr std::size_t kBatch = 1000;
constexpr long long kEndOfRows = 1LL << 40;

// Reads the records by row number; skips pages that cannot be read, in growing steps.
class RecordReader {
 public:
  explicit RecordReader(soci::session& sql) : sql_(sql) {}

  // The next intact records; none at the end.
  std::vector<ReceivedRecord> next(Recovered& count) {
    std::vector<ReceivedRecord> out;
    while (out.empty() && after_ < kEndOfRows) {
      bool any = false;
      try {
        any = read(out, count);
        step_ = 1;
        if (!any) after_ = kEndOfRows;
      } catch (const soci::soci_error&) {
        after_ += step_;
        step_ *= 2;
      }
    }
    return out;
  }

 private:
  bool read(std::vector<ReceivedRecord>& out, Recovered& count) {
    long long row = 0, checksum = 0;
    const long long most = kBatch, from = after_;
    std::string body;
    soci::statement find =
        (sql_.prepare << "SELECT rowid, body, checksum FROM records WHERE rowid > :after ORDER BY rowid LIMIT :most", into(row),
         into(body), into(checksum), use(from, "after"), use(most, "most"));
    bool any = false;
    each_row(find, [&] {
      any = true;
      after_ = row;
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

  soci::session& sql_;
  long long after_ = 0;
  long long step_ = 1;
};

// Up to the first row that cannot be read; the feeds may deliver the rest again.
Status copy_intensities(soci::session& sql, Store& to, Recovered& count) {
  using Source = std::tuple<std::string, std::string, std::string, bool>;  // site, zone, provider, simulated
  std::map<Source, std::vector<IntensityPoint>> found;
  try {
    std::string site, zone, provider;
    long long start = 0, end = 0, origin = 0, simulated = 0;
    double value = 0;
    soci::statement find =
        (sql.prepare << "SELECT site, zone, provider, simulated, start_ms, end_ms, g_per_kwh, origin FROM intensities"
                        " ORDER BY site, start_ms",
         into(site), into(zone), into(provider), into(simulated), into(start), into(end), into(value), into(origin));
    each_row(find, [&] {
      if (end <= start || origin < 0 || origin > static_cast<long long>(Origin::kYearlyFactor)) return;
      found[{site, zone, provider, simulated != 0}].push_back(
          {{from_unix_ms(start), from_unix_ms(end)}, GramsPerKwh(value), static_cast<Origin>(origin)});
    });
  } catch (const soci::soci_error&) {  // the rest is lost
  }
  for (const auto& [source, points] : found) {
    const auto& [site, zone, provider, simulated] = source;
    const auto done = to.put_intensity(site, {zone, provider, {}, {}, simulated}, points);
    if (!done) return done.error();
    count.intensities += points.size();
  }
  return Done{};
}

}  // namespace

Result<Recovered> recover(const std::filesystem::path& file, Store& to) {
  try {
    if (!std::filesystem::exists(file)) return Error{"ledger: " + file.string() + " does not exist"};
    soci::session sql(soci::sqlite3, "db=" + file.string());
    Recovered count;
    RecordReader reader(sql);
    for (auto batch = reader.next(count); !batch.empty(); batch = reader.next(count)) {
      const auto put = to.put(batch);
      if (!put) return put.error();
    }
    const auto copied = copy_intensities(sql, to, count);
    if (!copied) return copied.error();
    return count;
  } catch (const soci::soci_error& e) {
    return Error{"ledger: " + file.string() + ": " + e.what()};
  }
}

}  // namespace carbon::ledger
