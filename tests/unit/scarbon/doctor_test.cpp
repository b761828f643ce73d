// SPDX-License-Identifier: Apache-2.0
// scarbon doctor without a cluster: parsing Slurm's files, and checking carbonctld's answers about the grid.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "scarbon/doctor/examinations.h"

namespace carbon::scarbon::doctor {
namespace {

class ConfFileTest : public ::testing::Test {
 protected:
  ConfFileTest() {
    char name[] = "/tmp/carbon-doctor-XXXXXX";
    dir_ = ::mkdtemp(name);
  }
  ~ConfFileTest() override { std::filesystem::remove_all(dir_); }
  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::ofstream(dir_ / name) << text;
    return dir_ / name;
  }
  std::filesystem::path dir_;
};

TEST_F(ConfFileTest, LinesKnowWhereTheyStandAcrossIncludes) {
  write("more.campus", "PrologFlags = Alloc # at once\n");
  const auto file = ConfFile::read(
      write("slurm.conf",
            "# a comment\nClusterName=Campus\ninclude more.%c\nNodeName=n[1-2] \\\n  Gres=gpu:4 Feature=a,b\nPROLOGFLAGS=X11\n"));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->all("prologflags").front()->where, (dir_ / "more.campus").string() + ":1");
  EXPECT_EQ(file->all("prologflags").front()->value("prologflags"), "Alloc");
  const auto* last = file->find("PrologFlags");
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->value("prologflags"), "X11");
  EXPECT_EQ(last->where, (dir_ / "slurm.conf").string() + ":6");
  const auto nodes = file->all("NodeName");
  ASSERT_EQ(nodes.size(), 1u);
  EXPECT_EQ(nodes[0]->where, (dir_ / "slurm.conf").string() + ":4");
  EXPECT_EQ(nodes[0]->value("gres"), "gpu:4");
  EXPECT_EQ(listed(nodes[0]->value("feature")), (std::vector<std::string>{"a", "b"}));
}

TEST_F(ConfFileTest, WhatSlurmdFetchedLiesSideBySide) {
  write("slurm.conf.carbon", "PrologFlags=Alloc\n");
  const auto file = ConfFile::read(write("slurm.conf", "include /nowhere/of/slurmctld/slurm.conf.carbon\n"));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->find("PrologFlags")->where, (dir_ / "slurm.conf.carbon").string() + ":1");
}

TEST_F(ConfFileTest, WhatCannotBeReadIsNamedWithItsLine) {
  const auto missing = ConfFile::read(write("slurm.conf", "ClusterName=c\ninclude nowhere.conf\n"));
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("slurm.conf:2: include nowhere.conf"), std::string::npos);
  EXPECT_FALSE(ConfFile::read(write("slurm.conf", "include slurm.conf\n")));
}

Host one_site() {
  Host host;
  host.carbon_file = "/etc/slurm/carbon.conf";
  auto config = config::parse_config(
      "cluster = \"c\"\n[[site]]\nname = \"a\"\nzone = \"GB\"\npartitions = [\"gpu\"]\n[[site.feed]]\nprovider = \"gb-neso\"\n"
      "[[site.feed]]\nprovider = \"static\"\nintensity = 125\n",
      "/etc/slurm/carbon.conf");
  if (config) host.config = std::move(*config);
  return host;
}

Answers grid_of(const char* first_ok, const char* second_ok, const char* issued, const char* intensity) {
  Answers answers;
  answers.grid = nlohmann::json::parse(
      std::string(R"({"sites": [{"name": "a", "provider": "gb-neso", "origin": "forecast", "issued": ")") + issued +
      R"(", "intensity_now": )" + intensity + R"(, "feeds": [{"provider": "gb-neso", "ok": )" + first_ok +
      R"(, "problem": "HTTP 500", "last_good": "2026-11-24T03:01:00Z"}, {"provider": "static", "ok": )" + second_ok +
      R"(, "problem": "no such file", "last_good": null}]}]})");
  return answers;
}

const Instant kNow = *parse_utc("2026-11-24T12:00:00Z");

TEST(DoctorGrid, AllIsWell) {
  const auto said = examine_feeds(one_site(), grid_of("true", "true", "2026-11-24T11:59:00Z", "207.0"), kNow);
  EXPECT_TRUE(said.findings.empty());
  EXPECT_EQ(said.sound, std::vector<std::string>{"site a: gb-neso, forecast, 00:01:00 (h:min:s) old"});
}

TEST(DoctorGrid, AFeedThatFailsIsAdviceWhileAnotherStandsIn) {
  const auto one = examine_feeds(one_site(), grid_of("false", "true", "2026-11-24T11:59:00Z", "207.0"), kNow);
  ASSERT_EQ(one.findings.size(), 1u);
  EXPECT_EQ(one.findings[0].name, "feed-down");
  EXPECT_EQ(one.findings[0].level, Level::kAdvice);
  EXPECT_EQ(one.findings[0].where, "/etc/slurm/carbon.conf:6");
  EXPECT_NE(one.findings[0].what.find("since 2026-11-24T03:01:00Z: HTTP 500"), std::string::npos);
  const auto both = examine_feeds(one_site(), grid_of("false", "false", "2026-11-24T11:59:00Z", "207.0"), kNow);
  ASSERT_EQ(both.findings.size(), 2u);
  EXPECT_EQ(both.findings[1].level, Level::kProblem);
}

TEST(DoctorGrid, AnOldForecastAndNoneAtAll) {
  const auto old = examine_feeds(one_site(), grid_of("true", "true", "2026-11-24T05:00:00Z", "null"), kNow);
  ASSERT_EQ(old.findings.size(), 2u);
  EXPECT_EQ(old.findings[0].name, "forecast-age");
  EXPECT_NE(old.findings[0].what.find("07:00:00"), std::string::npos);
  EXPECT_EQ(old.findings[1].name, "no-intensity");
}

TEST(DoctorGrid, AClockThatIsOff) {
  Answers answers;
  answers.health = nlohmann::json::parse(
      R"({"version": "0.1.0", "now": "2026-11-24T12:00:00Z", "slurm": {"slurmctld": "ok", "slurmdbd": "refused"}, "replan": {"problem": ""}})");
  answers.asked = kNow + std::chrono::seconds(42);
  const auto said = examine_carbonctld(one_site(), answers);
  std::vector<std::string> names;
  for (const auto& f : said.findings) names.push_back(f.name);
  EXPECT_EQ(names.front(), "clock");
  EXPECT_NE(said.findings.front().what.find("42 s ahead"), std::string::npos);
  EXPECT_EQ(names.back(), "carbonctld-slurm");
  EXPECT_NE(said.findings.back().what.find("slurmdbd: refused"), std::string::npos);
}

}  // namespace
}  // namespace carbon::scarbon::doctor
