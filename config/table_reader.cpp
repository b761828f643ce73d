// SPDX-License-Identifier: Apache-2.0
#include "config/table_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

namespace carbon::config {
namespace {

std::string as_written(const toml::node& node) {
  std::ostringstream out;
  node.visit([&out](const auto& n) { out << n; });
  return out.str();
}

// A number of at least 0, followed by its unit.
std::optional<double> with_unit(std::string_view text, std::initializer_list<std::pair<std::string_view, double>> units) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || !std::isfinite(value) || value < 0) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, factor] : units) {
    if (name == unit) return value * factor;
  }
  return std::nullopt;
}

}  // namespace

std::string FirstError::at(const toml::source_region& where) const { return file_ + ':' + std::to_string(where.begin.line); }

void FirstError::report(const toml::source_region& where, const std::string& what) {
  if (message_.empty()) message_ = at(where) + ": " + what;
}

void TableReader::fail(std::string_view key, const std::string& what) {
  const auto* node = table_.get(key);
  error_.report(node != nullptr ? node->source() : table_.source(), std::string(key) + " in " + name_ + ' ' + what);
}

const toml::node* TableReader::find(std::string_view key) {
  accepted_.push_back(key);
  return table_.get(key);
}

void TableReader::require(std::string_view key) {
  if (table_.get(key) == nullptr) fail(key, "is missing");
}

template <class Parse>
void TableReader::parsed(std::string_view key, const std::string& accepted, const Parse& parse) {
  const auto* node = find(key);
  if (node != nullptr && !parse(*node)) fail(key, "= " + as_written(*node) + "; accepted: " + accepted);
}

void TableReader::text(std::string_view key, std::string& out, bool may_be_empty) {
  parsed(key, may_be_empty ? "a quoted string" : "a quoted string that is not empty", [&](const toml::node& n) {
    const auto value = n.value_exact<std::string>();
    if (!value || (value->empty() && !may_be_empty)) return false;
    out = *value;
    return true;
  });
}

void TableReader::boolean(std::string_view key, bool& out) {
  parsed(key, "true, false", [&](const toml::node& n) {
    const auto value = n.value_exact<bool>();
    if (value) out = *value;
    return value.has_value();
  });
}

void TableReader::integer(std::string_view key, std::int64_t least, std::int64_t most,
                          const std::function<void(std::int64_t)>& use) {
  parsed(key, "a whole number from " + std::to_string(least) + " to " + std::to_string(most), [&](const toml::node& n) {
    const auto value = n.value_exact<std::int64_t>();
    if (!value || *value < least || *value > most) return false;
    use(*value);
    return true;
  });
}

void TableReader::real(std::string_view key, double least, double most, double& out) {
  std::ostringstream range;
  range << "a number from " << least << " to " << most;
  parsed(key, range.str(), [&](const toml::node& n) {
    const auto value = n.is_number() ? n.value<double>() : std::nullopt;
    if (!value || !(*value >= least && *value <= most)) return false;
    out = *value;
    return true;
  });
}

void TableReader::duration(std::string_view key, Duration least, Duration most, Duration& out) {
  const auto shown = [](Duration d) {
    return d % std::chrono::seconds(1) == Duration(0) ? std::to_string(d.count() / 1000) + "s" : std::to_string(d.count()) + "ms";
  };
  parsed(key, "a duration such as \"250ms\", \"30s\", \"5min\", \"6h\", \"2d\", from " + shown(least) + " to " + shown(most),
         [&](const toml::node& n) {
           const auto value = n.value_exact<std::string>();
           if (!value) return false;
           const auto d = parse_duration(*value);
           if (!d || *d < least || *d > most) return false;
           out = *d;
           return true;
         });
}

void TableReader::time(std::string_view key, Instant& out) {
  const auto at = [](const toml::date& date) {
    return std::chrono::sys_days(std::chrono::year(date.year) / std::chrono::month(date.month) / std::chrono::day(date.day));
  };
  parsed(key, "a date such as 2026-07-01 (00:00 UTC), or with time and offset 2026-07-01T00:00:00+02:00",
         [&](const toml::node& n) {
           if (const auto date = n.value_exact<toml::date>()) {
             out = at(*date);
             return true;
           }
           const auto moment = n.value_exact<toml::date_time>();
           if (!moment || !moment->offset) return false;  // a time without an offset is ambiguous
           const auto& time = moment->time;
           out = at(moment->date) + std::chrono::hours(time.hour) + std::chrono::minutes(time.minute) +
                 std::chrono::seconds(time.second) - std::chrono::minutes(moment->offset->minutes);
           return true;
         });
}

void TableReader::watts(std::string_view key, Watts& out) {
  parsed(key, "a power such as \"400W\" or \"1.2kW\"", [&](const toml::node& n) {
    const auto value = with_unit(n.value_exact<std::string>().value_or(""), {{"W", 1}, {"kW", 1000}});
    if (value) out = Watts(*value);
    return value.has_value();
  });
}

void TableReader::energy(std::string_view key, Joules& out) {
  parsed(key, "an energy such as \"500Wh\" or \"1.5kWh\"", [&](const toml::node& n) {
    const auto value = with_unit(n.value_exact<std::string>().value_or(""), {{"Wh", 0.001}, {"kWh", 1.0}});
    if (value) out = from_kwh(*value);
    return value.has_value();
  });
}

void TableReader::bytes(std::string_view key, std::uint64_t& out) {
  parsed(key, "a size such as \"256MB\" or \"1GB\"", [&](const toml::node& n) {
    const auto value =
        with_unit(n.value_exact<std::string>().value_or(""), {{"kB", 1024.0}, {"MB", 1048576.0}, {"GB", 1073741824.0}});
    if (!value || *value > 1e15) return false;
    out = static_cast<std::uint64_t>(*value);
    return true;
  });
}

void TableReader::texts(std::string_view key, std::vector<std::string>& out) {
  parsed(key, "a list of quoted strings, such as [\"gpu\", \"gpu-long\"]", [&](const toml::node& n) {
    const auto* array = n.as_array();
    if (array == nullptr) return false;
    out.clear();
    for (const auto& item : *array) {
      const auto value = item.value_exact<std::string>();
      if (!value || value->empty()) return false;
      out.push_back(*value);
    }
    return true;
  });
}

const toml::table* TableReader::table(std::string_view key) {
  const toml::table* found = nullptr;
  parsed(key, "a table, [" + std::string(key) + "]", [&](const toml::node& n) { return (found = n.as_table()) != nullptr; });
  return found;
}

const toml::array* TableReader::tables(std::string_view key) {
  const toml::array* found = nullptr;
  parsed(key, "tables, [[" + std::string(key) + "]]", [&](const toml::node& n) {
    const auto* array = n.as_array();
    if (array == nullptr || !(array->empty() || array->is_array_of_tables())) return false;
    found = array;
    return true;
  });
  return found;
}

void TableReader::finish() {
  for (const auto& [key, node] : table_) {
    if (std::find(accepted_.begin(), accepted_.end(), key.str()) != accepted_.end()) continue;
    std::string list;
    for (const auto& name : accepted_) list += (list.empty() ? "" : ", ") + std::string(name);
    error_.report(key.source(), "'" + std::string(key.str()) + "' is not a key of " + name_ + "; accepted: " + list);
  }
}

}  // namespace carbon::config
