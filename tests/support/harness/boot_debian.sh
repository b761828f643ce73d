#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# boot_debian.sh ROOT GROUP: boots systemd of the Debian tree in ROOT, which stays as it is: what changes is kept in memory. It runs in
# namespaces of its own, without a network but its loopback, and in control groups GROUP: nothing of it outlasts its process.
set -e
root=$1 group=$2
if [ "$3" != inside ]; then
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/devices /sys/fs/cgroup/unified; do
    if [ -e $hierarchy/cgroup.procs ]; then
      mkdir "$hierarchy/$group"
      echo $$ >"$hierarchy/$group/cgroup.procs"
    fi
  done
  exec unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child --propagation private "$0" "$root" "$group" inside
fi
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
cd /mnt/root
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys  # the kernel's settings are this host's
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty dev/
ln -s pts/ptmx dev/ptmx
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
  mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified sys/fs/cgroup/devices
  mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
  mount -t cgroup -o devices cgroup sys/fs/cgroup/devices
  mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
fi
echo fresh >etc/hostname
printf '127.0.0.1 localhost\n192.0.2.1 fresh\n' >>etc/hosts
pivot_root . .
umount -l /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=multi-user.target --show-status=no
