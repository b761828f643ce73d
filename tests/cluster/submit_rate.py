#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What job_submit_carbon.so costs slurmctld: the rate at which it takes submissions, with the plugin against without it.

Three slurmctlds of the same configuration take turns on one machine, a few jobs a turn, in an order that goes round, so that what slows
the machine for a while slows all three: one with slurm-carbon as it is shipped; one without it; and one without it where each job has a
begin time of its user's (sbatch --begin), as the plugin gives it. After each round of turns all is cancelled. All jobs wait: no node
answers. The plugin decides upon each of its jobs (the run fails where it does not), so what its decisions cost slurmctld is counted in: a
begin time, a longer record, the message to the user. carbonctld goes on beside, and what it asks slurmctld in a turn's time counts, too.

The first one's ratio to the second tells what users and slurmctld see of slurm-carbon; to the third, what of it is the plugin's own; and
that of the third to the second, what Slurm itself spends on a job with a begin time. Each by wall time and by the CPU time that slurmctld
needed, all its threads, which other work on the machine disturbs less: the mean of the logarithms of the rounds' ratios without the fifth
at either end (a round that meets a write of the disk takes several times as long), with its 95 % interval (Yuen 1974). The slurmctlds are
restarted every --restart rounds: how a process' memory happens to lie is worth a few per cent by itself.

Exit status 1 where the lower end of the first ratio's interval by --by is below --least. Not a test: it wants a quiet machine.

  tests/cluster/submit_rate.py [--rounds 300] [--turns 20] [--jobs 10] [--restart 20] [--mode auto] [--by wall] [--least 0.97]"""
import argparse
import itertools
import math
import pwd
import shutil
import statistics
import subprocess
import sys
import time

from harness.carbon import TRUE_DAY
from harness.cluster import Cluster
from harness.paths import build_directory
from harness.processes import Failed, wait_until
from harness.slurm import SlurmCluster

# slurmctld forgets no job meanwhile: what the end of one round's jobs costs would fall into another round.
QUIET = ["SchedulerParameters=defer,sched_interval=600,bf_interval=600", "MinJobAge=7200", "MaxJobCount=1000000", "SlurmctldDebug=error"]
WITH, WITHOUT, BEGIN = "with the plugin", "without it", "without it, with begin times"
ORDERS = list(itertools.permutations((WITH, WITHOUT, BEGIN)))


def t_quantile(share, freedom):
    """Student's t by Cornish and Fisher's expansion."""
    z = statistics.NormalDist().inv_cdf(share)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def cpu_seconds(pid):
    """Of all its threads, those that have ended too: clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)


class Side:
    """A client that submits to a slurmctld without nodes that answer: what is submitted waits until it is cancelled."""

    def __init__(self, slurm, burst, mode, later=0):
        self.slurm, self.command = slurm, [burst, mode, str(later)]
        self.rates, self.cpu_rates, self.decided, self.deferred = [], [], 0, 0

    def begin(self):
        """With a slurmctld that has just begun."""
        self.pid = int((self.slurm.root / "run" / "slurmctld.pid").read_text())
        self.client = subprocess.Popen(self.command, env={"PATH": "/usr/bin:/bin", **self.slurm.environment()}, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True, user=pwd.getpwnam(self.slurm.users[0]).pw_uid, cwd="/")

    def end(self):
        self.client.stdin.close()
        if self.client.wait() != 0:
            raise Failed(f"{self.slurm.name}: submit_burst failed")

    def turn(self, jobs):
        """Seconds of the wall and of slurmctld's CPU."""
        before = cpu_seconds(self.pid)
        self.client.stdin.write(f"{jobs}\n")
        self.client.stdin.flush()
        said = self.client.stdout.readline()
        if not said:
            raise Failed(f"{self.slurm.name}: submit_burst ended with status {self.client.wait()}")
        return float(said), cpu_seconds(self.pid) - before

    def cancel(self, jobs, counted):
        # squeue and sacct do not show the AdminComment of a job that waits.
        waiting = [line for line in self.slurm.run("scontrol", "-o", "show", "job").out.splitlines() if "JobState=PENDING" in line]
        if len(waiting) != jobs:
            raise Failed(f"{self.slurm.name}: {len(waiting)} jobs wait instead of {jobs}")
        if counted:
            self.decided += sum("carbon:mode=" in line for line in waiting)
            self.deferred += sum("planned=" in line for line in waiting)
        self.slurm.run("scancel", "--user", self.slurm.users[0])
        wait_until(lambda: not self.slurm.run("squeue", "-h", "-t", "PENDING").out, 30, "empty queue")


