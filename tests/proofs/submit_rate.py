#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cost of job_submit_carbon.so in slurmctld: the rate of submissions with the plugin and without it.

Three slurmctlds of the same configuration take turns on one machine, a few jobs a turn, in an order that goes round, so that what slows
the machine for a while slows all three: one with slurm-carbon as it is shipped; one without it; and one without it where each job has a
begin time of its user's (sbatch --begin), as the plugin gives it. In each round all three restart without jobs, and each has another
of the three parts: how a process' memory happens to lie, and a directory on the disk, is worth a few per cent by itself. All jobs wait:
no node answers. The plugin decides upon each of its jobs (the run fails where it does not), so what its decisions cost slurmctld is
counted in: a begin time, a longer record, the message to the user. carbonctld keeps running, and its requests to slurmctld during a
turn count, too.

The first one's ratio to the second tells what users and slurmctld see of slurm-carbon; to the third, what of it is the plugin's own; and
that of the third to the second, what Slurm itself spends on a job with a begin time. Each by wall time and by the CPU time that slurmctld
needed, all its threads, which other work on the machine disturbs less: the mean of the logarithms of the rounds' ratios without the fifth
at either end (a round that meets writes of the disk takes longer by far), with its 95 % interval (Yuen 1974).

Exit status 1 where the lower end of the first ratio's interval by --by is below --least. Not a test: it wants a quiet machine.

  tests/proofs/submit_rate.py [--rounds 90] [--turns 150] [--jobs 10] [--mode auto] [--by wall] [--least 0.97]"""
import argparse
import itertools
import math
import pwd
import shutil
import signal
import statistics
import subprocess
import sys
import time

from harness.carbon import TRUE_DAY, Carbon
from harness.cluster import Cluster
from harness.paths import build_directory
from harness.processes import Failed
from harness.slurm import SlurmCluster

QUIET = ["SchedulerParameters=defer,sched_interval=600,bf_interval=600", "MaxJobCount=1000000", "SlurmctldDebug=error"]
WITH, WITHOUT, BEGIN = PARTS = "with the plugin", "without it", "without it, with begin times"
LATER = 17 * 3600  # seconds
ORDERS = list(itertools.permutations(PARTS))
FIRST_TURNS = 20  # of each round: they do not count


def t_quantile(share, freedom):
    """Student's t by Cornish and Fisher's expansion."""
    z = statistics.NormalDist().inv_cdf(share)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def cpu_seconds(pid):
    """Of all its threads, those that have ended too: clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)


