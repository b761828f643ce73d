# SPDX-License-Identifier: Apache-2.0
"""One Slurm cluster on loopback: slurmctld, a slurmd per node, two partitions as sites, ordinary users; and its commands."""
import dataclasses
import os
import pwd
import re
import signal
import subprocess

from .ports import free_ports, listening
from .processes import Failed, wait_until

# What depends on the version and the build of Slurm: Debian 12's 22.05.8.
PLUGIN_DIR = "/usr/lib/x86_64-linux-gnu/slurm-wlm"
VERSION_LINES = """\
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
CredType=cred/munge
SlurmdParameters=config_overrides
"""
# Nothing here uses cgroups. Left to detect their version, slurmd fails where none are mounted; v1 looks for them when asked to.
CGROUP_LINES = "CgroupPlugin=cgroup/v1\n"
FINISHED = (
    "BOOT_FAIL",
    "CANCELLED",
    "COMPLETED",
    "DEADLINE",
    "FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "PREEMPTED",
    "TIMEOUT",
)


@dataclasses.dataclass
class Gpus:
    """A node's GPUs. `gres`: in slurm.conf. `lines`: of gres.conf, {dev} is the directory of the device files. `minors`: of the
    driver's GPUs, in its order. `positions`: Slurm's list, each a minor, or a MIG instance as a minor and its number there.
    `mig`: minor -> compute slices of its instances."""

    gres: str
    lines: tuple
    minors: tuple
    positions: tuple
    mig: dict = dataclasses.field(default_factory=dict)
    alike: bool = False  # all draw the same power

    @classmethod
    def mixed(cls, count):
        """In no two orders the same: with four, Slurm's positions 0 to 3 have minors 5, 6, 1 and 2, and the driver has 6, 5, 2, 1."""
        half = (count + 1) // 2
        upper, lower = range(count + 1, count + 1 + half), range(1, 1 + count - half)
        lines = [f"File={{dev}}/nvidia[{','.join(map(str, minors))}]" for minors in (upper, lower) if minors]
        positions = (*upper, *lower)
        return cls(f"gpu:{count}", tuple(lines), tuple(sorted(positions, reverse=True)), positions)

    def share(self, position):
        """Of its GPU."""
        if isinstance(position, int):
            return 1
        minor, instance = position
        return self.mig[minor][instance] / 7

    def capabilities(self, minor, instance):
        """The numbers of the two files of a MIG instance: of the GPU instance, and of the compute instance in it."""
        first = 100 * minor + 9 * instance + 3
        return first, first + 1


@dataclasses.dataclass
class Node:
    name: str
    partition: str
    port: int
    devices: Gpus

    @property
    def gpus(self):
        return len(self.devices.minors)


@dataclasses.dataclass
class Output:
    """What a command said."""

    status: int
    out: str
    err: str


