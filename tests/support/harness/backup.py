# SPDX-License-Identifier: Apache-2.0
"""A cluster whose slurmctld has a backup, with a carbonctld on each host. Both controllers run on this machine, in namespaces of
their own with different host names and a hosts file that has both."""
import re
import shutil
import subprocess
import unittest

from .carbon import Carbon
from .cluster import Cluster
from .ports import free_ports, listening
from .processes import Failed, wait_until
from .slurm import SlurmCluster

HOSTS = {"ctl1": "127.0.0.1", "ctl2": "127.0.0.2"}  # the primary and its backup; one port
AS_HOST = 'mount --bind "$0" /etc/hosts && hostname "$1" && shift && exec "$@"'


def on_host(hosts_file, host, argv):
    return ["unshare", "--uts", "--mount", "sh", "-c", AS_HOST, hosts_file, host, *argv]


def why_not(directory):
    """Why this machine cannot stand for two hosts; empty where it can."""
    hosts_file = directory / "hosts"
    hosts_file.write_text("127.0.0.1 localhost\n" + "".join(f"{address} {host}\n" for host, address in HOSTS.items()))
    tried = subprocess.run(
        on_host(hosts_file, "ctl2", ["getent", "hosts", "ctl2"]), capture_output=True, text=True, check=False
    )
    return "" if tried.returncode == 0 else f"no namespaces of host name and mounts here: {tried.stderr.strip()}"


class SlurmWithBackup(SlurmCluster):
    """`directories`: host -> of its copy of the configuration; the primary's is the one that all others use."""

    def slurm_conf(self):
        text = re.sub(
            "^SlurmctldHost=.*$",
            "\n".join(f"SlurmctldHost={h}({a})" for h, a in HOSTS.items()),
            super().slurm_conf(),
            flags=re.MULTILINE,
        )
        if "CommunicationParameters" not in text:
            text = "CommunicationParameters=NoCtldInAddrAny\n" + text
        return text + "DebugFlags=NO_CONF_HASH\n"

    def etc_of(self, host):
        return self.etc if host == "ctl1" else self.root / f"etc.{host}"

    def start_slurmctld(self):
        """Starts both; the second is the standby. From 26.05 on it takes over only what the primary has saved once: as it ends, or in
        five minutes."""
        shutil.copytree(self.etc, self.etc_of("ctl2"))
        conf = self.etc_of("ctl2") / "slurm.conf"
        conf.write_text(
            conf.read_text()
            .replace("/run/slurmctld.pid", "/run/slurmctld.ctl2.pid")
            .replace("/log/slurmctld.log", "/log/slurmctld.ctl2.log")
        )
        self.start_controller("ctl1")
        wait_until(lambda: self.run("sinfo", check=False).status == 0, 30, "answer of slurmctld")
        self.daemons.end("slurmctld.ctl1")
        for host in HOSTS:
            self.start_controller(host)
        wait_until(lambda: self.run("scontrol", "ping", check=False).status == 0, 30, "answer of slurmctld")

    def start_controller(self, host):
        self.daemons.start(
            f"slurmctld.{host}",
            on_host(self.root.parent / "hosts", host, ["/usr/sbin/slurmctld", "-D"]),
            self.root / "log" / f"slurmctld.{host}.out",
            lambda: listening(self.port, HOSTS[host]),
            env={
                "SLURM_CONF": str(self.etc_of(host) / "slurm.conf"),
                "SLURM_CARBON_SNAPSHOT": str(self.state_of(host) / "snapshot"),
            },
        )

    def state_of(self, host):
        """carbonctld's state directory."""
        return self.root / "carbon" / ("controller" if host == "ctl1" else f"controller.{host}")

    def fail_over(self):
        """The primary is gone in the middle of its work; the backup takes its place."""
        self.daemons.end("slurmctld.ctl1", 9)
        self.run("scontrol", "takeover", "1")
        wait_until(
            lambda: "ctl2 is UP" in self.run("scontrol", "ping", check=False).out
            and self.run("squeue", "-h", check=False).status == 0,
            60,
            lambda: "control by the backup: " + self.run("scontrol", "ping", check=False).out,
        )
        if self.release() == "26.05":  # its backup tells slurmdbd of no job until then
            self.run("scontrol", "reconfigure")


class CarbonWithBackup(Carbon):
    def start_carbonctld(self):
        etc, port = self.slurm.etc_of("ctl2"), free_ports(1)[0]
        conf = (self.slurm.etc / "carbon.conf").read_text()
        for ours, others in (
            (f"port = {self.port}", f"port = {port}"),
            (f'"{self.state}"', f'"{self.slurm.state_of("ctl2")}"'),
        ):
            if conf.count(ours) != 1:
                raise Failed(f"carbon.conf: {conf.count(ours)} times {ours}")
            conf = conf.replace(ours, others)
        (etc / "carbon.conf").write_text(conf)
        for host, at in (("ctl1", self.port), ("ctl2", port)):
            own = self.slurm.etc_of(host)
            self.slurm.daemons.start(
                f"carbonctld.{host}",
                on_host(
                    self.slurm.root.parent / "hosts", host, [self.bin / "carbonctld", "--config", own / "carbon.conf"]
                ),
                self.slurm.root / "log" / f"carbonctld.{host}.log",
                lambda h=host, p=at: listening(p) and (self.slurm.state_of(h) / "snapshot").exists(),
                env={"SLURM_CONF": str(own / "slurm.conf")},
            )

    def log_of(self, host):
        return (self.slurm.root / "log" / f"carbonctld.{host}.log").read_text(errors="replace")


class ClusterWithBackup(Cluster):
    slurm_class, carbon_class = SlurmWithBackup, CarbonWithBackup

    def __enter__(self):
        why = why_not(self.root)
        if why:
            self.daemons.close()
            raise unittest.SkipTest(why)
        return super().__enter__()
