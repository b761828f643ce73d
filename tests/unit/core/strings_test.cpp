// SPDX-License-Identifier: Apache-2.0
#include "core/strings.h"

#include <gtest/gtest.h>

namespace carbon {
namespace {

TEST(Strings, TrimsBlanksAndLineEndsOnBothSides) {
  EXPECT_EQ(trimmed(" \ta b\r\n"), "a b");
  EXPECT_EQ(trimmed(" \n"), "");
}

TEST(Strings, ANumberIsTheWholeText) {
  EXPECT_EQ(parse_number<int>("12"), 12);
  EXPECT_EQ(parse_number<double>("1.5"), 1.5);
  for (const auto* text : {"", " 1", "1 ", "1x", "+1", "0x10", "99999999999"}) EXPECT_FALSE(parse_number<int>(text)) << text;
  for (const auto* text : {"inf", "nan", "1e999"}) EXPECT_FALSE(parse_number<double>(text)) << text;
}

TEST(Strings, SplitKeepsEmptyParts) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Strings, JoinsWhatCanBeIteratedOver) {
  EXPECT_EQ(joined(std::vector<std::string>{"a", "b"}), "a, b");
  EXPECT_EQ(joined(std::vector<std::string>{}, ","), "");
}

TEST(Strings, ComparesWithoutRegardToCase) {
  EXPECT_TRUE(equal_ignoring_case("NodeName", "nodename"));
  EXPECT_FALSE(equal_ignoring_case("Node", "NodeName"));
  EXPECT_EQ(lower("GPU-0a"), "gpu-0a");
}

}  // namespace
}  // namespace carbon
