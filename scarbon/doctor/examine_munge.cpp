// SPDX-License-Identifier: Apache-2.0
// MUNGE: a credential made and read again on this host, by the socket that carbon.conf names.
#include "net/munge.h"
#include "scarbon/doctor/examinations.h"

namespace carbon::scarbon::doctor {
namespace {

// Of AuthInfo=socket=PATH in slurm.conf; empty: MUNGE's default.
std::string slurm_socket(const Host& host) {
  for (const auto& part : listed(host.slurm_value("AuthInfo"))) {
    if (part.starts_with("socket=")) return part.substr(7);
  }
  return {};
}

Result<net::Caller> there_and_back(const std::string& socket) {
  const net::Munge munge(socket);
  net::HttpRequest request;
  request.url = "http://localhost/v1/health";
  if (const auto made = munge.sign(request); !made) return made.error();
  return munge.verify(request.headers.back().second, request.method, "/v1/health", "");
}

}  // namespace

Examination examine_munge(const Host& host) {
  Examination out{"munge", {}, {}, {}};
  const auto socket = host.config ? host.config->munge_socket : slurm_socket(host);
  const auto caller = there_and_back(socket);
  if (caller) {
    out.sound.push_back("a credential was made and read again" + (socket.empty() ? "" : ", by " + socket));
    return out;
  }
  const auto other = slurm_socket(host);
  const bool elsewhere = other != socket && there_and_back(other).ok();
  out.findings.push_back({"munge", Level::kProblem, "no request can be signed: " + caller.error().message,
                          host.in_carbon_conf("", "munge_socket"), "munge_socket = \"" + socket + "\"",
                          elsewhere
                              ? "munge_socket = \"" + other + "\"    (it is what slurm.conf's AuthInfo says, and it answers)"
                              : "systemctl start munge    (or name munged's socket: munge_socket = \"/path\")"});
  return out;
}

}  // namespace carbon::scarbon::doctor
