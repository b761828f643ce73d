// SPDX-License-Identifier: Apache-2.0
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "snapshot/snapshot_bytes.h"

namespace carbon::snapshot {
namespace {

// Bound of times and durations: far more than needed, and far less than what could make sums and differences overflow.
constexpr std::int64_t kMostMs = 1'000'000'000'000'000;  // 31 700 years
bool is_time(std::int64_t ms) { return ms >= -kMostMs && ms <= kMostMs; }
bool is_duration(std::int64_t ms) { return ms >= 0 && ms <= kMostMs; }
bool is_share(double x) { return x >= 0.0 && x <= 1.0; }  // false for a NaN
bool is_amount(double x) { return std::isfinite(x) && x >= 0.0; }
bool is_mode(std::uint32_t m) { return m <= static_cast<std::uint32_t>(kLastMode); }

// Bounds-checked reads of one file. A failed read or expect() makes the whole file unsound; a failed read returns something
// empty.
class Bytes {
 public:
  explicit Bytes(std::span<const std::byte> file) : file_(file) {}

  bool sound() const { return sound_; }
  void expect(bool holds) { sound_ &= holds; }

  template <class T>
  std::span<const T> array(format::Table table) {
    const bool inside =
        table.at % alignof(T) == 0 && table.at <= file_.size() && table.count <= (file_.size() - table.at) / sizeof(T);
    expect(inside);
    if (!inside) return {};
    return std::span(reinterpret_cast<const T*>(file_.data() + table.at), table.count);
  }
  // A table whose records the caller copies.
  template <class T>
  std::span<const T> records(format::Table table) {
    return copies(table.count) ? array<T>(table) : std::span<const T>();
  }
  void set_texts(format::Table table) { texts_ = array<char>(table); }
  const char* texts() const { return texts_.data(); }
  bool inside(format::Name name) const { return name.offset <= texts_.size() && name.length <= texts_.size() - name.offset; }
  std::string text(format::Name name) {
    const bool good = copies(name.length) && inside(name);
    expect(good);
    return good ? std::string(texts_.data() + name.offset, name.length) : std::string();
  }
  std::vector<std::string> list(format::Name name) {
    std::vector<std::string> out;
    const auto joined = text(name);
    for (std::size_t at = 0; at < joined.size();) {
      const auto end = std::min(joined.find('\n', at), joined.size());
      out.push_back(joined.substr(at, end - at));
      at = end + 1;
    }
    return out;
  }
  std::vector<std::uint32_t> numbers(format::Table table) {
    const auto values = records<std::uint32_t>(table);
    return {values.begin(), values.end()};
  }

 private:
  // Bounds what is copied out: many records that refer to the same large text must not exhaust memory.
  bool copies(std::uint64_t items) {
    expect(items <= budget_);
    budget_ -= std::min<std::uint64_t>(items, budget_);
    return sound_;
  }

