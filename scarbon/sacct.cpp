// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>

extern char** environ;

namespace carbon::scarbon {
namespace {

std::vector<std::string_view> lines_of(const std::string& text) {
  std::vector<std::string_view> lines;
  std::string_view rest(text);
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    lines.push_back(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return lines;
}

Result<std::string> output_of(std::vector<std::string> command) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Error{std::string("pipe: ") + std::strerror(errno)};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<char*> argv;
  for (auto& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (failed != 0) {
    close(ends[0]);
    return Error{command[0] + ": " + std::strerror(failed)};
  }
  std::string out;
  std::array<char, 65536> chunk{};
  for (;;) {
    const ssize_t n = read(ends[0], chunk.data(), chunk.size());
    if (n > 0) out.append(chunk.data(), static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) break;
  }
  close(ends[0]);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return out;
  return Error{command[0] + (WIFEXITED(status) ? " ended with exit code " + std::to_string(WEXITSTATUS(status)) : " was killed")};
}

}  // namespace

// sacct pads each cell to its column's width and puts one blank behind it; the line of dashes under the header gives the widths.
Result<SacctTable> read_padded(const std::string& output, std::size_t columns) {
  const auto lines = lines_of(output);
  if (lines.size() < 2) return Error{"sacct: no header in its output"};
  std::vector<std::size_t> widths;
  for (std::size_t at = 0; at < lines[1].size();) {
    const auto blank = std::min(lines[1].find(' ', at), lines[1].size());
    if (lines[1].substr(at, blank - at).find_first_not_of('-') != std::string_view::npos || blank == at) break;
    widths.push_back(blank - at);
    at = blank + 1;
  }
  if (widths.size() != columns) {
    return Error{"sacct: " + std::to_string(widths.size()) + " columns in its output, " + std::to_string(columns) + " asked for"};
  }
  const auto cut = [&widths](std::string_view line) {
    std::vector<std::string> cells;
    for (std::size_t at = 0; const auto width : widths) {
      cells.emplace_back(at < line.size() ? line.substr(at, width) : std::string_view());
      at += width + 1;
    }
    return cells;
  };
  SacctTable table{cut(lines[0]), {}};
  for (std::size_t i = 2; i < lines.size(); ++i) table.rows.push_back(cut(lines[i]));
  return table;
}

Result<SacctTable> read_parsable(const std::string& output, std::size_t columns) {
  SacctTable table;
  for (const auto line : lines_of(output)) {
    std::vector<std::string> cells;
    for (auto rest = line;;) {
      const auto end = rest.find(kSacctDelimiter);
      cells.emplace_back(rest.substr(0, end));
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    if (cells.size() != columns) {
      return Error{"sacct: " + std::to_string(cells.size()) + " fields in '" + std::string(line) + "', " +
                   std::to_string(columns) + " asked for"};
    }
    (table.header.empty() ? table.header : table.rows.emplace_back()) = std::move(cells);
  }
  if (table.header.empty()) return Error{"sacct: no header in its output"};
  return table;
}

Result<SacctTable> run_sacct(const std::vector<std::string>& arguments, const std::vector<std::string>& fields,
                             SacctLayout layout) {
  std::vector<std::string> command{"sacct"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::string format;
  for (const auto& field : fields) format += (format.empty() ? "" : ",") + field;
  command.push_back("--format=" + format);
  if (layout == SacctLayout::kParsable) {
    command.emplace_back("--parsable2");
    command.push_back(std::string("--delimiter=") + kSacctDelimiter);
  }
  const auto output = output_of(std::move(command));
  if (!output) return output.error();
  return layout == SacctLayout::kParsable ? read_parsable(*output, fields.size()) : read_padded(*output, fields.size());
}

}  // namespace carbon::scarbon
