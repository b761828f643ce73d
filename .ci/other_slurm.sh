# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What `./check --slurm VERSION` does; sourced from the repository's root, after setup.sh. Each Slurm version is that of a Debian
# release: its packages are unpacked into build/slurm-VERSION/root, and ./check runs in there on this same source tree with a build
# directory of its own. Mounts and processes live in namespaces that end with it.

slurm_releases() { printf '%s\n' '22.05 bookworm' '24.11 trixie' '26.05 sid'; }

release_with() {
  slurm_releases | sed -n "s/^${1//./\\.} //p"
}

# The mirror that this host's apt uses.
debian_mirror() {
  # shellcheck disable=SC2016  # apt's own variable
  apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v -- -security | head -1
}

make_root() {  # RELEASE DIRECTORY
  local release=$1 root=$2
  [ -d "$root" ] && return
  command -v debootstrap >/dev/null || apt-get -q -y --no-install-recommends install debootstrap >>build/packages.log 2>&1
  echo "Unpacking Debian $release into ${root#"$PWD"/}; log: ${root#"$PWD"/}.log"
  rm -rf "$root.new"
  mkdir -p "$root.new"
  if ! debootstrap --variant=minbase --include=ca-certificates "$release" "$root.new" "$(debian_mirror)" >"$root.log" 2>&1; then
    tail -20 "$root.log" >&2
    exit 1
  fi
  apt-config dump | grep -i '^Acquire::[^ ]*proxy' >"$root.new/etc/apt/apt.conf.d/00host" || true
  # A frozen mirror's sid has a date of expiry that has passed; the root lives for these tests alone.
  echo 'Acquire::Check-Valid-Until "false";' >>"$root.new/etc/apt/apt.conf.d/00host"
  # Nothing that is installed in there starts a daemon.
  printf '#!/bin/sh\nexit 101\n' >"$root.new/usr/sbin/policy-rc.d"
  chmod 755 "$root.new/usr/sbin/policy-rc.d"
  mkdir "$root.new/slurm-carbon" "$root.new/shared"
  mv "$root.new" "$root"
}

# check_with_slurm VERSION [options of ctest]
check_with_slurm() {
  local version=${1:-} release home=$PWD/build/slurm-${1:-}
  release=$(release_with "$version")
  if [ -z "$release" ]; then
    echo "./check: --slurm '$version'; accepted: $(slurm_releases | cut -d' ' -f1 | paste -sd' ')" >&2
    exit 2
  fi
  shift
  mkdir -p "$home/build"
  make_root "$release" "$home/root"
  # shellcheck disable=SC2016  # expanded inside
  exec unshare --mount --pid --fork --kill-child --propagation private bash -euc '
    home=$1 version=$2
    shift 2
    root=$home/root
    mount --bind "$root" "$root"  # a file system of its own, which tests may make namespaces within
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    mount --bind "$PWD" "$root/slurm-carbon"
    mount --bind "$home/build" "$root/slurm-carbon/build"
    if [ -d ../shared ]; then mount --bind ../shared "$root/shared"; fi
    exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 ${CI:+CI="$CI"} \
      CARBON_SLURM="$version" /slurm-carbon/check "$@"
  ' check "$home" "$version" "$@"
}
