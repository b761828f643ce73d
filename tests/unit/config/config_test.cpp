// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

namespace carbon {
namespace {
using namespace std::chrono_literals;

const std::string kSite = "[[site]]\nname='a'\nzone='Z'\npartitions=['p']\n[[site.feed]]\nprovider='static'\nintensity=100\n";

std::string refusal(const std::string& text) {
  const auto config = config::parse_config(text, "carbon.conf");
  return config.ok() ? "accepted" : config.error().message;
}

TEST(Config, ReadsEveryKeyWithItsUnit) {
  const auto c = config::parse_config(R"(
cluster = "c1"
munge_socket = "/run/m.sock"
[carbond]
spool = "/spool/%n"
reading_interval = "500ms"
profile_interval = "15min"
outbox_max = "1GB"
[carbonctld]
host = "::1"
port = 7000
state_dir = "/state"
publish_interval = "30s"
snapshot_max_age = "2h"
horizon = "2d"
comment_field = "none"
energy_tres = true
[placement]
observe = true
default_mode = "auto"
min_gpus = 4
max_delay = "12h"
expected_share_of_limit = 0.5
gpu_power = "0.7kW"
min_saving = 0.05
min_energy = "500Wh"
max_idle_share = 0.5
start_slack = 0.1
[[placement.class]]
shorter_than = "2h"
max_delay = "6h"
[[placement.rule]]
partitions = ["gpu"]
qos = ["long"]
accounts = ["nlp"]
users = ["ada"]
mode = "defer"
allowed = ["defer", "interrupt"]
max_delay = "3h"
min_gpus = 2
min_energy = "1kWh"
observe = false
[placement.interrupt]
signal = "USR2"
grace = "5min"
max_times = 7
[[site]]
name = "north"
zone = "AU-SA"
pue = 1.3
partitions = ["n1", "n2"]
features = ["coast"]
cluster = "c2"
transfer_kwh_per_gb = 0.06
[[site.feed]]
provider = "replay"
scale = 1440
)",
                                      "carbon.conf");
  ASSERT_TRUE(c.ok()) << c.error().message;
  EXPECT_EQ(c->cluster, "c1");
  EXPECT_EQ(c->carbond.reading_interval, 500ms);
  EXPECT_EQ(c->carbond.outbox_max_bytes, 1u << 30);
  EXPECT_EQ(c->controller_url(), "http://[::1]:7000");
  EXPECT_EQ(c->carbonctld.horizon, 48h);
  EXPECT_TRUE(c->placement.observe);
  EXPECT_EQ(c->placement.default_mode, CarbonMode::kAuto);
  EXPECT_DOUBLE_EQ(c->placement.gpu_power.value(), 700.0);
  EXPECT_DOUBLE_EQ(kwh(c->placement.min_energy), 0.5);
  EXPECT_EQ(c->placement.max_idle_share, 0.5);
  EXPECT_EQ(c->placement.start_slack, 0.1);
  EXPECT_EQ(c->placement.classes, (std::vector<DelayClass>{{2h, 6h}}));
  const PlacementRule rule{{"gpu"},         {"long"}, {"nlp"}, {"ada"},     {},   CarbonMode::kDefer,
                           ModeSet(0b1010), 3h,       2,       from_kwh(1), false};
  EXPECT_EQ(c->placement.rules, std::vector{rule});
  EXPECT_EQ(c->placement.interrupt, (InterruptRules{"USR2", 5min, 7}));
  ASSERT_EQ(c->sites.size(), 1u);
  EXPECT_EQ(c->sites[0].features, (std::vector<std::string>{"coast"}));
  EXPECT_EQ(c->sites[0].cluster, "c2");
  EXPECT_EQ(c->sites[0].transfer_kwh_per_gb, 0.06);
  EXPECT_EQ(c->sites[0].partitions, (std::vector<std::string>{"n1", "n2"}));
  EXPECT_EQ(c->sites[0].feeds[0].options.at("scale").value, "1440");
  EXPECT_EQ(c->sites[0].feeds[0].options.at("scale").where, "carbon.conf:57");
}

TEST(Config, APueMayCarryDates) {
  const std::string site = "cluster='c'\n[[site]]\nname='a'\nzone='Z'\npartitions=['p']\n",
                    feed = "[[site.feed]]\nprovider='replay'\n";
  const auto c = config::parse_config(
      site + "pue=1.5\npue_changes=[{from=2026-01-01, pue=1.4},\n{from=2026-07-01T02:00:00+02:00, pue=1.2}]\n" + feed,
      "carbon.conf");
  ASSERT_TRUE(c.ok()) << c.error().message;
  const auto day = [](const char* text) { return *parse_utc(text); };
  EXPECT_EQ(c->sites[0].pue_at(day("2025-12-31T23:59:59Z")), 1.5);
  EXPECT_EQ(c->sites[0].pue_at(day("2026-01-01T00:00:00Z")), 1.4);
  EXPECT_EQ(c->sites[0].pue_at(day("2026-06-30T23:59:59Z")), 1.4);
  EXPECT_EQ(c->sites[0].pue_at(day("2026-07-01T00:00:00Z")), 1.2);
  const auto refused = [&](const std::string& changes) { return refusal(site + "pue_changes=" + changes + "\n" + feed); };
  EXPECT_EQ(refused("[{from=2026-07-01, pue=0.5}]"), "carbon.conf:6: pue in pue_changes = 0.5; accepted: a number from 1 to 5");
  EXPECT_EQ(refused("[{pue=1.2}]"), "carbon.conf:6: from in pue_changes is missing");
  EXPECT_NE(refused("[{from=2026-07-01T00:00:00, pue=1.2}]").find("accepted: a date such as"), std::string::npos);
  EXPECT_EQ(refused("[{from=2026-07-01, pue=1.2}, {from=2026-06-01, pue=1.3}]"),
            "carbon.conf:6: from in pue_changes is not after the change before it; accepted: ascending times");
}

TEST(Config, SitesWhoseNamesDifferInCaseAloneAreRefused) {
  const std::string feed = "[[site.feed]]\nprovider='replay'\n";
  const auto message = refusal("cluster='c'\n[[site]]\nname='London'\nzone='Z'\npartitions=['p']\n" + feed +
                               "[[site]]\nname='london'\nzone='Z'\npartitions=['q']\n" + feed);
  EXPECT_EQ(message.rfind("carbon.conf:8: site 'london' is another site's name but for case or blanks", 0), 0u) << message;
}

TEST(Config, NamesFileLineFoundAndAccepted) {
  EXPECT_EQ(refusal("cluster = 'c'\n[placement]\nmax_dealy = '6h'\n")
                .rfind("carbon.conf:3: 'max_dealy' is not a key of [placement]; accepted: observe, default_mode", 0),
            0u);
  EXPECT_EQ(refusal("cluster = 'c'\n[placement]\ndefault_mode = 'green'\n"),
            "carbon.conf:3: default_mode in [placement] = 'green'; accepted: off, defer, relocate, interrupt, auto");
  EXPECT_EQ(refusal("cluster = 'c'\n[carbonctld]\nport = 70000\n"),
            "carbon.conf:3: port in [carbonctld] = 70000; accepted: a whole number from 1 to 65535");
  EXPECT_EQ(refusal("cluster = 'c'\n[carbond]\nreading_interval = 1\n")
                .rfind("carbon.conf:3: reading_interval in [carbond] = 1; accepted: a duration such as", 0),
            0u);
  EXPECT_EQ(refusal("cluster = 'c'\n[carbond]\nspool = 'here'\n"),
            "carbon.conf:3: spool in [carbond] = 'here'; accepted: an absolute path");
  EXPECT_EQ(refusal("cluster = 'c'\n[placement]\ngpu_power = '400'\n").rfind("carbon.conf:3: gpu_power in [placement]", 0), 0u);
  EXPECT_NE(refusal("cluster = \n").find("carbon.conf:1: "), std::string::npos);
  EXPECT_NE(refusal("").find("cluster in the top level is missing"), std::string::npos);
}

TEST(Config, SitesAreNamedOnceAndHaveAFeed) {
  EXPECT_NE(refusal("cluster='c'\n" + kSite + kSite).find("site 'a' is defined twice"), std::string::npos);
  EXPECT_NE(refusal("cluster='c'\n" + kSite + std::regex_replace(kSite, std::regex("'a'"), "'b'"))
                .find("partition 'p' belongs to two sites"),
            std::string::npos);
  EXPECT_NE(
      refusal("cluster='c'\n[[site]]\nname='a'\nzone='Z'\npartitions=['p']\n").find("at least one [[site.feed]] is required"),
      std::string::npos);
  EXPECT_NE(
      refusal("cluster='c'\n[[site]]\nname='a'\nzone='Z'\npue=0.5\npartitions=['p']\n").find("accepted: a number from 1 to 5"),
      std::string::npos);
}

TEST(Config, SitesMayShareAPartitionWhereFeaturesTellThemApart) {
  const auto site = [](const char* name, const char* features) {
    return std::regex_replace(std::regex_replace(kSite, std::regex("'a'"), name), std::regex("zone"),
                              std::string("features=") + features + "\nzone");
  };
  EXPECT_EQ(refusal("cluster='c'\n" + site("'a'", "['inland']") + site("'b'", "['coast']")), "accepted");
  for (const auto* clash : {"['inland']", "['inland','fast']", "[]"}) {
    EXPECT_NE(refusal("cluster='c'\n" + site("'a'", "['inland']") + site("'b'", clash)).find("belongs to two sites"),
              std::string::npos)
        << clash;
  }
  EXPECT_EQ(refusal("cluster='c'\n" + kSite + std::regex_replace(kSite, std::regex("name='a'"), "name='b'\ncluster='d'")),
            "accepted");
}

TEST(Config, RulesAreCheckedWithTheirLine) {
  EXPECT_EQ(refusal("cluster='c'\n[[placement.rule]]\nallowed=['defer','green']\n"),
            "carbon.conf:3: allowed in [[placement.rule]] = 'green' is not a carbon mode; accepted: off, defer, relocate, "
            "interrupt, auto");
  EXPECT_NE(refusal("cluster='c'\n[[placement.rule]]\nallowed=['defer']\nmode='auto'\n")
                .find("mode in [[placement.rule]] = 'auto'; accepted: the modes in `allowed`: off, defer"),
            std::string::npos);
  EXPECT_NE(refusal("cluster='c'\n[[placement.class]]\nshorter_than='2h'\n").find("max_delay in [[placement.class]] is missing"),
            std::string::npos);
  EXPECT_NE(refusal("cluster='c'\n[[placement.class]]\nshorter_than='2h'\nmax_delay='1h'\n"
                    "[[placement.class]]\nshorter_than='1h'\nmax_delay='1h'\n")
                .find("carbon.conf:5: [[placement.class]] tables must be in increasing order of shorter_than"),
            std::string::npos);
  EXPECT_NE(refusal("cluster='c'\n[placement.interrupt]\nsignal='KILL'\n").find("accepted: USR1, USR2, TERM"), std::string::npos);
  EXPECT_NE(refusal("cluster='c'\n[placement]\nmin_energy='5'\n").find("an energy such as"), std::string::npos);
}

TEST(Config, BudgetsAndPricesAreChecked) {
  const auto config =
      config::parse_config("cluster='c'\n[[budget]]\naccount='nlp'\nco2e_kg=5\nperiod='quarter'\n", "carbon.conf");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->budgets.at(0).period, config::CalendarPeriod::kQuarter);
  EXPECT_NE(refusal("cluster='c'\n[[budget]]\naccount='nlp'\n").find("co2e_kg"), std::string::npos);
  EXPECT_NE(refusal("cluster='c'\n[[budget]]\naccount='nlp'\nco2e_kg=-1\n").find("accepted: a number from"), std::string::npos);
  EXPECT_NE(refusal("cluster='c'\n[[budget]]\naccount='nlp'\nco2e_kg=1\nperiod='week'\n").find("accepted: month, quarter, year"),
            std::string::npos);
  EXPECT_NE(refusal("cluster='c'\n[prices]\nelectricity='cheap'\n").find("[prices]"), std::string::npos);
}

