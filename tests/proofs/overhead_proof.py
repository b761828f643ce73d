#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Overhead of slurm-carbon per job, measured on four clusters that run at the same time:

  with       slurm-carbon as it is shipped: marks by spank_carbon.so's hooks
  scripts    the site's own Prolog and Epilog write the marks (carbon_mark)
  without    no slurm-carbon
  idle       no slurm-carbon, but a SPANK plugin whose prolog and epilog do nothing: Slurm's own cost of such hooks

All have a Prolog and an Epilog of the site's that do nothing else, PrologFlags=Alloc, Slurm's own scheduling intervals, and the grid and
slurm-carbon in true time, with the intervals that are shipped. Measured are the time from sbatch on an idle cluster to the job's first
command (--samples of it; all at the same time, since a job takes a small part of that time), and the makespan of --jobs jobs of two
seconds on 8 GPUs (--rounds of it, by turns, so that none slows another). Prints medians and their ratios; fails where 'with' or 'scripts'
is over 1.02 times 'without'. Not a test: it wants a quiet machine.

  overhead_proof.py [--samples 40] [--rounds 2] [--jobs 1000] [--sides with scripts idle]; `without` is always there"""
import argparse
import concurrent.futures
import contextlib
import statistics
import sys
import time

from harness.carbon import TRUE_DAY
from harness.cluster import Cluster
from harness.paths import build_directory
from harness.processes import wait_until

MOST_RATIO = 1.02
MARKS = {
    "with": "spank",
    "scripts": "scripts",
}  # of the sides with slurm-carbon, which the bound is for: by whom they are left
COMPARED = [("with", "without"), ("scripts", "without"), ("idle", "without"), ("with", "idle")]
# As a cluster with GPUs has them; the harness' own intervals are for days that pass in a minute.
AS_INSTALLED = ["SchedulerParameters=batch_sched_delay=3"]
IDLE = 4.5  # seconds: more than batch_sched_delay, and half of a look of slurmctld's main loop


def cluster_of(side):
    # Without an epilog slurmctld of 22.05 looks for the next job up to three seconds later.
    common = {"site_script": True, "extra_lines": AS_INSTALLED}
    if side in MARKS:
        return Cluster(side, day_seconds=TRUE_DAY, marks_by=MARKS[side], **common)
    cluster = Cluster(side, **{**common, "carbon": False, "extra_lines": [*AS_INSTALLED, "PrologFlags=Alloc"]})
    if side == "idle":
        plugstack = cluster.root / "plugstack.conf"
        plugstack.write_text(f"optional {build_directory() / 'lib' / 'idle_spank.so'}\n")
        cluster.slurm.extra_lines.append(f"PlugStackConfig={plugstack}")
    return cluster


def empty(slurm):
    return not slurm.run("squeue", "-h", "-o", "%i").out.strip()


def latency(slurm, at):
    """Seconds from the call of sbatch, at the time `at`, to the first command of the job, and when that began."""
    said = slurm.home(slurm.users[0]) / "began"
    said.unlink(missing_ok=True)
    time.sleep(max(0.0, at - time.time()))
    asked = time.time()
    slurm.sbatch("--time=1", "--gres=gpu:1", f"--output={said}", script="date +%s.%N")
    began = float(wait_until(lambda: said.exists() and said.read_text().strip(), 60, "first command", pause=0.01))
    return began - asked, began


def latencies(sides, samples):
    """Milliseconds. slurmctld looks for batch jobs once a second: a job that comes at a random time waits for half of that on the average,
    and that chance alone would hide all that is looked for. So each one comes midway between two looks, by the one before.
    """

    def of(slurm):
        _, began = latency(slurm, time.time())
        values = []
        for _ in range(samples):
            value, began = latency(slurm, began + IDLE)
            values.append(1000 * value)
        wait_until(lambda: empty(slurm), 60, "idle cluster", pause=0.1)
        return values

    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = {name: pool.submit(of, slurm) for name, slurm in sides.items()}
        return {name: said.result() for name, said in asked.items()}


def makespan(slurm, count):
    """Seconds in which `count` jobs of one GPU are run."""
    asked = time.monotonic()
    for k in range(count):
        partition = slurm.nodes[k % len(slurm.nodes)].partition
        slurm.sbatch("--time=1", "--gres=gpu:1", "--output=/dev/null", f"--partition={partition}", script="sleep 2")
    wait_until(lambda: empty(slurm), 1200, "empty queue", pause=0.2)
    return time.monotonic() - asked


def makespans(sides, rounds, count):
    seen = {name: [] for name in sides}
    for k in range(rounds):
        for name in turn(sides, k):
            seen[name].append(makespan(sides[name], count))
            print(f"  {name}: {seen[name][-1]:.1f} s", file=sys.stderr, flush=True)
    return seen


def turn(sides, k):
    """Their order in round `k`: a temporary slowdown of the machine hits another one each time."""
    names = list(sides)
    names = names[k % len(names) :] + names[: k % len(names)]
    return names if k // len(names) % 2 == 0 else names[::-1]


def compared(what, unit, seen):
    """Prints the medians; returns the ratios that the bound is for."""
    medians = {name: statistics.median(values) for name, values in seen.items()}
    each = min(map(len, seen.values()))
    print(
        f"{what} ({each} each), median: " + ", ".join(f"{median:.2f} {unit} {name}" for name, median in medians.items())
    )
    if each > 2:
        print(
            "  means, with their standard errors: "
            + ", ".join(
                f"{statistics.mean(values):.2f} +- {statistics.stdev(values) / len(values) ** 0.5:.2f} {name}"
                for name, values in seen.items()
            )
        )
    ratios = {(a, b): medians[a] / medians[b] for a, b in COMPARED if a in seen and b in seen}
    print("  ratios: " + ", ".join(f"{a} to {b} {ratio:.3f}" for (a, b), ratio in ratios.items()), flush=True)
    return [ratio for (a, b), ratio in ratios.items() if a in MARKS and b == "without"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--sides", nargs="+", choices=[*MARKS, "idle"], default=[*MARKS, "idle"])
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        sides = {name: stack.enter_context(cluster_of(name)).slurm for name in [*options.sides, "without"]}
        ratios = (
            compared("sbatch to the first command", "ms", latencies(sides, options.samples)) if options.samples else []
        )
        ratios += compared(
            f"makespan of {options.jobs} jobs of two seconds", "s", makespans(sides, options.rounds, options.jobs)
        )
    return 1 if max(ratios, default=0) > MOST_RATIO else 0


if __name__ == "__main__":
    sys.exit(main())
