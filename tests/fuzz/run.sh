#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes every reader of what comes from outside: tests/fuzz/run.sh [INPUTS] [target...]
# INPUTS for each target (default 10000000) or SECONDS_EACH (default 600), whichever is first. Builds with the preset "fuzz", makes seeds,
# runs JOBS fuzzers at a time (default: a core each), prints inputs and line coverage for each target; what was found on the way stays in
# build/fuzz/work/corpus. Ends with 1 at a crash, leak or hang; the input that did it stays in build/fuzz/findings. Needs clang,
# libclang-rt-14-dev and llvm (Debian 12).
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
inputs=${1:-10000000}
shift || true

cmake --preset fuzz >build/fuzz.log 2>&1 || { cat build/fuzz.log; exit 1; }
cmake --build --preset fuzz -j"$(nproc)" >>build/fuzz.log 2>&1 || { tail -50 build/fuzz.log; exit 1; }
work=build/fuzz/work findings=build/fuzz/findings
mkdir -p $work $findings
rm -f $work/failed  # of a run that was broken off
LLVM_PROFILE_FILE=/dev/null build/fuzz/bin/write_seeds $work/seeds >$work/targets
chosen=${*:-$(cut -d' ' -f1 $work/targets)}

# shellcheck disable=SC2317  # called by xargs below
fuzz() {
  local target=$1 corpus=$work/corpus/$1
  mkdir -p "$corpus"
  CARBON_FUZZED=$target LLVM_PROFILE_FILE=$work/$target.profraw build/fuzz/bin/fuzz -runs="$inputs" -max_total_time="${SECONDS_EACH:-600}" \
    -max_len=4096 -timeout=60 -rss_limit_mb=3000 -detect_leaks=1 -print_final_stats=1 -print_funcs=0 -verbosity=0 \
    -artifact_prefix="$findings/$target-" "$corpus" "$work/seeds/$target" >"$work/$target.log" 2>&1
}
export -f fuzz
export inputs work findings
# A short memory of where each block was allocated: half the time of a run; the input that is found tells the rest.
export ASAN_OPTIONS=malloc_context_size=3:quarantine_size_mb=32
# shellcheck disable=SC2016  # expanded in the shell that xargs starts
echo "$chosen" | tr ' ' '\n' | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'fuzz {} || echo {} >>"$work/failed"'

status=0
printf '%-22s %10s %10s %s\n' target inputs "per s" "lines covered"
for target in $chosen; do
  stat() { sed -n "s/^stat::$1: *//p" "$work/$target.log"; }
  source=$(sed -n "s/^$target //p" $work/targets)
  llvm-profdata merge -sparse "$work/$target.profraw" -o "$work/$target.profdata" 2>/dev/null || true
  lines=$(llvm-cov report build/fuzz/bin/fuzz -instr-profile="$work/$target.profdata" 2>/dev/null |
    awk -v file="$source" 'index($1, file) && $1 ~ /cpp$/ {all += $8; missed += $9} END {if (all) printf "%.1f%%", 100 * (all - missed) / all}')
  printf '%-22s %10s %10s %s\n' "$target" "$(stat number_of_executed_units)" "$(stat average_exec_per_sec)" "${lines:-unknown}"
done
if [ -s $work/failed ]; then
  echo "failed: $(sort -u $work/failed | tr '\n' ' ')(logs in $work, inputs in $findings)"
  status=1
fi
exit $status
