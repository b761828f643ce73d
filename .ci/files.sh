# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Which files are ours, for ./check --style, ./format and ./tidy; sourced from the repository's root.

# git as it is asked here: a checkout that belongs to another user (a container's) is read all the same.
git_here() { git -c safe.directory='*' "$@"; }

in_git() { command -v git >/dev/null && git_here rev-parse --git-dir >/dev/null 2>&1; }

# Tracked files and new ones that no .gitignore names; from a tarball, all but build/. Symbolic links and what was deleted are left out.
our_files() {
  if in_git; then
    git_here ls-files -co --exclude-standard
  else
    find . \( -path ./build -o -name __pycache__ -o -name node_modules \) -prune -o -type f -printf '%P\n'
  fi | sort -u | while IFS= read -r file; do
    if [ -f "$file" ] && [ ! -L "$file" ]; then printf '%s\n' "$file"; fi
  done
}

cpp_files() { our_files | grep -E '\.(cpp|h)$'; }
production_files() { cpp_files | grep '\.cpp$' | grep -v '^tests/'; }

# By the name's end, or by the line that names the interpreter.
files_for() {  # pattern of the name's end, pattern of the interpreter
  local file line
  our_files | while IFS= read -r file; do
    if [[ ${file##*/} =~ $1 ]]; then
      echo "$file"
    elif [[ ${file##*/} != *.* ]]; then
      line=
      IFS= read -r line <"$file" 2>/dev/null || true
      [[ ! $line =~ ^#!.*[/\ ]($2)(\ |$) ]] || echo "$file"
    fi
  done
}
python_files() { files_for '\.py$' 'python3?'; }
shell_files() { files_for '\.(sh|preinst|postinst|prerm|postrm)$' '(ba|da)?sh'; }
