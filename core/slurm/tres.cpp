// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/tres.h"

#include <algorithm>

#include "core/strings.h"

namespace carbon::inline core {
namespace {

struct Entry {
  std::string_view name;  // without "gres/"
  std::string_view type;  // empty: none
  std::string_view count;
  bool has_count = false;
  bool sure = false;  // that it is a count: it follows '='
};

// The text up to the next comma or semicolon outside brackets; `list` keeps what follows.
std::string_view next_item(std::string_view& list) {
  int depth = 0;
  std::size_t end = 0;
  for (; end < list.size(); ++end) {
    const char c = list[end];
    depth += static_cast<int>(c == '(' || c == '[') - static_cast<int>(c == ')' || c == ']');
    if (depth <= 0 && (c == ',' || c == ';')) break;
  }
  const auto item = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  return trimmed(item.substr(0, item.find('(')));
}

bool starts_like_a_number(std::string_view text) { return !text.empty() && text.front() >= '0' && text.front() <= '9'; }

// A count as Slurm writes it, with K, M, ... for powers of 1024.
std::optional<std::uint32_t> count_of(std::string_view text) {
  std::uint64_t factor = 1;
  constexpr std::string_view kSuffixes = "kmgtp";
  if (text.size() > 1) {
    const auto at = kSuffixes.find(lower(text.back()));
    if (at != std::string_view::npos) {
      factor = std::uint64_t{1} << (10 * (at + 1));
      text.remove_suffix(1);
    }
  }
  const auto n = parse_number<std::uint64_t>(text);
  if (!n || *n > kMostGpus / factor) return n && *n == 0 ? std::optional(0u) : std::nullopt;
  return static_cast<std::uint32_t>(*n * factor);
}

// "gpu", "gpu:2", "gpu:a100", "gpu:a100:2", "gpu:a100:no_consume:2", "gres/gpu:a100=2", "gres:gpu:2".
Entry entry_of(std::string_view item) {
  if (item.size() > 5 && equal_ignoring_case(item.substr(0, 4), "gres") && (item[4] == '/' || item[4] == ':'))
    item.remove_prefix(5);
  Entry out;
  auto end = item.find_first_of(":=");
  out.name = item.substr(0, end);
  while (end != std::string_view::npos) {
    const bool equals = item[end] == '=';
    item.remove_prefix(end + 1);
    end = item.find_first_of(":=");
    const auto word = item.substr(0, end);
    if (word == "no_consume") continue;
    // A number in the last place is the count; elsewhere it belongs to a type ("gpu:1080ti:2", "gpu:2080:2").
    const bool last = end == std::string_view::npos;
    if (equals || (last && (word.empty() || starts_like_a_number(word) || !out.type.empty()))) {
      out.count = word;
      out.has_count = true;
      out.sure = equals;
    } else {
      out.type = word;
    }
  }
  // "gpu:1080ti": no count, so it is a type.
  if (out.has_count && !out.sure && out.type.empty() && !out.count.empty() && !count_of(out.count) && !is_digits(out.count)) {
    out.type = out.count;
    out.has_count = false;
  }
  return out;
}

struct Sums {
  GpuSum typed, untyped;
  bool has_untyped = false;
};

std::optional<Sums> sums_in(std::string_view list, std::string_view name) {
  Sums out;
  while (!list.empty()) {
    const auto entry = entry_of(next_item(list));
    if (!equal_ignoring_case(entry.name, name)) continue;
    const auto count = entry.has_count ? count_of(entry.count) : std::optional(1u);
    auto& sum = entry.type.empty() ? out.untyped : out.typed;
    if (!count || std::uint64_t{sum.count} + *count > kMostGpus) return std::nullopt;
    sum.count += *count;
    if (entry.type.empty()) {
      out.has_untyped = true;
      continue;
    }
    const auto same = std::find_if(sum.types.begin(), sum.types.end(), [&](const GpuStock& s) { return s.type == entry.type; });
    if (same == sum.types.end()) {
      sum.types.push_back({std::string(entry.type), *count});
    } else {
      same->count += *count;
    }
  }
  return out;
}

}  // namespace

std::optional<GpuSum> gpus_in_tres(std::string_view list, std::string_view name) {
  auto sums = sums_in(list, name);
  if (!sums) return std::nullopt;
  if (sums->has_untyped) sums->typed.count = sums->untyped.count;
  return std::move(sums->typed);
}

std::optional<GpuSum> gpus_in_gres(std::string_view list, std::string_view name) {
  auto sums = sums_in(list, name);
  if (!sums || std::uint64_t{sums->typed.count} + sums->untyped.count > kMostGpus) return std::nullopt;
  sums->typed.count += sums->untyped.count;
  return std::move(sums->typed);
}

GpuAccounting gpu_accounting(std::string_view accounting_storage_tres) {
  const auto sums = sums_in(accounting_storage_tres, "gpu");
  if (!sums) return GpuAccounting::kNone;
  if (sums->has_untyped) return GpuAccounting::kCounted;
  return sums->typed.types.empty() ? GpuAccounting::kNone : GpuAccounting::kByTypeAlone;
}

}  // namespace carbon::inline core
