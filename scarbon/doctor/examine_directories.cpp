// SPDX-License-Identifier: Apache-2.0
// The directories that slurm-carbon writes: a node's spool and marks, and the controller's state.
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "core/slurm/job_mark.h"
#include "scarbon/doctor/examinations.h"

namespace carbon::scarbon::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kMarkWaits{2};  // carbond reads a mark within a second

// `user`: "slurm(64030)", as scontrol show config prints it, or a plain name.
std::optional<uid_t> uid_of(const std::string& user) {
  const auto name = user.substr(0, user.find('('));
  const auto* entry = getpwnam(name.c_str());
  return entry == nullptr ? std::nullopt : std::optional(entry->pw_uid);
}

// statfs() magic numbers of network file systems: NFS, Lustre, GPFS, CephFS, SMB, BeeGFS.
bool shared_between_hosts(const fs::path& path) {
  struct statfs info {};
  if (statfs(path.c_str(), &info) != 0) return false;
  const auto type = static_cast<std::uint32_t>(info.f_type);
  for (const std::uint32_t magic : {0x6969u, 0x0BD00BD0u, 0x47504653u, 0x00C36400u, 0xFF534D42u, 0x19830326u}) {
    if (type == magic) return true;
  }
  return false;
}

std::string mode_of(const struct stat& info) {
  char out[16];
  std::snprintf(out, sizeof out, "%04o", static_cast<unsigned>(info.st_mode & 07777));
  return out;
}

struct Rights {
  uid_t owner;
  const char* name;
  const char* what;  // the effect of wrong rights
};

// False if it does not exist.
bool check_rights(const fs::path& directory, const Rights& rights, Examination& out) {
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) {
    const bool hidden = errno == EACCES;
    if (hidden) out.not_checked.push_back(directory.string() + ": only root can read it");
    return hidden;
  }
  const bool others_write = (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (info.st_uid == rights.owner && !others_write) return true;
  const auto* owner = getpwuid(rights.owner);
  const std::string wanted = owner != nullptr ? owner->pw_name : std::to_string(rights.owner);
  out.findings.push_back({rights.name, Level::kProblem, rights.what, directory.string(),
                          "owner uid " + std::to_string(info.st_uid) + ", mode " + mode_of(info),
                          "chown " + wanted + ' ' + directory.string() + " && chmod go-w " + directory.string()});
  return true;
}

// Marks that carbond has not read.
std::size_t waiting_marks(const fs::path& marks) {
  std::size_t count = 0;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(marks, ec)) {
    const auto at = entry.last_write_time(ec);
    if (!ec && fs::file_time_type::clock::now() - at > kMarkWaits && entry.path().filename().string()[0] != '.') ++count;
  }
  return count;
}

