// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/controller.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <random>
#include <thread>

#include "carbonctld/accounting/ingest.h"
#include "carbonctld/accounting/job_summary_writer.h"
#include "carbonctld/api/api.h"
#include "carbonctld/api/controller_metrics.h"
#include "carbonctld/api/web_login.h"
#include "carbonctld/grid/grid_publisher.h"
#include "carbonctld/grid/leader.h"
#include "carbonctld/replan/replan_loop.h"
#include "carbonctld/slurm/slurm_child.h"
#include "carbonctld/slurm/slurm_state.h"
#include "grid_feeds/grid_feeds.h"
#include "grid_feeds/secrets.h"
#include "ledger/accounting/accountant.h"
#include "net/munge.h"

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kSlurmctldPatience = 15s;
constexpr Duration kSlurmdbdPatience = 60s;
constexpr Duration kRightsPatience = 10s;  // a user waits for the answer
constexpr Duration kAccountEach = 1s;      // at the latest; sooner when records come
constexpr Duration kSummariesEach = 1s;
constexpr Duration kSlurmdbdRetry = 10s;
constexpr Duration kLedgerRetry = 10s;  // a full disk, a database server that is away
constexpr Duration kSilence = 10min;    // longer than any step may take

// A thread that does one thing again and again, and can be woken.
class Loop {
 public:
  // `step` returns how long to wait before the next.
  Loop(std::string name, std::function<Duration()> step) : name_(std::move(name)), step_(std::move(step)) {}
  ~Loop() { stop(); }

  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    wake_.notify_all();
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  bool alive(Instant now) const { return unix_ms(now) < alive_until_; }

 private:
  void run() {
    for (;;) {
      Duration wait = 1s;
      try {
        wait = step_();
      } catch (const std::exception& e) {
        spdlog::error("thread={} {}", name_, e.what());
      }
      alive_until_ = unix_ms(now() + wait + kSilence);
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, wait, [this] { return ending_ || woken_; });
      if (ending_) return;
      woken_ = false;
    }
  }

  std::string name_;
  std::function<Duration()> step_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
  bool ending_ = false;
  std::atomic<std::int64_t> alive_until_ = unix_ms(now() + kSilence);
  std::thread thread_;
};

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

