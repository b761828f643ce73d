# SPDX-License-Identifier: Apache-2.0
"""A fresh Debian with Slurm's packages and systemd, for tests of installations: made once by debootstrap, booted for each test."""
import contextlib
import hashlib
import os
import pathlib
import shutil
import subprocess
import time

from .paths import source_directory
from .processes import Daemons, Failed, tail, wait_until
from .slurm import Output

# An ordinary Slurm site on one host.
PACKAGES = [
    "systemd-sysv",
    "dbus",
    "munge",
    "mariadb-server",
    "slurmdbd",
    "slurmctld",
    "slurmd",
    "slurm-client",
    "iproute2",
]
BARE = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/root",
    "DEBIAN_FRONTEND": "noninteractive",
}
HIERARCHIES = ("", "systemd", "devices", "unified")


def checked(argv, log, **options):
    with open(log, "ab") as out:
        done = subprocess.run(argv, stdout=out, stderr=subprocess.STDOUT, check=False, **options)
    if done.returncode != 0:
        raise Failed(
            f"{' '.join(map(str, argv))}: status {done.returncode}; {log}:\n"
            + pathlib.Path(log).read_text(errors="replace")[-2000:]
        )


def fresh_root():
    """The directory of a Debian, of this host's release, with PACKAGES; nothing runs in it, and nothing of it is changed later but
    its cache of packages."""
    home = (
        source_directory() / "build" / ("fresh-debian-" + hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:8])
    )
    root, log = home / "root", home / "log"
    if (home / "made").exists():
        return root
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    checked(
        ["bash", "-euc", '. .ci/other_slurm.sh; make_root "$(. /etc/os-release; echo "$VERSION_CODENAME")" "$0"', root],
        log,
        cwd=source_directory(),
    )
    (root / "etc" / "dpkg" / "dpkg.cfg.d" / "fast").write_text("force-unsafe-io\n")
    checked(["chroot", root, "apt-get", "-q", "update"], log, env=BARE)
    checked(["chroot", root, "apt-get", "-q", "-y", "--no-install-recommends", "install", *PACKAGES], log, env=BARE)
    (home / "made").touch()
    return root


class FreshDebian:
    """`with FreshDebian(packages) as debian:` booted; `packages`: .deb files that lie in /srv there, and all that they need can be
    installed without a network."""

    def __init__(self, directory, packages):
        self.directory = pathlib.Path(directory)
        self.root = fresh_root()
        self.packages = [pathlib.Path(p) for p in packages]
        self.group = f"slurm-carbon-{os.getpid()}"
        self.daemons = Daemons(self.directory)
        self.pid = None

    def __enter__(self):
        self._download()
        try:
            unshare = self.daemons.start(
                "systemd",
                [pathlib.Path(__file__).with_name("boot_debian.sh"), self.root, self.group],
                self.directory / "boot.log",
                lambda: True,
            )
            self.pid = wait_until(
                lambda: self._init_of(unshare), 20, lambda: "systemd:\n" + tail(self.directory / "boot.log")
            )
            wait_until(
                lambda: self.run("systemctl", "is-system-running", check=False).out.strip() in ("running", "degraded"),
                60,
                lambda: "booted Debian: " + self.run("systemctl", "list-jobs", check=False).out,
            )
            self.run("ip", "address", "add", "192.0.2.1/32", "dev", "lo")  # with 127.0.0.1 alone no name is resolved
            self.path("/usr/sbin/policy-rc.d").unlink()
            for package in self.packages:
                shutil.copy2(package, self.path("/srv"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Failed):
            self.daemons.end("systemd", 9)
        self.daemons.close()
        for hierarchy in HIERARCHIES:
            self._remove_group(pathlib.Path("/sys/fs/cgroup") / hierarchy / self.group)

    @staticmethod
    def _init_of(unshare):
        for pid in pathlib.Path(f"/proc/{unshare}/task/{unshare}/children").read_text().split():
            if pathlib.Path(f"/proc/{pid}/comm").read_text() == "systemd\n":
                return pid
        return None

    def _download(self):
        for package in self.packages:
            shutil.copy2(package, self.root / "srv")
        names = [f"/srv/{package.name}" for package in self.packages]
        try:
            checked(
                ["chroot", self.root, "apt-get", "-q", "-y", "--download-only", "install", *names],
                self.directory / "download.log",
                env=BARE,
            )
        finally:
            for name in names:
                (self.root / name[1:]).unlink()

    @staticmethod
    def _remove_group(group):
        """Empty once its processes have ended, which takes a moment."""
        deadline = time.monotonic() + 10
        while group.exists() and time.monotonic() < deadline:
            for directory, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(directory)
            time.sleep(0.05)

    # -- what is done there

    def path(self, path):
        """Where this process finds a file of that Debian."""
        return pathlib.Path(f"/proc/{self.pid}/root{path}")

    def run(self, *argv, check=True, user=None, seconds=120):
        """A command there, as root or as an ordinary user."""
        as_user = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] if user else []
        done = subprocess.run(
            ["nsenter", "--target", self.pid, "--all", "--root", "--wd", "--", *as_user, *map(str, argv)],
            env=BARE,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        if check and done.returncode != 0:
            raise Failed(f"{' '.join(map(str, argv))}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return Output(done.returncode, done.stdout, done.stderr)

    def shell(self, text, check=True, user=None):
        return self.run("bash", "-ec", text, check=check, user=user)

    def write(self, path, text, mode=0o644, owner=None):
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        if owner:
            self.run("chown", owner, path)
