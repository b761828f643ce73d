#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The style checks of ./check --style, over everything, without root and without a build: clang-format, black, flake8, shellcheck,
# and the subjects of new commits. All of them run; the end says which failed and what repairs it. Ends with 1 if any did, and with
# 2 where a tool is not installed.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. .ci/files.sh

missing=()
for tool in clang-format black flake8 shellcheck python3; do
  command -v $tool >/dev/null || missing+=("$tool")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "./check --style: not installed: ${missing[*]} (packages.txt, [style]; ./check --style as root installs them)" >&2
  exit 2
fi

failed=() advice=()
fail() {  # CHECK ADVICE
  failed+=("$1")
  advice+=("$1: $2")
}

# What ./format would change. clang-format 14 also reports `}  // namespace carbon::inline core`, which it then leaves as it is: so
# its report only chooses the files whose text is then compared.
check_cpp() {
  local report files file status=0
  report=$(cpp_files | xargs -d '\n' clang-format --dry-run -Werror 2>&1) && return
  files=$(sed -n 's/^\([^ :]*\.\(cpp\|h\)\):[0-9]*:[0-9]*: error: .*/\1/p' <<<"$report" | sort -u)
  if [ -z "$files" ]; then
    echo "$report"  # clang-format itself failed
    return 1
  fi
  for file in $files; do
    clang-format "$file" | diff -u --label "$file" --label "$file, formatted" "$file" - || status=1
  done
  return $status
}
check_python() { python_files | xargs -d '\n' black --check --diff --quiet; }
check_faults() { python_files | xargs -d '\n' flake8; }
check_shell() { shell_files | xargs -d '\n' shellcheck --external-sources; }
check_commits() { python3 -B tests/checks/commit_messages.py .; }

check_cpp || fail clang-format "./format repairs it"
check_python || fail black "./format repairs it"
check_faults || fail flake8 "repair by hand; # noqa: CODE where flake8 is wrong, with the reason"
check_shell || fail shellcheck "repair by hand; # shellcheck disable=CODE where shellcheck is wrong, with the reason"
check_commits || fail "commit messages" "git commit --amend, or git rebase -i; CONTRIBUTING.md says what a subject looks like"

if [ ${#failed[@]} -gt 0 ]; then
  echo "Style: failed:" >&2
  printf '  %s\n' "${advice[@]}" >&2
  exit 1
fi
echo "Style: clang-format, black, flake8, shellcheck and commit messages pass."
