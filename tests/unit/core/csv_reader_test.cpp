// SPDX-License-Identifier: Apache-2.0
#include "core/csv_reader.h"

#include <gtest/gtest.h>

namespace carbon {
namespace {

using Rows = std::vector<std::vector<std::string>>;

// The header and all rows, or one row with the error.
Rows rows_of(std::string_view text) {
  CsvReader csv(text);
  if (const auto read = csv.read_header(); !read) return {{read.error().message}};
  Rows rows{csv.header()};
  std::vector<std::string> fields;
  for (;;) {
    const auto found = csv.next(fields);
    if (!found) return {{found.error().message}};
    if (!*found) return rows;
    rows.push_back(fields);
  }
}
std::string error_of(std::string_view text) { return rows_of(text).at(0).at(0); }

TEST(Csv, FieldsInQuotesHoldCommasQuotesAndLineEnds) {
  EXPECT_EQ(rows_of("a,b\n\"x, y\",1\n\"he said \"\"no\"\"\",\"\"\n\"two\r\nlines\",3"),
            (Rows{{"a", "b"}, {"x, y", "1"}, {"he said \"no\"", ""}, {"two\nlines", "3"}}));
}

TEST(Csv, LineEndsMarksBlankLinesAndBlanksAroundFieldsDoNotCount) {
  EXPECT_EQ(rows_of("\xef\xbb\xbf\"a\", b\r\n\r\n 1 ,\t\"2, 3\" \r\n  \n4,\r\n"), (Rows{{"a", "b"}, {"1", "2, 3"}, {"4", ""}}));
  EXPECT_EQ(rows_of("a\n\" 1 \"\n"), (Rows{{"a"}, {" 1 "}})) << "blanks in quotes are the field's own";
}

TEST(Csv, AnErrorNamesTheLineOnWhichTheRowBegins) {
  EXPECT_EQ(error_of(""), "line 1: is empty; accepted: CSV, whose first line names the columns");
  EXPECT_EQ(error_of("a,b\n\"x\ny\",2\n1\n"), "line 4: has 1 fields, the header 2");
  EXPECT_EQ(error_of("a,b\n1,2,3\n"), "line 2: has 3 fields, the header 2");
  EXPECT_EQ(error_of("a,b\n1,2\n\"x,2\n3,4\n"), "line 3: the quotes of field 1 are not closed");
  EXPECT_EQ(error_of("a,b\n\"x\"y,2\n"), "line 2: field 1 goes on behind its closing quote");
  EXPECT_EQ(error_of("a,b\n1,5\" tube\n"), "line 2: field 2 holds a quote; accepted: quotes around the whole field");
  using namespace std::string_view_literals;
  EXPECT_EQ(error_of("\xff\xfe"
                     "a\0,\0"sv),
            "line 1: the text is UTF-16; accepted: UTF-8");
}

TEST(Csv, ColumnsAreFoundByName) {
  CsvReader csv("\"load, MW\",time,x,x\n");
  ASSERT_TRUE(csv.read_header().ok());
  EXPECT_EQ(**csv.column("time"), 1u);
  EXPECT_EQ(**csv.column("load, MW"), 0u);
  EXPECT_FALSE((*csv.column("load")).has_value());
  EXPECT_EQ(csv.column("x").error().message, "line 1: names the column 'x' more than once");
  EXPECT_EQ(csv.columns(), "\"load, MW\",time,x,x");
}

}  // namespace
}  // namespace carbon
