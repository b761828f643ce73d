// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/decision_token.h"

#include <gtest/gtest.h>

namespace carbon {
namespace {

using namespace std::chrono_literals;

constexpr Instant kTime = Instant(std::chrono::seconds(1'764'000'000));

DecisionToken deferral() {
  DecisionToken token;
  token.mode = CarbonMode::kDefer;
  return token;
}

TEST(DecisionToken, KeepsWhatOthersWrote) {
  auto token = deferral();
  EXPECT_EQ(token.put_into("JS1:abc+/= note"), "JS1:abc+/= note carbon:mode=defer");
  token.site = "north";
  EXPECT_EQ(token.put_into("JS1:abc+/= carbon:mode=defer note  two"), "JS1:abc+/= carbon:mode=defer,site=north note  two");
}

TEST(DecisionToken, IsFoundAfterOtherText) {
  const auto token = DecisionToken::parse("notcarbon:mode=defer carbon:mode=auto,home=north tail");
  EXPECT_EQ(token.mode, CarbonMode::kAuto);
  EXPECT_EQ(token.home, "north");
}

TEST(DecisionToken, SurvivesSacctmgrsLowerCaseAndQuotes) {
  DecisionToken token;
  token.site = "North \"A\", b=c";
  EXPECT_EQ(token.format(), "carbon:site=north__a___b_c");
  EXPECT_EQ(as_in_token(token.site), "north__a___b_c");
  EXPECT_EQ(DecisionToken::parse("carbon:Mode=Auto,SITE=North").format(), "carbon:mode=auto,site=north");
}

TEST(DecisionToken, EveryFieldIsWrittenUnderItsKeyAndReadAgain) {
  DecisionToken token;
  token.mode = CarbonMode::kInterrupt;
  token.observe = true;
  token.home = "north";
  token.data_gb = "1.50";
  token.site = "south";
  token.sites = "north+south";
  token.planned = kTime + 1h;
  token.latest = kTime + 2h;
  token.cap = kTime + 3h;
  token.submit = kTime;
  token.times = 2;
  token.ran = 90min;
  token.stop = kTime + 4h;
  token.again = kTime + 5h;
  const std::string text =
      "carbon:mode=interrupt,observe=1,home=north,data_gb=1.50,site=south,sites=north+south,planned=1764003600,"
      "latest=1764007200,cap=1764010800,submit=1764000000,times=2,ran=5400,stop=1764014400,again=1764018000";
  EXPECT_EQ(token.format(), text);
  const auto read = DecisionToken::parse(text);
  EXPECT_EQ(read.mode, token.mode);
  EXPECT_TRUE(read.observe);
  EXPECT_EQ(read.home + read.site + read.sites, "northsouthnorth+south");
  EXPECT_EQ(read.data_gigabytes(), 1.5);
  EXPECT_EQ(read.planned, token.planned);
  EXPECT_EQ(read.latest, token.latest);
  EXPECT_EQ(read.cap, token.cap);
  EXPECT_EQ(read.submit, token.submit);
  EXPECT_EQ(read.times, token.times);
  EXPECT_EQ(read.ran, token.ran);
  EXPECT_EQ(read.stop, token.stop);
  EXPECT_EQ(read.again, token.again);
  EXPECT_EQ(read.format(), text);
}

TEST(DecisionToken, AChangedFieldIsWrittenInItsOldPlace) {
  auto token = DecisionToken::parse("carbon:mode=auto,sites=a+b,site=a,cap=1");
  token.site = "north";
  token.mode = CarbonMode::kOff;
  EXPECT_EQ(token.format(), "carbon:mode=off,sites=a+b,site=north,cap=1");
  token.user_choice = true;
  EXPECT_EQ(token.format(), "carbon:mode=user,sites=a+b,site=north,cap=1");
  EXPECT_EQ(token.mode_text(), "user");
}

TEST(DecisionToken, UnknownKeysAndValuesSurviveARewrite) {
  auto token = DecisionToken::parse("carbon:new=x,mode=later,planned=soon,cap=007");
  EXPECT_EQ(token.mode, std::nullopt);
  EXPECT_EQ(token.planned, std::nullopt);
  EXPECT_EQ(token.cap, Instant(7s));
  token.site = "north";
  EXPECT_EQ(token.format(), "carbon:new=x,mode=later,planned=soon,cap=007,site=north");
  token.planned = kTime;
  EXPECT_EQ(token.format(), "carbon:new=x,mode=later,planned=1764000000,cap=007,site=north");
}

TEST(DecisionToken, AFieldIsErasedWithItsComma) {
  auto token = DecisionToken::parse("carbon:mode=auto,sites=a+b,site=a");
  token.sites.clear();
  EXPECT_EQ(token.format(), "carbon:mode=auto,site=a");
  token.site.clear();
  EXPECT_EQ(token.format(), "carbon:mode=auto");
  token.mode.reset();
  EXPECT_EQ(token.format(), "");
  EXPECT_EQ(token.put_into("note carbon:mode=auto"), "note ");
}

TEST(DecisionToken, BytesBeyondAsciiDoNotReachTheToken) {
  DecisionToken token;
  token.home = "Zürich\t1";
  EXPECT_EQ(token.format(), "carbon:home=z__rich_1");
}

TEST(DecisionToken, AMalformedTokenIsIgnored) {
  EXPECT_TRUE(DecisionToken::parse("carbon:neutral is my aim").empty());
  EXPECT_TRUE(DecisionToken::parse("").empty());
  EXPECT_FALSE(DecisionToken::parse("carbon:x=1").empty());
  EXPECT_FALSE(deferral().empty());
}

TEST(DecisionToken, AnEmptyTokenAddsNothing) {
  EXPECT_EQ(DecisionToken().put_into(""), "");
  EXPECT_EQ(DecisionToken().put_into("a b"), "a b");
}

TEST(DecisionToken, TheSummaryReplacesThePlan) {
  TokenSummary summary;
  summary.emission = GramsCo2e(310.5);
  summary.method = Method::kCounter;
  summary.site = "coast";
  const auto text = put_summary("x carbon:mode=user,home=inland,sites=a+b,planned=1,cap=2 y", summary);
  EXPECT_EQ(text, "x carbon:g=310.5,method=counter,site=coast,mode=user,home=inland,planned=1 y");
  EXPECT_TRUE(DecisionToken::parse(text).has_summary());
  EXPECT_FALSE(DecisionToken::parse("carbon:mode=defer,site=coast").has_summary());
}

}  // namespace
}  // namespace carbon
