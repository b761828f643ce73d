// SPDX-License-Identifier: Apache-2.0
// HttpTransport over libcurl's easy interface. Errors name only method, host and path: a query or a header may contain a token.
#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>

#include "core/strings.h"
#include "net/http.h"

namespace carbon::net {
namespace {

constexpr int kMaxRedirects = 3;
constexpr std::chrono::milliseconds kConnectTimeout{10000};

struct CurlFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using HeaderList = std::unique_ptr<curl_slist, CurlFree>;

// Filled by curl's callbacks during one exchange.
struct Answer {
  HttpResponse response;
  std::size_t max_body = 0;
  bool too_long = false;
};

std::size_t on_body(char* data, std::size_t, std::size_t size, void* answer_ptr) {
  auto& answer = *static_cast<Answer*>(answer_ptr);
  if (answer.response.body.size() + size > answer.max_body) {
    answer.too_long = true;
    return CURL_WRITEFUNC_ERROR;
  }
  answer.response.body.append(data, size);
  return size;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* answer_ptr) {
  auto& headers = static_cast<Answer*>(answer_ptr)->response.headers;
  const std::string_view line(data, size);
  if (line.substr(0, 5) == "HTTP/") {
    headers.clear();  // those of an interim response (100)
    return size;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(trimmed(line.substr(0, colon)));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  headers.insert_or_assign(std::move(name), std::string(trimmed(line.substr(colon + 1))));
  return size;
}

std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

struct Url {
  std::string origin;  // scheme://host:port
  std::string path;
};

Result<Url> split(const std::string& text) {
  const std::unique_ptr<CURLU, CurlFree> url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return Error{"not a URL: '" + text.substr(0, text.find_first_of("?#")) + "'"};
  }
  const auto scheme = part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return Error{"URL scheme '" + scheme + "'; accepted: http, https"};
  if (!part(url.get(), CURLUPART_USER).empty()) return Error{"a URL with user or password is not accepted"};
  return Url{scheme + "://" + part(url.get(), CURLUPART_HOST) + ":" + part(url.get(), CURLUPART_PORT),
             part(url.get(), CURLUPART_PATH)};
}

bool breaks_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos; }

Result<HeaderList> header_list(const HttpRequest& request) {
  HeaderList list;
  const auto add = [&list](const std::string& line) {
    curl_slist* grown = curl_slist_append(list.get(), line.c_str());
    if (grown == nullptr) return false;
    static_cast<void>(list.release());  // `grown` is the same list
    list.reset(grown);
    return true;
  };
  bool ok = add("Expect:");  // no wait for "100 Continue" before a body
  for (const auto& [name, value] : request.headers) {
    if (breaks_line(name) || breaks_line(value))
      return Error{"header '" + std::string(trimmed(name)) + "' contains a line break"};
    std::string line = name;
    line += value.empty() ? ";" : ": ";
    line += value;
    ok = ok && add(line);
  }
  if (!ok) return Error{"out of memory"};
  return Result<HeaderList>(std::move(list));
}

void prepare(CURL* curl, const HttpRequest& request, const std::string& ca_file, curl_slist* headers, Answer& answer,
             char* error_text) {
  curl_easy_reset(curl);  // keeps connections, name cache and TLS sessions
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  // The system's hashed directory of authorities stays in use, too.
  if (!ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "slurm-carbon/" CARBON_VERSION);
  curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");  // all encodings of this libcurl; max_body counts decoded bytes
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(request.timeout, kConnectTimeout).count()));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_text);
  if (request.method == "GET") {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  } else if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

}  // namespace

CurlTransport::CurlTransport(std::string ca_file) : ca_file_(std::move(ca_file)) {
  static const CURLcode kGlobal = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kGlobal == CURLE_OK) handle_ = curl_easy_init();
}

CurlTransport::~CurlTransport() {
  if (handle_ != nullptr) curl_easy_cleanup(handle_);
}

Result<HttpResponse> CurlTransport::send(const HttpRequest& request) {
  if (handle_ == nullptr) return Error{"libcurl cannot be initialised"};
  const auto url = split(request.url);
  if (!url) return url.error();
  auto headers = header_list(request);
  if (!headers) return headers.error();

  const auto deadline = std::chrono::steady_clock::now() + request.timeout;
  std::string target = request.url;
  for (int hop = 0;; ++hop) {
    Answer answer;
    answer.max_body = request.max_body;
    std::array<char, CURL_ERROR_SIZE> error_text{};
    prepare(handle_, request, ca_file_, headers->get(), answer, error_text.data());
    curl_easy_setopt(handle_, CURLOPT_URL, target.c_str());
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    curl_easy_setopt(handle_, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max(left, std::chrono::milliseconds(1)).count()));
    const CURLcode code = curl_easy_perform(handle_);
    if (code != CURLE_OK) {
      std::string what = error_text[0] != '\0' ? error_text.data() : curl_easy_strerror(code);
      if (answer.too_long) what = "the answer is longer than " + std::to_string(request.max_body) + " bytes";
      return Error{request.method + " " + url->origin + url->path + ": " + what};
    }
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    answer.response.status = static_cast<int>(status);
    // Headers may contain a token: a redirect is followed only within one origin, and any other is returned to the caller.
    char* next = nullptr;
    curl_easy_getinfo(handle_, CURLINFO_REDIRECT_URL, &next);
    if (next == nullptr || request.method != "GET" || hop == kMaxRedirects) return std::move(answer.response);
    const auto next_url = split(next);
    if (!next_url || next_url->origin != url->origin) return std::move(answer.response);
    target = next;
  }
}

}  // namespace carbon::net
