// SPDX-License-Identifier: Apache-2.0
#include "replay/traces/intensity_csv.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace carbon::replay {
namespace {
using namespace std::chrono_literals;

class IntensityFile : public testing::Test {
 protected:
  IntensityFile() : path_(std::filesystem::temp_directory_path() / ("carbon_intensity_" + std::to_string(getpid()) + ".csv")) {}
  ~IntensityFile() override { std::filesystem::remove(path_); }
  Result<std::vector<IntensitySeries>> read(const std::string& text, const std::vector<std::string>& zones) {
    std::ofstream(path_, std::ios::binary) << text;
    return read_intensity(path_, zones);
  }
  std::string refusal(const std::string& text, const std::vector<std::string>& zones) {
    const auto series = read(text, zones);
    return series ? "(accepted)" : series.error().message.substr(path_.string().size());
  }
  std::filesystem::path path_;
};

constexpr const char* kTwoZones = "datetime,A,B\n2022-01-01T00:00Z,1,10\n2022-01-01T01:00Z,2,\n2022-01-01T02:00Z,3,30\n";

TEST_F(IntensityFile, GivesZonesInTheOrderAskedForAndKeepsGaps) {
  const auto series = read(kTwoZones, {"B", "A"});
  ASSERT_TRUE(series.ok()) << series.error().message;
  const Instant start = parse_utc("2022-01-01").value();
  EXPECT_EQ((*series)[0].view().at(start)->value(), 10);
  EXPECT_FALSE((*series)[0].view().at(start + 90min));
  EXPECT_EQ((*series)[1].view().at(start + 150min)->value(), 3) << "the last row lasts as long as the one before";
  EXPECT_EQ((*series)[1].view().end(), start + 3h);
}

TEST_F(IntensityFile, ColumnsComeInAnyOrderAndFieldsInQuotes) {
  const auto series =
      read("\xef\xbb\xbfnote,\"B, north\",datetime\r\n\"x, y\",\"10\",2022-01-01T02:00+02:00\r\nz,20,2022-01-01T01:00Z\r\n",
           {"B, north"});
  ASSERT_TRUE(series.ok()) << series.error().message;
  const Instant start = parse_utc("2022-01-01").value();
  EXPECT_EQ((*series)[0].view().at(start)->value(), 10);
  EXPECT_EQ((*series)[0].view().at(start + 1h)->value(), 20);
}

TEST_F(IntensityFile, BadInputIsNamedByFileAndLine) {
  EXPECT_EQ(refusal(kTwoZones, {"C"}), ":1: there is no zone 'C'; the file has A, B");
  EXPECT_EQ(refusal("datetime,A\n2022-01-01T00:00Z,x\n", {"A"}), ":2: A: 'x' is not an intensity in gCO2e/kWh");
  EXPECT_EQ(refusal("datetime,A\n2022-01-01T00:00Z,-1\n", {"A"}), ":2: A: '-1' is not an intensity in gCO2e/kWh");
  EXPECT_EQ(refusal("datetime,A\n2022-01-01T01:00Z,1\n2022-01-01T00:00Z,1\n", {"A"}),
            ":3: datetime: 2022-01-01T00:00Z is not after the row before it; accepted: UTC, or local time with its offset");
  EXPECT_EQ(refusal("time,A\n", {"A"}),
            ":1: there is no column 'datetime', but time,A; accepted: datetime and a column per zone");
}

TEST_F(IntensityFile, AWrappedSeriesRepeatsInBothDirections) {
  const auto series = read(kTwoZones, {"A"});
  const Instant start = parse_utc("2022-01-01").value();
  const auto long_series = wrapped((*series)[0], start - 7h, start + 20h);
  for (int h = -7; h < 20; ++h) {
    EXPECT_EQ(long_series.view().at(start + std::chrono::hours(h))->value(), 1 + ((h % 3) + 3) % 3) << h;
  }
}

}  // namespace
}  // namespace carbon::replay
