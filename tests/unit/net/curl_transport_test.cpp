// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "net/http.h"

namespace carbon::net {
namespace {
using namespace std::chrono_literals;

// A server on a free port; stops at the end of the test.
template <class Server>
class Serving {
 public:
  template <class... Arg>
  explicit Serving(Arg... arg) : server(arg...) {
    port_ = server.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::sleep_for(1ms);
  }
  ~Serving() {
    server.stop();
    thread_.join();
  }
  std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }

  Server server;

 private:
  int port_ = 0;
  std::thread thread_;
};

// Sends these bytes to one connection, then closes it.
class RawServer {
 public:
  explicit RawServer(std::string bytes) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 1);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, bytes = std::move(bytes)] {
      const int peer = accept(listener_, nullptr, nullptr);
      char request[4096];
      (void)!read(peer, request, sizeof request);
      (void)!write(peer, bytes.data(), bytes.size());
      close(peer);
    });
  }
  ~RawServer() {
    thread_.join();
    close(listener_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

HttpRequest get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  request.timeout = 10s;
  return request;
}

TEST(CurlTransport, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
  Serving<httplib::Server> serving;
  serving.server.Post("/records", [](const httplib::Request& request, httplib::Response& response) {
    response.status = 201;
    response.set_header("X-Seen", request.get_header_value("X-Token") + "|" + request.get_param_value("a"));
    response.set_content(request.body, "text/plain");
  });
  CurlTransport transport;
  HttpRequest request = get("http://" + serving.authority() + "/records?a=1%202");
  request.method = "POST";
  request.headers = {{"X-Token", "abc"}};
  request.body = std::string("nul\0inside", 10);
  for (int i = 0; i < 3; ++i) {  // over one kept connection
    const auto response = transport.send(request);
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->status, 201);
    EXPECT_EQ(response->headers.at("x-seen"), "abc|1 2");
    EXPECT_EQ(response->body, request.body);
  }
}

TEST(CurlTransport, AStatusOf400AndMoreIsAResponse) {
  Serving<httplib::Server> serving;
  serving.server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.status = 429;
    response.set_header("Retry-After", "120");
    response.set_content("slow down", "text/plain");
  });
  const auto response = CurlTransport().send(get("http://" + serving.authority() + "/"));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->headers.at("retry-after"), "120");
  EXPECT_EQ(response->body, "slow down");
}

TEST(CurlTransport, ErrorsNeverShowQueryOrHeaders) {
  CurlTransport transport;
  HttpRequest request = get("http://127.0.0.1:1/api?securityToken=s3cret");
  request.headers = {{"auth-token", "s3cret"}};
  for (const std::string url :
       {"http://127.0.0.1:1/api?securityToken=s3cret", "http://no-such-host.invalid/api?securityToken=s3cret",
        "gopher://127.0.0.1/?securityToken=s3cret", "http://[bad/?securityToken=s3cret", "http://user:s3cret@127.0.0.1/"}) {
    request.url = url;
    const auto response = transport.send(request);
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().message.find("s3cret"), std::string::npos) << response.error().message;
  }
}

TEST(CurlTransport, AHeaderWithALineBreakIsRefused) {
  HttpRequest request = get("http://127.0.0.1:1/");
  request.headers = {{"auth-token", "a\r\nX-Other: b"}};
  const auto response = CurlTransport().send(request);
  ASSERT_FALSE(response.ok());
  EXPECT_NE(response.error().message.find("line break"), std::string::npos);
}

TEST(CurlTransport, AnAnswerBeyondTheLimitIsAnError) {
  Serving<httplib::Server> serving;
  serving.server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(std::string(1000, 'x'), "text/plain");
  });
  HttpRequest request = get("http://" + serving.authority() + "/");
  request.max_body = 1000;
  EXPECT_TRUE(CurlTransport().send(request).ok());
  request.max_body = 999;
  const auto response = CurlTransport().send(request);
  ASSERT_FALSE(response.ok());
  EXPECT_NE(response.error().message.find("longer than 999 bytes"), std::string::npos) << response.error().message;
}