void check_node(const Host& host, Examination& out) {
  const fs::path spool = node_path(host.config->carbond.spool.string(), host.node);
  const auto line = host.in_carbon_conf("[carbond]", "spool");
  const auto text = "spool = \"" + host.config->carbond.spool.string() + '"';
  std::error_code ignored;
  if (spool.string().starts_with("/tmp/") && spool.parent_path() == "/tmp")
    out.findings.push_back({"spool-tmp", Level::kProblem,
                            "/tmp may be private to a job while its prolog runs, so marks would be lost", line, text,
                            "spool = \"/var/spool/slurm-carbon\"    (change plugstack.conf, too)"});
  if (!fs::exists(spool.parent_path(), ignored)) {
    out.findings.push_back({"spool-missing", Level::kProblem,
                            "the spool's parent directory does not exist: the plugin writes no marks, no job is metered", line,
                            text, "mkdir -p " + spool.parent_path().string()});
    return;
  }
  if (shared_between_hosts(spool.parent_path()))
    out.findings.push_back(
        {"spool-shared", Level::kProblem,
         "the spool is on a network file system: prologs would wait for it, and nodes could mix up their marks", line, text,
         "spool = \"/var/spool/slurm-carbon\"    (a local directory; change plugstack.conf, too)"});
  const Rights rights{uid_of(host.slurm_value("SlurmdUser")).value_or(0), "spool-mode",
                      "the plugin writes marks only if no one but slurmd's user can write there: no job is metered"};
  if (!check_rights(spool, rights, out)) {
    out.findings.push_back({"carbond-away", Level::kProblem,
                            "carbond has never run here: it would have created " + spool.string(), spool.string(), "",
                            "systemctl enable --now carbond"});
    return;
  }
  check_rights(spool / "marks", rights, out);
  if (const auto waiting = waiting_marks(spool / "marks"); waiting > 0)
    out.findings.push_back({"carbond-away", Level::kProblem,
                            "carbond does not run, or reads another spool; unread marks: " + std::to_string(waiting),
                            (spool / "marks").string(), "", "systemctl status carbond; journalctl -u carbond"});
  struct statvfs space {};
  if (statvfs(spool.c_str(), &space) == 0 && space.f_bavail * space.f_frsize < host.config->carbond.outbox_max_bytes)
    out.findings.push_back({"spool-space", Level::kAdvice,
                            "its disk has less free space than [carbond] outbox_max allows records to use", spool.string(),
                            std::to_string(space.f_bavail * space.f_frsize / 1048576) + " MB free",
                            "free space, or lower outbox_max at " + host.in_carbon_conf("[carbond]", "outbox_max")});
  if (out.findings.empty() && out.not_checked.empty())
    out.sound.push_back("node " + host.node + ": " + spool.string() + " and its marks");
}

void check_controller(const Host& host, Examination& out) {
  const auto& state = host.config->carbonctld.state_dir;
  struct stat info {};
  if (stat(state.c_str(), &info) != 0) {
    out.findings.push_back({"state-missing", Level::kProblem,
                            "carbonctld's state directory does not exist: carbonctld has never run here",
                            host.in_carbon_conf("[carbonctld]", "state_dir"), "state_dir = \"" + state.string() + '"',
                            "systemctl enable --now carbonctld"});
    return;
  }
  const auto slurm_user = uid_of(host.slurm_value("SlurmUser")).value_or(0);
  const Rights rights{info.st_uid == 0 ? 0 : slurm_user, "state-mode",
                      "only root or SlurmUser may be able to write the ledger and the snapshot that slurmctld reads"};
  check_rights(state, rights, out);
  if (host.config->carbonctld.database.empty() && shared_between_hosts(state))
    out.findings.push_back(
        {"state-shared", Level::kAdvice, "SQLite's locks are not safe on a network file system", state.string(), "",
         "state_dir on a local disk, or database = \"mysql://...\" at " + host.in_carbon_conf("[carbonctld]", "database")});
  if (out.findings.empty() && out.not_checked.empty()) out.sound.push_back("controller: " + state.string());
}

}  // namespace

Examination examine_directories(const Host& host) {
  Examination out{"directories", {}, {}, {}};
  if (!host.config) {
    out.not_checked.push_back("all: carbon.conf, which has their paths, cannot be used");
    return out;
  }
  if (host.node.empty()) {
    out.not_checked.push_back("spool and marks: slurm.conf has no node of this host's name (use --node NAME)");
  } else {
    check_node(host, out);
  }
  if (host.controller) {
    Examination own{out.topic, {}, {}, {}};
    check_controller(host, own);
    out.sound.insert(out.sound.end(), own.sound.begin(), own.sound.end());
    out.findings.insert(out.findings.end(), own.findings.begin(), own.findings.end());
    out.not_checked.insert(out.not_checked.end(), own.not_checked.begin(), own.not_checked.end());
  } else {
    out.not_checked.push_back("carbonctld's state directory: it is on slurmctld's host");
  }
  return out;
}

}  // namespace carbon::scarbon::doctor
