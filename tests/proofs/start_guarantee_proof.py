#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Long tests on real clusters that no job starts after its guaranteed start. Each prints its findings; exits 1 if a job was late.

  start_guarantee_proof.py full [JOBS]                    the same load on a full cluster, without slurm-carbon and with it
  start_guarantee_proof.py kills [JOBS KILLS RESTARTS BASELINE]  carbonctld killed and slurmctld restarted while the jobs run; BASELINE not 0:
                                                  first the same load and restarts without slurm-carbon, for comparison
  start_guarantee_proof.py minute                         a forecast that changes twice, with the intervals of an installation (one minute)
"""
import copy
import statistics
import sys
import time

from harness.cluster import Cluster
from harness.load import DIRTY, GREEN, TOLERANCE, Disturbance, allocated, broken, make_load, offered, play, waves
from harness.processes import wait_until
from harness.replan import SETTINGS, plan_of, started


def forecast(steps):
    return {"settings": SETTINGS, "forecast": steps}


def table(load, others=None):
    for k, job in enumerate(load):
        baseline = f" without={others[k].wait:4d}s" if others else ""
        print(
            f"job={job.job_id:4d} gpus={job.gpus} seconds={job.seconds:2d} cap={job.cap:3d}s deferred={'yes' if job.deferred else 'no '} "
            f"wait={job.wait:4d}s{baseline} {job.state}{' requeued by Slurm' * job.requeued}"
        )


def verdict(load, bad):
    print(
        f"jobs={len(load)} deferred={sum(j.deferred for j in load)} completed={sum(j.state == 'COMPLETED' for j in load)} "
        f"mean_wait={statistics.mean(j.wait for j in load):.1f}s most_past_cap={max(j.wait - j.cap for j in load)}s "
        f"requeued_by_slurm={sum(j.requeued for j in load)} broken={len(bad)}"
    )
    for job in bad:
        print("BROKEN", job)
    return 1 if bad else 0


def full(count=50):
    load = make_load(count, 60, ["inland"], (30, 60, 120), (3, 8))
    print(f"{count} jobs arrive in 60 s at 4 GPUs: {offered(load, 4):.1f} times their capacity in that time")
    without = copy.deepcopy(load)
    with Cluster(partitions={"inland": 1}, carbon=False) as cluster:
        play(cluster.slurm, without, carbon=False)
    with Cluster(partitions={"inland": 1}, **forecast(waves(120, 40))) as cluster:
        play(cluster.slurm, load, carbon=True)
    table(load, without)
    baseline = {job.job_id: other.wait for job, other in zip(load, without)}
    return verdict(load, broken(load, lambda job: max(job.cap, baseline[job.job_id]) + TOLERANCE))


def kills(count=200, killed=50, restarts=5, baseline=0):
    span = 1.6 * count  # starts and ends occupy GPUs too: the effective load is printed at the end
    load = make_load(count, span, ["inland", "coast"], (30, 60, 120, 180), (3, 8))
    print(f"{count} jobs arrive in {span:.0f} s at 8 GPUs: load {offered(load, 8):.2f} by their work alone")
    without = copy.deepcopy(load) if baseline else None
    if without:
        with Cluster(carbon=False) as cluster, Disturbance(cluster, 0, restarts, span):
            play(cluster.slurm, without, carbon=False)
        print(
            f"without slurm-carbon: load by allocated GPUs={allocated(without, 8):.2f} "
            f"past cap plus {TOLERANCE} s: {len(broken(without, lambda job: job.cap + TOLERANCE))}"
        )
    with Cluster(**forecast(waves(90, 30))) as cluster, Disturbance(cluster, killed, restarts, span) as disturbance:
        play(cluster.slurm, load, carbon=True)
        disturbance.thread.join()
        moved = cluster.carbon.log().count(" why=")
        for line in (cluster.slurm.root / "log" / "slurmctld.log").read_text(errors="replace").splitlines():
            if "equeue" in line:
                print("slurmctld:", line)
    if disturbance.failure:
        raise disturbance.failure
    table(load, without)
    print(
        f"carbonctld killed={disturbance.killed} slurmctld restarted={disturbance.restarted} changes sent={moved} "
        f"load by allocated GPUs={allocated(load, 8):.2f}"
    )
    return verdict(load, broken(load, lambda job: job.cap + TOLERANCE))


def minute():
    """The guarantee of the submission: at most a quarter of the cap after the first plan."""
    settings = {k: v for k, v in SETTINGS.items() if k[1] not in ("publish_interval", "interval", "snapshot_max_age")}
    settings |= {("carbonctld", "publish_interval"): '"1min"', ("carbonctld", "snapshot_max_age"): '"1h"'}

    def green(at):
        return {"inland": [(0, DIRTY), (at, GREEN), (at + 60, DIRTY)], "coast": [(0, DIRTY)]}

    with Cluster(settings=settings, forecast=[(0, DIRTY), (300, GREEN), (360, DIRTY)]) as cluster:
        job, said = cluster.slurm.sbatch(
            "--time=1", "--gres=gpu:1", "--carbon=defer", "--carbon-max-delay=8:00", script="true"
        )
        print(said.err.strip())
        plan = first = plan_of(cluster.slurm, job)
        for at in (360, 120):
            asked = time.monotonic()
            before = plan["planned"]
            cluster.carbon.forecast(green(at))
            wait_until(lambda: abs(plan_of(cluster.slurm, job)["planned"] - before) > 20, 70, "new plan", pause=0.5)
            plan = plan_of(cluster.slurm, job)
            print(
                f"moved by {plan['planned'] - before:+d} s within {time.monotonic() - asked:.0f} s of the new forecast"
            )
        start = started(cluster.slurm, job, 300)
        print(
            f"started {start - plan['planned']:+d} s from the plan, {first['latest'] - start} s before the latest that was told"
        )
        return 0 if plan["planned"] <= start <= min(first["latest"], plan["planned"] + 15) else 1


if __name__ == "__main__":
    proofs = {"full": full, "kills": kills, "minute": minute}
    if len(sys.argv) < 2 or sys.argv[1] not in proofs:
        sys.exit(__doc__)
    sys.exit(proofs[sys.argv[1]](*map(int, sys.argv[2:])))
