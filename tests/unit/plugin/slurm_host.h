// SPDX-License-Identifier: Apache-2.0
// The test program as Slurm: it defines and exports the functions of Slurm's that the modules call, and notes what they do.
// (A real slurmctld, slurmd and sbatch load the modules in tests/cluster.)
#pragma once

#include <string>
#include <vector>

namespace carbon::plugin {

struct HostOption {
  std::string name;
  int (*check)(int val, const char* value, int remote);
};

struct Host {
  std::vector<std::string> info;    // slurm_info
  std::vector<std::string> errors;  // slurm_error
  std::vector<HostOption> options;  // spank_option_register
  bool knows_job = true;            // spank_get_item
  std::string default_partition;
};

Host& host();
// Forgets all, and takes over the default partition as slurmctld would hold it.
void reset_host(const std::string& default_partition = "");

// A module of ours, as Slurm opens it.
class Module {
 public:
  explicit Module(const char* file);
  Module(const Module&) = delete;
  ~Module();
  template <class Function>
  Function* entry(const char* name) const {
    return reinterpret_cast<Function*>(symbol(name));
  }
  void* symbol(const char* name) const;

 private:
  void* handle_;
};

}  // namespace carbon::plugin
