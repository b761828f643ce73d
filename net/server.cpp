// SPDX-License-Identifier: Apache-2.0
#include "net/server.h"

#include <fcntl.h>
#include <httplib.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

namespace carbon::net {
namespace {

constexpr int kBacklog = 1024;  // the library's default is 5: too short when all nodes of a cluster reconnect at once
constexpr std::size_t kMaxHeaders = 64;
constexpr std::size_t kKeepAliveRequests = 20;  // then the connection is closed: busy nodes must not occupy all threads

std::string json_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c >= 0 && c < ' ' ? ' ' : c;
  }
  return out;
}

void put(ServerResponse from, httplib::Response& to) {
  to.status = from.status;
  to.set_header("Cache-Control", "no-store");
  for (const auto& [name, value] : from.headers) {
    to.headers.erase(name);
    to.set_header(name, value);
  }
  if (from.status != 200 || from.body.empty()) {
    to.set_content(from.body, from.type);
    return;
  }
  // The library compresses a body that is set at once with brotli at its slowest level: seconds of CPU for a megabyte. It does
  // not compress a body from a content provider.
  const auto body = std::make_shared<const std::string>(std::move(from.body));
  to.set_content_provider(body->size(), from.type, [body](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
    return sink.write(body->data() + offset, length);
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string_view reason_of(int status) {
  switch (status) {
    case 404: return "no such path";
    case 413: return "the body is too large";
    case 414: return "the URL is too long";
    case 400: return "not a well-formed request";
    default: return "the request could not be served";
  }
}

}  // namespace

ServerResponse error_response(int status, std::string_view message) {
  return {status, "{\"error\": \"" + json_text(message) + "\"}"};
}

struct Server::Impl {
  Impl(ServerLimits l, Authenticate a, Handler h, Open o)
      : limits(l), authenticate(std::move(a)), handler(std::move(h)), open(std::move(o)) {}

  ServerResponse serve(const httplib::Request& in) const {
    if (in.headers.size() > kMaxHeaders) return error_response(431, "too many headers");
    auto request = read(in);
    if (open) {
      if (auto answer = open(request)) return std::move(*answer);
    }
    const auto caller = authenticate(request);
    if (!caller) return error_response(401, caller.error().message);
    request.caller = *caller;
    return handler(request);
  }

  static ServerRequest read(const httplib::Request& in) {
    ServerRequest request{in.method, in.path, in.target, {}, {}, in.remote_addr, in.body};
    for (const auto& [name, value] : in.params) request.query.emplace(name, value);
    for (const auto& [name, value] : in.headers) {
      const auto [it, is_new] = request.headers.emplace(lower(name), value);
      if (!is_new) it->second += ", " + value;  // no user's name, if a client sent the proxy's header itself
    }
    return request;
  }

  void set_up() {
    http.new_task_queue = [n = limits.threads] { return new httplib::ThreadPool(n); };
    http.set_payload_max_length(limits.max_body);
    http.set_read_timeout(limits.read_timeout_s);
    http.set_keep_alive_timeout(limits.keep_alive_s);
    http.set_keep_alive_max_count(kKeepAliveRequests);
    http.set_tcp_nodelay(true);
    http.set_socket_options([this](socket_t fd) {
      const int yes = 1;
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
      ::fcntl(fd, F_SETFD, FD_CLOEXEC);  // a child process that outlives this one must not keep the port
      listener = fd;
    });
    const auto route = [this](const httplib::Request& in, httplib::Response& out) { put(serve(in), out); };
    http.Get(".*", route).Post(".*", route);
    http.set_exception_handler([](const httplib::Request&, httplib::Response& out, const std::exception_ptr&) {
      put(error_response(500, "the request could not be served"), out);
    });
    http.set_error_handler([](const httplib::Request&, httplib::Response& out) {
      if (out.body.empty()) put(error_response(out.status, reason_of(out.status)), out);
    });
  }

  ServerLimits limits;
  Authenticate authenticate;
  Handler handler;
  Open open;
  httplib::Server http;
  socket_t listener = INVALID_SOCKET;
};

std::string_view ServerRequest::header(std::string_view name) const {
  const auto it = headers.find(lower(name));
  return it == headers.end() ? std::string_view() : std::string_view(it->second);
}

Authenticate by_munge(const Munge& munge) {
  return [&munge](const ServerRequest& r) { return munge.verify(r.header("authorization"), r.method, r.target, r.body); };
}

Server::Server(ServerLimits limits, Authenticate authenticate, Handler handler, Open open)
    : impl_(std::make_unique<Impl>(limits, std::move(authenticate), std::move(handler), std::move(open))) {
  impl_->set_up();
}

Server::~Server() { stop(); }

Status Server::start(const std::string& host, std::uint16_t port) {
  const int bound = port == 0 ? impl_->http.bind_to_any_port(host) : impl_->http.bind_to_port(host, port) ? port : -1;
  if (bound <= 0) return Error{"cannot listen on " + host + ":" + std::to_string(port) + ": " + std::strerror(errno)};
  port_ = static_cast<std::uint16_t>(bound);
  ::listen(impl_->listener, kBacklog);
  thread_ = std::thread([this] { impl_->http.listen_after_bind(); });
  // The library's stop() has no effect before the server runs.
  while (!impl_->http.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return Done{};
}

void Server::stop() {
  if (!thread_.joinable()) return;
  impl_->http.stop();
  thread_.join();
}

}  // namespace carbon::net
