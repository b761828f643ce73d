// SPDX-License-Identifier: Apache-2.0
#include "net/munge.h"

#include <munge.h>
#include <openssl/evp.h>

#include <array>
#include <cstdlib>
#include <memory>

namespace carbon::net {
namespace {

constexpr std::string_view kScheme = "MUNGE ";
constexpr int kSecondsToLive = 60;

struct ContextEnd {
  void operator()(munge_ctx_t c) const { munge_ctx_destroy(c); }
};
struct Free {
  void operator()(void* p) const { std::free(p); }
};
using Context = std::unique_ptr<munge_ctx, ContextEnd>;

Result<Context> make_context(const std::string& socket) {
  Context context(munge_ctx_create());
  if (!context) return Error{"munge: out of memory"};
  if (!socket.empty() && munge_ctx_set(context.get(), MUNGE_OPT_SOCKET, socket.c_str()) != EMUNGE_SUCCESS)
    return Error{"munge: socket " + socket + ": " + munge_ctx_strerror(context.get())};
  return context;
}

std::string text_of(const Context& context, munge_err_t err) {
  const char* detail = munge_ctx_strerror(context.get());
  return std::string("munge: ") + (detail ? detail : munge_strerror(err));
}

std::string sha256_hex(std::string_view body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(body.data(), body.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return {};
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return out;
}

// What a credential is bound to; empty if OpenSSL has no SHA-256.
std::string payload_of(std::string_view method, std::string_view target, std::string_view body) {
  const auto hash = sha256_hex(body);
  return hash.empty() ? hash : std::string(method) + ' ' + std::string(target) + ' ' + hash;
}

// "http://host:port/path?query#x" -> "/path?query"
std::string_view target_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    const auto path = url.find_first_of("/?#", scheme + 3);
    url = path == std::string_view::npos ? std::string_view("/") : url.substr(path);
  }
  return url.substr(0, url.find('#'));
}

}  // namespace

Status Munge::sign(HttpRequest& request) const {
  const auto context = make_context(socket_);
  if (!context) return context.error();
  munge_ctx_set(context->get(), MUNGE_OPT_TTL, kSecondsToLive);
  const auto payload = payload_of(request.method, target_of(request.url), request.body);
  if (payload.empty()) return Error{"munge: this OpenSSL has no SHA-256"};
  char* made = nullptr;
  const auto err = munge_encode(&made, context->get(), payload.data(), static_cast<int>(payload.size()));
  const std::unique_ptr<char, Free> credential(made);
  if (err != EMUNGE_SUCCESS) return Error{text_of(*context, err)};
  request.headers.emplace_back("Authorization", std::string(kScheme) + credential.get());
  return Done{};
}

Result<Caller> Munge::verify(std::string_view authorization, std::string_view method, std::string_view target,
                             std::string_view body) const {
  if (authorization.empty()) return Error{"no Authorization header; accepted: 'MUNGE <credential>'"};
  if (!authorization.starts_with(kScheme)) return Error{"Authorization is not of the form 'MUNGE <credential>'"};
  const std::string credential(authorization.substr(kScheme.size()));
  const auto context = make_context(socket_);
  if (!context) return context.error();
  void* decoded = nullptr;
  int length = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  const auto err = munge_decode(credential.c_str(), context->get(), &decoded, &length, &uid, &gid);
  const std::unique_ptr<void, Free> payload(decoded);
  if (err != EMUNGE_SUCCESS) return Error{text_of(*context, err)};
  const auto expected = payload_of(method, target, body);
  const std::string_view found(static_cast<const char*>(decoded), static_cast<std::size_t>(length));
  if (expected.empty() || found != expected) return Error{"munge: the credential was made for another request"};
  return Caller{uid, gid};
}

}  // namespace carbon::net
