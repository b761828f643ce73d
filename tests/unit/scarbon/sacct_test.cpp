// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct/sacct.h"

#include <gtest/gtest.h>

namespace carbon::scarbon {
namespace {

TEST(Sacct, CutsPaddedCellsByTheDashesAndKeepsEveryByte) {
  const auto table = read_padded(
      "       JobID    JobName JobIDRaw \n"
      "------------ ---------- -------- \n"
      "          12  a|b  c d        12 \n"
      "    15_[1-9+ verylongn+       15 \n");
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_EQ(table->header[1], "   JobName");
  ASSERT_EQ(table->rows.size(), 2u);
  EXPECT_EQ(table->rows[0][1], " a|b  c d ");
  EXPECT_EQ(table->rows[1][0], "    15_[1-9+");
  EXPECT_EQ(table->rows[1][2], "      15");
}

TEST(Sacct, ANumberThatIsTooLongForItsColumnStandsOut) {
  const auto table = read_padded("   UID JobIDRaw \n------ -------- \n1200345678       12 \n");
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_EQ(table->rows[0], (std::vector<std::string>{"1200345678", "      12"}));
}

TEST(Sacct, AValueWithANewlineStaysOneCell) {
  const auto padded = read_padded("   JobName JobIDRaw \n---------- -------- \n       a\nb       12 \n         c       13 \n");
  ASSERT_TRUE(padded.ok()) << padded.error().message;
  ASSERT_EQ(padded->rows.size(), 2u);
  EXPECT_EQ(padded->rows[0][0], "       a\nb");
  const auto parsable = read_parsable("JobName\x1fJobIDRaw\na\nb\x1f\x31\x32\nc\x1f\x31\x33\n");
  ASSERT_TRUE(parsable.ok());
  ASSERT_EQ(parsable->rows.size(), 2u);
  EXPECT_EQ(parsable->rows[0], (std::vector<std::string>{"a\nb", "12"}));
}

TEST(Sacct, WhatIsNoTableIsRefused) {
  for (const auto* output : {"", "JobID\nno dashes\n", "sacct: no\n", "JobID \n----- \nabc"}) {
    EXPECT_FALSE(read_padded(output).ok()) << output;
  }
  EXPECT_FALSE(read_parsable("").ok());
  EXPECT_FALSE(read_parsable("a\x1f"
                             "b\n1\n")
                   .ok());
}

TEST(Sacct, ANameWithTheUsualDelimiterStaysOneField) {
  const auto table = read_parsable(
      "JobID\x1fJobName\n7\x1f"
      "a|b\n8\x1f\n");
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->rows[0][1], "a|b");
  EXPECT_EQ(table->rows[1][1], "");
}

}  // namespace
}  // namespace carbon::scarbon
