// SPDX-License-Identifier: Apache-2.0
#include "plugin/job_environment.h"

#include "core/strings.h"

namespace carbon::plugin {
namespace {

constexpr std::int64_t kMaxUnixSeconds = 4'102'444'800;  // 2100-01-01
constexpr std::uint32_t kMostDevices = 1024;             // per node; a larger number means a misread range

std::string text_of(const Environment& get, const char* name) {
  const char* value = get(name);
  return value == nullptr ? std::string() : std::string(value);
}

// Removes and returns the first item of `list`, up to a comma outside brackets.
std::string_view next_item(std::string_view& list) {
  std::size_t end = 0;
  for (bool inside = false; end < list.size() && (inside || list[end] != ','); ++end) {
    if (list[end] == '[') inside = true;
    if (list[end] == ']') inside = false;
  }
  const auto item = list.substr(0, end);
  list.remove_prefix(std::min(list.size(), end + 1));
  return item;
}

// "0,1" or "0-3,6"
std::optional<std::vector<std::uint32_t>> devices(std::string_view list) {
  std::vector<std::uint32_t> out;
  while (!list.empty()) {
    const auto item = next_item(list);
    const auto dash = item.find('-');
    const auto first = parse_number<std::uint32_t>(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number<std::uint32_t>(item.substr(dash + 1));
    if (!first || !last || *last < *first || *last - *first >= kMostDevices) return std::nullopt;
    for (auto n = *first; n <= *last; ++n) out.push_back(n);
    if (out.size() > kMostDevices) return std::nullopt;
  }
  return out;
}

// One item of a node list: "n[01-12,20]-ib" or "n7".
struct Lookup {
  std::uint64_t size = 0;              // nodes in the item
  std::optional<std::uint64_t> index;  // of the wanted node
};

std::optional<Lookup> look_up(std::string_view item, std::string_view node) {
  const auto open = item.find('[');
  if (open == std::string_view::npos) return Lookup{1, item == node ? std::optional<std::uint64_t>(0) : std::nullopt};
  const auto close = item.find(']', open);
  if (close == std::string_view::npos || item.find('[', close) != std::string_view::npos) return std::nullopt;
  const auto before = item.substr(0, open), after = item.substr(close + 1);
  std::string_view digits;
  if (node.size() > before.size() + after.size() && node.starts_with(before) && node.ends_with(after)) {
    digits = node.substr(before.size(), node.size() - before.size() - after.size());
  }
  const auto wanted = parse_number<std::uint32_t>(digits);
  Lookup result;
  auto ranges = item.substr(open + 1, close - open - 1);
  while (!ranges.empty()) {
    const auto range = next_item(ranges);
    const auto dash = range.find('-');
    const auto low = range.substr(0, dash);
    const auto first = parse_number<std::uint32_t>(low);
    const auto last = dash == std::string_view::npos ? first : parse_number<std::uint32_t>(range.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    // n[08-12] contains n08 and n12, not n8: numbers are as wide as the first, or wider without a leading zero.
    const bool width_fits = digits.size() == low.size() || (digits.size() > low.size() && digits[0] != '0');
    if (wanted && width_fits && *wanted >= *first && *wanted <= *last) result.index = result.size + (*wanted - *first);
    result.size += std::uint64_t{*last} - *first + 1;
  }
  return result;
}

// Slurm writes the driver's variable in the same pass as SLURM_JOB_GPUS: its items belong together. Where it is something else,
// such as a site's own list, nothing is certain.
std::vector<std::string> uuids_of(const Environment& get, std::size_t gpus) {
  for (const char* name : {"CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"}) {
    std::vector<std::string> out;
    bool any = false;
    const auto visible = text_of(get, name);
    for (std::string_view rest = visible; !rest.empty() && out.size() <= kMostDevices;) {
      const auto item = next_item(rest);
      const bool is_uuid = item.starts_with("MIG-") || item.starts_with("GPU-");
      out.emplace_back(is_uuid ? item : std::string_view());
      any = any || is_uuid;
    }
    if (any && (out.size() == gpus || (gpus == 0 && out.size() <= kMostDevices))) return out;
  }
  return {};
}

}  // namespace

std::optional<std::uint64_t> index_in_node_list(std::string_view list, std::string_view node) {
  std::uint64_t before = 0;
  while (!list.empty()) {
    const auto found = look_up(next_item(list), node);
    if (!found) return std::nullopt;
    if (found->index) return before + *found->index;
    before += found->size;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> cpus_on_node(std::string_view cpus_per_node, std::string_view node_list, std::string_view node) {
  const auto index = index_in_node_list(node_list, node);
  if (!index) return std::nullopt;
  std::uint64_t covered = 0;
  while (!cpus_per_node.empty()) {
    auto item = next_item(cpus_per_node);
    std::uint64_t repeat = 1;
    const auto open = item.find("(x");
    if (open != std::string_view::npos) {
      if (!item.ends_with(')')) return std::nullopt;
      const auto times = parse_number<std::uint32_t>(item.substr(open + 2, item.size() - open - 3));
      if (!times) return std::nullopt;
      repeat = *times;
      item = item.substr(0, open);
    }
    const auto cpus = parse_number<std::uint32_t>(item);
    if (!cpus) return std::nullopt;
    covered += repeat;
    if (*index < covered) return cpus;
  }
  return std::nullopt;
}

Result<JobIds> ids_from_environment(const Environment& get) {
  const auto job_id = parse_number<std::uint32_t>(text_of(get, "SLURM_JOB_ID"));
  const auto uid = parse_number<std::uint32_t>(text_of(get, "SLURM_JOB_UID"));
  if (!job_id || !uid) return Error{"SLURM_JOB_ID and SLURM_JOB_UID are not both numbers"};
  return JobIds{*job_id, *uid};
}

Result<JobMark> mark_from_environment(const Environment& get) {
  JobMark mark;
  mark.cluster = text_of(get, "SLURM_CLUSTER_NAME");
  mark.node = text_of(get, "SLURMD_NODENAME");
  mark.user = text_of(get, "SLURM_JOB_USER");
  mark.account = text_of(get, "SLURM_JOB_ACCOUNT");
  mark.partition = text_of(get, "SLURM_JOB_PARTITION");
  mark.restart = parse_number<std::uint32_t>(text_of(get, "SLURM_JOB_RESTART_COUNT")).value_or(0);
  const auto started = parse_number<std::int64_t>(text_of(get, "SLURM_JOB_START_TIME"));
  if (started && *started > 0 && *started < kMaxUnixSeconds) mark.job_start = from_unix_ms(*started * 1000);
  mark.num_nodes = parse_number<std::uint32_t>(text_of(get, "SLURM_JOB_NUM_NODES")).value_or(1);
  mark.cpus = cpus_on_node(text_of(get, "SLURM_JOB_CPUS_PER_NODE"), text_of(get, "SLURM_NODELIST"), mark.node).value_or(0);
  const auto gpus = text_of(get, "SLURM_JOB_GPUS");
  const auto list = devices(gpus);
  if (!list) return Error{"SLURM_JOB_GPUS = '" + gpus + "' is not a list of device numbers such as 0,1 or 0-3"};
  mark.gpus = *list;
  mark.uuids = uuids_of(get, mark.gpus.size());
  mark.mps_percent = std::min(parse_number<std::uint32_t>(text_of(get, "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE")).value_or(0), 100u);
  if (mark.node.empty()) return Error{"SLURMD_NODENAME is not set"};
  return mark;
}

}  // namespace carbon::plugin
