// SPDX-License-Identifier: Apache-2.0
#include "net/secret.h"

#include <gtest/gtest.h>

namespace carbon::net {
namespace {

TEST(Secret, IsLongAndNeverTheSame) {
  const auto a = new_secret(), b = new_secret();
  EXPECT_EQ(a.size(), 64u);
  EXPECT_NE(a, b);
  EXPECT_EQ(a.find_first_not_of("0123456789abcdef"), std::string::npos) << a;
}

TEST(Secret, ComparesAllBytes) {
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abc", "abd"));
  EXPECT_FALSE(same_secret("abc", "ab"));
  EXPECT_FALSE(same_secret("ab", "abc"));
  EXPECT_FALSE(same_secret("", "a"));
  EXPECT_TRUE(same_secret("", ""));
}

}  // namespace
}  // namespace carbon::net
