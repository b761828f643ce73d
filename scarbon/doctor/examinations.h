// SPDX-License-Identifier: Apache-2.0
// The checks of scarbon doctor, one function per topic. None changes anything. What cannot be checked on this host (another
// host's files, files that only root may read) is reported as not checked, never as sound.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "core/time.h"
#include "energy/meter.h"
#include "net/http.h"
#include "scarbon/doctor/doctor_host.h"
#include "scarbon/doctor/finding.h"

namespace carbon::scarbon::doctor {

Examination examine_carbon_conf(const Host& host);                    // carbon.conf, carbon-secrets.conf
Examination examine_slurm_conf(const Host& host);                     // slurm.conf, and what slurmctld runs with
Examination examine_plugstack(const Host& host);                      // plugstack.conf of this host, and the plugin that it names
Examination examine_job_submit(const Host& host);                     // the plugin of slurmctld
Examination examine_munge(const Host& host);                          // encodes and decodes a credential
Examination examine_directories(const Host& host);                    // the node's spool and marks; the controller's state
Examination examine_gpus(const Host& host, const std::string& nvml);  // gres.conf against the driver

// carbonctld's answers to the requests of docs/api.md; absent if it does not answer.
struct Answers {
  std::string problem;  // why there are none
  std::optional<nlohmann::json> health, grid;
  std::optional<std::string> snapshot;
  Instant asked{};
  std::string record_refused;  // its answer to an empty list of records; empty: accepted, or not root, who alone may send them
};
Answers query_carbonctld(const Host& host);
Examination examine_carbonctld(const Host& host, const Answers& answers);
Examination examine_feeds(const Host& host, const Answers& answers, Instant now);
Examination examine_snapshot(const Host& host, const Answers& answers, Instant now);
Examination examine_records(const Host& host, const Answers& answers);  // the outbox, and whether carbonctld takes records

// All topics, in the order in which to fix them.
std::vector<Examination> examine(const Host& host, const std::string& nvml);

}  // namespace carbon::scarbon::doctor