class SlurmCluster:
    """`partitions`: name -> number of nodes; the first one is the default. `users`: ordinary accounts of the machine.
    `shared_partition`: the name of one more, which has all nodes; each has the name of its other partition as a feature.
    `accounting`: further arguments of sacctmgr before slurmctld starts. `node_prefix`: the nodes' name, before a number; else
    that of their partition. `site_script`: with a script as Prolog and Epilog, which does nothing yet. `gpus`: of a node;
    `layouts`: name of a node -> its Gpus, in place of that many."""

    def __init__(
        self,
        name,
        accounting,
        daemons,
        partitions,
        users,
        gpus=4,
        extra_lines=(),
        shared_partition=None,
        accounting_changes=(),
        node_prefix=None,
        site_script=False,
        layouts=None,
    ):
        self.name = name
        self.accounting = accounting
        self.daemons = daemons
        self.users = list(users)
        self.extra_lines = list(extra_lines)
        self.shared_partition = shared_partition
        self.accounting_changes = list(accounting_changes)
        self.slurmctld_environment = {}
        self.partitions = dict(partitions)
        self.root = accounting.root / name
        self.etc = self.root / "etc"
        self.conf = self.etc / "slurm.conf"
        self.site_script = self.etc / "site_script" if site_script else None
        if self.site_script:
            self.extra_lines += [f"Prolog={self.site_script}", f"Epilog={self.site_script}"]
        ports = iter(free_ports(1 + sum(self.partitions.values())))
        self.port = next(ports)
        self.nodes = [
            Node(
                f"{node_prefix or partition}{k + 1}",
                partition,
                next(ports),
                (layouts or {}).get(f"{node_prefix or partition}{k + 1}") or Gpus.mixed(gpus),
            )
            for partition, count in self.partitions.items()
            for k in range(count)
        ]

    def environment(self):
        return {"SLURM_CONF": str(self.conf)}

    # -- configuration

    def slurm_conf(self):
        shared = self.accounting
        lines = [
            f"ClusterName={self.name}",
            f"SlurmctldHost=localhost({shared.address})",
            f"SlurmctldPort={self.port}",
            "SlurmUser=root",
            "SlurmdUser=root",
            "AuthType=auth/munge",
            f"AuthInfo=socket={shared.munge_socket}",
            f"StateSaveLocation={self.root}/state",
            f"SlurmdSpoolDir={self.root}/spool/%n",
            f"SlurmctldPidFile={self.root}/run/slurmctld.pid",
            f"SlurmdPidFile={self.root}/run/%n.pid",
            f"SlurmctldLogFile={self.root}/log/slurmctld.log",
            f"SlurmdLogFile={self.root}/log/%n.log",
            *shared.listen_on_loopback,
            "SlurmctldDebug=verbose",
            "SlurmdDebug=verbose",
            VERSION_LINES.rstrip(),
            "ReturnToService=2",
            "KillWait=2",
            "MinJobAge=600",
            "InactiveLimit=0",
            # Defaults look for jobs whose begin time came once a minute; here a day passes in that time.
            "SchedulerType=sched/backfill",
            "SchedulerParameters=sched_interval=1,bf_interval=1",
            "AccountingStorageType=accounting_storage/slurmdbd",
            f"AccountingStorageHost={shared.address}",
            f"AccountingStoragePort={shared.dbd_port}",
            f"AccountingStoragePass={shared.munge_socket}",
            "AccountingStorageEnforce=associations",
            "AccountingStorageTRES=gres/gpu",
            "JobAcctGatherFrequency=30",
            "GresTypes=gpu",
        ]
        lines += [
            f"NodeName={n.name} NodeHostname=localhost NodeAddr={shared.address} Port={n.port} CPUs=8 RealMemory=4096 "
            f"Gres={n.devices.gres} Feature={n.partition} State=UNKNOWN"
            for n in self.nodes
        ]
        for k, partition in enumerate(self.partitions):
            nodes = ",".join(n.name for n in self.nodes if n.partition == partition)
            lines.append(
                f"PartitionName={partition} Nodes={nodes} Default={'NO' if k else 'YES'} DefaultTime=1 MaxTime=60 State=UP"
            )
        if self.shared_partition:
            lines.append(f"PartitionName={self.shared_partition} Nodes=ALL DefaultTime=1 MaxTime=60 State=UP")
        return "\n".join(lines + self.extra_lines) + "\n"

    def write_files(self):
        for directory in ("etc", "state", "spool", "run", "log", "dev"):
            (self.root / directory).mkdir(parents=True)
        self.conf.write_text(self.slurm_conf())
        if self.site_script:
            self.site_script.write_text("#!/bin/sh\n")
            self.site_script.chmod(0o755)
        # The null device does no harm under any name. More files than there are GPUs: what is not listed is there, too.
        gres = ["AutoDetect=off"]
        for node in self.nodes:
            devices = self.root / "dev" / node.name
            (devices / "nvidia-caps").mkdir(parents=True)
            for k in range(max(node.devices.minors, default=0) + 2):
                (devices / f"nvidia{k}").symlink_to("/dev/null")
            for minor, slices in node.devices.mig.items():
                for instance in range(len(slices)):
                    for number in node.devices.capabilities(minor, instance):
                        (devices / "nvidia-caps" / f"nvidia-cap{number}").symlink_to("/dev/null")
            gres += [f"NodeName={node.name} Name=gpu {line.format(dev=devices)}" for line in node.devices.lines]
        (self.etc / "gres.conf").write_text("\n".join(gres) + "\n")
        (self.etc / "cgroup.conf").write_text(CGROUP_LINES)

    # -- start

    def start(self, nodes=True):
        manage = ["sacctmgr", "-i", "-Q"]
        self.run(*manage, "add", "cluster", self.name)
        self.run(*manage, "add", "account", "research", f"cluster={self.name}")
        self.run(*manage, "add", "user", ",".join(self.users), "account=research", f"cluster={self.name}")
        for change in self.accounting_changes:
            self.run(*manage, *change, f"cluster={self.name}")
        self.start_slurmctld()
        if not nodes:
            return
        for node in self.nodes:
            self.start_slurmd(node)
        # A registration that is lost is asked for again after a third of SlurmdTimeout.
        wait_until(
            lambda: set(self.run("sinfo", "-N", "-h", "-o", "%T").out.split()) == {"idle"},
            130,
            lambda: "idle nodes: " + self.run("sinfo", "-N", "-l").out,
        )

    def start_slurmctld(self):
        self.daemons.start(
            f"{self.name}.slurmctld",
            ["/usr/sbin/slurmctld", "-D"],
            self.root / "log" / "slurmctld.out",
            lambda: listening(self.port, self.accounting.address)
            and self.run("scontrol", "ping", check=False).status == 0,
            env={**self.environment(), **self.slurmctld_environment},
        )

    def restart_slurmctld(self, signal_number=signal.SIGTERM):
        self.daemons.end(f"{self.name}.slurmctld", signal_number)
        self.start_slurmctld()

    def start_slurmd(self, node):
        (self.root / "spool" / node.name).mkdir(exist_ok=True)
        self.daemons.start(
            f"{self.name}.{node.name}",
            ["/usr/sbin/slurmd", "-D", "-N", node.name],
            self.root / "log" / f"{node.name}.out",
            lambda: listening(node.port, self.accounting.address),
            env=self.environment(),
        )

    # -- its commands

    def home(self, user):
        home = self.accounting.root / "home" / user
        if not home.exists():
            home.mkdir(parents=True)
            account = pwd.getpwnam(user)
            home.chmod(0o755)
            os.chown(home, account.pw_uid, account.pw_gid)
        return home

    def run(self, *argv, user=None, check=True, env=None, seconds=120):
        """A command as root, or as an ordinary user in his home."""
        variables = {
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            **self.environment(),
            **(env or {}),
        }
        identity, directory = {}, self.accounting.root
        if user is not None:
            account = pwd.getpwnam(user)
            identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            directory = self.home(user)
            variables |= {"HOME": str(directory), "USER": user, "LOGNAME": user}
        done = subprocess.run(
            [str(a) for a in argv],
            env=variables,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            **identity,
        )
        if check and done.returncode != 0:
            raise Failed(f"{' '.join(map(str, argv))}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return Output(done.returncode, done.stdout, done.stderr)

    def release(self):
        """Slurm's, such as "22.05"."""
        return self.run("sinfo", "--version").out.split()[-1][:5]

    def sbatch(self, *options, script, user=None, check=True):
        """Submits `script`; returns the job id and what sbatch said to the user."""
        said = self.run("sbatch", "--parsable", *options, f"--wrap={script}", user=user or self.users[0], check=check)
        return (int(said.out.split(";")[0]) if said.status == 0 else None), said

    def job(self, job_id):
        """scontrol's view of a job that this slurmctld still knows: key -> value. Values with blanks are cut at the first one,
        save AdminComment and Comment, which have a line of their own."""
        text = self.run("scontrol", "--all", "--local", "show", "job", job_id).out
        fields = dict(re.findall(r"(\S+?)=(\S*)", text))
        for key in ("AdminComment", "Comment"):
            line = re.search(rf"^\s+{key}=(.*?)\s*$", text, re.MULTILINE)
            fields[key] = line.group(1) if line else ""
        return fields

    def positions(self, job_id):
        """Node -> the positions, in Slurm's list of its GPUs, that the running job has there."""
        text = self.run("scontrol", "--all", "--local", "--details", "show", "job", job_id).out
        out = {}
        for name, lists in re.findall(r"^\s+Nodes=(\S+) .*?GRES=(\S*)", text, re.MULTILINE):
            ranges = [
                r.split("-") for found in re.findall(r"gpu\S*?\(IDX:([\d,-]+)\)", lists) for r in found.split(",")
            ]
            found = [k for r in ranges for k in range(int(r[0]), int(r[-1]) + 1)]
            for node in self.run("scontrol", "show", "hostnames", name).out.split():
                out[node] = found
        return out

    def wait_for_state(self, job_id, states, seconds=60):
        def reached():
            job = self.job(job_id)
            if job["JobState"] in states:
                return job
            if job["JobState"] in FINISHED:
                raise Failed(f"job {job_id} ended in state {job['JobState']} instead of {', '.join(states)}")
            return None

        return wait_until(reached, seconds, lambda: f"job {job_id} in {', '.join(states)}: {self.job(job_id)}")

    def wait_for_end(self, job_id, seconds=60):
        return self.wait_for_state(job_id, FINISHED, seconds)

    def sacct(self, job_id, *fields):
        """Slurm's accounting record of the job itself (no steps): a list of rows, each a list of the asked fields."""
        rows = self.run("sacct", "-X", "-P", "-n", "-D", "-j", job_id, "-o", ",".join(fields)).out.splitlines()
        return [row.split("|") for row in rows]
