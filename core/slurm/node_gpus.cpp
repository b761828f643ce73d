// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/node_gpus.h"

#include <algorithm>
#include <map>
#include <optional>

#include "core/strings.h"

namespace carbon::inline core {
namespace {

constexpr std::size_t kMaxNames = 4096;
constexpr std::string_view kRecord = "Gres Name=";

using Names = std::vector<std::string>;

// "08-10" as "08", "09", "10".
bool add_range(std::string_view range, Names& out) {
  const auto dash = range.find('-');
  const auto low = range.substr(0, dash), high = dash == std::string_view::npos ? low : range.substr(dash + 1);
  const auto first = parse_number<std::uint32_t>(low), last = parse_number<std::uint32_t>(high);
  if (!first || !last || *last < *first || *last - *first >= kMaxNames) return false;
  for (auto n = *first; n <= *last; ++n) {
    auto digits = std::to_string(n);
    if (digits.size() < low.size()) digits.insert(0, low.size() - digits.size(), '0');
    out.push_back(std::move(digits));
  }
  return out.size() <= kMaxNames;
}

// One item of a list, with any number of brackets.
std::optional<Names> expand_item(std::string_view item) {
  Names names{""};
  while (!item.empty()) {
    const auto open = item.find('[');
    for (auto& name : names) name += item.substr(0, open);
    if (open == std::string_view::npos) break;
    const auto close = item.find(']', open);
    if (close == std::string_view::npos) return std::nullopt;
    Names numbers, longer;
    for (const auto range : split(item.substr(open + 1, close - open - 1), ',')) {
      if (!add_range(range, numbers)) return std::nullopt;
    }
    if (names.size() * numbers.size() > kMaxNames) return std::nullopt;
    for (const auto& name : names) {
      for (const auto& number : numbers) longer.push_back(name + number);
    }
    names = std::move(longer);
    item.remove_prefix(close + 1);
  }
  return names;
}

// The words of a record, "Key=Value" each; a value of "(null)" is none.
std::map<std::string_view, std::string_view> fields_of(std::string_view record) {
  std::map<std::string_view, std::string_view> out;
  for (const auto word : split(record, ' ')) {
    const auto equals = word.find('=');
    if (equals != std::string_view::npos && word.substr(equals + 1) != "(null)")
      out.emplace(word.substr(0, equals), word.substr(equals + 1));
  }
  return out;
}

struct Record {
  std::string name, type;
  std::uint64_t count = 0;
  Names files;
};

Result<Record> parse_record(std::string_view line) {
  const auto fields = fields_of(line);
  const auto value = [&fields](std::string_view key) {
    const auto it = fields.find(key);
    return it == fields.end() ? std::string_view() : it->second;
  };
  Record record{std::string(value("Name")), std::string(value("Type")), 0, {}};
  const auto count = parse_number<std::uint64_t>(value("Count"));
  if (!count) return Error{"slurmd -G: Count is no number in '" + std::string(line) + "'"};
  record.count = *count;
  if (value("File").empty()) return record;
  auto files = expand_names(value("File"));
  if (!files) return Error{"slurmd -G: " + files.error().message};
  record.files = std::move(*files);
  return record;
}

}  // namespace

Result<Names> expand_names(std::string_view list) {
  Names out;
  while (!list.empty()) {
    std::size_t end = 0;
    for (bool inside = false; end < list.size() && (inside || list[end] != ','); ++end) {
      if (list[end] == '[') inside = true;
      if (list[end] == ']') inside = false;
    }
    const auto names = expand_item(list.substr(0, end));
    if (!names || out.size() + names->size() > kMaxNames) {
      return Error{"'" + std::string(list) + "' is not a list of names such as /dev/nvidia[0-3]"};
    }
    out.insert(out.end(), names->begin(), names->end());
    list.remove_prefix(std::min(list.size(), end + 1));
  }
  return out;
}

Result<std::vector<SlurmGpu>> parse_node_gpus(std::string_view text) {
  std::vector<SlurmGpu> gpus;
  std::map<std::string, std::uint64_t> shards;  // by file
  for (const auto line : split(text, '\n')) {
    const auto at = line.find(kRecord);
    if (at == std::string_view::npos) continue;
    auto record = parse_record(trimmed(line.substr(at)));
    if (!record) return record.error();
    if (record->files.empty()) continue;
    if (record->name == "shard") {
      for (const auto& file : record->files) shards[file] += record->count / record->files.size();
    }
    if (record->name != "gpu") continue;
    if (record->count == record->files.size()) {
      for (auto& file : record->files) gpus.push_back({record->type, {std::move(file)}, 0});
    } else if (record->count == 1) {  // MultipleFiles=
      gpus.push_back({record->type, std::move(record->files), 0});
    } else {
      return Error{"slurmd -G: Count and the number of files differ in '" + std::string(trimmed(line.substr(at))) + "'"};
    }
  }
  for (auto& gpu : gpus) {
    const auto shared = shards.find(gpu.files.front());
    if (shared != shards.end()) gpu.shards = static_cast<std::uint32_t>(std::min<std::uint64_t>(shared->second, 1U << 16));
  }
  return gpus;
}

}  // namespace carbon::inline core