TEST(CurlTransport, ASmallGzipBodyThatGrowsBeyondTheLimitIsAnError) {
  Serving<httplib::Server> serving;
  serving.server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(std::string(4 << 20, ' '), "text/plain");  // compressed by the server to a few kB
  });
  HttpRequest request = get("http://" + serving.authority() + "/");
  request.max_body = 1 << 20;
  EXPECT_FALSE(CurlTransport().send(request).ok());
}

TEST(CurlTransport, ACutBodyIsAnErrorAndNoAnswer) {
  const RawServer raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":[");
  EXPECT_FALSE(CurlTransport().send(get(raw.url())).ok());
  const RawServer chunked("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  EXPECT_FALSE(CurlTransport().send(get(chunked.url())).ok());
}

TEST(CurlTransport, ASlowServerEndsInATimeOut) {
  Serving<httplib::Server> serving;
  serving.server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    std::this_thread::sleep_for(500ms);
    response.set_content("late", "text/plain");
  });
  HttpRequest request = get("http://" + serving.authority() + "/");
  request.timeout = 100ms;
  const auto response = CurlTransport().send(request);
  ASSERT_FALSE(response.ok());
  EXPECT_NE(response.error().message.find("timed out"), std::string::npos) << response.error().message;
}

TEST(CurlTransport, ARedirectIsFollowedWithinItsOriginOnly) {
  Serving<httplib::Server> serving, elsewhere;
  bool token_seen_elsewhere = false;
  serving.server.Get("/old", [](const httplib::Request&, httplib::Response& r) { r.set_redirect("/new"); });
  serving.server.Get("/new", [](const httplib::Request&, httplib::Response& r) { r.set_content("here", "text/plain"); });
  serving.server.Get("/loop", [](const httplib::Request&, httplib::Response& r) { r.set_redirect("/loop"); });
  serving.server.Get("/away", [&](const httplib::Request&, httplib::Response& r) {
    r.set_redirect("http://" + elsewhere.authority() + "/new");
  });
  elsewhere.server.Get("/new", [&](const httplib::Request& request, httplib::Response&) {
    token_seen_elsewhere = request.has_header("auth-token");
  });
  CurlTransport transport;
  HttpRequest request = get("http://" + serving.authority() + "/old");
  request.headers = {{"auth-token", "s3cret"}};
  EXPECT_EQ(transport.send(request)->body, "here");
  request.url = "http://" + serving.authority() + "/away";
  EXPECT_EQ(transport.send(request)->status, 302);
  EXPECT_FALSE(token_seen_elsewhere);
  request.url = "http://" + serving.authority() + "/loop";
  EXPECT_EQ(transport.send(request)->status, 302);
}

struct Certificate {
  X509* x509 = nullptr;
  EVP_PKEY* key = nullptr;
  std::string file;

  Certificate() {
    key = EVP_EC_gen("P-256");
    x509 = X509_new();
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -60);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key);
    X509_NAME* name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("carbon test"), -1, -1, 0);
    X509_set_issuer_name(x509, name);
    X509_EXTENSION* san = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(x509, san, -1);
    X509_EXTENSION_free(san);
    X509_sign(x509, key, EVP_sha256());
    std::string pattern = testing::TempDir() + "carbon_cert.XXXXXX";
    FILE* out = fdopen(mkstemp(pattern.data()), "w");
    PEM_write_X509(out, x509);
    fclose(out);
    file = pattern;
  }
  ~Certificate() {
    unlink(file.c_str());
    X509_free(x509);
    EVP_PKEY_free(key);
  }
};

TEST(CurlTransport, VerifiesTheServersCertificate) {
  const Certificate certificate;
  Serving<httplib::SSLServer> serving(certificate.x509, certificate.key);
  serving.server.Get("/", [](const httplib::Request&, httplib::Response& r) { r.set_content("secure", "text/plain"); });
  const HttpRequest request = get("https://" + serving.authority() + "/");

  const auto trusted = CurlTransport(certificate.file).send(request);
  ASSERT_TRUE(trusted.ok()) << trusted.error().message;
  EXPECT_EQ(trusted->body, "secure");

  const auto unknown = CurlTransport().send(request);
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().message.find("certificate"), std::string::npos) << unknown.error().message;
}

}  // namespace
}  // namespace carbon::net
