// SPDX-License-Identifier: Apache-2.0
// [placement] of carbon.conf: which jobs may be moved.
#include "config/sections.h"

namespace carbon::config {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongest = 30 * 24h;

Result<ModeSet> parse_modes(const std::vector<std::string>& texts) {
  std::uint32_t bits = 0;
  for (const auto& text : texts) {
    const auto mode = parse_carbon_mode(text);
    if (!mode) return mode.error();
    bits |= 1u << static_cast<unsigned>(*mode);
  }
  return ModeSet(bits);
}

void read_mode(TableReader& in, std::string_view key, const std::function<void(CarbonMode)>& accept) {
  std::string text;
  in.text(key, text, false);
  if (text.empty()) return;
  if (const auto mode = parse_carbon_mode(text)) {
    accept(*mode);
  } else {
    in.fail(key, "= '" + text + "'; accepted: " + std::string(kCarbonModes));
  }
}

void read_min_gpus(TableReader& in, const std::function<void(std::uint32_t)>& accept) {
  in.integer("min_gpus", 1, 1'000'000, [&](std::int64_t n) { accept(static_cast<std::uint32_t>(n)); });
}

// Reads `key` into a temporary value with `read`, and sets `out` if the table has the key.
template <class T, class Read>
void read_if_given(TableReader& in, std::string_view key, std::optional<T>& out, const Read& read) {
  T value{};
  read(value);
  if (in.has(key)) out = value;
}

PlacementRule read_rule(const toml::table& table, FirstError& error) {
  PlacementRule rule;
  TableReader in(table, "[[placement.rule]]", error);
  in.texts("partitions", rule.partitions);
  in.texts("qos", rule.qos);
  in.texts("accounts", rule.accounts);
  in.texts("users", rule.users);
  read_mode(in, "mode", [&](CarbonMode m) { rule.mode = m; });
  std::vector<std::string> allowed;
  in.texts("allowed", allowed);
  if (const auto modes = parse_modes(allowed)) {
    if (in.has("allowed")) rule.allowed = *modes;
  } else {
    in.fail("allowed", "= " + modes.error().message);
  }
  read_if_given(in, "max_delay", rule.max_delay, [&](Duration& d) { in.duration("max_delay", 0s, kLongest, d); });
  read_min_gpus(in, [&](std::uint32_t n) { rule.min_gpus = n; });
  read_if_given(in, "min_energy", rule.min_energy, [&](Joules& e) { in.energy("min_energy", e); });
  read_if_given(in, "observe", rule.observe, [&](bool& b) { in.boolean("observe", b); });
  if (rule.mode && rule.allowed && !rule.allowed->has(*rule.mode))
    in.fail("mode", "= '" + std::string(to_string(*rule.mode)) + "'; accepted: the modes in `allowed`: " + rule.allowed->text());
  in.finish();
  return rule;
}

DelayClass read_class(const toml::table& table, FirstError& error) {
  DelayClass out;
  TableReader in(table, "[[placement.class]]", error);
  for (const auto* key : {"shorter_than", "max_delay"}) in.require(key);
  in.duration("shorter_than", 1s, 366 * 24h, out.shorter_than);
  in.duration("max_delay", 0s, kLongest, out.max_delay);
  in.finish();
  return out;
}

InterruptRules read_interrupt(const toml::table& table, FirstError& error) {
  InterruptRules out;
  TableReader in(table, "[placement.interrupt]", error);
  in.text("signal", out.signal, false);
  if (!job_signal(out.signal)) {
    in.fail("signal", "= '" + out.signal + "'; accepted: " + job_signals());
  }
  in.duration("grace", 0s, 24h, out.grace);
  in.integer("max_times", 0, 1000, [&](std::int64_t n) { out.max_times = static_cast<std::uint32_t>(n); });
  in.finish();
  return out;
}

void read_classes(const toml::array& tables, FirstError& error, std::vector<DelayClass>& out) {
  for (const auto& table : tables) {
    out.push_back(read_class(*table.as_table(), error));
    if (out.size() > 1 && out[out.size() - 2].shorter_than >= out.back().shorter_than)
      error.report(table.source(), "[[placement.class]] tables must be in increasing order of shorter_than");
  }
}

}  // namespace

void read_placement(const toml::table& table, FirstError& error, PlacementRules& out) {
  TableReader in(table, "[placement]", error);
  in.boolean("observe", out.observe);
  read_mode(in, "default_mode", [&](CarbonMode m) { out.default_mode = m; });
  read_min_gpus(in, [&](std::uint32_t n) { out.min_gpus = n; });
  in.energy("min_energy", out.min_energy);
  in.duration("max_delay", 1s, kLongest, out.max_delay);
  in.real("expected_share_of_limit", 0.001, 1.0, out.expected_share_of_limit);
  in.watts("gpu_power", out.gpu_power);
  in.real("min_saving", 0.0, 0.99, out.min_saving);
  in.real("max_idle_share", 0.0, 1.0, out.max_idle_share);
  in.real("start_slack", 0.0, 1.0, out.start_slack);
  if (const auto* tables = in.tables("class")) read_classes(*tables, error, out.classes);
  if (const auto* tables = in.tables("rule")) {
    for (const auto& rule : *tables) out.rules.push_back(read_rule(*rule.as_table(), error));
  }
  if (const auto* interrupt = in.table("interrupt")) out.interrupt = read_interrupt(*interrupt, error);
  in.finish();
}

}  // namespace carbon::config
