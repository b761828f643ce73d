// SPDX-License-Identifier: Apache-2.0
#include "carbond/spool.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>

namespace carbon::carbond {
namespace {

namespace fs = std::filesystem;

bool is_earlier(const JobMark& a, const JobMark& b) { return a.boot_id == b.boot_id ? a.since_boot < b.since_boot : a.at < b.at; }

}  // namespace

Spool Spool::at(const std::string& configured, const std::string& node) { return {node_path(configured, node)}; }

Status Spool::create() const {
  for (const auto& d : {root, marks(), jobs(), outbox(), refused()}) {
    std::error_code ec;
    if (std::filesystem::create_directories(d, ec)) chmod(d.c_str(), 0700);
    if (ec) return Error{d.string() + ": cannot be created: " + ec.message()};
  }
  return Done{};
}

bool is_of_earlier_boot(const JobMark& mark, const std::string& boot_id, Instant began) {
  return mark.boot_id.empty() ? mark.at < began : mark.boot_id != boot_id;
}

SpooledMarks read_spooled_marks(const Spool& spool) {
  std::error_code ec;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(spool.marks(), ec)) {
    if (!is_temporary(entry.path())) files.push_back(entry.path());
  }
  SpooledMarks out;
  for (const auto& file : files) {
    const auto text = read_file(file, kMaxJobMarkBytes);
    auto mark = text ? parse_job_mark(*text) : Result<JobMark>(text.error());
    if (mark) {
      out.marks.push_back(std::move(*mark));
      out.files.push_back(file);
      continue;
    }
    spdlog::error("{}: {}; moved to refused/", file.filename().string(), mark.error().message);
    fs::rename(file, spool.refused() / file.filename(), ec);
  }
  std::stable_sort(out.marks.begin(), out.marks.end(), is_earlier);
  return out;
}

}  // namespace carbon::carbond
