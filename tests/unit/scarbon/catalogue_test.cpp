// SPDX-License-Identifier: Apache-2.0
#include "scarbon/catalogue.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace carbon::scarbon {
namespace {

std::string number(std::uint32_t value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

// One text: head, two tables of an entry each, "yes" at 36, "그래" at 40.
std::string whole() {
  const std::string korean = "그래";
  return number(0x950412de) + number(0) + number(1) + number(20) + number(28) + number(3) + number(36) +
         number(static_cast<std::uint32_t>(korean.size())) + number(40) + std::string("yes", 4) + korean + std::string(1, '\0');
}

class CatalogueTest : public testing::Test {
 protected:
  std::optional<Catalogue> read(const std::string& content) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << content;
    return Catalogue::read(path_);
  }
  ~CatalogueTest() override { std::filesystem::remove(path_); }

  std::filesystem::path path_ = testing::TempDir() + "catalogue_test_" + std::to_string(::getpid()) + ".mo";
};

TEST_F(CatalogueTest, FindsATextAndNoOther) {
  const auto catalogue = read(whole());
  ASSERT_TRUE(catalogue);
  EXPECT_STREQ(catalogue->find("yes"), "그래");
  EXPECT_EQ(catalogue->find("no"), nullptr);
}

TEST_F(CatalogueTest, NoneWhereTheFileIsMissingOrCutAnywhere) {
  EXPECT_FALSE(Catalogue::read("/nonexistent/scarbon.mo"));
  for (std::size_t length = 0; length < whole().size() - 1; ++length) EXPECT_FALSE(read(whole().substr(0, length))) << length;
}

TEST_F(CatalogueTest, NoneWhereANumberPointsOutside) {
  for (const std::size_t at : {8, 12, 16, 20, 24, 28, 32}) {
    std::string content = whole();
    content.replace(at, 4, number(0xfffffff0));
    EXPECT_FALSE(read(content)) << at;
  }
}

}  // namespace
}  // namespace carbon::scarbon
