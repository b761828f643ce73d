# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What ./check, ./demo and ./package share; they source it from the repository's root.

# A Slurm of its own, with several users, needs root: so do the packages.
require_root() {
  [ "$(id -u)" -eq 0 ] && return
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    exec sudo -E "$0" "$@"
  fi
  echo "$0: needs root: it installs Debian packages and starts a Slurm whose jobs run as other users. Run it as root" \
       "(in a virtual machine or a container, if you like), or as a user who may use sudo without a password." >&2
  exit 1
}

# What the named sections of packages.txt want.
wanted_packages() {  # SECTION...
  awk -v sections="$*" '
    BEGIN { split(sections, names, " "); for (i in names) wanted["[" names[i] "]"] }
    /^\[/ { inside = $0 in wanted; next }
    { sub(/#.*/, "") }
    inside && NF { print $1 }' packages.txt | sort -u
}

# What another package provides is there, too: npm is part of some builds of nodejs.
missing_packages() {  # SECTION...
  dpkg-query -W -f '${db:Status-Status} ${Package}, ${Provides}\n' | sed -n -e 's/([^)]*)//g' -e 's/^installed //p' | tr -s ', ' '\n' | sort -u |
    comm -13 - <(wanted_packages "$@")
}

install_packages() {  # SECTION...
  mkdir -p build
  local missing
  missing=$(missing_packages "$@")
  [ -z "$missing" ] && return
  echo "Installing $(wc -w <<<"$missing") Debian packages (packages.txt); log: build/packages.log"
  # Their daemons must not start: this host is to stay as it is, and each test starts its own.
  local policy=/usr/sbin/policy-rc.d made_policy=
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    made_policy=yes
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086  # a word a package
  if ! { apt-get -q update && apt-get -q -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 --no-install-recommends install $missing
       } >build/packages.log 2>&1; then
    tail -20 build/packages.log >&2
    echo "The packages could not be installed. slurm-carbon is built and tested on Debian 12; this is" \
         "$(. /etc/os-release && echo "$PRETTY_NAME")." >&2
    exit 1
  fi
  if [ -n "$made_policy" ]; then
    rm -f $policy
    trap - EXIT
  fi
}

# build PRESET TARGET...: in build/PRESET; without a target, everything.
build() {
  local preset=$1
  shift
  export CCACHE_DIR="${CCACHE_DIR:-$PWD/build/ccache}"
  echo "Building (build/$preset); log: build/$preset.log"
  if ! { cmake --preset "$preset" && cmake --build --preset "$preset" ${1:+--target "$@"}
       } >"build/$preset.log" 2>&1; then
    tail -40 "build/$preset.log" >&2
    exit 1
  fi
}
