// SPDX-License-Identifier: Apache-2.0
// The plugin files: does Slurm find them, do they match the Slurm that runs here, and are they safe from other writers?
#include <dlfcn.h>
#include <sys/stat.h>

#include <cstdio>
#include <memory>

#include "scarbon/doctor/examinations.h"
#include "scarbon/doctor/plugin_file.h"
#include "scarbon/program.h"

namespace carbon::scarbon::doctor {
namespace {

// Debian's default, for when `scontrol show config` does not answer.
constexpr const char* kUsualDirectory = "/usr/lib/x86_64-linux-gnu/slurm-wlm";

std::string plugin_directories(const Host& host) {
  const auto named = host.slurm_value("PluginDir");
  return named.empty() ? kUsualDirectory : named;
}

struct Version {
  unsigned major = 0, minor = 0, micro = 0;
  std::string text() const {
    char out[32];
    std::snprintf(out, sizeof out, "%u.%02u.%u", major, minor, micro);
    return out;
  }
};

std::optional<Version> version_in(const std::string& text) {
  Version v;
  const auto at = text.find_first_of("0123456789");
  if (at == std::string::npos || std::sscanf(text.c_str() + at, "%u.%u.%u", &v.major, &v.minor, &v.micro) != 3)
    return std::nullopt;
  return v;
}

// The version of Slurm's headers at build time: SLURM_VERSION_NUMBER, 0x160508 for 22.05.8.
Result<Version> built_for(const std::filesystem::path& file) {
  void* raw = dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (raw == nullptr) return Error{dlerror()};
  const std::unique_ptr<void, int (*)(void*)> handle(raw, dlclose);
  const auto* number = static_cast<const std::uint32_t*>(dlsym(raw, "plugin_version"));
  if (number == nullptr) return Error{file.string() + ": not a Slurm plugin"};
  return Version{*number >> 16 & 0xff, *number >> 8 & 0xff, *number & 0xff};
}

// slurmctld's version for its plugins, the version of this host's programs for others.
std::optional<Version> slurm_here(const Host& host, Fits fits) {
  const auto running = host.running.find("slurm_version");
  const auto ctld = running == host.running.end() ? std::nullopt : version_in(running->second);
  if (fits == Fits::kExactly && ctld) return ctld;
  const auto output = output_of({host.node.empty() ? "scontrol" : "slurmd", "-V"}, StandardError::kDiscarded);
  const auto here = output ? version_in(*output) : std::nullopt;
  return here ? here : ctld;
}

}  // namespace

Result<std::filesystem::path> find_plugin(const Host& host, const std::string& name) {
  std::error_code ignored;
  const std::filesystem::path path(name);
  if (path.is_absolute()) {
    if (std::filesystem::exists(path, ignored)) return path;
    return Error{name};
  }
  const auto directories = plugin_directories(host);
  for (std::size_t at = 0; at <= directories.size();) {
    const auto colon = std::min(directories.find(':', at), directories.size());
    const auto file = std::filesystem::path(directories.substr(at, colon - at)) / name;
    if (std::filesystem::exists(file, ignored)) return file;
    at = colon + 1;
  }
  return Error{name + " in " + directories};
}

void check_plugin(const Host& host, const std::filesystem::path& file, Fits fits, Examination& out) {
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) return;
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    out.findings.push_back({"plugin-mode", Level::kProblem,
                            "users other than its owner can change a file that Slurm's daemons load as root", file.string(), "",
                            "chmod 0755 " + file.string()});
    return;  // not safe to load here, either
  }
  const auto built = built_for(file);
  if (!built) {
    out.findings.push_back({"plugin-broken", Level::kProblem, "it cannot be loaded: " + built.error().message, file.string(), "",
                            "build and install it again"});
    return;
  }
  const auto slurm = slurm_here(host, fits);
  if (!slurm) {
    out.not_checked.push_back("which Slurm runs here: neither slurmctld nor scontrol -V answers");
    return;
  }
  const bool release = built->major == slurm->major && built->minor == slurm->minor;
  if (release && (fits == Fits::kByRelease || built->micro == slurm->micro)) {
    out.sound.push_back(file.string() + " is built for Slurm " + built->text());
    return;
  }
  out.findings.push_back(
      {"plugin-version", Level::kProblem,
       "it is built for Slurm " + built->text() + ", but this host runs " + slurm->text() + ": Slurm does not load it",
       file.string(), "", "build slurm-carbon against Slurm " + slurm->text() + " and install it again"});
}

Examination examine_job_submit(const Host& host) {
  Examination out{"job_submit plugin", {}, {}, {}};
  if (!host.controller) {
    out.not_checked.push_back("job_submit_carbon.so: it is on slurmctld's host");
    return out;
  }
  const auto file = find_plugin(host, "job_submit_carbon.so");
  if (file) {
    check_plugin(host, *file, Fits::kExactly, out);
    return out;
  }
  const auto* line = host.slurm ? host.slurm->find("PluginDir") : nullptr;
  out.findings.push_back({"job-submit-plugin", Level::kProblem,
                          "slurmctld does not find " + file.error().message + ": it cannot start with JobSubmitPlugins=carbon",
                          line != nullptr ? line->where : host.slurm_file.string(), line != nullptr ? line->text : "",
                          "PluginDir=/usr/lib/slurm-carbon:" + plugin_directories(host) +
                              "    (the directory of the plugin; then: restart slurmctld)"});
  return out;
}

}  // namespace carbon::scarbon::doctor
