// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct.h"

#include <gtest/gtest.h>

namespace carbon::scarbon {
namespace {

TEST(Sacct, CutsPaddedCellsByTheDashesAndKeepsEveryByte) {
  const std::string output =
      "       JobID    JobName JobIDRaw \n"
      "------------ ---------- -------- \n"
      "          12  a|b  c d       12 \n"
      "    15_[1-9+ verylongn+      15 \n";
  const auto table = read_padded(output, 3);
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_EQ(table->header[1], "   JobName");
  ASSERT_EQ(table->rows.size(), 2u);
  EXPECT_EQ(table->rows[0][1], " a|b  c d ");
  EXPECT_EQ(table->rows[1][0], "    15_[1-9+");
  EXPECT_EQ(table->rows[1][2], "     15 ");
}

TEST(Sacct, AnOutputWithOtherColumnsIsRefused) {
  EXPECT_FALSE(read_padded("", 1).ok());
  EXPECT_FALSE(read_padded("JobID \n----- \n", 2).ok());
  EXPECT_FALSE(read_padded("JobID\nno dashes\n", 1).ok());
  EXPECT_FALSE(read_parsable("a\x1f"
                             "b\n1\n",
                             2)
                   .ok());
  EXPECT_FALSE(read_parsable("", 1).ok());
}

TEST(Sacct, ANameWithTheUsualDelimiterStaysOneField) {
  const auto table = read_parsable(
      "JobID\x1fJobName\n7\x1f"
      "a|b\n8\x1f\n",
      2);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->rows[0][1], "a|b");
  EXPECT_EQ(table->rows[1][1], "");
}

}  // namespace
}  // namespace carbon::scarbon
