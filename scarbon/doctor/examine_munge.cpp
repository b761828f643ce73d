// SPDX-License-Identifier: Apache-2.0
// MUNGE: encodes and decodes a credential on this host, through the socket that carbon.conf names.
#include "net/munge.h"
#include "scarbon/doctor/examinations.h"

namespace carbon::scarbon::doctor {
namespace {

// PATH of AuthInfo=socket=PATH in slurm.conf; empty: MUNGE's default.
std::string slurm_socket(const Host& host) {
  for (const auto& part : listed(host.slurm_value("AuthInfo"))) {
    if (part.starts_with("socket=")) return part.substr(7);
  }
  return {};
}

Result<net::Caller> round_trip(const std::string& socket) {
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
  const auto caller = round_trip(socket);
  if (caller) {
    out.sound.push_back("a credential was encoded and decoded" + (socket.empty() ? "" : " through " + socket));
    return out;
  }
  const auto other = slurm_socket(host);
  const bool elsewhere = other != socket && round_trip(other).ok();
  out.findings.push_back({"munge", Level::kProblem, "requests cannot be signed: " + caller.error().message,
                          host.in_carbon_conf("", "munge_socket"), "munge_socket = \"" + socket + "\"",
                          elsewhere
                              ? "munge_socket = \"" + other + "\"    (this socket is in slurm.conf's AuthInfo, and it works)"
                              : "systemctl start munge    (or set munged's socket: munge_socket = \"/path\")"});
  return out;
}

}  // namespace carbon::scarbon::doctor
