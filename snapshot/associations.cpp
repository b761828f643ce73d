// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/slurm/placement_rules.h"
#include "snapshot/snapshot_bytes.h"

namespace carbon::snapshot {

std::span<const format::AssociationRecord> Associations::of(std::uint32_t uid) const {
  const auto first = std::partition_point(records_.begin(), records_.end(), [uid](const auto& a) { return a.uid < uid; });
  const auto last = std::partition_point(first, records_.end(), [uid](const auto& a) { return a.uid == uid; });
  return {first, last};
}

bool Associations::allow(std::uint32_t uid, std::string_view cluster, std::string_view account,
                         std::string_view partition) const {
  const auto text = [this](auto name) { return std::string_view(texts_ + name.offset, name.length); };
  const auto all = of(uid);
  return std::any_of(all.begin(), all.end(), [&](const auto& a) {
    const bool of_account = account.empty() ? a.is_default != 0 : same_name(text(a.account), account);
    const auto only_in = text(a.partition);
    return of_account && text(a.cluster) == cluster && (only_in.empty() || only_in == partition);
  });
}

bool Associations::is_default(std::uint32_t uid, std::string_view cluster, std::string_view account) const {
  const auto text = [this](auto name) { return std::string_view(texts_ + name.offset, name.length); };
  const auto all = of(uid);
  return std::any_of(all.begin(), all.end(), [&](const auto& a) {
    return a.is_default != 0 && text(a.cluster) == cluster && same_name(text(a.account), account);
  });
}

}  // namespace carbon::snapshot
