#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Adds a provider to a copy of the sources, builds it, finds it in the table, and checks that the difference is its two files, one
# line of the table and one of the docs. Usage: add_provider.sh SOURCE_DIR COMPILED_DIR
set -euo pipefail
source=$(readlink -f "$1")
built=$(readlink -f "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/before" "$work/after"
for copy in before after; do
  (cd "$source" && tar cf - core grid_feeds net docs tests/unit/grid_feeds) | tar xf - -C "$work/$copy"
done
cd "$work/after"

cat >grid_feeds/providers/dummy.cpp <<'CODE'
#include "grid_feeds/provider.h"
namespace carbon::grid_feeds {
namespace {
std::vector<Request> requests(const Feed& feed, const Query&) {
  return {http_request("now", feed.url("https://dummy.example.org", "/now"), std::chrono::minutes(30))};
}
Result<Reading> parse(const Feed&, const Query& query, std::span<const Answer> answers) {
  if (answer_of(answers, "now") != "green") return Error{"not green"};
  Reading reading;
  reading.points = {{query.window, GramsPerKwh(1), Origin::kForecast}};
  return reading;
}
}  // namespace
extern const Provider provider_dummy;
const Provider provider_dummy{.name = "dummy", .options = {}, .requests = requests, .parse = parse};
}  // namespace carbon::grid_feeds
CODE
cat >tests/unit/grid_feeds/dummy_test.cpp <<'CODE'
#include <cstdio>
#include "grid_feeds/provider.h"
int main() {
  using namespace carbon;
  const auto feed = grid_feeds::make_feed({"north", "X", 1.0, {}, {}}, {"dummy", "carbon.conf:1", {}});
  if (!feed) return std::printf("%s\n", feed.error().message.c_str()), 1;
  const grid_feeds::Answer answer{"now", "green"};
  const Instant t = from_unix_ms(0);
  const bool good = feed->provider->parse(*feed, {t, {t, t + std::chrono::hours(1)}, {}}, {&answer, 1}).ok();
  std::printf("dummy: %s\n", good ? "answers" : "fails");
  return good ? 0 : 1;
}
CODE
sed -i 's/^CARBON_PROVIDER(static)$/&\nCARBON_PROVIDER(dummy)/' grid_feeds/providers/table.inc
# shellcheck disable=SC2016  # Markdown's backquotes
sed -i 's/^| `static` |.*/&\n| `dummy` | nowhere | average | none | no | |/' docs/feeds.md

read -ra libraries < <(pkg-config --libs cpp-httplib libcurl libcrypto)
# Compiles only what reads the table; everything else comes from the libraries of the build.
c++ -std=c++20 -iquote . -o dummy_test tests/unit/grid_feeds/dummy_test.cpp grid_feeds/provider.cpp grid_feeds/providers/dummy.cpp \
  "$built"/grid_feeds/libcarbon_grid_feeds.a "$built"/forecast/libcarbon_forecast.a "$built"/net/libcarbon_net.a "$built"/core/libcarbon_core.a -lpugixml \
  "${libraries[@]}" -lmunge
./dummy_test
rm dummy_test

cd "$work"
diff -rq before after | sort >difference || true
cat >expected <<'LIST'
Files before/docs/feeds.md and after/docs/feeds.md differ
Files before/grid_feeds/providers/table.inc and after/grid_feeds/providers/table.inc differ
Only in after/grid_feeds/providers: dummy.cpp
Only in after/tests/unit/grid_feeds: dummy_test.cpp
LIST
diff expected difference
for file in grid_feeds/providers/table.inc docs/feeds.md; do
  lines=$(diff before/$file after/$file | grep -c '^[<>]' || true)
  [ "$lines" = 1 ] || { echo "$file: $lines lines differ and not one"; exit 1; }
done
echo "a new provider: its two files, one line of the table, one of the docs"
