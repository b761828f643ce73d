# SPDX-License-Identifier: Apache-2.0
"""The Debian packages on a freshly installed Debian with an ordinary Slurm, by the commands of docs/packages.md: installed,
used, removed. Only the GPUs are simulated; their library is not part of the packages."""
import datetime
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness.fresh_debian import FreshDebian
from harness.paths import build_directory, source_directory
from harness.processes import wait_until

SLURM_CONF = """\
ClusterName=campus
SlurmctldHost=fresh
SlurmUser=slurm
AuthType=auth/munge
StateSaveLocation=/var/lib/slurm/slurmctld
SlurmdSpoolDir=/var/lib/slurm/slurmd
SlurmctldLogFile=/var/log/slurm/slurmctld.log
SlurmdLogFile=/var/log/slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SchedulerParameters=sched_interval=1,bf_interval=1
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStorageTRES=gres/gpu
GresTypes=gpu
NodeName=fresh CPUs=2 RealMemory=500 Gres=gpu:2 State=UNKNOWN
PartitionName=gpu Nodes=fresh Default=YES DefaultTime=1 MaxTime=60 State=UP
SlurmdParameters=config_overrides
"""
SLURMDBD_CONF = """\
DbdHost=localhost
SlurmUser=slurm
AuthType=auth/munge
StorageType=accounting_storage/mysql
StorageUser=slurm
StoragePass=loopback
LogFile=/var/log/slurm/slurmdbd.log
"""
DATABASE = "CREATE DATABASE slurm_acct_db; GRANT ALL ON slurm_acct_db.* TO slurm@localhost IDENTIFIED BY 'loopback'"
# An administrator's choices in carbon.conf; times are short, since this test is.
CHOICES = {
    '"mycluster"': '"campus"',
    '#profile_interval = "5min"': 'profile_interval = "500ms"',
    '#publish_interval = "1min"': 'publish_interval = "1s"',
    "#expected_share_of_limit = 1.0": "expected_share_of_limit = 0.05",
}
SITE = """
[[site]]
name = "campus"
zone = "HERE"
partitions = ["gpu"]

  [[site.feed]]
  provider = "csv"
  file = "/srv/grid.csv"
"""
GPU_WATTS = 200
GREEN_FROM = 15  # seconds from now