  std::span<const std::byte> file_;
  std::span<const char> texts_;
  std::uint64_t budget_ = format::kMostCopied;
  bool sound_ = true;
};

// Times must ascend within bounds, and each segment must be covered wholly or not at all, which also bounds the sums. No early
// exit and no branches, because there may be half a million words. Unsigned differences, because these cannot overflow.
bool series_is_sound(std::span<const std::int64_t> edge, std::span<const double> integral,
                     std::span<const std::int64_t> covered) {
  if (edge.empty()) return true;
  if (edge.size() == 1 || integral[0] != 0.0 || covered[0] != 0 || !is_time(edge.front()) || !is_time(edge.back())) return false;
  constexpr std::uint64_t kExponent = 0x7ff0'0000'0000'0000;  // all of these bits are set if not finite
  bool sound = true;
  for (std::size_t i = 1; i < edge.size(); ++i) {
    const auto length = static_cast<std::uint64_t>(edge[i]) - static_cast<std::uint64_t>(edge[i - 1]);
    const auto known = static_cast<std::uint64_t>(covered[i]) - static_cast<std::uint64_t>(covered[i - 1]);
    const bool finite = (std::bit_cast<std::uint64_t>(integral[i]) & kExponent) != kExponent;
    sound &= static_cast<bool>(static_cast<int>(edge[i] > edge[i - 1]) & static_cast<int>(finite) &
                               (static_cast<int>(known == 0) | static_cast<int>(known == length)));
  }
  return sound;
}

SnapshotSite read_site(const format::SiteRecord& r, Bytes& bytes) {
  SnapshotSite site;
  site.name = bytes.text(r.name);
  site.meta.zone = bytes.text(r.zone);
  site.meta.provider = bytes.text(r.provider);
  site.cluster = bytes.text(r.cluster);
  bytes.expect(r.fed_id <= 63);  // as many as Slurm has bits for
  site.fed_id = r.fed_id;
  site.features = bytes.list(r.features);
  bytes.expect(r.signal <= 1 && r.emissions <= 1 && r.boundary <= 1 && r.simulated <= 1);
  bytes.expect(r.origin <= static_cast<std::uint32_t>(Origin::kYearlyFactor) && is_time(r.issued_ms));
  bytes.expect(std::isfinite(r.pue) && r.pue >= 1.0 && is_amount(r.transfer_kwh_per_gb));
  site.pue = r.pue;
  site.transfer_kwh_per_gb = r.transfer_kwh_per_gb;
  site.meta.kind = {static_cast<Signal>(r.signal), static_cast<Emissions>(r.emissions), static_cast<Boundary>(r.boundary)};
  site.meta.issued = from_unix_ms(r.issued_ms);
  site.meta.simulated = r.simulated != 0;
  site.origin = static_cast<Origin>(r.origin);
  for (const auto& e : bytes.records<format::ErrorRecord>(r.errors)) {
    bytes.expect(is_duration(e.until_ms) && is_amount(e.low) && is_amount(e.high));
    site.errors.push_back({Duration(e.until_ms), e.low, e.high});
  }
  const auto edge = bytes.array<std::int64_t>({r.edges_at, r.edges});
  const auto integral = bytes.array<double>({r.integrals_at, r.edges});
  const auto covered = bytes.array<std::int64_t>({r.covered_at, r.edges});
  if (bytes.sound()) bytes.expect(series_is_sound(edge, integral, covered));
  if (bytes.sound()) site.series = SeriesView(edge, integral, covered);
  return site;
}

PlacementRule read_rule(const format::RuleRecord& r, Bytes& bytes) {
  PlacementRule rule;
  rule.partitions = bytes.list(r.partitions);
  rule.qos = bytes.list(r.qos);
  rule.accounts = bytes.list(r.accounts);
  rule.users = bytes.list(r.users);
  rule.uids = bytes.numbers(r.uids);
  bytes.expect(is_mode(r.mode) && is_duration(r.max_delay_ms) && is_amount(r.min_energy_joules) && r.observe <= 1);
  if ((r.given & 1) != 0) rule.mode = static_cast<CarbonMode>(r.mode);
  if ((r.given & 2) != 0) rule.allowed = ModeSet(r.allowed);
  if ((r.given & 4) != 0) rule.max_delay = Duration(r.max_delay_ms);
  if ((r.given & 8) != 0) rule.min_gpus = r.min_gpus;
  if ((r.given & 16) != 0) rule.min_energy = Joules(r.min_energy_joules);
  if ((r.given & 32) != 0) rule.observe = r.observe != 0;
  return rule;
}

PlacementRules read_rules(const format::RulesRecord& r, Bytes& bytes) {
  bytes.expect(r.observe <= 1 && is_mode(r.default_mode) && is_duration(r.max_delay_ms) && is_duration(r.interrupt_grace_ms));
  bytes.expect(is_amount(r.min_energy_joules) && is_amount(r.gpu_power_watts) && is_share(r.expected_share_of_limit) &&
               is_share(r.min_saving) && is_share(r.max_idle_share) && is_share(r.start_slack));
  PlacementRules rules;
  rules.observe = r.observe != 0;
  rules.default_mode = static_cast<CarbonMode>(r.default_mode);
  rules.min_gpus = r.min_gpus;
  rules.min_energy = Joules(r.min_energy_joules);
  rules.max_delay = Duration(r.max_delay_ms);
  rules.expected_share_of_limit = r.expected_share_of_limit;
  rules.gpu_power = Watts(r.gpu_power_watts);
  rules.min_saving = r.min_saving;
  rules.max_idle_share = r.max_idle_share;
  rules.start_slack = r.start_slack;
  rules.interrupt = {bytes.text(r.interrupt_signal), Duration(r.interrupt_grace_ms), r.max_interrupts};
  for (const auto& c : bytes.records<format::ClassRecord>(r.classes)) {
    bytes.expect(is_duration(c.shorter_than_ms) && is_duration(c.max_delay_ms));
    rules.classes.push_back({Duration(c.shorter_than_ms), Duration(c.max_delay_ms)});
  }
  for (const auto& rule : bytes.records<format::RuleRecord>(r.rules)) rules.rules.push_back(read_rule(rule, bytes));
  return rules;
}

NodeKind read_kind(const format::KindRecord& r, Bytes& bytes) {
  NodeKind kind{r.nodes, r.cpus, r.memory_mb, {}, bytes.list(r.features)};
  for (const auto& gpu : bytes.records<format::GpuRecord>(r.gpus)) kind.gpus.push_back({bytes.text(gpu.type), gpu.count});
  return kind;
}

PartitionRule read_partition(const format::PartitionRecord& r, std::uint64_t sites, Bytes& bytes) {
  bytes.expect(r.site < sites && is_duration(r.default_time_ms) && is_duration(r.max_time_ms) && r.open <= 1 &&
               r.some_groups <= 1 && r.is_default <= 1);
  PartitionRule rule{bytes.text(r.name), r.site, r.position, {}};
  auto& limits = rule.limits;
  limits.default_time = Duration(r.default_time_ms);
  limits.max_time = Duration(r.max_time_ms);
  limits.max_nodes = r.max_nodes;
  limits.open = r.open != 0;
  limits.is_default = r.is_default != 0;
  limits.qos = bytes.text(r.qos);
  limits.allow_accounts = bytes.list(r.allow_accounts);
  limits.deny_accounts = bytes.list(r.deny_accounts);
  limits.allow_qos = bytes.list(r.allow_qos);
  limits.deny_qos = bytes.list(r.deny_qos);
  limits.some_groups = r.some_groups != 0;
  limits.group_uids = bytes.numbers(r.group_uids);
  limits.group_gids = bytes.numbers(r.group_gids);
  for (const auto& kind : bytes.records<format::KindRecord>(r.kinds)) limits.kinds.push_back(read_kind(kind, bytes));
  return rule;
}

Associations read_associations(format::Table table, Bytes& bytes) {
  const auto records = bytes.array<format::AssociationRecord>(table);
  bool sound = true;
  std::uint32_t last = 0;
  for (const auto& a : records) {
    sound &= bytes.inside(a.cluster) && bytes.inside(a.account) && bytes.inside(a.partition) && a.uid >= last;
    last = a.uid;
  }
  bytes.expect(sound);
  return {records, bytes.texts()};
}

SnapshotContent read_content(const format::Header& header, Bytes& bytes) {
  bytes.set_texts(header.texts);
  bytes.expect(is_time(header.published_ms) && is_duration(header.max_age_ms) && header.associations_enforced <= 1);
  SnapshotContent content;
  content.published = from_unix_ms(header.published_ms);
  content.max_age = Duration(header.max_age_ms);
  content.cluster = bytes.text(header.cluster);
  content.associations_enforced = header.associations_enforced != 0;
  content.rules = read_rules(header.rules, bytes);
  content.associations = read_associations(header.associations, bytes);
  bytes.expect(header.sites.count <= kMostSites);
  for (const auto& r : bytes.records<format::SiteRecord>(header.sites)) {
    content.sites.push_back(read_site(r, bytes));
    if (!bytes.sound()) return content;
  }
  for (const auto& r : bytes.records<format::PartitionRecord>(header.partitions)) {
    content.partitions.push_back(read_partition(r, header.sites.count, bytes));
    if (!bytes.sound()) return content;
  }
  return content;
}

Status check_header(const format::Header& header, std::span<const std::byte> file) {
  if (header.magic != format::kMagic) return Error{"not a snapshot"};
  if (header.version != format::kVersion) {
    return Error{"snapshot version " + std::to_string(header.version) + "; accepted: " + std::to_string(format::kVersion)};
  }
  if (header.size != file.size()) {
    return Error{"is " + std::to_string(file.size()) + " bytes long and should be " + std::to_string(header.size)};
  }
  const auto summed = file.subspan(offsetof(format::Header, size));
  if (header.checksum != XXH3_64bits(summed.data(), summed.size())) return Error{"the checksum does not match"};
  return Done{};
}

}  // namespace

Result<SnapshotContent> decode_snapshot(std::span<const std::byte> file) {
  if (file.size() < sizeof(format::Header) || file.size() > format::kMaxBytes)
    return Error{"not a snapshot: " + std::to_string(file.size()) + " bytes"};
  const auto& header = *reinterpret_cast<const format::Header*>(file.data());
  if (const auto sound = check_header(header, file); !sound) return sound.error();
  Bytes bytes(file);
  auto content = read_content(header, bytes);
  if (!bytes.sound()) return Error{"the checksum is right but the content is not: written by a faulty program"};
  return content;
}

}  // namespace carbon::snapshot
