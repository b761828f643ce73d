// SPDX-License-Identifier: Apache-2.0
// The readers of all that is no grid's answer: files of the site's, of users, of Slurm and of our own programs, and options.
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "carbond/state_file.h"
#include "config/config.h"
#include "core/csv_reader.h"
#include "core/slurm/decision_token.h"
#include "core/slurm/job_mark.h"
#include "core/slurm/slurm_time.h"
#include "ledger/record/record.h"
#include "placement/submission.h"
#include "replay/traces/intensity_csv.h"
#include "replay/traces/trace.h"
#include "scarbon/replay/batch_options.h"
#include "scarbon/replay/replay_options.h"
#include "scarbon/sacct/sacct.h"
#include "snapshot/snapshot.h"
#include "tests/fuzz/target.h"
#include "tests/support/sample_snapshot.h"

namespace carbon::fuzz {
namespace {

const Instant kNow = placement::kNow;

template <class T>
bool sound_error(const Result<T>& result) {
  if (result) return false;
  demand(!result.error().message.empty(), "an error says why");
  return true;
}

std::string file_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The input as a file that has a name.
class FileOf {
 public:
  explicit FileOf(std::string_view text) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    demand(::write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "the input is in the file");
  }
  FileOf(const FileOf&) = delete;
  ~FileOf() { ::close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void check_config(std::string_view text) {
  if (const auto config = config::parse_config(text, "carbon.conf"); !sound_error(config))
    demand(!config->cluster.empty(), "a cluster has a name");
}

void check_mark(std::string_view text) {
  const auto mark = parse_job_mark(text);
  if (sound_error(mark)) return;
  const auto again = parse_job_mark(format_job_mark(*mark));
  demand(again.ok() && format_job_mark(*again) == format_job_mark(*mark), "a mark is what was written");
  demand(job_mark_file_name(*mark).find('/') == std::string::npos, "a mark's name stays in its directory");
}

void check_record(std::string_view text) {
  (void)ledger::records_from_json(text, 10);
  const auto record = ledger::record_from_json(text);
  if (sound_error(record)) return;
  demand(ledger::total_mj(*record) >= 0 && ledger::total_mj(*record) <= ledger::kMaxRecordMj, "a record's energy is in range");
  const auto again = ledger::record_from_json(ledger::to_json(*record));
  demand(again.ok() && ledger::to_json(*again) == ledger::to_json(*record), "a record is what was sent");
}

// What carbond finds of itself after a restart.
void check_state(std::string_view text) {
  carbond::JobRegistry registry({}, "boot");
  (void)carbond::state_from_json(text, registry);
  (void)carbond::readings_from_json(text);
  (void)carbond::boot_of_state(text);
}

// As it is, and with the checksum and the size that would let it through to the tables.
void check_snapshot(std::string_view bytes) {
  const auto use = [](std::string_view content) {
    const auto snapshot = snapshot::Snapshot::from_bytes(content, "snapshot");
    if (sound_error(snapshot)) return;
    placement::StartReservations registry;
    placement::SubmitRequest job;
    job.partition = "gpu-north";
    job.gpus = placement::GpuCount{1, 0, {}};
    job.time_limit = std::chrono::hours(1);
    job.mode = "auto";
    const auto decision = placement::decide(job, &snapshot->content(), registry, kNow);
    demand(!decision.begin || *decision.begin >= kNow, "nothing begins in the past");
  };
  use(bytes);
  constexpr std::size_t kSum = 8, kSize = 16, kBehindSum = 16;
  if (bytes.size() < kSize + 8) return;
  std::string fixed(bytes);
  const std::uint64_t size = fixed.size();
  std::memcpy(fixed.data() + kSize, &size, sizeof size);
  const std::uint64_t sum = XXH3_64bits(fixed.data() + kBehindSum, fixed.size() - kBehindSum);
  std::memcpy(fixed.data() + kSum, &sum, sizeof sum);
  use(fixed);
}

std::string snapshot_seed() {
  const placement::TemporaryDirectory directory;
  placement::SampleSnapshot sample;
  demand(snapshot::write_snapshot(directory.path() / "snapshot", sample.content()).ok(), "a snapshot is written");
  return file_text(directory.path() / "snapshot");
}

// A trace by its first line: CSV, SWF or sacct's.
void check_trace(std::string_view text) {
  const FileOf file(text);
  const auto trace = replay::read_trace(file.path(), {replay::JobUnit::kSeconds, {"KR", "GB"}});
  if (sound_error(trace)) return;
  for (const auto& job : trace->jobs) {
    demand(job.runtime >= Duration::zero() && job.limit >= Duration::zero(), "no job is shorter than nothing");
    demand(job.user < trace->users.size(), "each job has a user");
  }
}

// Written with each field in quotes, the rows are read as they were.
void check_csv(std::string_view text) {
  CsvReader csv(text);
  if (sound_error(csv.read_header())) return;
  std::string quoted;
  std::vector<std::vector<std::string>> rows{csv.header()};
  for (std::vector<std::string> fields;;) {
    const auto found = csv.next(fields);
    if (sound_error(found) || !*found) break;
    rows.push_back(fields);
  }
  for (const auto& row : rows) {
    demand(row.size() == rows.front().size(), "each row has the header's fields");
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i].find("\r\n") != std::string::npos) return;  // would be read as a line end of its own
      quoted += i > 0 ? ",\"" : "\"";
      for (const char c : row[i]) quoted += c == '"' ? std::string(2, c) : std::string(1, c);
      quoted += '"';
    }
    quoted += '\n';
  }
  CsvReader again(quoted);
  demand(again.read_header().ok() && again.header() == rows.front(), "a header is what was written");
  for (std::size_t i = 1; i < rows.size(); ++i) {
    std::vector<std::string> fields;
    const auto found = again.next(fields);
    demand(found.ok() && *found && fields == rows[i], "a row is what was written");
  }
}

