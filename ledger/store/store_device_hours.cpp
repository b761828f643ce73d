// SPDX-License-Identifier: Apache-2.0
// The energy of all devices by site and hour. Of each node only the last batch is kept: it may come again, or be replaced.
#include "ledger/record/device_hours.h"
#include "ledger/store/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;

class SiteHours {
 public:
  explicit SiteHours(soci::session& sql)
      : add_((sql.prepare << "UPDATE site_hours SET device_mj = device_mj + :device, idle_mj = idle_mj + :idle"
                             " WHERE site = :site AND hour_ms = :hour",
              use(device_, "device"), use(idle_, "idle"), use(site_, "site"), use(hour_, "hour"))),
        insert_((sql.prepare << "INSERT INTO site_hours (site, hour_ms, pue, device_mj, idle_mj)"
                                " VALUES (:site, :hour, :pue, :device, :idle)",
                 use(site_, "site"), use(hour_, "hour"), use(pue_, "pue"), use(device_, "device"), use(idle_, "idle"))) {}

  // The first amount of an hour sets its PUE.
  void add(const std::string& site, double pue, const std::vector<DeviceHour>& hours, int sign) {
    std::map<Instant, std::pair<std::int64_t, std::int64_t>> sums;
    for (const auto& h : hours) {
      auto& [device, idle] = sums[h.hour];
      device += sign * h.device_mj;
      idle += sign * h.idle_mj;
    }
    site_ = site;
    pue_ = pue;
    for (const auto& [hour, sum] : sums) {
      hour_ = unix_ms(hour);
      std::tie(device_, idle_) = sum;
      add_.execute(true);
      if (add_.get_affected_rows() == 0) insert_.execute(true);
    }
  }

 private:
  std::string site_;
  long long hour_ = 0, device_ = 0, idle_ = 0;
  double pue_ = 1;
  soci::statement add_, insert_;
};

}  // namespace

Result<bool> Store::put(const DeviceHours& hours, const std::string& site, double pue) {
  return impl_->db->write([&](soci::session& sql) -> Result<bool> {
    long long batch = 0, revision = 0;
    std::string body, of_site;
    sql << "SELECT batch, revision, site, body FROM device_batches WHERE cluster = :cluster AND node = :node", into(batch),
        into(revision), into(of_site), into(body), use(hours.cluster, "cluster"), use(hours.node, "node");
    const bool any = sql.got_data();
    if (any && (hours.batch < batch || (hours.batch == batch && hours.revision <= revision))) return false;
    SiteHours sums(sql);
    if (any && hours.batch == batch) {
      const auto before = device_hours_from_json(body);
      if (!before) return before.error();
      sums.add(of_site, pue, before->hours, -1);
    }
    sums.add(site, pue, hours.hours, 1);
    batch = hours.batch;
    revision = hours.revision;
    body = to_json(hours);
    sql << "REPLACE INTO device_batches (cluster, node, batch, revision, site, body)"
           " VALUES (:cluster, :node, :batch, :revision, :site, :body)",
        use(hours.cluster, "cluster"), use(hours.node, "node"), use(batch, "batch"), use(revision, "revision"), use(site, "site"),
        use(body, "body");
    return true;
  });
}

Result<std::vector<SiteHour>> Store::site_hours(Interval when) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<SiteHour>> {
    std::vector<SiteHour> out;
    SiteHour row;
    long long hour = 0, device = 0, idle = 0;
    const long long from = unix_ms(when.start), until = unix_ms(when.end);
    soci::statement find =
        (sql.prepare << "SELECT site, hour_ms, pue, device_mj, idle_mj FROM site_hours WHERE hour_ms >= :from"
                        " AND hour_ms < :until ORDER BY site, hour_ms",
         into(row.site), into(hour), into(row.pue), into(device), into(idle), use(from, "from"), use(until, "until"));
    each_row(find, [&] {
      row.hour = from_unix_ms(hour);
      row.device_mj = device;
      row.idle_mj = idle;
      out.push_back(row);
    });
    return out;
  });
}

}  // namespace carbon::ledger
