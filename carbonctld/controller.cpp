// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/controller.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <random>

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

Status make_state_dir(const std::filesystem::path& dir) {
  std::error_code failed;
  if (std::filesystem::create_directories(dir, failed)) ::chmod(dir.c_str(), 0755);  // job_submit and doctor read the snapshot
  if (failed) return Error{dir.string() + ": " + failed.message()};
  return Done{};
}

std::vector<std::string> clusters_of(const config::Config& config) {
  auto names = config.other_clusters();
  names.insert(names.begin(), config.cluster);
  return names;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::string secret(const grid_feeds::Secrets& secrets, std::string_view name) {
  const auto it = secrets.find(name);
  return it == secrets.end() ? std::string() : it->second;
}

}  // namespace

std::string ledger_of(const config::ControllerConfig& config) {
  return config.database.empty() ? "sqlite3://db=" + (config.state_dir / "ledger.sqlite").string() : config.database;
}

Status Controller::check(const config::Config& config, const std::filesystem::path& secrets) {
  net::CurlTransport transport;
  const auto feeds = grid_feeds::GridFeeds::make(config.sites, {&transport, {}, secrets, 0});
  return feeds ? Status(Done{}) : Status(feeds.error());
}

Result<std::unique_ptr<Controller>> Controller::make(config::Config config, const std::vector<std::string>& slurm_helper,
                                                     const std::filesystem::path& secrets) {
  auto opened = open(config, secrets);
  if (!opened) return opened.error();
  return std::unique_ptr<Controller>(new Controller(std::move(config), std::move(*opened), slurm_helper));
}

Result<Controller::Opened> Controller::open(const config::Config& config, const std::filesystem::path& secrets) {
  const auto made = make_state_dir(config.carbonctld.state_dir);
  if (!made) return made.error();
  auto store = ledger::Store::open(ledger_of(config.carbonctld));
  if (!store) return store.error();
  auto loaded = grid_feeds::load_secrets(secrets);
  if (!loaded) return loaded.error();
  auto to_providers = std::make_unique<net::CurlTransport>();
  auto feeds = grid_feeds::GridFeeds::make(config.sites,
                                           {to_providers.get(), config.carbonctld.state_dir, secrets, std::random_device{}()});
  if (!feeds) return feeds.error();
  return Opened{std::move(*store), std::move(to_providers), std::move(*feeds), std::move(*loaded)};
}

Controller::Controller(config::Config config, Opened opened, const std::vector<std::string>& slurm_helper)
    : config_(std::move(config)),
      opened_(std::move(opened)),
      slurm_(slurm_helper),
      rights_(slurm_.rights, privacy_of(config_.carbonctld.private_data)),
      slurm_state_(slurm_.slurmctld, slurm_.slurmdbd, std::clamp<Duration>(config_.carbonctld.publish_interval, 5s, 1min),
                   clusters_of(config_)),
      munge_(config_.munge_socket),
      by_munge_(net::by_munge(munge_)),
      leader_(config_.carbonctld.follows() ? std::make_unique<Leader>(config_, to_leader_, munge_) : nullptr),
      grid_(
          config_, [feeds = opened_.feeds.get()](Instant now, Interval window) { return feeds->poll(now, window); },
          *opened_.store, slurm_state_, leader_.get()),
      replan_(
          config_, slurm_.replan, [this] { return grid_.latest(); }, host_name(),
          [this] { return leader_ && leader_->plans(now()); }),
      tasks_({config_, *opened_.store, slurm_.slurmdbd, slurm_state_, grid_, replan_}),
      ingest_(*opened_.store, [this] { tasks_.wake_accounting(); }),
      api_(config_, *opened_.store, ingest_, api_sources()),
      web_(config_, secret(opened_.secrets, "proxy"), [] { return now(); }),
      metrics_(config_, secret(opened_.secrets, "metrics"), metrics_sources()),
      server_(
          net::ServerLimits{}, [this](const auto& request) { return caller_of(request); },
          [this](const auto& request) { return answer(request); }, [this](const auto& request) { return answer_open(request); }) {
}