void check_intensity(std::string_view text) {
  const FileOf file(text);
  if (const auto series = replay::read_intensity(file.path(), {"KR"}); !sound_error(series))
    demand(series->size() == 1, "a series for each zone");
}

void check_sites(std::string_view text) {
  const FileOf file(text);
  if (const auto sites = scarbon::read_sites(file.path(), 4); !sound_error(sites)) demand(!sites->empty(), "there are sites");
}

void check_sacct(std::string_view text) {
  for (const auto& table : {scarbon::read_padded(text), scarbon::read_parsable(text)}) {
    if (sound_error(table)) continue;
    for (const auto& row : table->rows) demand(row.size() == table->header.size(), "each row has each column");
  }
}

// A script's #SBATCH lines, as `scarbon estimate` reads them.
void check_script(std::string_view text) {
  if (const auto options = scarbon::options_of_script(text); !sound_error(options))
    (void)sound_error(scarbon::request_of(*options, "gpu", kNow));
}

// The values of options and fields that stand alone.
void check_words(std::string_view text) {
  (void)sound_error(parse_utc(text));
  (void)sound_error(parse_duration(text));
  (void)sound_error(parse_slurm_duration(text));
  (void)sound_error(parse_slurm_time(text, kNow));
  (void)sound_error(parse_carbon_mode(text));
  (void)sound_error(parse_data_gb(text));
  (void)sound_error(scarbon::parse_capacity(text));
  (void)sound_error(scarbon::parse_wait_caps(text));
  (void)sound_error(scarbon::parse_runtime_source(text));
  if (const auto shape = placement::array_shape(text)) demand(shape->at_once <= shape->tasks, "no more at once than there are");
  placement::GpuRequest gpus;
  gpus.per_node = gpus.per_task = text;
  gpus.nodes = gpus.tasks = 4;
  if (const auto count = placement::count_gpus(gpus)) demand(count->count <= 1'000'000, "no more GPUs than any cluster has");
}

// Another's text around our token is kept, and what was put in is found again.
void check_comment(std::string_view text) {
  auto ours = DecisionToken::parse(text);
  ours.user_choice = false;
  ours.mode = CarbonMode::kDefer;
  const auto put = ours.put_into(text);
  demand(DecisionToken::parse(put).mode == CarbonMode::kDefer, "a comment is found again");
  demand(ours.put_into(put) == put, "putting it in again changes nothing");
}

ledger::EnergyRecord sample_record() {
  ledger::EnergyRecord record;
  record.cluster = "alpha";
  record.job_id = 7;
  record.node = "gpu1";
  record.start = kNow;
  record.end = kNow + std::chrono::minutes(10);
  record.final = true;
  record.revision = 2;
  record.user = "ada";
  record.devices = {{"GPU-1",
                     "gpu",
                     0,
                     Method::kCounter,
                     1.0,
                     kNow - std::chrono::minutes(5),
                     std::chrono::minutes(5),
                     {0, 1000, 2000},
                     {0, 10, 0},
                     5,
                     0}};
  return record;
}

