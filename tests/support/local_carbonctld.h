// SPDX-License-Identifier: Apache-2.0
// carbonctld in a test's directory, with one site, its ledger in that directory, and a node's requests to it.
#pragma once

#include <fstream>
#include <string>
#include <thread>

#include "core/time.h"
#include "net/http.h"
#include "net/munge.h"
#include "tests/support/daemon_process.h"

namespace carbon::carbonctld {

class LocalCarbonctld : public DaemonProcess {
 public:
  LocalCarbonctld(std::filesystem::path dir, std::string munge_socket)
      : dir_(std::move(dir)), munge_socket_(std::move(munge_socket)), port_(free_port()) {
    std::ofstream conf(dir_ / "carbon.conf");
    conf << "cluster = \"campus\"\nmunge_socket = \"" << munge_socket_ << "\"\n[carbonctld]\nport = " << port_
         << "\nstate_dir = \"" << dir_.string()
         << "\"\n[[site]]\nname = \"a\"\nzone = \"Z-a\"\npue = 1.0\npartitions = [\"gpu-a\"]\n"
         << "[[site.feed]]\nprovider = \"static\"\nintensity = 100\n";
  }

  bool start() { return DaemonProcess::start(dir_ / "carbon.conf", dir_ / "log"); }

  Result<net::HttpResponse> send(net::CurlTransport& transport, const std::string& method, const std::string& target,
                                 std::string body = "", std::chrono::seconds patience = std::chrono::seconds(5)) const {
    net::HttpRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(port_) + target;
    request.body = std::move(body);
    request.timeout = patience;
    request.headers.emplace_back("Content-Type", "application/json");
    const auto done = net::Munge(munge_socket_).sign(request);
    if (!done) return done.error();
    return transport.send(request);
  }

  bool wait_until_it_serves() const {
    net::CurlTransport transport;
    for (const auto deadline = now() + std::chrono::seconds(30); now() < deadline;
         std::this_thread::sleep_for(std::chrono::milliseconds(5))) {
      if (const auto answer = send(transport, "GET", "/v1/health"); answer && answer->status == 200) return true;
    }
    return false;
  }

 private:
  std::filesystem::path dir_;
  std::string munge_socket_;
  std::uint16_t port_;
};

}  // namespace carbon::carbonctld
