// SPDX-License-Identifier: Apache-2.0
#include "forecast/forecast_log.h"

#include <fcntl.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <system_error>

#include "core/file.h"

namespace carbon::forecast {
namespace {

constexpr std::string_view kOrigins = "AFOY";  // Origin, in its order
constexpr long kMaxRun = 100'000;

std::string checksum(std::string_view text) {
  std::array<char, 9> hex{};
  std::snprintf(hex.data(), hex.size(), "%08x", XXH32(text.data(), text.size(), 0));
  return hex.data();
}

std::string kind_letters(const SeriesKind& kind) {
  return {kind.signal == Signal::kMarginal ? 'm' : 'a', kind.emissions == Emissions::kDirect ? 'd' : 'l',
          kind.boundary == Boundary::kProduction ? 'p' : 'c'};
}

std::optional<SeriesKind> kind_of(std::string_view letters) {
  if (letters.size() != 3) return std::nullopt;
  return SeriesKind{letters[0] == 'm' ? Signal::kMarginal : Signal::kAverage,
                    letters[1] == 'd' ? Emissions::kDirect : Emissions::kLifecycle,
                    letters[2] == 'p' ? Boundary::kProduction : Boundary::kConsumption};
}

std::string_view next_word(std::string_view& text) {
  const auto blank = text.find(' ');
  const auto word = text.substr(0, blank);
  text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
  return word;
}

// The points, split into runs of one step and origin without gaps.
std::vector<Issue> runs_of(const Issue& issue) {
  std::vector<Issue> runs;
  for (const auto& point : issue.points) {
    const bool continues = !runs.empty() && runs.back().points.back().when.end == point.when.start &&
                           runs.back().points.back().when.length() == point.when.length() &&
                           runs.back().points.back().origin == point.origin;
    if (!continues) runs.push_back({issue.known_at, issue.kind, {}});
    runs.back().points.push_back(point);
  }
  return runs;
}

bool is_old(const Issue& issue, Instant forecasts_before, Instant all_before) {
  const bool measured = issue.points.front().origin == Origin::kActual;
  return issue.known_at < (measured ? all_before : std::max(forecasts_before, all_before));
}

class MemoryLog final : public ForecastLog {
 public:
  Status append(const std::string& feed, const Issue& issue) override {
    kept_[feed].push_back(issue);
    return Done{};
  }
  Status forget(const std::string& feed, Instant forecasts_before, Instant all_before) override {
    std::erase_if(kept_[feed], [&](const Issue& issue) { return is_old(issue, forecasts_before, all_before); });
    return Done{};
  }
  Result<std::vector<Issue>> read(const std::string& feed) const override {
    const auto found = kept_.find(feed);
    return found == kept_.end() ? std::vector<Issue>() : found->second;
  }

 private:
  std::map<std::string, std::vector<Issue>> kept_;
};

class FileLog final : public ForecastLog {
 public:
  explicit FileLog(std::filesystem::path directory) : directory_(std::move(directory)) {}

  Status append(const std::string& feed, const Issue& issue) override;
  Result<std::vector<Issue>> read(const std::string& feed) const override;
  Status forget(const std::string& feed, Instant forecasts_before, Instant all_before) override;

 private:
  std::filesystem::path file_of(const std::string& feed) const { return directory_ / (feed + ".log"); }

  std::filesystem::path directory_;
};

Status FileLog::append(const std::string& feed, const Issue& issue) {
  std::error_code problem;
  std::filesystem::create_directories(directory_, problem);
  // Also begins with a line break: the incomplete line of a crash then stays a line of its own, which read() skips.
  std::string text = "\n";
  for (const auto& run : runs_of(issue)) text += format_run(run) + "\n";
  const auto file = file_of(feed);
  const int fd = open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return Error{file.string() + ": " + std::generic_category().message(errno)};
  const ssize_t written = write(fd, text.data(), text.size());
  const int cause = errno;
  close(fd);
  if (written == static_cast<ssize_t>(text.size())) return Done{};
  return Error{file.string() + ": " + (written < 0 ? std::generic_category().message(cause) : "no room left")};
}

Result<std::vector<Issue>> FileLog::read(const std::string& feed) const {
  std::vector<Issue> issues;
  std::ifstream in(file_of(feed));
  for (std::string line; std::getline(in, line);) {
    if (auto run = parse_run(line)) issues.push_back(std::move(run).value());
  }
  return issues;
}

Status FileLog::forget(const std::string& feed, Instant forecasts_before, Instant all_before) {
  const auto issues = read(feed);
  if (!issues) return issues.error();
  const auto file = file_of(feed);
  std::string kept;
  for (const auto& issue : *issues) {
    if (!is_old(issue, forecasts_before, all_before)) kept += format_run(issue) + '\n';
  }
  return replace_file(file, kept, Sync::kNo, 0644);
}

}  // namespace

std::unique_ptr<ForecastLog> make_memory_log() { return std::make_unique<MemoryLog>(); }
std::unique_ptr<ForecastLog> make_file_log(std::filesystem::path directory) {
  return std::make_unique<FileLog>(std::move(directory));
}

std::string format_run(const Issue& issue) {
  const auto& first = issue.points.front();
  std::string line = format_utc(issue.known_at) + ' ' + kind_letters(issue.kind) + ' ' +
                     kOrigins[static_cast<std::size_t>(first.origin)] + ' ' + format_utc(first.when.start) + ' ' +
                     std::to_string(first.when.length().count());
  std::array<char, 32> number{};
  for (const auto& point : issue.points) {
    const auto [end, ec] =
        std::to_chars(number.data(), number.data() + number.size(), point.value.value(), std::chars_format::general, 7);
    line += ' ';
    line.append(number.data(), end);
  }
  return line + ' ' + checksum(line);
}

Result<Issue> parse_run(std::string_view line) {
  const auto last = line.rfind(' ');
  if (last == std::string_view::npos || checksum(line.substr(0, last)) != line.substr(last + 1))
    return Error{"the checksum does not match"};
  auto rest = line.substr(0, last);
  const auto known_at = parse_utc(next_word(rest));
  const auto kind = kind_of(next_word(rest));
  const auto origin = kOrigins.find(next_word(rest));
  const auto start = parse_utc(next_word(rest));
  const auto step_text = next_word(rest);
  long step = 0;
  std::from_chars(step_text.data(), step_text.data() + step_text.size(), step);
  if (!known_at || !kind || origin == std::string_view::npos || !start || step <= 0) return Error{"not a run of values"};
  Issue issue{*known_at, *kind, {}};
  Instant at = *start;
  for (long n = 0; !rest.empty() && n < kMaxRun; ++n, at += Duration(step)) {
    const auto word = next_word(rest);
    double value = 0;
    const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (ec != std::errc{} || end != word.data() + word.size() || !std::isfinite(value)) return Error{"not a number"};
    issue.points.push_back({{at, at + Duration(step)}, GramsPerKwh(value), static_cast<Origin>(origin)});
  }
  if (issue.points.empty()) return Error{"no values"};
  return issue;
}

}  // namespace carbon::forecast
