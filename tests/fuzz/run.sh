#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes the parsers of all providers: tests/fuzz/run.sh [INPUTS per parser, default 1000000] [provider source name...]
# Builds with the preset "fuzz", makes seeds, runs JOBS fuzzers at a time (default: a core each), prints runs and line coverage per
# parser. Ends with 1 at a crash, leak or hang; the input that did it stays in build/fuzz/findings. Needs clang, libclang-rt-14-dev
# and llvm (Debian 12).
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
inputs=${1:-1000000}
shift || true
all=$(sed -n 's/^CARBON_PROVIDER(\(.*\))$/\1/p' grid_feeds/providers/table.inc)
chosen=${*:-$all}

cmake --preset fuzz >build/fuzz.log 2>&1 || { cat build/fuzz.log; exit 1; }
cmake --build --preset fuzz -j"$(nproc)" >>build/fuzz.log 2>&1 || { tail -50 build/fuzz.log; exit 1; }
work=build/fuzz/work findings=build/fuzz/findings
mkdir -p $work $findings
rm -f $work/failed  # of a run that was broken off
LLVM_PROFILE_FILE=/dev/null build/fuzz/bin/write_seeds $work/seeds

# What carbon.conf calls the provider is the name of its folder of seeds.
name_of() { sed -n 's/.*\.name = "\([^"]*\)".*/\1/p' "grid_feeds/providers/$1.cpp" | head -1; }

fuzz() {
  local provider=$1 corpus=$work/corpus/$1
  mkdir -p "$corpus"
  LLVM_PROFILE_FILE=$work/$provider.profraw build/fuzz/bin/fuzz_"$provider" -runs="$inputs" -max_len=4096 -timeout=60 -rss_limit_mb=3000 \
    -detect_leaks=1 -print_final_stats=1 -print_funcs=0 -verbosity=0 -artifact_prefix=$findings/"$provider"- "$corpus" "$work/seeds/$(name_of "$provider")" \
    >"$work/$provider.log" 2>&1
}
export -f fuzz name_of
export inputs work findings
# A short memory of where each block was allocated: half the time of a run; the input that is found tells the rest.
export ASAN_OPTIONS=malloc_context_size=3:quarantine_size_mb=32
echo "$chosen" | tr ' ' '\n' | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'fuzz {} || echo {} >>"$work/failed"'

status=0
printf '%-22s %10s %10s %s\n' parser inputs "per s" "lines covered"
for provider in $chosen; do
  stat() { sed -n "s/^stat::$1: *//p" "$work/$provider.log"; }
  llvm-profdata merge -sparse "$work/$provider.profraw" -o "$work/$provider.profdata" 2>/dev/null || true
  lines=$(llvm-cov report build/fuzz/bin/fuzz_"$provider" -instr-profile="$work/$provider.profdata" 2>/dev/null |
    awk -v file="providers/$provider.cpp" 'index($1, file) {print $10}')
  printf '%-22s %10s %10s %s\n' "$provider" "$(stat number_of_executed_units)" "$(stat average_exec_per_sec)" "${lines:-unknown}"
done
if [ -s $work/failed ]; then
  echo "failed: $(sort -u $work/failed | tr '\n' ' ')(logs in $work, inputs in $findings)"
  status=1
fi
exit $status