Controller::~Controller() {
  slurm_.quit();
  server_.stop();
  tasks_.stop();
}

Status Controller::start() {
  tasks_.start();
  const auto served = server_.start(config_.carbonctld.host, config_.carbonctld.port);
  if (!served) return served.error();
  spdlog::info("carbonctld {} listens on {}:{} sites={} ledger={}", CARBON_VERSION, config_.carbonctld.host, server_.port(),
               config_.sites.size(), config_.carbonctld.database.empty() ? ledger_of(config_.carbonctld) : "(configured)");
  return Done{};
}

ApiSources Controller::api_sources() {
  return {[this] { return grid_.latest(); },
          [this] { return slurm_state_.settings(); },
          [this](const auto& user) { return rights_.of(user, now()); },
          [this] { return health(); },
          [] { return now(); },
          [this] { return replan_.view(); },
          [this](const auto& node) { return site_of_node(*slurm_state_.topology(), config_.sites, node); }};
}

Metrics::Sources Controller::metrics_sources() {
  // Without a token a scrape is shown the sums that a user without any rights may see. Slurm has no user of that name.
  const auto sums_are_open = [this] {
    return !visible_to("nobody", QueryKind::kSums, slurm_state_.settings(), rights_.of("nobody", now()));
  };
  const auto sums = [this] {
    return ledger::run_report(*opened_.store,
                              {.group_by = ledger::Dimension::kSite, .when = {Instant{}, now() + std::chrono::hours(24)}});
  };
  return {[this] { return metrics_view(); }, sums_are_open, sums};
}

MetricsView Controller::metrics_view() {
  MetricsView view;
  view.now = now();
  view.host = host_name();
  view.grid = grid_.latest();
  view.outages = grid_.outages();
  view.health = health();
  view.queue = replan_.view();
  view.replan = replan_.counts();
  view.records = api_.records_received();
  view.refusals = api_.refusals();
  view.refusals["unauthenticated"] = unauthenticated_;
  view.helper_losses = slurm_.losses();
  if (config_.carbonctld.database.empty()) view.ledger_bytes = ledger_bytes();
  return view;
}

Health Controller::health() {
  const auto counts = opened_.store->counts();
  if (!counts) spdlog::error("{}", counts.error().message);
  const auto plan = replan_.view();
  return {counts ? *counts : ledger::StoreCounts{},
          grid_.published(),
          slurm_state_.state(),
          tasks_.slurmdbd_state(),
          config_.carbonctld.leads(),
          plan.at,
          plan.clusters,
          plan.problem};
}

std::optional<std::uint64_t> Controller::ledger_bytes() const {
  const auto file = config_.carbonctld.state_dir / "ledger.sqlite";
  std::error_code ec;
  const auto size = std::filesystem::file_size(file, ec);
  if (ec) return std::nullopt;
  const auto log = std::filesystem::file_size(file.string() + "-wal", ec);
  return size + (ec ? 0 : log);
}

Result<net::Caller> Controller::caller_of(const net::ServerRequest& request) {
  if (request.header("authorization").empty()) {
    if (const auto reader = web_.caller(request)) return *reader;
  }
  auto caller = by_munge_(request);
  if (!caller && request.path == "/v1/records") ++unauthenticated_;
  return caller;
}

std::optional<net::ServerResponse> Controller::answer_open(const net::ServerRequest& request) {
  if (request.path == "/metrics") return metrics_.answer(request);
  return web_.open(request);
}

net::ServerResponse Controller::answer(const net::ServerRequest& request) {
  if (request.path == "/v1/web/links" && request.method == "POST") return web_.new_link(request.caller);
  return api_.handle(request);
}

}  // namespace carbon::carbonctld
