// SPDX-License-Identifier: Apache-2.0
// plugstack.conf of this host: is spank_carbon.so loaded, as optional, and does it write marks where carbond reads them? With
// spank_carbon_options.so instead: do the site's Prolog and Epilog write them?
#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "scarbon/doctor/examinations.h"
#include "scarbon/doctor/plugin_file.h"

namespace carbon::scarbon::doctor {
namespace {

constexpr const char* kFetched = "/run/slurm/";  // where a configless slurmd keeps its files
constexpr const char* kDefaultSpool = "/var/spool/slurm-carbon";
constexpr const char* kWithoutMarks = "spank_carbon_options";

struct StackLine {
  std::string where, text;
  std::vector<std::string> words;
};

std::vector<StackLine> read_lines(const std::filesystem::path& file, int depth, Examination& out) {
  std::vector<StackLine> lines;
  std::ifstream in(file);
  if (!in || depth > 8) {
    out.not_checked.push_back(file.string() + ": cannot be read");
    return lines;
  }
  std::size_t number = 0;
  for (std::string text; std::getline(in, text);) {
    ++number;
    text = trimmed(text.substr(0, text.find('#')));
    std::istringstream words(text);
    StackLine line{file.string() + ':' + std::to_string(number), text, {}};
    for (std::string word; words >> word;) line.words.push_back(word);
    if (line.words.size() == 2 && line.words[0] == "include") {
      const auto pattern = line.words[1].starts_with('/') ? line.words[1] : (file.parent_path() / line.words[1]).string();
      const auto files = files_of(pattern);
      for (const auto& included : files) {
        auto more = read_lines(included, depth + 1, out);
        lines.insert(lines.end(), more.begin(), more.end());
      }
      // A configless slurmd keeps such files under other names.
      if (files.empty() && file.string().starts_with(kFetched))
        out.not_checked.push_back(line.where + ": " + text + ": these files are not on this host");
    } else if (line.words.size() >= 2) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::string spool_argument(const Host& host) {
  return " spool=" + (host.config ? host.config->carbond.spool.string() : kDefaultSpool);
}

bool writes_marks(const std::string& plugin) { return plugin.find(kWithoutMarks) == std::string::npos; }

std::string right_line(const Host& host, const std::string& plugin) {
  return "optional " + plugin + (writes_marks(plugin) ? spool_argument(host) : "");
}

bool contains(const std::filesystem::path& file, const char* word) {
  std::ifstream in(file);
  return std::string(std::istreambuf_iterator<char>(in), {}).find(word) != std::string::npos;
}

// The scripts that slurm.conf names as Prolog or Epilog.
struct Script {
  std::string pattern;  // empty: none
  std::string where, text;
  bool names_carbon_mark = false;
};

Script script_of(const char* key, const Host& host) {
  Script script{host.slurm_value(key), host.slurm_file.string(), "", false};
  if (script.pattern == "(null)") script.pattern.clear();
  if (const auto* line = host.slurm ? host.slurm->find(key) : nullptr) {
    script.where = line->where;
    script.text = line->text;
  }
  const auto files = files_of(script.pattern);
  script.names_carbon_mark =
      std::any_of(files.begin(), files.end(), [](const auto& file) { return contains(file, "carbon_mark"); });
  return script;
}

// A script may call carbon_mark indirectly, so one that does not name it is advice only.
void check_script(const char* key, bool plugin_writes_marks, const Host& host, Examination& out) {
  const auto script = script_of(key, host);
  if (script.names_carbon_mark != plugin_writes_marks) return;
  const auto report = [&](const char* name, Level level, const std::string& what, const std::string& fix) {
    out.findings.push_back({name, level, what, script.where, script.text, fix});
  };
  const auto call = "/usr/sbin/carbon_mark" + spool_argument(host) + " || true";
  const auto none = std::string(kWithoutMarks) + ".so writes no marks, and ";
  if (plugin_writes_marks) {
    report(
        "marks-twice", Level::kAdvice,
        std::string(key) + " calls carbon_mark, and the SPANK plugin writes the same marks, so each job appears to start twice",
        std::string("load ") + kWithoutMarks + ".so instead of spank_carbon.so");
  } else if (script.pattern.empty()) {
    report("marks-scripts", Level::kProblem, none + "slurm.conf has no " + key + " that could write them: no job is metered",
           std::string(key) + "=/etc/slurm/a_script_with    " + call);
  } else {
    report("marks-scripts", Level::kAdvice, none + "" + key + " does not contain the name carbon_mark: check that it calls it",
           call);
  }
}

void check_line(const StackLine& line, const Host& host, Examination& out) {
  const auto report = [&](const char* name, const std::string& what) {
    out.findings.push_back({name, Level::kProblem, what, line.where, line.text, right_line(host, line.words[1])});
  };
  if (line.words[0] != "optional")
    report("plugstack-required", "with '" + line.words[0] + "' jobs fail if the plugin cannot be loaded");
  const bool marks = writes_marks(line.words[1]);
  std::string spool = kDefaultSpool;
  for (std::size_t i = 2; i < line.words.size(); ++i) {
    if (marks && line.words[i].starts_with("spool=")) {
      spool = line.words[i].substr(6);
    } else {
      report("plugstack-argument",
             "the plugin does not know the argument '" + line.words[i] + "'; accepted: " + (marks ? "spool=DIRECTORY" : "none"));
    }
  }
  for (const auto* key : {"Prolog", "Epilog"}) check_script(key, marks, host, out);
  if (marks && host.config && std::filesystem::path(spool) != host.config->carbond.spool)
    report("plugstack-spool", "marks go to " + spool + ", but carbond reads " + host.config->carbond.spool.string() +
                                  " ([carbond] spool of carbon.conf): no job is metered");
  if (const auto file = find_plugin(host, line.words[1])) {
    check_plugin(host, *file, Fits::kByRelease, out);
  } else {
    out.findings.push_back({"spank-plugin", Level::kProblem,
                            "the file does not exist on this host: jobs have no --carbon options and no marks", line.where,
                            line.text, "install " + file.error().message});
  }
}

}  // namespace

Examination examine_plugstack(const Host& host) {
  Examination out{"plugstack.conf", {}, {}, {}};
  std::error_code ignored;
  const auto own = host.slurm_file.parent_path() / "plugstack.conf";
  const auto* set = host.slurm ? host.slurm->find("PlugStackConfig") : nullptr;
  const std::filesystem::path named = host.slurm_value("PlugStackConfig");
  // Without such a line, a configless slurmd keeps slurmctld's plugstack.conf next to its slurm.conf.
  const bool sent = set == nullptr && host.slurm_file.string().starts_with(kFetched) && std::filesystem::exists(own, ignored);
  const auto file = named.empty() || sent ? own : named;
  const auto directory = file.parent_path() / "plugstack.conf.d";
  if (!std::filesystem::exists(file, ignored)) {
    out.findings.push_back({"plugstack-missing", Level::kProblem,
                            "this host has no " + file.string() + ": jobs have no --carbon options and no marks",
                            set != nullptr ? set->where : file.string(), set != nullptr ? set->text : "",
                            "echo 'include " + directory.string() + "/*.conf' >" + file.string()});
    return out;
  }
  std::size_t found = 0;
  std::string loaded;
  for (const auto& line : read_lines(file, 0, out)) {
    if (line.words[1].find("spank_carbon") == std::string::npos) continue;
    check_line(line, host, out);
    loaded = std::filesystem::path(line.words[1]).filename();
    if (++found > 1)
      out.findings.push_back({"plugstack-twice", Level::kAdvice, "the plugin is loaded twice, so it acts twice on each job",
                              line.where, line.text, "remove this line"});
  }
  if (found == 0 && out.not_checked.empty()) {
    const bool file_is_there = std::filesystem::exists(directory / "carbon.conf", ignored);
    out.findings.push_back({"plugstack-line", Level::kProblem,
                            "no line loads spank_carbon.so: jobs have no --carbon options and no marks", file.string(), "",
                            file_is_there ? "include " + directory.string() + "/*.conf" : right_line(host, "spank_carbon.so")});
  }
  if (out.findings.empty() && out.not_checked.empty()) out.sound.push_back(file.string() + " loads " + loaded + ", as optional");
  return out;
}

}  // namespace carbon::scarbon::doctor