def play_round(sides, number, turns, jobs, counted=True):
    spent = {name: [] for name in sides}
    for turn in range(turns):
        for name in ORDERS[(number + turn) % len(ORDERS)]:
            spent[name].append(sides[name].turn(jobs))
    for name, side in sides.items():
        if counted:
            wall, cpu = (sum(column) for column in zip(*spent[name]))
            side.rates.append(turns * jobs / wall)
            side.cpu_rates.append(turns * jobs / cpu)
        side.cancel(turns * jobs, counted)


TRIMMED = 0.2  # of the rounds, at either end


def interval(with_plugin, without):
    """Ratio of paired rates and its 95 % interval: trimmed mean of the logarithms, winsorized deviation."""
    ratios = sorted(math.log(a / b) for a, b in zip(with_plugin, without))
    count, cut = len(ratios), int(TRIMMED * len(ratios))
    kept = ratios[cut:count - cut]
    spread = statistics.stdev([kept[0]] * cut + kept + [kept[-1]] * cut)
    half = t_quantile(0.975, len(kept) - 1) * spread / ((1 - 2 * TRIMMED) * math.sqrt(count))
    mean = statistics.mean(kept)
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def report(sides, jobs):
    """Prints all ratios; returns the lower ends of the first one's intervals."""
    for name, side in sides.items():
        print(f"{name + ':':32} median {statistics.median(side.rates):.1f} submissions/s; slurmctld's CPU "
              f"{1e3 / statistics.median(side.cpu_rates):.3f} ms each (median)")
    lows = {}
    for one, other in ((WITH, WITHOUT), (WITH, BEGIN), (BEGIN, WITHOUT)):
        for measure, of in (("wall", lambda s: s.rates), ("cpu", lambda s: s.cpu_rates)):
            ratio, low, high = interval(of(sides[one]), of(sides[other]))
            lows.setdefault(measure, low)
            print(f"'{one}' to '{other}' by {measure} time over {len(sides[one].rates)} paired rounds of {jobs} jobs: {ratio:.4f}, "
                  f"95 % interval {low:.4f} to {high:.4f}")
    return lows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--turns", type=int, default=20, help="of each slurmctld in a round")
    parser.add_argument("--jobs", type=int, default=10, help="of each turn")
    parser.add_argument("--restart", type=int, default=20, help="rounds between restarts of the slurmctlds")
    parser.add_argument("--mode", default="auto", help="what the jobs ask for (--carbon=MODE)")
    parser.add_argument("--by", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--least", type=float, default=0.97)
    options = parser.parse_args()
    with Cluster(name="with", start_nodes=False, extra_lines=QUIET, day_seconds=TRUE_DAY) as cluster:
        plain = [SlurmCluster(name, cluster.accounting, cluster.daemons, cluster.slurm.partitions, cluster.slurm.users,
                              extra_lines=QUIET) for name in ("without", "begin")]
        for slurm in plain:
            slurm.write_files()
            slurm.start(nodes=False)
        burst = cluster.carbon.installed / "submit_burst"
        shutil.copy2(build_directory() / "bin" / "submit_burst", burst)
        sides = {WITH: Side(cluster.slurm, burst, options.mode), WITHOUT: Side(plain[0], burst, options.mode),
                 BEGIN: Side(plain[1], burst, options.mode, 17 * 3600)}
        each = options.turns * options.jobs
        for first in range(0, options.rounds, options.restart):
            for side in sides.values():
                if first > 0:
                    side.slurm.restart_slurmctld()
                side.begin()
            play_round(sides, 0, options.turns, options.jobs, counted=False)
            for k in range(first, min(first + options.restart, options.rounds)):
                play_round(sides, k, options.turns, options.jobs)
            for side in sides.values():
                side.end()
            print(f"{len(sides[WITH].rates)} rounds", file=sys.stderr, flush=True)
        low = report(sides, each)[options.by]
        submitted, decided = each * options.rounds, sides[WITH].decided
        print(f"simulated grid; of {submitted} jobs with the plugin it decided upon {decided}, {sides[WITH].deferred} were deferred; "
              f"without it: {sides[WITHOUT].decided}")
        if decided != submitted or sides[WITHOUT].decided:
            print("NOT MEASURED: the plugin did not decide upon all jobs of its side alone")
            return 1
        return 0 if low >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
