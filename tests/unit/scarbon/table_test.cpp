// SPDX-License-Identifier: Apache-2.0
#include "scarbon/table.h"

#include <gtest/gtest.h>

namespace carbon::scarbon {
namespace {

TEST(Table, PadsAndCutsAsSacctDoes) {
  EXPECT_EQ(padded_cell("ab", 5), "   ab");
  EXPECT_EQ(padded_cell("ab", -5), "ab   ");
  EXPECT_EQ(padded_cell("abcdefgh", 5), "abcd+");
  EXPECT_EQ(padded_cell("abcde", -5), "abcde");
}

TEST(Table, PrintsInSacctsThreeLayouts) {
  const Table table{{"User", "Co2eG"}, {-6, 7}, {{"ada", "12.5"}, {"grace", ""}}};
  EXPECT_EQ(print_table(table, {}), "User     Co2eG \n------ ------- \nada       12.5 \ngrace          \n");
  EXPECT_EQ(print_table(table, {TableLayout::kParsable2, true, "|"}), "User|Co2eG\nada|12.5\ngrace|\n");
  EXPECT_EQ(print_table(table, {TableLayout::kParsable, false, ";"}), "ada;12.5;\ngrace;;\n");
}

TEST(Table, CommaSeparatedValuesAreQuotedWhereTheyMustBe) {
  const Table table{{"User", "Name"}, {-6, 7}, {{"ada", "a,b"}, {"", "say \"hi\""}}};
  EXPECT_EQ(print_table(table, {TableLayout::kCsv, true, "|"}), "User,Name\r\nada,\"a,b\"\r\n,\"say \"\"hi\"\"\"\r\n");
}

TEST(Table, ALongNumberStandsOutAndALongTextIsCut) {
  EXPECT_EQ(print_table({{"N", "T"}, {4, 4}, {{"1234567", "abcdefg"}}}, {TableLayout::kPadded, false, "|"}), "1234567 abc+ \n");
}

TEST(Table, FiguresHaveFourDigitsAndNoExponent) {
  EXPECT_EQ(figure(std::nullopt), "");
  EXPECT_EQ(figure(0.0), "0");
  EXPECT_EQ(figure(0.000123456), "0.0001235");
  EXPECT_EQ(figure(1.5), "1.500");
  EXPECT_EQ(figure(-273.15), "-273.1");
  EXPECT_EQ(figure(1234567.8), "1234568");
  EXPECT_EQ(percent(0.4567), "45.7");
}

}  // namespace
}  // namespace carbon::scarbon
