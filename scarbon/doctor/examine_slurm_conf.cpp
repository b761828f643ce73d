// SPDX-License-Identifier: Apache-2.0
// slurm.conf: the lines that slurm-carbon needs, and whether slurmctld already runs with them.
#include <algorithm>
#include <functional>
#include <string_view>

#include "core/slurm/tres.h"
#include "scarbon/doctor/examinations.h"

namespace carbon::scarbon::doctor {
namespace {

std::string with(const std::string& list, const std::string& word) { return list.empty() ? word : list + ',' + word; }

// From this release on, libslurm cannot query slurmdbd's settings.
constexpr std::string_view kKeepsPrivateData = "26.05";

struct Rule {
  const char* key;
  const char* name;
  Level level;
  const char* what;
  // The value to set instead of this one; the same value if it is right.
  std::function<std::string(const Host&, const std::string&)> fixed;
  const char* takes_effect;  // the command that applies a changed line
};

bool is_carbon(const std::string& plugin) { return plugin == "carbon" || plugin == "job_submit/carbon"; }

std::string with_carbon(const Host&, const std::string& now) {
  const auto plugins = listed(now);
  return std::any_of(plugins.begin(), plugins.end(), is_carbon) ? now : with(now, "carbon");
}

std::string carbon_last(const Host&, const std::string& now) {
  const auto plugins = listed(now);
  const auto it = std::find_if(plugins.begin(), plugins.end(), is_carbon);
  if (it == plugins.end() || it + 1 == plugins.end()) return now;
  std::string others;
  for (const auto& plugin : plugins) {
    if (!is_carbon(plugin)) others = with(others, plugin);
  }
  return with(others, "carbon");
}

std::string with_alloc(const Host&, const std::string& now) {
  const bool at_allocation = lists(now, "Alloc") || lists(now, "Contain") || lists(now, "X11");
  return at_allocation ? now : with(now, "Alloc");
}

std::string with_age(const Host& host, const std::string& now) {
  if (!lower(host.slurm_value("PriorityType")).ends_with("multifactor")) return now;  // only that plugin counts age
  return lists(now, "ACCRUE_ALWAYS") ? now : with(now, "ACCRUE_ALWAYS");
}

std::string slurmdbd(const Host&, const std::string& now) {
  return lower(now).ends_with("slurmdbd") ? now : "accounting_storage/slurmdbd";
}

std::string with_gpu_type(const Host&, const std::string& now) { return lists(now, "gpu") ? now : with(now, "gpu"); }

std::string with_gpu_tres(const Host&, const std::string& now) {
  return gpu_accounting(now) == GpuAccounting::kCounted ? now : with(now, "gres/gpu");
}

std::string some_timeout(const Host&, const std::string& now) { return trimmed(now) == "0" ? "300" : now; }

const Rule kRules[] = {
    {"JobSubmitPlugins", "job-submit-plugins", Level::kProblem,
     "slurmctld does not load the plugin: no job is deferred or relocated, and --carbon has no effect", with_carbon,
     "restart slurmctld"},
    {"JobSubmitPlugins", "job-submit-order", Level::kProblem,
     "plugins after carbon may change the partition or time limit that its decision was based on", carbon_last,
     "restart slurmctld"},
    {"PrologFlags", "prolog-flags", Level::kProblem,
     "nodes run the prolog at a job's first step, which may be late or never, so energy is lost", with_alloc,
     "scontrol reconfigure"},
    {"PriorityFlags", "priority-flags", Level::kProblem, "a deferred job gains no priority by age while it waits", with_age,
     "scontrol reconfigure"},
    {"AccountingStorageType", "accounting-storage", Level::kProblem,
     "without slurmdbd there are no accounting records for emissions, and sacct does not work", slurmdbd, "restart slurmctld"},
    {"GresTypes", "gres-types", Level::kProblem, "Slurm has no GPUs: jobs cannot request them, and none is metered per job",
     with_gpu_type, "restart slurmctld and slurmd"},
    {"AccountingStorageTRES", "accounting-tres", Level::kAdvice,
     "Slurm does not count all GPUs of a job: re-planning and scarbon backfill miss jobs that request no GPU type", with_gpu_tres,
     "restart slurmctld"},
    {"SlurmdTimeout", "slurmd-timeout", Level::kAdvice,
     "slurmctld never sets a dead node down, so the records of its jobs stay incomplete", some_timeout, "scontrol reconfigure"},
};

Finding finding_of(const Rule& rule, const std::string& where, const std::string& found, const std::string& wanted) {
  return {rule.name, rule.level, rule.what,
          where,     found,      std::string(rule.key) + '=' + wanted + "    (then: " + rule.takes_effect + ")"};
}

// Checks the file first, then whether slurmctld has read it.
void apply(const Rule& rule, const Host& host, Examination& out) {
  const auto* line = host.slurm ? host.slurm->find(rule.key) : nullptr;
  const auto running = host.running.find(lower(rule.key));
  const bool answers = running != host.running.end();
  if (line != nullptr || (host.slurm && !answers)) {
    const auto now = line != nullptr ? line->value(lower(rule.key)) : std::string();
    const auto wanted = rule.fixed(host, now);
    if (wanted != now) {
      out.findings.push_back(
          finding_of(rule, line != nullptr ? line->where : host.slurm_file.string(), line != nullptr ? line->text : "", wanted));
      return;
    }
  }
  if (!answers) return;
  const auto wanted = rule.fixed(host, running->second);
  if (wanted == running->second) return;
  if (line == nullptr) {  // Slurm's default, or the file is not on this host
    out.findings.push_back(finding_of(rule, host.slurm_file.string(), "", wanted));
    out.findings.back().found = "(nothing; slurmctld runs with " + std::string(rule.key) + '=' + running->second + ")";
    return;
  }
  out.findings.push_back({"slurm-not-reread", Level::kProblem,
                          std::string("slurm.conf is right, but slurmctld has not read it: ") + rule.what, line->where,
                          "slurmctld runs with " + std::string(rule.key) + '=' + running->second, rule.takes_effect});
}

}  // namespace

Examination examine_slurm_conf(const Host& host) {
  Examination out{"slurm.conf", {}, {}, {}};
  if (!host.slurm) {
    if (host.running.empty()) {
      out.findings.push_back({"slurm-conf", Level::kProblem, "slurm.conf cannot be read: " + host.slurm_error,
                              host.slurm_file.string(), "", "SLURM_CONF=/path/to/slurm.conf scarbon doctor"});
      return out;
    }
    out.not_checked.push_back("the file itself (" + host.slurm_error +
                              "); slurmctld's running configuration was checked instead");
  }
  for (const auto& rule : kRules) apply(rule, host, out);
  if (host.running.empty()) {
    out.findings.push_back(
        {"slurmctld-away", Level::kProblem,
         "slurmctld does not answer: scontrol show config fails here, so its running configuration was not checked",
         host.slurm_file.string(), "", "systemctl status slurmctld; scontrol ping"});
  } else if (out.findings.empty()) {
    out.sound.push_back("slurmctld " + host.slurm_value("SLURM_VERSION") + " runs with the lines that slurm-carbon needs");
    if (!lists(host.slurm_value("AccountingStoreFlags"), "job_comment"))
      out.sound.push_back("AccountingStoreFlags has no job_comment, which only scarbon study --comment needs");
    if (host.config && host.slurm_value("SLURM_VERSION") >= kKeepsPrivateData)
      out.sound.push_back(
          "slurmdbd of this release does not report its PrivateData: carbonctld uses [carbonctld] private_data = \"" +
          host.config->carbonctld.private_data + "\" of carbon.conf, which must match slurmdbd.conf");
  }
  return out;
}

}  // namespace carbon::scarbon::doctor
