// SPDX-License-Identifier: Apache-2.0
// `scarbon grid` against the real carbonctld, with a local server that plays Great Britain's provider: the series, the errors
// from the log of forecasts, the bands, and what validation refuses.
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "forecast/forecast_log.h"
#include "grid_feeds/parse/point_series.h"
#include "tests/support/daemon_process.h"
#include "tests/support/local_munged.h"
#include "tests/support/played_bodies.h"
#include "tests/support/temp_dir.h"

namespace carbon::carbonctld {
namespace {
using namespace std::chrono_literals;
using forecast::Issue;

struct Said {
  std::string out, err;
};

class GridProcess : public testing::Test {
 protected:
  void SetUp() override {
    if (!munged_.running()) GTEST_SKIP() << "munged does not start here (Debian package munge)";
    server_.Get(R"((/.*))", [this](const httplib::Request& request, httplib::Response& response) {
      const grid_feeds::PlayedRequest asked{"gb-neso", request.matches[1], [](const std::string&) { return std::string(); },
                                            now()};
      response.set_content(played_body(asked, zeros_ ? grid_feeds::Played::kZeros : grid_feeds::Played::kGood),
                           "application/json");
    });
    const int provider = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    std::ofstream(dir_ / "carbon.conf") << "cluster = \"campus\"\nmunge_socket = \"" << munged_.socket()
                                        << "\"\n[carbonctld]\nport = " << free_port() << "\nstate_dir = \""
                                        << (dir_ / "state").string()
                                        << "\"\n[[site]]\nname = \"a\"\nzone = \"GB\"\npue = 1.0\npartitions = [\"gpu-a\"]\n"
                                        << "[[site.feed]]\nprovider = \"gb-neso\"\nbase_url = \"http://127.0.0.1:" << provider
                                        << "\"\n";
  }
  void TearDown() override {
    daemon_.kill();
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  void start() { ASSERT_TRUE(daemon_.start(dir_ / "carbon.conf", dir_ / "log")); }

  Said scarbon(const std::string& arguments) const {
    const auto errors = dir_ / "errors";
    const std::string command = std::string("TZ=UTC ") + SCARBON + " --config " + (dir_ / "carbon.conf").string() + " grid " +
                                arguments + " 2>" + errors.string();
    Said said;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    for (char part[4096]; const auto n = std::fread(part, 1, sizeof part, pipe);) said.out.append(part, n);
    ::pclose(pipe);
    std::ifstream in(errors);
    said.err.assign(std::istreambuf_iterator<char>(in), {});
    return said;
  }
  // Until the answer holds `what`.
  Said wait_for(const std::string& arguments, const std::string& what) const {
    Said said;
    for (const auto deadline = now() + 60s; now() < deadline; std::this_thread::sleep_for(100ms)) {
      said = scarbon(arguments);
      if ((said.out + said.err).find(what) != std::string::npos) return said;
    }
    ADD_FAILURE() << "never said '" << what << "': " << said.out << said.err;
    return said;
  }

  // Three days in which the provider was always a tenth too high; they end before those that it answers for today.
  void remember_three_days() const {
    std::filesystem::path file;
    for (const auto& entry : std::filesystem::directory_iterator(dir_ / "state" / "feeds")) file = entry.path();
    const auto log = forecast::make_file_log(file.parent_path());
    const auto feed = file.stem().string();
    const Instant hour = grid_feeds::floor_to(now(), 1h);
    for (int h = -136; h < -64; ++h) {
      Issue issued{hour + h * 1h, {Signal::kAverage, Emissions::kDirect, Boundary::kConsumption}, {}};
      Issue measured = issued;
      measured.known_at += 1h;
      measured.points.push_back({{hour + h * 1h, hour + (h + 1) * 1h}, GramsPerKwh(150 + h % 5), Origin::kActual});
      for (int k = h + 1; k <= std::min(h + 12, -65); ++k)
        issued.points.push_back({{hour + k * 1h, hour + (k + 1) * 1h}, GramsPerKwh(1.1 * (150 + k % 5)), Origin::kForecast});
      ASSERT_TRUE(log->append(feed, issued).ok());
      ASSERT_TRUE(log->append(feed, measured).ok());
    }
  }

  test::LocalMunged munged_;
  TempDir dir_;
  httplib::Server server_;
  std::thread thread_;
  std::atomic<bool> zeros_ = false;
  DaemonProcess daemon_;
};

TEST_F(GridProcess, ShowsSeriesErrorsBandsAndRefusals) {
  start();
  auto said = wait_for("--feeds -P -n", "a|gb-neso|ok|");
  EXPECT_NE(scarbon("--accuracy").err.find("no forecast can be scored yet"), std::string::npos)
      << "says that nothing is known yet";
  daemon_.kill();
  remember_three_days();

  start();
  said = wait_for("--accuracy", "gb-neso ");
  std::cout << "$ scarbon grid --accuracy\n" << said.out;
  said = scarbon("--accuracy -P -n");
  EXPECT_NE(said.out.find("a|gb-neso|forecast|3-6|"), std::string::npos) << said.out;
  const auto answer = nlohmann::json::parse(scarbon("--accuracy --json").out);
  const auto& horizon = answer["sites"][0]["makers"][0]["horizons"][2];
  EXPECT_NEAR(horizon["mape"].get<double>(), 0.1, 0.001);
  EXPECT_GT(horizon["bias_g_per_kwh"].get<double>(), 14.0);

  const auto grid = nlohmann::json::parse(scarbon("--json").out)["sites"][0];
  EXPECT_TRUE(grid["feeds"][0]["ok"]);
  int with_band = 0;
  for (const auto& p : grid["points"]) {
    if (!p.contains("low")) continue;
    ++with_band;
    EXPECT_NEAR(p["high"].get<double>() * 1.1, p["g_per_kwh"].get<double>(), 0.1) << "it was always a tenth too high";
  }
  EXPECT_GT(with_band, 10);
  said = scarbon("--plot --within 12:00:00");
  std::cout << "$ scarbon grid --plot --within 12:00:00\n" << said.out;
  EXPECT_NE(said.out.find(" forecast "), std::string::npos);
  EXPECT_NE(said.out.find("# *\n"), std::string::npos) << "the greenest window is marked";
  EXPECT_EQ(said.out.find('\x1b'), std::string::npos) << "plain in a pipe";

  daemon_.kill();
  zeros_ = true;
  start();
  said = wait_for("", "gb-neso: all values are zero");
  std::cout << "$ scarbon grid\n" << said.out << said.err;
  EXPECT_NE(said.out.find("own-forecast"), std::string::npos) << "the site still has a series, and it is labelled";
  said = scarbon("--feeds");
  std::cout << "$ scarbon grid --feeds\n" << said.out;
  EXPECT_NE(said.out.find(" out "), std::string::npos);
}

}  // namespace
}  // namespace carbon::carbonctld
