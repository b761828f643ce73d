# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What `./check --sanitize` does; sourced from the repository's root, after setup.sh.

# A report fails the run even where the program that wrote it is one that a test ends: then no exit status tells.
run_sanitized() {  # address|thread [options of ctest]
  local preset=$1 reports=$PWD/build/$1/reports status=0 report
  shift
  build "$preset"
  rm -rf "$reports"
  mkdir -p "$reports"
  local left_out='-Planner.KeepsCapacityAndCaps*:Planner.UnderLasting*:Planner.TheSame*:Planner.TheOrderOf*:Planner.DoesNotKnow*:Planner.NoUsersMean*:Planner.SavesWhat*'
  local options=halt_on_error=1:log_path=$reports/report
  echo "Unit tests under clang's sanitizers: ${preset/address/address, leak and undefined behaviour}"
  echo "Left out: tests that start no program of this build, or only compare texts, or take minutes in code that others run, too (label" \
       "plain); and, minutes of arithmetic on one thread in functions that the planner's other tests call, those of GTEST_FILTER=$left_out"
  export GTEST_FILTER=$left_out
  # Without random addresses: clang 14 knows none of the layouts that newer kernels choose.
  ASAN_OPTIONS=$options UBSAN_OPTIONS=$options:print_stacktrace=1 TSAN_OPTIONS=$options:suppressions=$PWD/.ci/thread_suppressions.txt \
    setarch -R ctest --preset "$preset" -j "$(nproc)" "$@" || status=$?
  for report in "$reports"/*; do
    [ -e "$report" ] || continue
    status=1
    head -60 "$report"
  done
  [ $status = 0 ] && return
  echo "./check --sanitize $preset: failed" >&2
  exit 1
}

# check_with_sanitizers [address|thread] [options of ctest]
check_with_sanitizers() {
  local kind kinds='address thread'
  case ${1:-} in
    address | thread)
      kinds=$1
      shift
      ;;
    -* | '') ;;
    *)
      echo "./check: --sanitize '$1'; accepted: address, thread" >&2
      exit 2
      ;;
  esac
  for kind in $kinds; do run_sanitized "$kind" "$@"; done
  exit 0
}
