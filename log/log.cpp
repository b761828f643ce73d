// SPDX-License-Identifier: Apache-2.0
#include "log/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace carbon::log {
namespace {

// "<3>": the level as syslog's number.
class JournalLevel final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    constexpr std::string_view kNumbers = "7764322";  // trace, debug, info, warning, error, critical, off
    out.push_back('<');
    out.push_back(kNumbers[message.level]);
    out.push_back('>');
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JournalLevel>(); }
};

}  // namespace

bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat info {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &info) != 0) return false;
  return stream == std::to_string(info.st_dev) + ':' + std::to_string(info.st_ino);
}

void set_up_log(const std::string& name, bool verbose, bool journal) {
  auto log = spdlog::stderr_logger_mt(name);
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<JournalLevel>('*').set_pattern(journal ? "%*level=%l %v" : "%Y-%m-%dT%H:%M:%S.%eZ level=%l %v");
  log->set_formatter(std::move(formatter));
  log->set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  spdlog::set_default_logger(std::move(log));
}

}  // namespace carbon::log
