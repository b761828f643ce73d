// SPDX-License-Identifier: Apache-2.0
#include "core/decision_token.h"

#include <gtest/gtest.h>

namespace carbon {
namespace {

TEST(DecisionToken, KeepsWhatOthersWrote) {
  DecisionToken c;
  c.set("mode", "defer");
  EXPECT_EQ(c.put_into("JS1:abc+/= note"), "JS1:abc+/= note carbon:mode=defer");
  c.set("g", "12.5");
  EXPECT_EQ(c.put_into("JS1:abc+/= carbon:mode=defer note  two"), "JS1:abc+/= carbon:mode=defer,g=12.5 note  two");
}

TEST(DecisionToken, IsFoundAgainBehindOtherText) {
  const auto c = DecisionToken::find_in("notcarbon:x=1 carbon:mode=auto,home=north tail");
  EXPECT_EQ(c.get("mode"), "auto");
  EXPECT_EQ(c.get("home"), "north");
  EXPECT_EQ(c.get("x"), std::nullopt);
}

TEST(DecisionToken, SurvivesSacctmgrsLowerCaseAndQuotes) {
  DecisionToken c;
  c.set("Site", "North \"A\", b=c");
  EXPECT_EQ(c.token(), "carbon:site=north__a___b_c");
}

TEST(DecisionToken, AKeyIsSetAgainWhereItStands) {
  auto c = DecisionToken::find_in("carbon:mode=auto,sites=a+b,site=a,cap=1");
  c.set("site", "north");
  c.set("Mode", "off");
  EXPECT_EQ(c.token(), "carbon:mode=off,sites=a+b,site=north,cap=1");
  EXPECT_EQ(c.get("site"), "north");
}

TEST(DecisionToken, AKeyIsErasedWithItsComma) {
  auto c = DecisionToken::find_in("carbon:mode=auto,sites=a+b,site=a");
  c.erase("stop");
  c.erase("sites");
  EXPECT_EQ(c.token(), "carbon:mode=auto,site=a");
  c.erase("site");
  EXPECT_EQ(c.token(), "carbon:mode=auto");
  c.erase("mode");
  EXPECT_TRUE(c.empty());
  EXPECT_EQ(c.put_into("note carbon:mode=auto"), "note ");
}

TEST(DecisionToken, BytesBeyondAsciiDoNotReachTheToken) {
  DecisionToken c;
  c.set("home", "Zürich\t1");
  EXPECT_EQ(c.token(), "carbon:home=z__rich_1");
}

TEST(DecisionToken, ATokenThatIsNotOursIsLeftAndNotBelieved) {
  EXPECT_TRUE(DecisionToken::find_in("carbon:neutral is my aim").empty());
  EXPECT_TRUE(DecisionToken::find_in("").empty());
}

TEST(DecisionToken, EmptyRemovesTheToken) {
  EXPECT_EQ(DecisionToken().put_into(""), "");
  EXPECT_EQ(DecisionToken().put_into("a b"), "a b");
}

}  // namespace
}  // namespace carbon
