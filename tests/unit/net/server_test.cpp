// SPDX-License-Identifier: Apache-2.0
#include "net/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace carbon::net {
namespace {

// -1 if it is refused.
int connected(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return fd;
  ::close(fd);
  return -1;
}

// Everything until the peer closes; closes `fd`.
std::string rest_of(int fd) {
  std::string answer;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) answer.append(buffer, static_cast<std::size_t>(n));
  ::close(fd);
  return answer;
}

// Sends these bytes on a new connection; returns the whole response.
std::string exchange(std::uint16_t port, const std::string& bytes) {
  const int fd = connected(port);
  if (fd < 0) return {};
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) break;
    sent += static_cast<std::size_t>(n);
  }
  return rest_of(fd);
}

std::string request(const std::string& line, const std::string& body = "", const std::string& who = "alice") {
  return line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: " + who +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

Result<Caller> by_name(const ServerRequest& r) {
  const auto who = r.header("authorization");
  if (who != "alice") return Error{"who is \"" + std::string(who) + "\"?"};
  return Caller{1000, static_cast<std::uint32_t>(r.target.size())};
}

std::optional<ServerResponse> page(const ServerRequest& r) {
  if (r.path != "/page") return std::nullopt;
  return ServerResponse{200, "<p>" + r.peer + "</p>", "text/html", {{"Cache-Control", "max-age=60"}, {"Set-Cookie", "a=b"}}};
}

ServerResponse echo(const ServerRequest& r) {
  if (r.path == "/throw") throw std::runtime_error("secret");
  if (r.path != "/echo") return error_response(404, "no such path");
  const auto q = r.query.find("q");
  return {200, r.method + ' ' + (q == r.query.end() ? "-" : q->second) + ' ' + r.body + ' ' + std::to_string(r.caller.uid)};
}

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto started = server_.start("127.0.0.1", 0);
    ASSERT_TRUE(started) << started.error().message;
  }
  Server server_{{.max_body = 1000, .threads = 4, .read_timeout_s = 2, .keep_alive_s = 1}, by_name, echo, page};
};

TEST_F(ServerTest, HandlerSeesMethodQueryBodyAndCaller) {
  EXPECT_NE(exchange(server_.port(), request("GET /echo?q=a%20b")).find("GET a b  1000"), std::string::npos);
  EXPECT_NE(exchange(server_.port(), request("POST /echo", "{}")).find("POST - {} 1000"), std::string::npos);
}

// Compressing a megabyte at the highest level takes seconds of CPU, and a caller could request it at will.
TEST_F(ServerTest, ResponsesAreNeverCompressed) {
  const std::string asked =
      "GET /echo?q=" + std::string(500, 'a') +
      " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: alice\r\nAccept-Encoding: br, gzip, deflate\r\n\r\n";
  const auto answer = exchange(server_.port(), asked);
  EXPECT_NE(answer.find("GET " + std::string(500, 'a')), std::string::npos);
  EXPECT_EQ(answer.find("Content-Encoding"), std::string::npos);
}

TEST_F(ServerTest, UnauthenticatedRequestsAreRefused) {
  const auto answer = exchange(server_.port(), request("GET /echo", "", "mallory"));
  EXPECT_NE(answer.find(" 401 "), std::string::npos) << answer;
  EXPECT_NE(answer.find(R"({"error": "who is \"mallory\"?"})"), std::string::npos) << answer;
}

TEST_F(ServerTest, OpenPathsNeedNoAuthentication) {
  const auto answer = exchange(server_.port(), request("GET /page", "", "mallory"));
  EXPECT_NE(answer.find(" 200 "), std::string::npos) << answer;
  EXPECT_NE(answer.find("<p>127.0.0.1</p>"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Content-Type: text/html"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Set-Cookie: a=b"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Cache-Control: max-age=60"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("no-store"), std::string::npos) << answer;
}

TEST_F(ServerTest, ErrorsAreJson) {
  EXPECT_NE(exchange(server_.port(), request("GET /nowhere")).find(R"({"error": "no such path"})"), std::string::npos);
  const auto thrown = exchange(server_.port(), request("GET /throw"));
  EXPECT_NE(thrown.find(" 500 "), std::string::npos);
  EXPECT_EQ(thrown.find("secret"), std::string::npos);
  EXPECT_NE(exchange(server_.port(), request("DELETE /echo")).find(R"({"error")"), std::string::npos);
}

TEST_F(ServerTest, LongBodiesAreRefused) {
  const auto answer = exchange(server_.port(), request("POST /echo", std::string(1001, 'x')));
  EXPECT_NE(answer.find(" 413 "), std::string::npos) << answer;
  EXPECT_NE(answer.find(R"({"error")"), std::string::npos) << answer;
  EXPECT_NE(exchange(server_.port(), request("POST /echo", std::string(1000, 'x'))).find(" 200 "), std::string::npos);
}

TEST_F(ServerTest, RubbishDoesNotStopIt) {
  exchange(server_.port(), "rubbish\r\n\r\n");
  exchange(server_.port(), std::string("\0\xff\r\n\r\n", 6));
  exchange(server_.port(), "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n");
  exchange(server_.port(), "GET /echo HTTP/1.1\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n");
  EXPECT_NE(exchange(server_.port(), request("GET /echo")).find(" 200 "), std::string::npos);
}

TEST_F(ServerTest, ServesMoreClientsThanItHasThreads) {
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 40; ++i)
    clients.emplace_back([&] { good += exchange(server_.port(), request("GET /echo")).find(" 200 ") != std::string::npos; });
  for (auto& c : clients) c.join();
  EXPECT_EQ(good, 40);
}

// As after a restart of carbonctld, when the nodes of a whole cluster reconnect: many more connections than threads or than the
// library's default backlog, all open before the first is read.
TEST_F(ServerTest, ServesAWholeClusterThatConnectsAtOnce) {
  std::vector<int> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(connected(server_.port()));
    const auto bytes = request("POST /echo", "record " + std::to_string(i));
    ASSERT_EQ(::send(clients.back(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size())) << i;
  }
  for (std::size_t i = 0; i < clients.size(); ++i)
    EXPECT_NE(rest_of(clients[i]).find("record " + std::to_string(i) + " "), std::string::npos);
}

TEST_F(ServerTest, APortInUseIsAnError) {
  Server second({}, by_name, echo);
  const auto started = second.start("127.0.0.1", server_.port());
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("cannot listen on 127.0.0.1:"), std::string::npos);
}

TEST_F(ServerTest, StopEndsItAndMayBeCalledTwice) {
  server_.stop();
  server_.stop();
  EXPECT_EQ(exchange(server_.port(), request("GET /echo")), "");
}

}  // namespace
}  // namespace carbon::net
