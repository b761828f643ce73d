// SPDX-License-Identifier: Apache-2.0
#include "net/munge.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/local_munged.h"

namespace carbon::net {
namespace {

class MungeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!munged_.running()) GTEST_SKIP() << "munged does not start here (Debian package munge)";
  }

  HttpRequest signed_request() const {
    HttpRequest r;
    r.method = "POST";
    r.url = "http://127.0.0.1:6822/v1/records?a=b#here";
    r.body = "the body";
    const auto done = Munge(munged_.socket()).sign(r);
    EXPECT_TRUE(done) << done.error().message;
    return r;
  }

  test::LocalMunged munged_;
  Munge munge_{munged_.socket()};
};

TEST_F(MungeTest, VerifiesWhoSigned) {
  const auto r = signed_request();
  ASSERT_EQ(r.headers.size(), 1u);
  EXPECT_EQ(r.headers[0].first, "Authorization");
  const auto caller = munge_.verify(r.headers[0].second, "POST", "/v1/records?a=b", "the body");
  ASSERT_TRUE(caller) << caller.error().message;
  EXPECT_EQ(caller->uid, ::getuid());
  EXPECT_EQ(caller->gid, ::getgid());
}

TEST_F(MungeTest, ACredentialServesOneRequestOnly) {
  const auto r = signed_request();
  ASSERT_TRUE(munge_.verify(r.headers[0].second, "POST", "/v1/records?a=b", "the body"));
  const auto again = munge_.verify(r.headers[0].second, "POST", "/v1/records?a=b", "the body");
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("eplayed"), std::string::npos) << again.error().message;
}

TEST_F(MungeTest, IsBoundToMethodTargetAndBody) {
  const auto refused = [&](std::string_view method, std::string_view target, std::string_view body) {
    const auto r = signed_request();
    const auto caller = munge_.verify(r.headers[0].second, method, target, body);
    return !caller && caller.error().message == "munge: the credential was made for another request";
  };
  EXPECT_TRUE(refused("GET", "/v1/records?a=b", "the body"));
  EXPECT_TRUE(refused("POST", "/v1/records?a=c", "the body"));
  EXPECT_TRUE(refused("POST", "/v1/records?a=b", "the bodY"));
}

TEST_F(MungeTest, ForgedAndForeignCredentialsAreRefused) {
  auto r = signed_request();
  auto forged = r.headers[0].second;
  char& c = forged[forged.size() / 2];
  c = c == 'A' ? 'B' : 'A';
  EXPECT_FALSE(munge_.verify(forged, "POST", "/v1/records?a=b", "the body"));
  EXPECT_FALSE(munge_.verify("", "POST", "/", ""));
  EXPECT_FALSE(munge_.verify("Basic cm9vdDo=", "POST", "/", ""));
  EXPECT_FALSE(munge_.verify("MUNGE ", "POST", "/", ""));
  const test::LocalMunged other;  // the same protocol, another key
  ASSERT_TRUE(other.running());
  EXPECT_FALSE(Munge(other.socket()).verify(r.headers[0].second, "POST", "/v1/records?a=b", "the body"));
}

TEST(MungeAway, IsAnErrorAndNotACaller) {
  HttpRequest r;
  r.url = "http://localhost/";
  const Munge nobody("/nonexistent/socket");
  EXPECT_FALSE(nobody.sign(r));
  EXPECT_TRUE(r.headers.empty());
  EXPECT_FALSE(nobody.verify("MUNGE:abc:", "GET", "/", ""));
}

}  // namespace
}  // namespace carbon::net
