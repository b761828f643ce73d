#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Long test that slurm-carbon neither harms its cluster nor loses energy. Prints its findings; exits 1 on a violation.

  kill_proof.py [JOBS KILLS]   carbond and carbonctld killed KILLS times each, slurmctld, slurmdbd and MariaDB restarted once each, while
                               JOBS jobs run (default 500 and 200): each job counts once, the energy in the ledger is what the simulated
                               GPUs drew within 0.5 %, no node is drained, no daemon of Slurm has ended by itself
"""
import random
import signal
import sys
import time

from harness.cluster import Cluster
from harness.load import make_load, play
from harness.processes import wait_until
from harness.schedule import Schedule

MOST_ENERGY_ERROR = 0.005  # of the sum
# Of one job whose record does not say that a part is estimated: as much as one update interval of the counter at the peak of the
# harness' POWER_CURVE, or the share above, or the record's own 95 % interval, which grows where carbond was away for a moment at the
# job's start or end (docs/energy.md).
SILENT_JOULES = 0.1 * 360
MOST_BEYOND = 0.08  # of the jobs, off by more than their own 95 % interval: 5 % and three deviations of 500 jobs


class Deaths(Schedule):
    """Daemons die at random over `span` seconds, one at a time."""

    def __init__(self, cluster, kills, span, seed=3):
        chance = random.Random(seed)
        carbon, slurm, shared = cluster.carbon, cluster.slurm, cluster.accounting

        def carbond():
            node = chance.choice(slurm.nodes)
            carbon.stop_carbond(node, signal.SIGKILL)
            time.sleep(chance.uniform(0, 0.3))
            carbon.start_carbond(node)

        def carbonctld():
            carbon.stop_carbonctld(signal.SIGKILL)
            time.sleep(chance.uniform(0, 0.3))
            carbon.start_carbonctld()

        def again(name, start):
            def restart():
                cluster.daemons.end(name)
                start()

            return restart

        once = [
            slurm.restart_slurmctld,
            again("slurmdbd", shared.start_slurmdbd),
            again("mariadbd", shared.start_mariadb),
        ]
        super().__init__((chance.uniform(1, span), what) for what in [carbond] * kills + [carbonctld] * kills + once)


def unharmed(cluster):
    """What is wrong with Slurm's own daemons and nodes."""
    slurm = cluster.slurm
    names = ["slurmdbd", "mariadbd", f"{slurm.name}.slurmctld"] + [f"{slurm.name}.{node.name}" for node in slurm.nodes]
    for name in names:
        if cluster.daemons.status(name) is not None:
            yield f"{name} has ended"
    states = set(slurm.run("sinfo", "-N", "-h", "-o", "%T").out.split())
    if states != {"idle"}:
        yield f"nodes: {states}: {slurm.run('sinfo', '-R').out}"


def accounted(cluster, load):
    """Waits for all records; yields what is wrong, and prints the energy next to the true one."""
    slurm, carbon = cluster.slurm, cluster.carbon

    def missing():
        return [job.job_id for job in load if not any(run["complete"] for run in carbon.runs(job.job_id))]

    try:
        wait_until(lambda: not missing(), 180, "records", pause=1)
    except Exception:  # told below, job by job
        pass
    said = truth = estimated = worst = 0.0
    beyond = 0
    unnamed = []
    for job in load:
        runs = carbon.runs(job.job_id)
        if len(runs) != 1 or not runs[0]["complete"]:
            yield f"job {job.job_id}: {len(runs)} runs in the ledger"
            continue
        (run,) = runs
        if run["method"] is None and run["note"] == "no meter for any device of the job":
            unnamed.append(job.job_id)
            continue
        node = next(node for node in slurm.nodes if node.partition == job.partition)
        drew = carbon.true_joules(node, range(job.gpus), run["start_ms"], run["end_ms"])
        said += run["energy_mj"] / 1000
        estimated += run["estimated_mj"] / 1000
        truth += drew
        off = run["energy_mj"] / 1000 / drew - 1
        worst = max(worst, abs(off))
        said_itself = run["uncertainty_mj"] / 1000
        beyond += abs(off) * drew > said_itself
        if abs(off) * drew > max(MOST_ENERGY_ERROR * drew, SILENT_JOULES * job.gpus, said_itself) and not run["note"]:
            yield f"job {job.job_id} on {node.name}: {100 * off:+.1f} %, {off * drew:+.0f} J where it says +-{said_itself:.0f} J"
        if abs((run["end_ms"] - run["start_ms"]) / 1000 - job.allocated) > 2.5:
            yield f"job {job.job_id}: {(run['end_ms'] - run['start_ms']) / 1000} s in the ledger, {job.allocated} s in Slurm"
    if unnamed:
        print(
            f"{len(unnamed)} jobs have no energy, and their records say so: slurmctld started them before the node had registered with it "
            f"again, and named their GPUs neither at the start nor at the end"
        )
    error = said / truth - 1
    print(
        f"energy: ledger {said:.0f} J, drawn {truth:.0f} J (simulated GPUs), {100 * error:+.3f} %; estimated {100 * estimated / said:.2f} %; "
        f"the worst single job is off by {100 * worst:.2f} %, {beyond} of {len(load) - len(unnamed)} by more than their own 95 % interval"
    )
    if beyond > MOST_BEYOND * len(load):
        yield f"{beyond} jobs are off by more than their own 95 % interval"
    if abs(error) > MOST_ENERGY_ERROR:
        yield f"the energy is off by {100 * error:.3f} %"


def prove(count=500, killed=200):
    span = 0.85 * count
    load = make_load(count, span, ["inland", "coast"], (60,), (3, 6), gpus=(1, 1, 1, 2))
    cluster = Cluster()
    for node in cluster.slurm.nodes:
        node.devices.alike = True  # which of them a job had is not asked while daemons die
    with cluster:
        with Deaths(cluster, killed, span) as deaths:
            play(cluster.slurm, load, carbon=False)
        if deaths.failure:
            raise deaths.failure
        bad = [f"job {job.job_id}: {job.state}" for job in load if job.state != "COMPLETED"]
        bad += list(accounted(cluster, load)) + list(unharmed(cluster))
    print(
        f"{count} jobs, {deaths.done} deaths: carbond and carbonctld killed {killed} times each, slurmctld, slurmdbd and MariaDB "
        f"restarted once each; {len(bad)} faults"
    )
    print("\n".join(bad), end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(prove(*map(int, sys.argv[1:])))