class Controller:
    """A slurmctld without nodes that answer, of one part a round: what is submitted to it waits."""

    def __init__(self, carbon):
        self.carbon, self.slurm = carbon, carbon.slurm
        self.slurm.daemons.end(f"{self.slurm.name}.slurmctld")  # it restarts each round
        shutil.copy2(build_directory() / "bin" / "submit_burst", carbon.installed)
        self.lines_file = self.slurm.etc / "slurm.conf.carbon"
        self.lines = self.lines_file.read_text()
        self.rounds = 0

    def begin(self, part, mode):
        """Restarts it without jobs, and starts a client that submits to it."""
        # Old files are not deleted: ext4 would then search long for the inode of each new file.
        state = self.slurm.root / "state"
        state.rename(self.slurm.root / f"state.{self.rounds}")
        state.mkdir()
        self.rounds += 1
        self.lines_file.write_text(self.lines if part == WITH else "# none of slurm-carbon\n")
        self.slurm.start_slurmctld()
        if part == WITH:
            self.carbon.start_carbonctld()
        self.part = part
        self.pid = int((self.slurm.root / "run" / "slurmctld.pid").read_text())
        burst = self.carbon.installed / "submit_burst"
        self.client = subprocess.Popen(
            [burst, mode, str(LATER if part == BEGIN else 0)],
            env={"PATH": "/usr/bin:/bin", **self.slurm.environment()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            user=pwd.getpwnam(self.slurm.users[0]).pw_uid,
            cwd="/",
        )

    def turn(self, jobs):
        """Seconds of the wall and of slurmctld's CPU."""
        before = cpu_seconds(self.pid)
        self.client.stdin.write(f"{jobs}\n")
        self.client.stdin.flush()
        said = self.client.stdout.readline()
        if not said:
            raise Failed(f"{self.slurm.name}: submit_burst ended with status {self.client.wait()}")
        return float(said), cpu_seconds(self.pid) - before

    def end(self, submitted):
        """The jobs that were decided upon, and those deferred."""
        self.client.stdin.close()
        if self.client.wait() != 0:
            raise Failed(f"{self.slurm.name}: submit_burst failed")
        # squeue and sacct do not show the AdminComment of a job that waits.
        waiting = [
            line
            for line in self.slurm.run("scontrol", "-o", "show", "job").out.splitlines()
            if "JobState=PENDING" in line
        ]
        if len(waiting) != submitted:
            raise Failed(f"{self.slurm.name}: {len(waiting)} jobs wait instead of {submitted}")
        if self.part == WITH:
            self.carbon.stop_carbonctld()
        self.slurm.daemons.end(
            f"{self.slurm.name}.slurmctld", signal.SIGKILL
        )  # do not wait seconds for it to save a state that is not needed
        return sum("carbon:mode=" in line for line in waiting), sum("planned=" in line for line in waiting)


class Results:
    def __init__(self):
        self.rates = {part: [] for part in PARTS}  # submissions per second, of each round
        self.cpu_rates = {part: [] for part in PARTS}  # per second of slurmctld's CPU
        self.decided = dict.fromkeys(PARTS, 0)
        self.deferred = dict.fromkeys(PARTS, 0)
        self.submitted = 0  # of each part


def play_round(controllers, number, options, results):
    of_part = {part: controllers[(number + k) % len(PARTS)] for k, part in enumerate(PARTS)}
    for part, controller in of_part.items():
        controller.begin(part, options.mode)
    spent = {part: [] for part in PARTS}
    for turn in range(FIRST_TURNS + options.turns):
        for part in ORDERS[(number + turn) % len(ORDERS)]:
            took = of_part[part].turn(options.jobs)
            if turn >= FIRST_TURNS:
                spent[part].append(took)
    submitted = (FIRST_TURNS + options.turns) * options.jobs
    results.submitted += submitted
    for part, controller in of_part.items():
        wall, cpu = (sum(column) for column in zip(*spent[part]))
        results.rates[part].append(options.turns * options.jobs / wall)
        results.cpu_rates[part].append(options.turns * options.jobs / cpu)
        decided, deferred = controller.end(submitted)
        results.decided[part] += decided
        results.deferred[part] += deferred


TRIMMED = 0.2  # of the rounds, at either end


def interval(with_plugin, without):
    """Ratio of paired rates and its 95 % interval: trimmed mean of the logarithms, winsorized deviation."""
    ratios = sorted(math.log(a / b) for a, b in zip(with_plugin, without))
    count, cut = len(ratios), int(TRIMMED * len(ratios))
    kept = ratios[cut : count - cut]
    spread = statistics.stdev([kept[0]] * cut + kept + [kept[-1]] * cut)
    half = t_quantile(0.975, len(kept) - 1) * spread / ((1 - 2 * TRIMMED) * math.sqrt(count))
    mean = statistics.mean(kept)
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def report(results, jobs):
    """Prints all ratios; returns the lower ends of the first one's intervals."""
    for part in PARTS:
        print(
            f"{part + ':':32} median {statistics.median(results.rates[part]):.1f} submissions/s; slurmctld's CPU "
            f"{1e3 / statistics.median(results.cpu_rates[part]):.3f} ms each (median)"
        )
    lows = {}
    for one, other in ((WITH, WITHOUT), (WITH, BEGIN), (BEGIN, WITHOUT)):
        for measure, of in (("wall", results.rates), ("cpu", results.cpu_rates)):
            ratio, low, high = interval(of[one], of[other])
            lows.setdefault(measure, low)
            print(
                f"'{one}' to '{other}' by {measure} time over {len(of[one])} paired rounds of {jobs} jobs: {ratio:.4f}, "
                f"95 % interval {low:.4f} to {high:.4f}",
                flush=True,
            )
    return lows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=90)
    parser.add_argument("--turns", type=int, default=150, help="of each slurmctld in a round")
    parser.add_argument("--jobs", type=int, default=10, help="of each turn")
    parser.add_argument("--mode", default="auto", help="what the jobs ask for (--carbon=MODE)")
    parser.add_argument("--by", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--least", type=float, default=0.97)
    options = parser.parse_args()
    if options.rounds < 2:
        parser.error(f"--rounds {options.rounds}; accepted: 2 or more, an interval needs them")
    with Cluster(name="one", start_nodes=False, extra_lines=QUIET, day_seconds=TRUE_DAY) as cluster:
        cluster.carbon.stop_carbonctld()
        carbons = [cluster.carbon]
        for name in ("two", "three"):
            slurm = SlurmCluster(
                name,
                cluster.accounting,
                cluster.daemons,
                cluster.slurm.partitions,
                cluster.slurm.users,
                extra_lines=QUIET,
            )
            carbons.append(Carbon(slurm, TRUE_DAY, {}, daemon=f"carbonctld.{name}"))
            slurm.write_files()
            carbons[-1].write_files()
            slurm.start(nodes=False)
        controllers, results = [Controller(carbon) for carbon in carbons], Results()
        for number in range(options.rounds):
            play_round(controllers, number, options, results)
            if number % 20 == 19 and number + 1 < options.rounds:
                report(results, options.turns * options.jobs)
        low = report(results, options.turns * options.jobs)[options.by]
        print(
            f"simulated grid; of {results.submitted} jobs with the plugin it decided upon {results.decided[WITH]}, "
            f"{results.deferred[WITH]} were deferred; without it: {results.decided[WITHOUT] + results.decided[BEGIN]}"
        )
        if results.decided[WITH] != results.submitted or results.decided[WITHOUT] or results.decided[BEGIN]:
            print("NOT MEASURED: the plugin did not decide upon all jobs of its part alone")
            return 1
        return 0 if low >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