SummaryKind summary_kind(const config::ControllerConfig& config) {
  if (config.comment_field == "none") return SummaryKind::kNone;
  if (config.energy_tres && !takes_energy_tres())
    spdlog::warn("energy_tres: Slurm takes a job's energy from 25.11 on; the summary is written as a comment alone");
  return config.energy_tres && takes_energy_tres() ? SummaryKind::kWithEnergy : SummaryKind::kComment;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

class Daemon final : public Controller {
 public:
  Daemon(config::Config config, std::unique_ptr<ledger::Store> store, std::vector<std::string> slurm_helper)
      : config_(std::move(config)),
        store_(std::move(store)),
        for_slurmctld_(slurm_helper, kSlurmctldPatience),
        for_slurmdbd_(slurm_helper, kSlurmdbdPatience),
        for_rights_(slurm_helper, kRightsPatience),
        for_replanning_(slurm_helper, kSlurmctldPatience),
        rights_(for_rights_, privacy_of(config_.carbonctld.private_data)),
        slurm_state_(for_slurmctld_, for_slurmdbd_, std::clamp<Duration>(config_.carbonctld.publish_interval, 5s, 1min),
                     clusters_of(config_)),
        munge_(config_.munge_socket),
        accountant_(*store_, config_.sites, [this](const std::string& node) { return node_features(node); }),
        summaries_(
            *store_, for_slurmdbd_, [this] { account(); }, summary_kind(config_.carbonctld)),
        accounting_("accounting", [this] { return account_step(); }),
        summarizing_("summaries", [this] { return summary_step(); }),
        replanning_("replan", [this] { return replan_step(); }),
        polling_("feeds", [this] { return feed_step(); }) {}

  ~Daemon() override {
    for (auto* slurm : {&for_slurmctld_, &for_slurmdbd_, &for_rights_, &for_replanning_}) slurm->quit();
    if (server_) server_->stop();
    polling_.stop();
    replanning_.stop();
    ingest_.reset();
    accounting_.stop();
    summarizing_.stop();
  }

  Status prepare(const std::filesystem::path& secrets) {
    auto held = grid_feeds::load_secrets(secrets);
    if (!held) return held.error();
    auto feeds =
        grid_feeds::GridFeeds::make(config_.sites, {&transport_, config_.carbonctld.state_dir, secrets, std::random_device{}()});
    if (!feeds) return feeds.error();
    feeds_ = std::move(*feeds);
    if (config_.carbonctld.follows()) leader_ = std::make_unique<Leader>(config_, to_leader_, munge_);
    const auto poll = [this](Instant now, Interval window) { return feeds_->poll(now, window); };
    grid_ = std::make_unique<GridPublisher>(config_, poll, *store_, slurm_state_, leader_.get());
    replan_ = std::make_unique<ReplanLoop>(
        config_, for_replanning_, [this] { return grid_->latest(); }, host_name(),
        [this] { return leader_ && leader_->plans(now()); });
    ingest_ = std::make_unique<Ingest>(*store_, [this] { accounting_.wake(); });
    api_ = std::make_unique<Api>(config_, *store_, *ingest_, sources());
    web_ = std::make_unique<Web>(config_, (*held)["proxy"], [] { return now(); });
    metrics_ = std::make_unique<Metrics>(config_, (*held)["metrics"], metrics_sources());
    server_ = std::make_unique<net::Server>(
        net::ServerLimits{}, [this](const auto& request) { return caller(request); },
        [this](const auto& request) { return handle(request); }, [this](const auto& request) { return open(request); });
    return Done{};
  }

  Status start() override {
    polling_.start();
    accounting_.start();
    summarizing_.start();
    if (config_.replan.enabled) replanning_.start();
    const auto served = server_->start(config_.carbonctld.host, config_.carbonctld.port);
    if (!served) return served.error();
    spdlog::info("carbonctld {} listens on {}:{} sites={} ledger={}", CARBON_VERSION, config_.carbonctld.host, server_->port(),
                 config_.sites.size(), config_.carbonctld.database.empty() ? ledger_of(config_.carbonctld) : "(configured)");
    return Done{};
  }

  bool alive() const override {
    const auto at = now();
    return polling_.alive(at) && accounting_.alive(at) && summarizing_.alive(at) &&
           (!config_.replan.enabled || replanning_.alive(at));
  }

 private:
  ApiSources sources() {
    return {[this] { return grid_->latest(); },
            [this] { return slurm_state_.settings(); },
            [this](const auto& user) { return rights_.of(user, now()); },
            [this] { return health(); },
            [] { return now(); },
            [this] { return replan_->view(); }};
  }

  Metrics::Sources metrics_sources() {
    return {[this] { return metrics_view(); },
            // What somebody may see who has no right of his own.
            [this] { return !visible_to("nobody", QueryKind::kSums, slurm_state_.settings(), rights_.of("nobody", now())); },
            [this] {
              return ledger::run_report(*store_, {.group_by = ledger::Dimension::kSite, .when = {Instant{}, now() + std::chrono::hours(24)}});
            }};
  }

  MetricsView metrics_view() {
    MetricsView view;
    view.now = now();
    view.host = host_name();
    view.grid = grid_->latest();
    view.outages = grid_->outages();
    view.health = health();
    view.queue = replan_->view();
    view.replan = replan_->counts();
    view.records = api_->records_received();
    view.refusals = api_->refusals();
    view.refusals["unauthenticated"] = unauthenticated_;
    view.helper_losses = {{"slurmctld", for_slurmctld_.losses()},
                          {"slurmdbd", for_slurmdbd_.losses()},
                          {"rights", for_rights_.losses()},
                          {"replan", for_replanning_.losses()}};
    if (config_.carbonctld.database.empty()) view.ledger_bytes = ledger_bytes();
    return view;
  }

  std::optional<std::uint64_t> ledger_bytes() const {
    const auto file = config_.carbonctld.state_dir / "ledger.sqlite";
    std::error_code ec;
    const auto size = std::filesystem::file_size(file, ec);
    if (ec) return std::nullopt;
    const auto log = std::filesystem::file_size(file.string() + "-wal", ec);
    return size + (ec ? 0 : log);
  }

  Result<net::Caller> caller(const net::ServerRequest& request) {
    if (request.header("authorization").empty()) {
      if (const auto reader = web_->caller(request)) return *reader;
    }
    auto who = by_munge_(request);
    if (!who && request.path == "/v1/records") ++unauthenticated_;
    return who;
  }

  std::optional<net::ServerResponse> open(const net::ServerRequest& request) {
    if (request.path == "/metrics") return metrics_->answer(request);
    return web_->open(request);
  }

  net::ServerResponse handle(const net::ServerRequest& request) {
    if (request.path == "/v1/web/links" && request.method == "POST") return web_->new_link(request.caller);
    return api_->handle(request);
  }

  Duration feed_step() {
    grid_->round(now());
    replanning_.wake();
    return config_.carbonctld.publish_interval;
  }

  Duration replan_step() { return replan_->round(now()); }

  std::optional<std::vector<std::string>> node_features(const std::string& node) const {
    const auto topology = slurm_state_.topology();
    const auto* features = features_of(*topology, node);
    return features ? std::optional(*features) : std::nullopt;
  }

  // Where sites share a partition, a job's site is its node's: then slurmctld must have told of nodes first.
  bool knows_sites() const {
    const bool by_feature =
        std::any_of(config_.sites.begin(), config_.sites.end(), [](const auto& s) { return !s.features.empty(); });
    return !by_feature || slurm_state_.settings().has_value();
  }

  // One at a time: the accounting thread's turn, and the summaries' need.
  bool account() {
    if (!knows_sites()) return false;
    const std::lock_guard lock(account_mutex_);
    const auto done = accountant_.run(now());
    if (!done) spdlog::error("{}", done.error().message);
    return done.ok();
  }

  Duration account_step() {
    const bool done = account();
    summarizing_.wake();
    return done ? kAccountEach : kLedgerRetry;
  }

  Duration summary_step() {
    const auto settled = summaries_.run(now());
    const std::string state = settled ? "ok" : settled.error().message;
    const std::lock_guard lock(slurmdbd_mutex_);
    if (state != slurmdbd_) {
      settled ? spdlog::info("slurmdbd answers") : spdlog::warn("{}; summaries wait in the ledger", state);
      slurmdbd_ = state;
    }
    return settled ? kSummariesEach : kSlurmdbdRetry;
  }

  Health health() {
    const auto counts = store_->counts();
    if (!counts) spdlog::error("{}", counts.error().message);
    const auto plan = replan_->view();
    const std::lock_guard lock(slurmdbd_mutex_);
    return {counts ? *counts : ledger::StoreCounts{},
            grid_->published(),
            slurm_state_.state(),
            slurmdbd_,
            config_.carbonctld.leads(),
            plan.at,
            plan.clusters,
            plan.problem};
  }

  const config::Config config_;
  std::unique_ptr<ledger::Store> store_;
  net::CurlTransport transport_, to_leader_;  // of the thread that asks the feeds
  SlurmChild for_slurmctld_, for_slurmdbd_, for_rights_, for_replanning_;
  UserRightsCache rights_;
  SlurmState slurm_state_;
  net::Munge munge_;
  net::Authenticate by_munge_ = net::by_munge(munge_);
  std::atomic<std::uint64_t> unauthenticated_ = 0;
  std::unique_ptr<grid_feeds::GridFeeds> feeds_;
  std::unique_ptr<Leader> leader_;  // null: this one follows nobody
  std::unique_ptr<GridPublisher> grid_;
  std::mutex account_mutex_;
  ledger::Accountant accountant_;
  SummaryWriter summaries_;
  std::mutex slurmdbd_mutex_;
  std::string slurmdbd_ = "not asked yet";
  std::unique_ptr<ReplanLoop> replan_;
  Loop accounting_, summarizing_, replanning_, polling_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<Web> web_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace

std::string ledger_of(const config::ControllerConfig& config) {
  return config.database.empty() ? "sqlite3://db=" + (config.state_dir / "ledger.sqlite").string() : config.database;
}

Status Controller::check(const config::Config& config, const std::filesystem::path& secrets) {
  net::CurlTransport transport;
  const auto feeds = grid_feeds::GridFeeds::make(config.sites, {&transport, {}, secrets, 0});
  return feeds ? Status(Done{}) : Status(feeds.error());
}

Result<std::unique_ptr<Controller>> Controller::make(config::Config config, std::vector<std::string> slurm_helper,
                                                     const std::filesystem::path& secrets) {
  const auto made = make_state_dir(config.carbonctld.state_dir);
  if (!made) return made.error();
  auto store = ledger::Store::open(ledger_of(config.carbonctld));
  if (!store) return store.error();
  auto daemon = std::make_unique<Daemon>(std::move(config), std::move(*store), std::move(slurm_helper));
  const auto prepared = daemon->prepare(secrets);
  if (!prepared) return prepared.error();
  return std::unique_ptr<Controller>(std::move(daemon));
}

}  // namespace carbon::carbonctld
