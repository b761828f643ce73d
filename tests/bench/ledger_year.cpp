// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/ledger_year.h"

#include <stdlib.h>

#include <future>
#include <iostream>
#include <random>
#include <stdexcept>

#include "tests/bench/ledger_copy.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

constexpr std::uint32_t kUsers = 2000;

std::uint32_t jobs_wanted() {
  const char* text = std::getenv("CARBON_BENCH_JOBS");
  return text ? static_cast<std::uint32_t>(std::stoul(text)) : 100'000;
}

std::vector<Site> sites() { return {{"a", "A", 1.2, {"gpu-a"}, {}}, {"b", "B", 1.4, {"gpu-b"}, {}}}; }

}  // namespace

EnergyRecord year_record(std::uint32_t id, std::uint32_t jobs) {
  std::minstd_rand random(id * 7919);
  random.discard(2);
  EnergyRecord r;
  r.cluster = "campus";
  r.job_id = id;
  r.node = "gpu" + std::to_string(id % 500);
  r.start = kYear + Duration(Duration(kYearLength).count() / jobs * (id - 1));
  r.start = std::chrono::floor<std::chrono::seconds>(r.start);
  r.end = r.start + 1min * static_cast<std::int64_t>(30 + random() % 450);
  r.final = true;
  r.revision = 1;
  const auto user = random() % kUsers;
  r.uid = static_cast<std::uint32_t>(1000 + user);
  r.user = "user" + std::to_string(user);
  r.account = "group" + std::to_string((user + (random() % 5 == 0 ? 1 : 0)) % 100);
  r.partition = random() % 2 ? "gpu-a" : "gpu-b";
  r.cpus = 8;
  DeviceEnergy d;
  d.device = "GPU-6f1c2d3e-0000-4000-8000-" + std::to_string(100000000000 + id % 4000);
  d.type = "gpu";
  d.model = "GPU of the bench";
  d.idle = Watts(55);
  d.step = 5min;
  d.first = std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<300>>>(r.start);
  for (auto t = d.first; t < r.end; t += d.step) d.mj.push_back(60'000'000 + static_cast<std::int64_t>(random() % 60'000'000));
  r.devices.push_back(std::move(d));
  return r;
}

JobDetails year_details(const EnergyRecord& r) {
  std::minstd_rand random(r.job_id * 104729);
  random.discard(2);
  JobDetails f;
  f.submit = r.start - 1min * static_cast<std::int64_t>(random() % 240);
  const auto luck = random() % 100;
  f.state = luck < 80 ? "COMPLETED" : luck < 90 ? "FAILED" : luck < 96 ? "CANCELLED" : "TIMEOUT";
  f.exit_code = luck < 80 ? "0:0" : "1:0";
  f.mode = random() % 2 ? "defer" : "";
  f.home = "a";
  f.turn = f.submit;
  f.planned = r.start;
  f.name = "train";
  f.qos = random() % 4 ? "normal" : "long";
  return f;
}

std::vector<IntensityPoint> hours(Instant from, std::size_t count, double level) {
  std::vector<IntensityPoint> out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = from + 1h * static_cast<std::int64_t>(i);
    out.push_back({{start, start + 1h}, GramsPerKwh(level + static_cast<double>(i % 24) * 10), Origin::kActual});
  }
  return out;
}

YearLedger::YearLedger() : jobs_(jobs_wanted()) {
  const char* kept = std::getenv("CARBON_BENCH_DIR");
  char name[] = "/tmp/carbon-bench-XXXXXX";
  dir_ = kept ? kept : ::mkdtemp(name);
  temporary_ = !kept;
  std::filesystem::create_directories(dir_);
  if (!std::getenv("CARBON_BENCH_MARIADB")) {
    store_ = open_sqlite();
    return;
  }
  kind_ = "mariadb";
  mariadb_ =
      std::make_unique<test::LocalMariadb>(dir_ / ("mariadb-" + std::to_string(jobs_)),
                                           std::vector<std::string>{"--innodb-buffer-pool-size=4G", "--innodb-log-file-size=1G"});
  if (!mariadb_->running()) throw std::runtime_error("mariadbd does not start");
  store_ = must(Store::open(mariadb_->connection("one")));
  if (must(store_->counts()).jobs < jobs_) {
    store_.reset();
    open_sqlite();
    copy_ledger(dir_ / (std::to_string(jobs_) + ".sqlite"), mariadb_->connection("one"), [this] { exit_if_late(); });
    store_ = must(Store::open(mariadb_->connection("one")));
  }
  account();
}

YearLedger::~YearLedger() {
  store_.reset();
  mariadb_.reset();
  if (temporary_) std::filesystem::remove_all(dir_);
}

std::unique_ptr<Store> YearLedger::open_sqlite() const {
  auto store = must(Store::open("sqlite3://db=" + (dir_ / (std::to_string(jobs_) + ".sqlite")).string()));
  must(Accountant(*store, sites()).run(kYear + kYearLength));  // left over from an interrupted run
  if (must(store->counts()).jobs < jobs_) fill(*store);
  return store;
}

// A large ledger can be made in several runs, if others need the machine, too.
void YearLedger::exit_if_late() const {
  const char* text = std::getenv("CARBON_BENCH_SECONDS");
  if (!text || std::chrono::steady_clock::now() - began_ < std::chrono::seconds(std::stoul(text))) return;
  std::cerr << "ledger_year: incomplete; run again to continue\n";
  std::_Exit(75);
}

std::size_t YearLedger::account() { return must(Accountant(*store_, sites()).run(kYear + kYearLength)); }

void YearLedger::fill(Store& store) const {
  for (const auto* site : {"a", "b"})
    must(store.put_intensity(site, {site, "bench", {}, {}, true}, hours(kYear - 24h, 24 * 367, 100)));
  constexpr std::uint32_t kBatch = 20'000;
  struct Batch {
    std::vector<ReceivedRecord> records;
    std::vector<JobRow> rows;
  };
  const auto make = [&](std::uint32_t first) {
    Batch batch;
    std::vector<JobInput> inputs;
    for (std::uint32_t k = first; k < first + kBatch && k <= jobs_; ++k) {
      const auto record = year_record(k, jobs_);
      batch.records.push_back({record, to_json(record)});
      inputs.push_back({{record.cluster, k, 0, record.start}, {record}, year_details(record)});
    }
    batch.rows = must(Accountant(store, sites()).compute(inputs));
    return batch;
  };
  const auto held = static_cast<std::uint32_t>(must(store.counts()).jobs);
  auto next = std::async(std::launch::async, make, held + 1);
  for (std::uint32_t id = held + 1; id <= jobs_; id += kBatch) {
    const auto batch = next.get();
    if (id + kBatch <= jobs_) next = std::async(std::launch::async, make, id + kBatch);
    must(store.put(batch.records));
    must(store.account(batch.rows, must(store.due(kBatch)), kYear));
    if ((id / kBatch) % 10 == 9) std::cerr << "ledger_year: " << id + kBatch - 1 << " of " << jobs_ << " jobs\n";
    exit_if_late();
  }
}

YearLedger& year_ledger() {
  static YearLedger held;
  return held;
}

}  // namespace carbon::ledger
