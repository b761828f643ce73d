// SPDX-License-Identifier: Apache-2.0
#include "carbond/node_options.h"

#include <CLI/CLI.hpp>

#include "manual/describe.h"

namespace carbon::carbond {

std::optional<int> parse_options(int argc, char** argv, NodeOptions& options) {
  CLI::App app{"measures the energy of each Slurm job on this node and ships it to carbonctld", "carbond"};
  app.add_option("--config,-f", options.config,
                 "carbon.conf; default: /etc/slurm/carbon.conf, or carbon.conf next to $SLURM_CONF")
      ->type_name("FILE");
  app.add_option("--node,-N", options.node, "NodeName of this node in slurm.conf; default: this host's short name");
  app.add_option("--nvml", options.nvml, "NVML library; default: libnvidia-ml.so.1 as the loader finds it")->type_name("FILE");
  app.add_option("--rocm", options.rocm, "ROCm SMI library; default: librocm_smi64.so as the loader finds it")->type_name("FILE");
  app.add_option("--sysfs", options.sysfs, "root of RAPL and control groups; default: /sys")->type_name("FILE");
  app.add_option("--proc", options.proc, "root of NVIDIA's list of MIG device files; default: /proc")->type_name("FILE");
  app.add_flag("--once", options.once, "print what can be measured on this host, and exit");
  app.add_flag("--verbose,-v", options.verbose, "log more");
  manual::add_description(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return std::nullopt;
}

}  // namespace carbon::carbond