TEST(Config, AFileThatIsNotThereIsAnErrorWithItsName) {
  EXPECT_EQ(config::load_config("/nonexistent/carbon.conf").error().message,
            "/nonexistent/carbon.conf: cannot be read: No such file or directory");
}

TEST(Config, StandsBesideSlurmConf) {
  ::unsetenv("SLURM_CARBON_CONF");
  ::setenv("SLURM_CONF", "/srv/slurm/slurm.conf", 1);
  EXPECT_EQ(config::default_config_path(), "/srv/slurm/carbon.conf");
  ::unsetenv("SLURM_CONF");
  EXPECT_EQ(config::default_config_path(), "/etc/slurm/carbon.conf");
}

std::string shipped_file() {
  std::ifstream file(SLURM_CONF_DIR "/carbon.conf");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The file that administrators copy is accepted unchanged, and each default in it is the program's default.
TEST(Config, TheShippedFileShowsTheTrueDefaults) {
  std::ifstream file(std::string(SLURM_CONF_DIR) + "/carbon.conf");
  std::stringstream shipped;
  shipped << file.rdbuf();
  const auto as_is = config::parse_config(shipped.str(), "carbon.conf");
  ASSERT_TRUE(as_is.ok()) << as_is.error().message;
  std::string uncommented = std::regex_replace(shipped.str(), std::regex("(^|\n)#(?=[a-z0-9_]+ = |\\[)"), "$1");
  ASSERT_NE(uncommented, shipped.str());
  const auto explicit_defaults = config::parse_config(uncommented, "carbon.conf");
  ASSERT_TRUE(explicit_defaults.ok()) << explicit_defaults.error().message;
  const auto &a = *as_is, &b = *explicit_defaults;
  EXPECT_EQ(a.munge_socket, b.munge_socket);
  EXPECT_TRUE(a.budgets.empty());
  ASSERT_EQ(b.budgets.size(), 1u);
  EXPECT_EQ(b.budgets[0].period, config::Budget{}.period);
  EXPECT_EQ(b.budgets[0].warn_at, config::Budget{}.warn_at);
  EXPECT_EQ(a.prices.currency, b.prices.currency);
  EXPECT_EQ(a.prices.electricity_kwh, b.prices.electricity_kwh);
  EXPECT_EQ(a.prices.cloud_gpu_hour_least, b.prices.cloud_gpu_hour_least);
  EXPECT_EQ(a.prices.cloud_gpu_hour_most, b.prices.cloud_gpu_hour_most);
  EXPECT_EQ(a.prices.own_gpu, b.prices.own_gpu);
  EXPECT_EQ(a.prices.source, b.prices.source);
  EXPECT_EQ(a.carbond.spool, b.carbond.spool);
  EXPECT_EQ(a.carbond.reading_interval, b.carbond.reading_interval);
  EXPECT_EQ(a.carbond.profile_interval, b.carbond.profile_interval);
  EXPECT_EQ(a.carbond.outbox_max_bytes, b.carbond.outbox_max_bytes);
  EXPECT_EQ(a.controller_url(), b.controller_url());
  EXPECT_EQ(a.carbonctld.state_dir, b.carbonctld.state_dir);
  EXPECT_EQ(a.carbonctld.database, b.carbonctld.database);
  EXPECT_EQ(a.carbonctld.publish_interval, b.carbonctld.publish_interval);
  EXPECT_EQ(a.carbonctld.snapshot_max_age, b.carbonctld.snapshot_max_age);
  EXPECT_EQ(a.carbonctld.horizon, b.carbonctld.horizon);
  EXPECT_EQ(a.carbonctld.comment_field, b.carbonctld.comment_field);
  EXPECT_EQ(a.carbonctld.private_data, b.carbonctld.private_data);
  EXPECT_EQ(a.carbonctld.energy_tres, b.carbonctld.energy_tres);
  EXPECT_EQ(a.carbonctld.leader, b.carbonctld.leader);
  EXPECT_EQ(a.carbond.metrics_file, b.carbond.metrics_file);
  EXPECT_EQ(a.carbond.slurmd, b.carbond.slurmd);
  EXPECT_EQ(a.web.enabled, b.web.enabled);
  EXPECT_EQ(a.web.url, b.web.url);
  EXPECT_EQ(a.web.user_header, b.web.user_header);
  EXPECT_EQ(a.web.session, b.web.session);
  EXPECT_EQ(a.replan.enabled, b.replan.enabled);
  EXPECT_EQ(a.replan.interval, b.replan.interval);
  EXPECT_EQ(a.replan.max_changes, b.replan.max_changes);
  EXPECT_EQ(a.replan.min_gain, b.replan.min_gain);
  EXPECT_EQ(a.replan.near_cap, b.replan.near_cap);
  EXPECT_EQ(a.placement.observe, b.placement.observe);
  EXPECT_EQ(a.placement.default_mode, b.placement.default_mode);
  EXPECT_EQ(a.placement.min_gpus, b.placement.min_gpus);
  EXPECT_EQ(a.placement.max_delay, b.placement.max_delay);
  EXPECT_EQ(a.placement.expected_share_of_limit, b.placement.expected_share_of_limit);
  EXPECT_EQ(a.placement.gpu_power, b.placement.gpu_power);
  EXPECT_EQ(a.placement.min_saving, b.placement.min_saving);
  EXPECT_EQ(a.placement.min_energy, b.placement.min_energy);
  EXPECT_EQ(a.placement.max_idle_share, b.placement.max_idle_share);
  EXPECT_EQ(a.placement.start_slack, b.placement.start_slack);
  EXPECT_EQ(a.placement.interrupt, b.placement.interrupt);
  EXPECT_EQ(b.placement.classes.size(), 1u) << "the examples of tables are read too";
  EXPECT_EQ(b.placement.rules.size(), 1u);
  EXPECT_EQ(a.sites.at(0).features, b.sites.at(0).features);
  EXPECT_EQ(a.sites.at(0).cluster, b.sites.at(0).cluster);
  EXPECT_EQ(a.sites.at(0).transfer_kwh_per_gb, b.sites.at(0).transfer_kwh_per_gb);
}

// Each key that the reader accepts is in the file, with a comment after or above it.
TEST(Config, TheShippedFileShowsEveryKeyThatIsAccepted) {
  const std::string file = shipped_file();
  const std::vector<std::pair<std::string, std::string>> tables = {
      {"", "nonsense = 1\ncluster = 'c'\n"},
      {"[carbond]", "cluster = 'c'\n[carbond]\nnonsense = 1\n"},
      {"[carbonctld]", "cluster = 'c'\n[carbonctld]\nnonsense = 1\n"},
      {"[placement]", "cluster = 'c'\n[placement]\nnonsense = 1\n"},
      {"[[placement.class]]", "cluster = 'c'\n[[placement.class]]\nshorter_than='1h'\nmax_delay='1h'\nnonsense = 1\n"},
      {"[[placement.rule]]", "cluster = 'c'\n[[placement.rule]]\nnonsense = 1\n"},
      {"[placement.interrupt]", "cluster = 'c'\n[placement.interrupt]\nnonsense = 1\n"},
      {"[web]", "cluster = 'c'\n[web]\nnonsense = 1\n"},
      {"[replan]", "cluster = 'c'\n[replan]\nnonsense = 1\n"},
      {"[prices]", "cluster = 'c'\n[prices]\nnonsense = 1\n"},
      {"[[budget]]", "cluster = 'c'\n[[budget]]\naccount='a'\nco2e_kg=1\nnonsense = 1\n"},
      {"[[site]]", "cluster = 'c'\n" + std::regex_replace(kSite, std::regex("name"), "nonsense = 1\nname")},
  };
  for (const auto& [table, text] : tables) {
    const std::string said = refusal(text), marker = "accepted: ";
    ASSERT_NE(said.find("'nonsense' is not a key of "), std::string::npos) << said;
    const auto from = table.empty() ? 0 : file.find(table);
    ASSERT_NE(from, std::string::npos) << table;
    const auto to = std::min(file.find("\n[", from + 1), file.find("\n#[", from + 1));
    const auto section = file.substr(from, to - from);
    std::istringstream keys(said.substr(said.find(marker) + marker.size()));
    for (std::string key; std::getline(keys >> std::ws, key, ',');) {
      const bool is_table = file.find('[' + key) != std::string::npos || file.find('.' + key + ']') != std::string::npos;
      EXPECT_TRUE(is_table || std::regex_search(section, std::regex("(^|\n)#?" + key + " = "))) << key << " of " << table;
    }
  }
}

TEST(Config, ASlipInPrivateDataIsRefused) {
  const auto config = [](const std::string& list) {
    return config::parse_config("cluster='c'\n[carbonctld]\nprivate_data='" + list + "'\n", "carbon.conf");
  };
  for (const auto* good : {"", "all", "jobs", "accounts,events,jobs,reservations,usage,users"}) EXPECT_TRUE(config(good)) << good;
  for (const auto* bad : {"job", "jobs;usage", "jobs,,usage", "jobs, usage"}) {
    ASSERT_FALSE(config(bad)) << bad;
    EXPECT_NE(config(bad).error().message.find("values of Slurm's PrivateData"), std::string::npos);
  }
}

TEST(Config, WhoLeadsIsSaidByHostAndPort) {
  const auto config = [](const std::string& leader) {
    return config::parse_config("cluster='c'\n[carbonctld]\nhost='ctl'\nleader='" + leader + "'\n", "carbon.conf");
  };
  EXPECT_TRUE(config("ctl:6822")->carbonctld.leads());
  EXPECT_TRUE(config("other:6822")->carbonctld.follows());
  const auto nobody = config("");
  EXPECT_FALSE(nobody->carbonctld.leads() || nobody->carbonctld.follows());
  for (const auto* bad : {"ctl", ":6822", "ctl:"}) {
    ASSERT_FALSE(config(bad)) << bad;
    EXPECT_NE(config(bad).error().message.find("HOST:PORT of a carbonctld"), std::string::npos);
  }
}

}  // namespace
}  // namespace carbon