def commands(section):
    """The sh blocks of a section of docs/packages.md."""
    text = (source_directory() / "docs" / "packages.md").read_text()
    body = re.search(rf"^## {section}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]
    return re.findall(r"^```sh\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)


def intensities():
    """Dirty now, green soon."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    rows = [(-3600, 400), (0, 400), (GREEN_FROM, 100), (GREEN_FROM + 600, 400), (7200, 400)]
    return "datetime,HERE\n" + "".join(
        f"{now + datetime.timedelta(seconds=s):%Y-%m-%dT%H:%M:%SZ},{ci}\n" for s, ci in rows
    )


def why_not():
    """Why no Debian can be booted here; empty where it can."""
    if shutil.which("dh") is None:
        return "no debhelper here"
    tried = subprocess.run(
        [
            "unshare",
            "--mount",
            "--pid",
            "--net",
            "--uts",
            "--ipc",
            "--cgroup",
            "--fork",
            "sh",
            "-c",
            "mount -t tmpfs tmpfs /mnt",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if tried.returncode == 0 else f"no namespaces of a Debian's own here: {tried.stderr.strip()}"


class PackagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if why := why_not():
            raise unittest.SkipTest(why)
        directory = pathlib.Path(tempfile.mkdtemp(prefix="slurm-carbon-"))
        # The build that is tested; its packages come into a directory of this test's own.
        built = subprocess.run(
            [source_directory() / "package", directory / "packages"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "CARBON_PRESET": build_directory().name, "DEB_BUILD_OPTIONS": "noautodbgsym"},
        )
        if built.returncode != 0:
            raise AssertionError(built.stdout + built.stderr)
        cls.debian = FreshDebian(directory, sorted((directory / "packages").glob("*.deb"))).__enter__()
        cls.addClassCleanup(cls.debian.__exit__)
        cls.set_up_site()

    @classmethod
    def set_up_site(cls):
        """Slurm as this site has it, before slurm-carbon."""
        debian = cls.debian
        debian.write("/etc/slurm/slurm.conf", SLURM_CONF)
        debian.write("/etc/slurm/slurmdbd.conf", SLURMDBD_CONF, 0o600, "slurm:slurm")
        debian.write("/etc/slurm/cgroup.conf", "CgroupPlugin=cgroup/v1\n")
        debian.write("/etc/slurm/gres.conf", "NodeName=fresh Name=gpu File=/srv/gpus/nvidia[0-1]\n")
        debian.shell("mkdir /srv/gpus; for k in 0 1; do ln -s /dev/null /srv/gpus/nvidia$k; done")
        debian.shell(f'mariadb -e "{DATABASE}"; systemctl restart slurmdbd')
        wait_until(
            lambda: debian.run("sacctmgr", "-i", "add", "cluster", "campus", check=False).status == 0,
            60,
            lambda: "slurmdbd: " + cls.logs(),
        )
        debian.shell("sacctmgr -i -Q add account research; sacctmgr -i -Q add user games account=research")
        debian.shell("systemctl restart slurmctld slurmd")
        cls.wait_for_node()

    # -- what is asked of the site

    @classmethod
    def wait_for_node(cls):
        wait_until(
            lambda: cls.debian.run("sinfo", "-h", "-o", "%T", check=False).out.strip() == "idle",
            60,
            lambda: "idle node: " + cls.logs(),
        )

    @classmethod
    def logs(cls):
        return cls.debian.shell(
            "sinfo || :; tail -n 8 /var/log/slurm/*.log || :; journalctl --no-pager -n 40", check=False
        ).out

    def sbatch(self, *options, script="sleep 1"):
        said = self.debian.run("sbatch", "--chdir=/tmp", "--parsable", *options, f"--wrap={script}", user="games")
        return said.out.strip(), said.err

    def wait_for_end(self, job):
        def ended():
            rows = self.debian.run(
                "sacct", "-X", "-n", "-P", "-j", job, "-o", "State,Submit,Eligible,Start,End"
            ).out.splitlines()
            return rows and "Unknown" not in rows[0] and rows[0].split("|")

        state, *row = wait_until(
            ended, 120, lambda: f"end of job {job}: " + self.debian.run("scontrol", "show", "job", job, check=False).out
        )
        self.assertEqual(state, "COMPLETED")
        return [datetime.datetime.fromisoformat(at) for at in row]

    def files(self):
        """Each file of the system and what it is, less what runs and what was logged."""
        return set(
            self.debian.shell(
                "find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /srv -o -path /root -o -path /var/log "
                "-o -path /var/cache -o -path /var/tmp -o -path /var/lib/mysql -o -path /var/lib/slurm -o -path /var/lib/dpkg -o -path /var/lib/apt "
                "-o -path /var/lib/systemd -o -path /var/lib/munge -o -path /mnt \\) -prune -o ! -type d -printf '%p %m %U:%G %s %l\\n' -o -printf '%p %m %U:%G\\n'"
            ).out.splitlines()
        )

    def status_of(self, unit):
        """What the kernel knows of a daemon's rights."""
        pid = self.debian.run("systemctl", "show", "-P", "MainPID", unit).out.strip()
        return dict(re.findall(r"^(\w+):\s+(.*)$", self.debian.run("cat", f"/proc/{pid}/status").out, re.MULTILINE))

    def run(self, result=None):
        problems = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > problems:
            print(self.logs(), file=sys.stderr)

    # -- one administrator's day

    def test_installed_used_and_removed(self):
        job, _ = self.sbatch("--gres=gpu:1")
        self.wait_for_end(job)
        before = self.files()
        self.install()
        self.use()
        self.daemons_have_no_more_rights_than_they_need()
        self.change_the_configuration()
        self.configless()
        self.remove(before)

    def install(self):
        controller, node, include, restart_controller, restart_node = commands("Install")
        self.debian.shell("cd /srv\n" + controller)
        self.debian.shell("cd /srv\n" + node)
        # Nothing changes before the lines are added, but that sbatch has more options.
        self.assertEqual(self.debian.run("systemctl", "is-active", "carbonctld", check=False).out.strip(), "inactive")
        job, _ = self.sbatch("--gres=gpu:1")
        self.wait_for_end(job)
        conf = self.debian.path("/etc/slurm/carbon.conf").read_text()
        for shipped, ours in CHOICES.items():
            self.assertEqual(conf.count(shipped), 1, shipped)
            conf = conf.replace(shipped, ours)
        self.debian.write("/etc/slurm/carbon.conf", conf[: conf.index("\n[[site]]")] + SITE)
        self.debian.write("/srv/grid.csv", intensities())
        self.simulate_gpus()
        self.debian.shell(include)
        self.debian.shell(restart_controller)
        self.debian.shell(restart_node)
        self.wait_for_node()

    def simulate_gpus(self):
        shutil.copytree(build_directory() / "lib" / "fakes", self.debian.path("/srv/fakes"), symlinks=True)
        self.debian.write(
            "/srv/fakes/gpus",
            "".join(f"gpu uuid=GPU-SIMULATED-{k} minor={k} curve=constant:{GPU_WATTS}\n" for k in (0, 1)),
        )
        self.debian.write(
            "/etc/systemd/system/carbond.service.d/simulated.conf",
            "[Service]\nEnvironment=LD_LIBRARY_PATH=/srv/fakes CARBON_FAKE_NVML=/srv/fakes/gpus\n",
        )
        self.debian.run("systemctl", "daemon-reload")

    def use(self):
        """A job is deferred, and its energy and emission stand in Slurm's accounting."""

        def submitted():
            job, said = self.sbatch("--gres=gpu:1", "--carbon=defer", "--carbon-max-delay=2", script="sleep 3")
            if "carbon: deferred to" in said:
                return job, said
            self.debian.run("scancel", job)
            self.debian.write("/srv/grid.csv", intensities())
            return None

        self.debian.write("/srv/grid.csv", intensities())
        job, said = wait_until(submitted, 60, lambda: "deferral: " + self.logs(), pause=3)
        self.assertIn("instead of", said)
        submit, eligible, start, _ = self.wait_for_end(job)
        self.assertGreater(eligible, submit)
        self.assertGreaterEqual(start, eligible)
        self.assertIn("sim=1", self.accounted(job))
        row = self.debian.run(
            "scarbon", "jobs", "-n", "-X", "-j", job, "-o", "JobID,EnergyKWh,Method", user="games"
        ).out.split()
        self.assertEqual(row[::2], [job, "counter(sim)"])

    def accounted(self, job):
        """slurm-carbon's part of a job's record in Slurm's accounting; its energy is what its GPU drew."""
        _, _, start, end = self.wait_for_end(job)

        def written():
            comment = self.debian.run("sacct", "-X", "-n", "-P", "-j", job, "-o", "AdminComment").out
            return comment if "kwh=" in comment and "coverage" not in comment else None

        comment = wait_until(written, 60, lambda: f"energy of job {job}: " + self.logs())
        kwh = float(re.search(r"kwh=([0-9.e-]+)", comment)[1])
        self.assertAlmostEqual(
            kwh * 3.6e6 / GPU_WATTS, (end - start).total_seconds(), delta=1.5
        )  # Slurm says whole seconds
        return comment

    def configless(self):
        """slurmd fetches its configuration from slurmctld, with the lines of the example."""
        debian = self.debian
        with_include, options = (
            debian.path("/etc/slurm/slurm.conf").read_text(),
            debian.path("/etc/default/slurmd").read_text(),
        )
        example = (source_directory() / "slurm_conf" / "examples" / "slurm.conf.configless").read_text()
        debian.write("/etc/slurm/slurm.conf", SLURM_CONF + example)
        debian.write("/etc/default/slurmd", 'SLURMD_OPTIONS="--conf-server fresh"\n')
        debian.run("systemctl", "restart", "slurmctld", "slurmd")
        self.wait_for_node()
        self.assertTrue(debian.path("/var/lib/slurm/slurmd/conf-cache/slurm.conf.carbon").exists())
        self.accounted(self.sbatch("--gres=gpu:1")[0])
        debian.write("/etc/slurm/slurm.conf", with_include)
        debian.write("/etc/default/slurmd", options)
        debian.run("systemctl", "restart", "slurmctld", "slurmd")
        self.wait_for_node()

    def change_the_configuration(self):
        """A wrong file is refused, with its reason in the journal as an error; the daemons go on, the same processes."""
        conf = self.debian.path("/etc/slurm/carbon.conf").read_text()
        for unit, reload in zip(("carbonctld", "carbond"), commands("Change the configuration")):
            pid = self.debian.run("systemctl", "show", "-P", "MainPID", unit).out
            self.debian.write("/etc/slurm/carbon.conf", conf.replace('name = "campus"', "name = 1"))
            self.debian.shell(reload)
            wait_until(lambda u=unit: "name in [[site]] = 1; accepted:" in self.journal(u, "-p", "err"), 30, self.logs)
            self.debian.write("/etc/slurm/carbon.conf", conf)
            self.debian.shell(reload)
            wait_until(lambda u=unit: "reloaded " in self.journal(u), 30, self.logs)
            self.assertEqual(self.debian.run("systemctl", "show", "-P", "MainPID", unit).out, pid)
            self.assertEqual(self.debian.run("systemctl", "is-active", unit).out.strip(), "active")

    def journal(self, unit, *options):
        return self.debian.run("journalctl", "--no-pager", "-u", unit, *options).out

    def daemons_have_no_more_rights_than_they_need(self):
        uids = {"carbond": "0", "carbonctld": self.debian.run("id", "-u", "slurm").out.strip()}
        for unit, uid in uids.items():
            status = self.status_of(unit)
            self.assertEqual(status["Uid"].split(), [uid] * 4, unit)
            # slurmd -G drops its supplementary groups.
            setgid = 1 << 6 if unit == "carbond" else 0
            rights = [int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")]
            self.assertEqual(rights, [setgid, setgid, setgid, 0], unit)
            self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"), unit)
        modes = self.debian.run(
            "stat",
            "-c",
            "%a %U",
            "/var/lib/slurm-carbon",
            "/var/lib/slurm-carbon/ledger.sqlite",
            "/var/lib/slurm-carbon/snapshot",
            "/var/spool/slurm-carbon",
        ).out.splitlines()
        self.assertEqual(modes, ["755 slurm", "600 slurm", "644 slurm", "700 root"])

    def remove(self, before):
        refused = self.debian.run("apt-get", "-y", "remove", "slurm-carbon-controller", check=False)
        self.assertNotEqual(refused.status, 0)
        lines = (source_directory() / "slurm_conf" / "slurm.conf.carbon").read_text().splitlines()
        number = lines.index("JobSubmitPlugins=carbon") + 1
        self.assertIn(
            f"/etc/slurm/slurm.conf.carbon:{number}: JobSubmitPlugins contains carbon", refused.out + refused.err
        )
        self.assertEqual(self.debian.run("systemctl", "is-active", "carbonctld").out.strip(), "active")
        self.debian.run("systemctl", "restart", "slurmctld")
        self.wait_for_node()
        (removal,) = commands("Remove")
        # The SPANK plugin's line is "optional": without its file jobs run as well.
        self.debian.shell(removal.replace("apt-get purge", "apt-get remove").split("rm -f")[0])
        self.wait_for_node()
        job, _ = self.sbatch("--gres=gpu:1")
        self.wait_for_end(job)
        self.debian.shell("rm -r /etc/systemd/system/carbond.service.d")
        self.debian.shell(removal)
        self.debian.run("apt-get", "-y", "autoremove", "--purge")
        self.wait_for_node()
        job, _ = self.sbatch("--gres=gpu:1")
        self.wait_for_end(job)
        self.assertNotIn("--carbon", self.debian.run("sbatch", "--help").out)
        self.assertEqual(self.debian.path("/etc/slurm/slurm.conf").read_text(), SLURM_CONF)
        left = {line.split()[0] for line in self.files() - before}
        self.assertEqual({path for path in left if not path.startswith("/var/lib/slurm-carbon")}, set())
        self.assertIn("/var/lib/slurm-carbon/ledger.sqlite", left)
        self.assertEqual(before - self.files(), set())


if __name__ == "__main__":
    unittest.main()
