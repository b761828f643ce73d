// SPDX-License-Identifier: Apache-2.0
// SIGHUP to the daemon: a valid configuration replaces the old one in the same process; an invalid one is refused with the reason
// in the log, and the daemon keeps the old one.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "tests/support/local_carbonctld.h"
#include "tests/support/local_munged.h"
#include "tests/support/temp_dir.h"

namespace carbon::carbonctld {
namespace {

class ReloadTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!munged_.running()) GTEST_SKIP() << "munged does not start here (Debian package munge)";
    daemon_ = std::make_unique<LocalCarbonctld>(dir_.path(), munged_.socket());
    conf_ = text_of("carbon.conf");
    daemon_->start();
    ASSERT_TRUE(daemon_->wait_until_it_serves());
  }

  std::string text_of(const char* name) const { return read_file(dir_ / name); }
  // carbon.conf with `from` replaced, then SIGHUP.
  void reload_with(const std::string& from, const std::string& to) {
    auto text = conf_;
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    std::ofstream(dir_ / "carbon.conf") << text.replace(at, from.size(), to);
    ::kill(daemon_->pid(), SIGHUP);
  }
  bool log_says(const std::string& words) const {
    for (const auto deadline = now() + std::chrono::seconds(60); now() < deadline;
         std::this_thread::sleep_for(std::chrono::milliseconds(20))) {
      if (text_of("log").find(words) != std::string::npos) return true;
    }
    return false;
  }
  std::string grid() const {
    net::CurlTransport transport;
    const auto answer = daemon_->send(transport, "GET", "/v1/grid");
    return answer ? answer->body : answer.error().message;
  }

  test::LocalMunged munged_;
  TempDir dir_;
  std::string conf_;
  std::unique_ptr<LocalCarbonctld> daemon_;
};

TEST_F(ReloadTest, AValidConfigurationReplacesTheOldOne) {
  ASSERT_NE(grid().find("\"name\":\"a\""), std::string::npos) << grid();
  reload_with("name = \"a\"", "name = \"b\"");
  ASSERT_TRUE(log_says("reloaded ")) << text_of("log");
  EXPECT_TRUE(daemon_->alive());
  EXPECT_NE(grid().find("\"name\":\"b\""), std::string::npos) << grid();
}

TEST_F(ReloadTest, AnInvalidConfigurationIsRefusedAndTheOldOneKept) {
  reload_with("pue = 1.0", "pue = 0.5");
  EXPECT_TRUE(
      log_says("carbon.conf:9: pue in [[site]] = 0.5; accepted: a number from 1 to 5; keeping the previous configuration"))
      << text_of("log");
  reload_with("provider = \"static\"", "provider = \"gb-nesso\"");
  EXPECT_TRUE(log_says("gb-nesso")) << text_of("log");
  EXPECT_NE(grid().find("\"name\":\"a\""), std::string::npos) << grid();
  EXPECT_TRUE(daemon_->alive());
}

TEST_F(ReloadTest, AConfigurationThatDoesNotStartIsReplacedByTheOldOne) {
  const int adopted = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ASSERT_EQ(::bind(adopted, reinterpret_cast<sockaddr*>(&at), size), 0);
  ASSERT_EQ(::listen(adopted, 1), 0);
  ::getsockname(adopted, reinterpret_cast<sockaddr*>(&at), &size);
  reload_with("port = ", "host = \"127.0.0.1\"\nport = " + std::to_string(ntohs(at.sin_port)) + " # ");
  EXPECT_TRUE(log_says("keeping the previous configuration")) << text_of("log");
  EXPECT_TRUE(daemon_->wait_until_it_serves()) << "where it did before";
  ::close(adopted);
}

}  // namespace
}  // namespace carbon::carbonctld
