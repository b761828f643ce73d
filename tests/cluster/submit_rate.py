#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What job_submit_carbon.so costs slurmctld: the rate at which it takes submissions, with the plugin against without it. Two
slurmctlds of the same configuration, one with slurm-carbon, take turns on one machine: in each round both get the same burst of
jobs, now the one first and now the other. Prints the ratio of the rates, its 95 % interval over the rounds, and the CPU time that
each slurmctld needed. Exit status 1 where the interval's lower end is below --least. Not a test: it wants a quiet machine.

  tests/cluster/submit_rate.py [--rounds 40] [--jobs 150] [--mode auto] [--least 0.97]"""
import argparse
import math
import os
import pathlib
import shutil
import statistics
import sys

from harness.cluster import Cluster
from harness.paths import build_directory
from harness.slurm import SlurmCluster

QUIET = ["SchedulerParameters=defer,sched_interval=600,bf_interval=600", "MinJobAge=2", "SlurmctldDebug=error"]


def t_quantile(share, freedom):
    """Student's t by Cornish and Fisher's expansion."""
    z = statistics.NormalDist().inv_cdf(share)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Side:
    """One slurmctld without nodes that answer: what is submitted waits until it is cancelled."""

    def __init__(self, slurm, burst):
        self.slurm, self.burst = slurm, burst
        self.pid = int((slurm.root / "run" / "slurmctld.pid").read_text())
        self.rates, self.cpu = [], 0.0

    def round(self, jobs, mode):
        before = cpu_seconds(self.pid)
        seconds = float(self.slurm.run(self.burst, jobs, mode, user=self.slurm.users[0]).out)
        self.cpu += cpu_seconds(self.pid) - before
        self.rates.append(jobs / seconds)
        self.slurm.run("scancel", "--user", self.slurm.users[0])


def report(sides, jobs):
    ratios = [math.log(a / b) for a, b in zip(sides["with"].rates, sides["without"].rates)]
    mean, error = statistics.mean(ratios), statistics.stdev(ratios) / math.sqrt(len(ratios))
    half = t_quantile(0.975, len(ratios) - 1) * error
    for name, side in sides.items():
        print(f"{name:8} the plugin: median {statistics.median(side.rates):.1f} submissions/s; slurmctld's CPU "
              f"{1e3 * side.cpu / (jobs * len(side.rates)):.3f} ms each")
    low, high = math.exp(mean - half), math.exp(mean + half)
    print(f"ratio of the rates over {len(ratios)} paired rounds of {jobs} jobs: {math.exp(mean):.4f}, 95 % interval {low:.4f} to {high:.4f}")
    return low


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=150, help="of each burst")
    parser.add_argument("--mode", default="auto", help="what the jobs ask for (--carbon=MODE)")
    parser.add_argument("--least", type=float, default=0.97)
    options = parser.parse_args()
    with Cluster(name="with", start_nodes=False, extra_lines=QUIET, settings={("placement", "expected_share_of_limit"): "0.005"}) as cluster:
        without = SlurmCluster("without", cluster.accounting, cluster.daemons, cluster.slurm.partitions, cluster.slurm.users,
                               extra_lines=QUIET)
        without.write_files()
        without.start(nodes=False)
        burst = cluster.carbon.installed / "submit_burst"
        shutil.copy2(build_directory() / "bin" / "submit_burst", burst)
        sides = {"with": Side(cluster.slurm, burst), "without": Side(without, burst)}
        for side in sides.values():
            side.round(options.jobs, options.mode)  # to warm up
            side.rates, side.cpu = [], 0.0
        for k in range(options.rounds):
            for name in sorted(sides, reverse=k % 2 == 1):
                sides[name].round(options.jobs, options.mode)
        comments = cluster.slurm.run("sacct", "-X", "-n", "-P", "-M", "with", "-a", "-S", "now-10minutes", "-o", "AdminComment").out
        print(f"simulated grid; jobs of the last minutes that the plugin decided upon: {comments.count('carbon:mode')}")
        return 0 if report(sides, options.jobs) >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