JobMark sample_mark() {
  JobMark mark;
  mark.at = kNow;
  mark.boot_id = "0b1e5b6a-0d1c-4f3e-8c59-6d3b6f1a2c4d";
  mark.cluster = "alpha";
  mark.node = "gpu1";
  mark.job_id = 7;
  mark.user = "ada";
  mark.gpus = {0, 3};
  mark.uuids = {"MIG-1"};
  return mark;
}

std::vector<std::string> config_seeds() {
  std::vector<std::string> seeds{"cluster = \"alpha\"\n"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(CARBON_SOURCE_DIR "/slurm_conf")) {
    if (entry.path().filename().string().starts_with("carbon.conf")) seeds.push_back(file_text(entry.path()));
  }
  return seeds;
}

const char* const kState =
    R"({"version":1,"boot_id":"b","jobs":[],"devices":[],"totals":[],"closed":[],"readings":[{"device":"GPU-1","type":"gpu","mj":1}]})";

}  // namespace

std::vector<Target> reader_targets() {
  return {
      {"carbon-conf", "config/", check_config, config_seeds()},
      {"mark", "core/slurm/job_mark.cpp", check_mark, {format_job_mark(sample_mark())}},
      {"record",
       "ledger/record/record_reader.cpp",
       check_record,
       {ledger::to_json(sample_record()), "[" + ledger::to_json(sample_record()) + "]"}},
      {"carbond-state",
       "carbond/state_file.cpp",
       check_state,
       {carbond::state_to_json(carbond::JobRegistry({}, "boot")), kState}},
      {"snapshot", "snapshot/snapshot_decode.cpp", check_snapshot, {snapshot_seed()}},
      {"trace",
       "replay/",
       check_trace,
       {"arrival_time,length,gpus,user,home\n0,3600,2,ada,KR\n60,100,1,bob,GB\n",
        "; SWF\n1 0 5 100 4 -1 -1 4 200 -1 1 3 1 -1 -1 -1 -1 -1\n",
        "JobID|Submit|Start|End|AllocTRES|User|Timelimit\n7|2026-11-01T00:00:00|2026-11-01T01:00:00|2026-11-01T02:00:00|cpu=4,"
        "gres/"
        "gpu=2|ada|02:00:00\n",
        "\xef\xbb\xbfJobIDRaw|Submit|ElapsedRaw|AllocTRES|State\n7|1790000000|60|cpu=4|COMPLETED\n7.0|1790000000|60|cpu=4|"
        "RUNNING\n"}},
      {"csv-reader",
       "core/csv_reader.cpp",
       check_csv,
       {"a,\"b, c\"\r\n\"say \"\"no\"\"\", 1\r\n\"two\nlines\",\n", "\xef\xbb\xbfx\n1\n"}},
      {"intensity-csv",
       "replay/traces/intensity_csv.cpp",
       check_intensity,
       {"datetime,KR,GB\n2026-11-24T00:00Z,400,100\n2026-11-24T01:00Z,,110\n",
        "\"KR\",\"a, b\",datetime\n1,\"x\ny\",2026-11-24T00:00Z\n2,z,2026-11-24T01:00+00:00\n"}},
      {"replay-sites", "scarbon/replay/replay_options.cpp", check_sites, {"[[site]]\nname = \"KR\"\npue = 1.2\ncapacity = 4\n"}},
      {"sacct-output",
       "scarbon/sacct/sacct.cpp",
       check_sacct,
       {"JobID     State\n----- ---------\n    7 COMPLETED\n",
        "JobID\x1fState\x1f\n7\x1f"
        "COMPLETED\x1f\n"}},
      {"batch-script",
       "scarbon/replay/batch_options.cpp",
       check_script,
       {"#!/bin/sh\n#SBATCH --gres=gpu:2 -t 2:00:00 # two\n#SBATCH --carbon=auto --job-name=\"a b\" --array=0-9%2\nhostname\n"}},
      {"words",
       "core/",
       check_words,
       {"now-7days", "2026-11-01T00:00:00+01:00", "1-02:03:04", "5min", "auto", "gpu:a100:2", "0-15:4,20%2"}},
      {"admin-comment",
       "core/slurm/decision_token.cpp",
       check_comment,
       {"JS1:abc carbon:mode=defer,planned=1 text", "carbon:a=b"}},
  };
}

}  // namespace carbon::fuzz
