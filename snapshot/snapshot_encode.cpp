// SPDX-License-Identifier: Apache-2.0
// Builds the snapshot's bytes in memory: tables and arrays first, texts last, so tables and arrays are at multiples of 8.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "snapshot/snapshot_bytes.h"

namespace carbon::snapshot {
namespace {

class Builder {
 public:
  // Space for records that put() fills later.
  template <class T>
  std::uint64_t reserve(std::size_t count = 1) {
    bytes_.resize((bytes_.size() + 7) / 8 * 8);
    const auto at = bytes_.size();
    bytes_.resize(at + count * sizeof(T));
    return at;
  }
  template <class T>
  void put(std::uint64_t at, const T& record) {
    std::memcpy(bytes_.data() + at, &record, sizeof(T));
  }
  template <class T>
  format::Table append(std::span<const T> values) {
    const auto at = reserve<T>(values.size());
    if (!values.empty()) std::memcpy(bytes_.data() + at, values.data(), values.size_bytes());
    return {at, values.size()};
  }
  template <class T>
  format::Table append(const std::vector<T>& values) {
    return append(std::span<const T>(values));
  }
  // Equal texts are stored once. finish() appends them, so offsets are relative to the start of the texts.
  format::Name text(const std::string& text) {
    const auto [it, fresh] = seen_.emplace(text, static_cast<std::uint32_t>(texts_.size()));
    if (fresh) texts_ += text;
    return {it->second, static_cast<std::uint32_t>(text.size())};
  }
  format::Name list(const std::vector<std::string>& names) {
    std::string joined;
    for (const auto& name : names) joined += name + '\n';
    return text(joined);
  }
  std::vector<std::byte> finish(format::Header header) {
    header.texts = append(std::span<const char>(texts_));
    header.size = bytes_.size();
    put(0, header);
    const auto summed = std::span(bytes_).subspan(offsetof(format::Header, size));
    header.checksum = XXH3_64bits(summed.data(), summed.size());
    put(0, header);
    return std::move(bytes_);
  }

 private:
  std::vector<std::byte> bytes_;
  std::string texts_;
  std::map<std::string, std::uint32_t> seen_;
};

template <class T, class F>
auto each(const std::vector<T>& values, F f) {
  std::vector<decltype(f(values[0]))> out;
  out.reserve(values.size());
  for (const auto& v : values) out.push_back(f(v));
  return out;
}

format::RuleRecord record_of(const PlacementRule& rule, Builder& file) {
  format::RuleRecord r{};
  r.partitions = file.list(rule.partitions);
  r.qos = file.list(rule.qos);
  r.accounts = file.list(rule.accounts);
  r.users = file.list(rule.users);
  r.uids = file.append(rule.uids);
  r.given = (rule.mode ? 1u : 0) | (rule.allowed ? 2u : 0) | (rule.max_delay ? 4u : 0) | (rule.min_gpus ? 8u : 0) |
            (rule.min_energy ? 16u : 0) | (rule.observe ? 32u : 0);
  r.mode = static_cast<std::uint32_t>(rule.mode.value_or(CarbonMode::kOff));
  r.allowed = rule.allowed.value_or(ModeSet()).bits();
  r.max_delay_ms = rule.max_delay.value_or(Duration(0)).count();
  r.min_gpus = rule.min_gpus.value_or(0);
  r.min_energy_joules = rule.min_energy.value_or(Joules()).value();
  r.observe = rule.observe.value_or(false) ? 1 : 0;
  return r;
}

format::RulesRecord record_of(const PlacementRules& rules, Builder& file) {
  format::RulesRecord r{};
  r.observe = rules.observe ? 1 : 0;
  r.default_mode = static_cast<std::uint32_t>(rules.default_mode);
  r.min_gpus = rules.min_gpus;
  r.max_interrupts = rules.interrupt.max_times;
  r.max_delay_ms = rules.max_delay.count();
  r.interrupt_grace_ms = rules.interrupt.grace.count();
  r.min_energy_joules = rules.min_energy.value();
  r.expected_share_of_limit = rules.expected_share_of_limit;
  r.gpu_power_watts = rules.gpu_power.value();
  r.min_saving = rules.min_saving;
  r.max_idle_share = rules.max_idle_share;
  r.start_slack = rules.start_slack;
  r.interrupt_signal = file.text(rules.interrupt.signal);
  r.classes = file.append(each(rules.classes, [](const auto& c) {
    return format::ClassRecord{c.shorter_than.count(), c.max_delay.count()};
  }));
  r.rules = file.append(each(rules.rules, [&](const auto& rule) { return record_of(rule, file); }));
  return r;
}

format::KindRecord record_of(const NodeKind& kind, Builder& file) {
  format::KindRecord r{};
  r.features = file.list(kind.features);
  r.gpus = file.append(each(kind.gpus, [&](const auto& g) { return format::GpuRecord{file.text(g.type), g.count, 0}; }));
  r.nodes = kind.nodes;
  r.cpus = kind.cpus;
  r.memory_mb = kind.memory_mb;
  return r;
}

format::PartitionRecord record_of(const PartitionRule& rule, Builder& file) {
  const auto& limits = rule.limits;
  format::PartitionRecord r{};
  r.name = file.text(rule.name);
  r.qos = file.text(limits.qos);
  r.allow_accounts = file.list(limits.allow_accounts);
  r.deny_accounts = file.list(limits.deny_accounts);
  r.allow_qos = file.list(limits.allow_qos);
  r.deny_qos = file.list(limits.deny_qos);
  r.group_uids = file.append(limits.group_uids);
  r.group_gids = file.append(limits.group_gids);
  r.kinds = file.append(each(limits.kinds, [&](const auto& kind) { return record_of(kind, file); }));
  r.site = rule.site;
  r.position = rule.position;
  r.max_nodes = limits.max_nodes;
  r.open = limits.open ? 1 : 0;
  r.some_groups = limits.some_groups ? 1 : 0;
  r.is_default = limits.is_default ? 1 : 0;
  r.default_time_ms = limits.default_time.count();
  r.max_time_ms = limits.max_time.count();
  return r;
}

format::Table append(std::vector<Association> list, Builder& file) {
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.uid < b.uid; });
  return file.append(each(list, [&](const auto& a) {
    return format::AssociationRecord{file.text(a.cluster), file.text(a.account), file.text(a.partition), a.uid,
                                     a.is_default ? 1u : 0u};
  }));
}

