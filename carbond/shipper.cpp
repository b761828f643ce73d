// SPDX-License-Identifier: Apache-2.0
#include "carbond/shipper.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace carbon::carbond {
namespace {

// Other refusals may pass: not authenticated (munged may be down), time-out, too many requests.
bool is_final_refusal(int status) { return status >= 400 && status < 500 && status != 401 && status != 408 && status != 429; }

}  // namespace

Duration Backoff::delay(unsigned failures, std::mt19937_64& random) const {
  const auto most = std::min<Duration>(longest, first * (std::int64_t{1} << std::min(failures, 20u)));
  return Duration(std::uniform_int_distribution<std::int64_t>(0, most.count())(random));
}

Shipper::Shipper(Outbox outbox, std::string url, std::unique_ptr<net::HttpTransport> transport, Sign sign, Backoff backoff)
    : outbox_(std::move(outbox)),
      url_(std::move(url)),
      transport_(std::move(transport)),
      sign_(std::move(sign)),
      pacing_(backoff, std::random_device{}()),
      shipping_([this] { return step(); }, [](const std::string& message) { spdlog::error("task=shipper {}", message); }) {}

PeriodicTask::Wait Shipper::step() {
  if (!std::exchange(started_, true)) return PeriodicTask::for_all_of(pacing_.first(outbox_.oldest().has_value()));
  switch (ship_one()) {
    case Outcome::kDone: return PeriodicTask::for_all_of(pacing_.after_success());
    case Outcome::kLater: return PeriodicTask::for_all_of(pacing_.after_failure());
    case Outcome::kEmpty: break;
  }
  return PeriodicTask::until_woken();
}

Shipper::Outcome Shipper::ship_one() {
  const auto file = outbox_.oldest();
  if (!file) return Outcome::kEmpty;
  auto body = read_file(*file, ledger::kMaxRecordBytes);
  if (!body) {
    spdlog::error("{}; moved to refused/", body.error().message);
    outbox_.refuse(*file);
    attempts_.add("refused");
    return Outcome::kDone;
  }
  const auto outcome = send(*file, std::move(*body));
  if (outcome == Outcome::kLater) attempts_.add("failed");
  return outcome;
}

Shipper::Outcome Shipper::send(const std::filesystem::path& file, std::string body) {
  net::HttpRequest request;
  request.method = "POST";
  request.url = url_;
  request.headers = {{"Content-Type", "application/json"}};
  request.body = std::move(body);
  request.timeout = std::chrono::seconds(10);  // bounds the time that stopping can take
  if (const auto signature = sign_(request); !signature) {
    spdlog::warn("{} not sent, to be retried: {}", file.filename().string(), signature.error().message);
    return Outcome::kLater;
  }
  const auto answer = transport_->send(request);
  if (!answer) {
    spdlog::warn("{} not sent, to be retried: {}", file.filename().string(), answer.error().message);
    return Outcome::kLater;
  }
  if (answer->status == 200) {
    spdlog::info("{} shipped", file.filename().string());
    outbox_.acknowledge(file);
    attempts_.add("acknowledged");
    return Outcome::kDone;
  }
  const auto reason = answer->body.substr(0, 300);
  if (is_final_refusal(answer->status)) {
    spdlog::error("carbonctld refused {} with status {}: {}; moved to refused/", file.filename().string(), answer->status,
                  reason);
    outbox_.refuse(file);
    attempts_.add("refused");
    return Outcome::kDone;
  }
  spdlog::warn("{} not accepted, to be retried: carbonctld answered {}: {}", file.filename().string(), answer->status, reason);
  return Outcome::kLater;
}

}  // namespace carbon::carbond
