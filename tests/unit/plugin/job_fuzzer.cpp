// SPDX-License-Identifier: Apache-2.0
#include "job_fuzzer.h"

#include "plugin/job_description.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "snapshot/snapshot_format.h"
#include "tests/support/sample_snapshot.h"

namespace carbon::plugin {
using placement::kNow;
using placement::SampleSnapshot;
using placement::TemporaryDirectory;
namespace {

namespace format = snapshot::format;

constexpr std::array kNumbers{0u, 1u, 2u, 7u, 60u, 120u, 0x7fffffffu, 0x80000000u, NO_VAL, INFINITE};
constexpr std::array<const char*, 8> kPartitions{"gpu-north",           "gpu-south", "cpu-north", "cpu-south",
                                                 "gpu-north,gpu-south", "none",      "",          ","};
constexpr std::array<const char*, 14> kTres{"gres:gpu:2",  "gres/gpu:a100:4",
                                            "gres:gpu",    "gpu:1",
                                            "gres/gpu=3",  "",
                                            "gres:gpu:-1", "gres:gpu:99999999999999999999",
                                            "gres:gpu::2", ",,;,",
                                            "gres:gpu:1P", "gres:shard:1,gres:gpu:1",
                                            "cpu:4",       "license:x"};
constexpr std::array<const char*, 10> kModes{"off", "defer", "relocate", "auto", "interrupt", "defer", "", "AUTO", "x", "defer "};
constexpr std::array<const char*, 10> kDelays{
    "60", "1:00:00", "7-0", "0", "-1", "1:2:3:4", "99999999-0", "100000000-100000000:0:0", "", "x"};
constexpr std::array<const char*, 9> kArrays{"0-3", "0-3%2", "1,2,9", "0-4294967295", "5-1", "-", ",", "0-10:0", "0-999999"};
constexpr std::array<const char*, 5> kComments{"JS1:abcd", "carbon:mode=x,home=y", "carbon:", "  carbon:a=b  ", "note"};
constexpr std::array<const char*, 8> kConstraints{"inland", "coast", "fast", "fast&coast", "a|b", "[x*2]", "&&", ","};
constexpr std::array<const char*, 5> kNames{"nlp", "NLP", "vision", "", "normal"};
constexpr std::array<const char*, 7> kClusters{"here", "there", "here,there", "all", "", ",", "nowhere"};
constexpr std::array<const char*, 7> kData{"0", "12", "1e9", "999999999", "-1", "nan", ""};
constexpr std::array<const char*, 4> kTexts{"x", "", "afterok:1", "n[1-3]"};

std::uint64_t below(Random& random, std::uint64_t n) { return random() % n; }
bool one_in(Random& random, std::uint64_t n) { return below(random, n) == 0; }

template <class List>
auto pick(Random& random, const List& list) {
  return list[below(random, list.size())];
}

// A listed text, none, or (seldom) one with bytes changed, doubled or of noise.
template <class List>
char* text(Random& random, const List& list, std::uint64_t given_one_in = 1) {
  if (!one_in(random, given_one_in)) return nullptr;
  std::string t = pick(random, list);
  if (one_in(random, 16)) {
    const auto changes = 1 + below(random, 4);
    for (std::uint64_t i = 0; i < changes && !t.empty(); ++i)
      t[below(random, t.size())] = static_cast<char>(1 + below(random, 255));
  }
  if (one_in(random, 64)) t += t;
  if (one_in(random, 512)) t.append(1 + below(random, 5000), static_cast<char>(1 + below(random, 255)));
  return strdup(t.c_str());
}

std::uint32_t number(Random& random) { return one_in(random, 8) ? static_cast<std::uint32_t>(random()) : pick(random, kNumbers); }

std::uint16_t number16(Random& random) { return static_cast<std::uint16_t>(one_in(random, 2) ? NO_VAL16 : number(random)); }

time_t moment(Random& random) {
  if (one_in(random, 3)) return static_cast<time_t>(random());
  return std::time(nullptr) + static_cast<time_t>(below(random, 400'000)) - 1000;
}

void seal(std::string& bytes) {
  const auto from = offsetof(format::Header, size);
  const std::uint64_t sum = XXH3_64bits(bytes.data() + from, bytes.size() - from);
  std::memcpy(bytes.data() + offsetof(format::Header, checksum), &sum, sizeof sum);
}

void forge(std::string& bytes, Random& random) {
  constexpr std::array<std::uint64_t, 8> kWords{
      0, 1, 0x7ff0000000000000, 0x7fffffffffffffff, 0x8000000000000000, ~std::uint64_t{0}, 0x7ff8000000000001, 64};
  // Mostly in header and records, where the numbers have a meaning each.
  const auto changes = 1 + below(random, 3);
  for (std::uint64_t i = 0; i < changes; ++i) {
    const std::uint64_t word = one_in(random, 2) ? pick(random, kWords) : random();
    const auto width = one_in(random, 2) ? sizeof word : sizeof word / 2;
    const auto reach = one_in(random, 3) ? bytes.size() : std::min<std::size_t>(bytes.size(), 600);
    const auto at = offsetof(format::Header, size) + 8 + below(random, (reach - offsetof(format::Header, size) - 16) / 4) * 4;
    std::memcpy(bytes.data() + at, &word, std::min(width, bytes.size() - at));
  }
  seal(bytes);
}

// What a site may write into carbon.conf, and Slurm say of it.
void dress_up(snapshot::SnapshotContent& content, Random& random) {
  PlacementRule rule;
  if (one_in(random, 2)) rule.accounts = {"nlp"};
  if (one_in(random, 2)) rule.uids = {1000};
  if (one_in(random, 2)) rule.mode = static_cast<CarbonMode>(below(random, 5));
  if (one_in(random, 2)) rule.allowed = ModeSet(static_cast<std::uint32_t>(random()));
  if (one_in(random, 2)) rule.max_delay = Duration(below(random, 90'000'000));
  if (one_in(random, 4)) rule.min_energy = from_kwh(2);
  if (one_in(random, 4)) rule.observe = true;
  content.rules.rules.assign(1 + below(random, 2), rule);
  content.rules.classes = {{std::chrono::hours(1), std::chrono::hours(below(random, 9))}};
  content.associations_enforced = one_in(random, 2);
  content.association_list = {{1000, "", "nlp", "", true}, {1001, "", "vision", "gpu-north", true}};
  for (auto& site : content.sites) {
    site.transfer_kwh_per_gb = one_in(random, 2) ? 0.01 : 0.0;
    if (one_in(random, 2)) site.errors = {{std::chrono::hours(6), 0.9, 1.2}};
  }
  if (one_in(random, 2)) {
    content.sites[0].features = {"inland"};
    content.sites[1].features = {"coast"};
    content.partitions[2].name = content.partitions[0].name;
  }
  if (one_in(random, 2)) {
    content.cluster = "here";
    content.sites[1].cluster = "there";
    for (auto& site : content.sites) site.fed_id = static_cast<std::uint32_t>(below(random, 3));
  }
  for (auto& p : content.partitions) {
    auto& kind = p.limits.kinds[0];
    kind.features = content.sites[p.site].features;
    if (one_in(random, 3)) kind.gpus = {{"a100", 4}};
    if (one_in(random, 8)) p.limits.deny_accounts = {"nlp"};
    if (one_in(random, 8)) p.limits.open = false;
  }
}

}  // namespace

// Half of the jobs are such as users submit, with a field or two that is odd: these reach what decides. The others are wild.
RandomJob::RandomJob(Random& random) {
  const std::uint64_t oddity = one_in(random, 2) ? 3 : 50;
  const auto odd = [&] { return one_in(random, oddity); };
  const auto sometimes = [&](const auto& list) { return odd() ? text(random, list) : nullptr; };
  std::memset(&desc, 0, sizeof desc);
  desc.time_limit = odd() ? number(random) : static_cast<std::uint32_t>(1 + below(random, 600));
  desc.min_nodes = odd() ? number(random) : NO_VAL;
  desc.num_tasks = odd() ? number(random) : NO_VAL;
  desc.het_job_offset = odd() ? number(random) : NO_VAL;
  desc.priority = odd() ? number(random) : NO_VAL;
  desc.ntasks_per_node = odd() ? number16(random) : NO_VAL16;
  desc.sockets_per_node = odd() ? number16(random) : NO_VAL16;
  desc.ntasks_per_tres = odd() ? number16(random) : NO_VAL16;
  desc.min_cpus = odd() ? number(random) : NO_VAL;
  desc.max_nodes = odd() ? number(random) : NO_VAL;
  desc.cpus_per_task = odd() ? number16(random) : NO_VAL16;
  desc.pn_min_cpus = odd() ? number16(random) : NO_VAL16;
  desc.shared = odd() ? static_cast<std::uint16_t>(below(random, 4)) : NO_VAL16;
  desc.pn_min_memory = odd() ? random() : NO_VAL64;
  desc.user_id = odd() ? number(random) : static_cast<std::uint32_t>(1000 + below(random, 2));
  desc.group_id = odd() ? number(random) : 100;
  desc.begin_time = odd() ? moment(random) : 0;
  desc.deadline = odd() ? moment(random) : 0;
  desc.script = odd() ? text(random, kTexts, 2) : strdup("#!/bin/sh");
  desc.partition = odd() ? text(random, kPartitions, 2) : strdup(kPartitions[below(random, 4)]);
  desc.tres_per_node = odd() ? text(random, kTres) : strdup("gres:gpu:2");
  desc.tres_per_job = sometimes(kTres);
  desc.tres_per_socket = sometimes(kTres);
  desc.tres_per_task = sometimes(kTres);
  desc.array_inx = sometimes(kArrays);
  desc.admin_comment = sometimes(kComments);
  desc.reservation = sometimes(kTexts);
  desc.dependency = sometimes(kTexts);
  desc.req_nodes = sometimes(kTexts);
  desc.features = sometimes(kConstraints);
  desc.account = sometimes(kNames);
  desc.qos = sometimes(kNames);
  desc.prefer = sometimes(kTexts);
  desc.burst_buffer = sometimes(kTexts);
  desc.clusters = sometimes(kClusters);
  desc.cluster_features = one_in(random, 32) ? strdup("x") : nullptr;
  number_in(desc) = NO_VAL;
  if (one_in(random, 4)) {  // a copy from another cluster of a federation
    number_in(desc) = odd() ? number(random) : (static_cast<std::uint32_t>(below(random, 3)) << 26) + 7;
    desc.fed_siblings_viable = odd() ? random() : std::uint64_t{1} << below(random, 3);
  }
  const auto option = [&](const char* name, const auto& values) {
    char* value = text(random, values);
    options_.push_back(strdup((std::string("_SLURM_SPANK_OPTION_") + name + '=' + value).c_str()));
    std::free(value);
  };
  if (!one_in(random, 8)) option("carbon_carbon", kModes);
  if (one_in(random, 3)) option("carbon_carbon_max_delay", kDelays);
  if (odd()) option("carbon_carbon_data", kData);
  if (odd()) option("other_plugin", kTexts);
  if (odd()) options_.push_back(nullptr);
  desc.spank_job_env = options_.empty() ? nullptr : options_.data();
  desc.spank_job_env_size = static_cast<std::uint32_t>(options_.size());
}

RandomJob::~RandomJob() {
  for (char* each : {desc.script, desc.partition, desc.tres_per_job, desc.tres_per_node, desc.tres_per_socket, desc.tres_per_task,
                     desc.array_inx, desc.admin_comment, desc.reservation, desc.dependency, desc.req_nodes, desc.features,
                     desc.account, desc.qos, desc.prefer, desc.burst_buffer, desc.clusters, desc.cluster_features}) {
    std::free(each);
  }
  for (char* each : options_) std::free(each);
}

void put_snapshot(const std::filesystem::path& file, SnapshotFile sort, Random& random) {
  std::filesystem::remove_all(file);
  if (sort == SnapshotFile::kMissing) return;
  if (sort == SnapshotFile::kDirectory) {
    std::filesystem::create_directory(file);
    return;
  }
  SampleSnapshot sample(now() - kNow);
  auto& rules = sample.content().rules;
  rules.default_mode = static_cast<CarbonMode>(below(random, 5));
  rules.observe = one_in(random, 8);
  rules.min_gpus = static_cast<std::uint32_t>(below(random, 3));
  rules.min_saving = one_in(random, 4) ? 0.3 : 0.0;
  if (one_in(random, 2)) dress_up(sample.content(), random);
  ASSERT_TRUE(snapshot::write_snapshot(file, sample.content()).ok());
  if (sort == SnapshotFile::kGood) return;
  std::ifstream in(file, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (sort == SnapshotFile::kCut) bytes.resize(below(random, bytes.size()));
  if (sort == SnapshotFile::kFlipped) bytes[below(random, bytes.size())] ^= static_cast<char>(1u << below(random, 8));
  if (sort == SnapshotFile::kForged) forge(bytes, random);
  if (sort == SnapshotFile::kWrongVersion) {
    const auto version = static_cast<std::uint32_t>(format::kVersion + 1 + below(random, 9));
    std::memcpy(bytes.data() + offsetof(format::Header, version), &version, sizeof version);
    seal(bytes);
  }
  if (sort == SnapshotFile::kEmpty) bytes.clear();
  if (sort == SnapshotFile::kNoise) {
    for (char& c : bytes) c = static_cast<char>(random());
  }
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace carbon::plugin
