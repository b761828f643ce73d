#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""carbond is killed with SIGKILL at random times while jobs come and go on its GPUs. Then each job must have exactly one record, whose
energy is within the larger of 0.5 % and one update interval (100 ms) at peak power. For GPUs without a counter
the bound is their stated uncertainty. Prints the figures; exits 1 if one is out of bounds.

  tests/proofs/crash_proof.py            200 kills: about six minutes
  tests/proofs/crash_proof.py --kills 8 --job-seconds 4 9
"""
import argparse
import random
import signal
import sys
import threading
import time

from harness.carbond_process import Controller, Node, estimated, joules, wait_until

PEAK = {0: 300, 1: 300, 2: 400, 3: 400, 4: 250, 5: 300}  # W
GPUS = [
    "gpu uuid=GPU-SIMULATED-0 minor=0 curve=constant:300",
    "gpu uuid=GPU-SIMULATED-1 minor=1 curve=square:60,300,0.07,0.5",
    "gpu uuid=GPU-SIMULATED-2 minor=2 curve=bursts:60,400,5,0.05",
    "gpu uuid=GPU-SIMULATED-3 minor=3 curve=ramp:60,400,20",
    "gpu uuid=GPU-SIMULATED-4 minor=4 curve=constant:250 call_ms=5",
    "gpu uuid=GPU-SIMULATED-5 minor=5 curve=ramp:100,300,30 counter=no",
]
UPDATE = 0.1


def run_jobs(node, gpu, stop, options, numbers, expected):
    """Jobs one after the other on one GPU, some within 100 ms of each other."""
    rng = random.Random(options.seed * 100 + gpu)
    while not stop.is_set():
        job = next(numbers)
        start = node.mark("start", job, [gpu])
        stop.wait(rng.uniform(*options.job_seconds))
        end = node.mark("end", job, [gpu])
        expected[job] = (gpu, start, end)
        stop.wait(rng.choice([0.05, 0.3, 2.0]))


def kill_and_restart(node, options):
    rng = random.Random(options.seed)
    for _ in range(options.kills):
        time.sleep(rng.uniform(0.0, 2 * options.every))
        node.stop(signal.SIGKILL)
        time.sleep(rng.uniform(0.0, options.down))
        node.start(wait=False)


def check(node, expected, options):
    problems, worst, flagged = [], 0.0, 0
    integrated_inside = integrated = 0
    for job, (gpu, start, end) in sorted(expected.items()):
        found = node.controller.of(job)
        if len(found) != 1:
            problems.append(f"job {job}: {len(found)} records")
            continue
        record = found[0]
        if (record["start_ms"], record["end_ms"]) != (start, end):
            problems.append(f"job {job}: its times differ from the marks")
        truth, said = node.truth(record), joules(record)
        error, allowed = abs(said - truth), max(0.005 * truth, UPDATE * PEAK[gpu])
        if record["devices"][0]["method"] == "integrated":
            integrated += 1
            integrated_inside += error <= max(allowed, record["devices"][0]["uncertainty_mj"] / 1000)
            continue
        worst = max(worst, error / allowed)
        flagged += record["note"] != ""
        if error > allowed:
            problems.append(
                f"job {job} on GPU {gpu}: {said:.1f} J, in truth {truth:.1f} J, allowed +- {allowed:.1f} J, "
                f"estimated {estimated(record):.1f} J, note '{record['note']}'"
            )
    times = len(node.controller.bodies)
    print(
        f"{options.kills} kills, {len(expected)} jobs, {times} records received, {len(node.controller.records())} different ones"
    )
    print(
        f"counter: the worst error is {worst:.2f} of what is allowed; {flagged} of {len(expected) - integrated} jobs say "
        f"that a part is estimated"
    )
    print(f"integrated power: {integrated_inside} of {integrated} jobs within their stated interval or the same bound")
    if integrated_inside < 0.95 * integrated:
        problems.append("integrated power: the stated interval does not hold")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--every", type=float, default=1.5, help="mean time from a start to the next kill, s")
    parser.add_argument("--down", type=float, default=0.4, help="longest time that carbond is away, s")
    parser.add_argument("--job-seconds", type=float, nargs=2, default=(5, 40))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    controller = Controller(lost_answers=0.2, seed=options.seed)
    with Node(GPUS, controller, reading_interval="1s") as node:
        node.start()
        stop, numbers, expected = threading.Event(), iter(range(1, 10**9)), {}
        threads = [
            threading.Thread(target=run_jobs, args=(node, gpu, stop, options, numbers, expected)) for gpu in PEAK
        ]
        for t in threads:
            t.start()
        kill_and_restart(node, options)
        stop.set()
        for t in threads:
            t.join()
        try:
            wait_until(
                lambda: {r["job_id"] for r in controller.records()} >= set(expected), 90, "a record of every job"
            )
        except AssertionError as e:
            print(e)
        problems = check(node, expected, options)
        if problems:
            print("\n".join(problems))
    controller.close()
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