format::SiteRecord record_of(const SnapshotSite& site, Builder& file) {
  format::SiteRecord r{};
  r.name = file.text(site.name);
  r.zone = file.text(site.meta.zone);
  r.provider = file.text(site.meta.provider);
  r.cluster = file.text(site.cluster);
  r.fed_id = site.fed_id;
  r.features = file.list(site.features);
  r.pue = site.pue;
  r.transfer_kwh_per_gb = site.transfer_kwh_per_gb;
  r.issued_ms = unix_ms(site.meta.issued);
  r.signal = static_cast<std::uint32_t>(site.meta.kind.signal);
  r.emissions = static_cast<std::uint32_t>(site.meta.kind.emissions);
  r.boundary = static_cast<std::uint32_t>(site.meta.kind.boundary);
  r.origin = static_cast<std::uint32_t>(site.origin);
  r.simulated = site.meta.simulated ? 1 : 0;
  r.edges = static_cast<std::uint32_t>(site.series.edges().size());
  r.edges_at = file.append(site.series.edges()).at;
  r.integrals_at = file.append(site.series.integrals()).at;
  r.covered_at = file.append(site.series.covered()).at;
  r.errors = file.append(each(site.errors, [](const auto& e) { return format::ErrorRecord{e.until.count(), e.low, e.high}; }));
  return r;
}

}  // namespace

std::vector<std::byte> encode_snapshot(const SnapshotContent& content) {
  Builder file;
  file.reserve<format::Header>();
  format::Header header{};
  header.magic = format::kMagic;
  header.version = format::kVersion;
  header.associations_enforced = content.associations_enforced ? 1 : 0;
  header.published_ms = unix_ms(content.published);
  header.max_age_ms = content.max_age.count();
  header.cluster = file.text(content.cluster);
  header.rules = record_of(content.rules, file);
  header.partitions = file.append(each(content.partitions, [&](const auto& p) { return record_of(p, file); }));
  header.associations = append(content.association_list, file);
  header.sites = file.append(each(content.sites, [&](const auto& s) { return record_of(s, file); }));
  return file.finish(header);
}

}  // namespace carbon::snapshot
