#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who tells sooner how long each user's jobs ran in a year: sacct and a sum, sreport, or scarbon; side by side on a slurmdbd with as
many jobs as are asked for. The jobs are generated: rows of the job table that slurmdbd made in MariaDB, rolled up by `sacctmgr roll`;
and energy records posted to carbonctld. The sums of sacct and scarbon must be equal, or this fails.

  tests/cluster/report_race.py [--jobs 200000] [--rounds 5]"""
import argparse
import hashlib
import http.client
import json
import random
import statistics
import subprocess
import sys
import time

from harness.cluster import Cluster
from harness.processes import wait_until

USERS, ACCOUNTS, STEP_MS = 200, 10, 3_600_000
STATES = (3, 3, 3, 3, 3, 3, 3, 5, 4, 6)  # of Slurm's enum: completed, failed, cancelled, timed out
FIRST_ID = 1_000_000                     # of the generated jobs: above those of the cluster's own


def generated(jobs, first, last):
    """(id, user, account, start, elapsed, state) of jobs that lie within [first, last), in unix seconds."""
    chance = random.Random(7)
    for k in range(jobs):
        elapsed = chance.randrange(60, 8 * 3600)
        start = first + (last - first - 9 * 3600) * k // jobs
        user = chance.randrange(USERS)
        yield FIRST_ID + k, user, user % ACCOUNTS, start, elapsed, STATES[chance.randrange(len(STATES))]


def add_users(slurm):
    manage = ("sacctmgr", "-i", "-Q")
    for a in range(ACCOUNTS):
        slurm.run(*manage, "add", "account", f"group{a}", f"cluster={slurm.name}")
        names = ",".join(f"user{u}" for u in range(USERS) if u % ACCOUNTS == a)
        slurm.run(*manage, "add", "user", names, f"account=group{a}", f"cluster={slurm.name}")
    said = slurm.run("sacctmgr", "-nP", "list", "assoc", "format=ID,User", f"cluster={slurm.name}").out
    return {user: int(number) for number, user in (line.split("|") for line in said.splitlines()) if user.startswith("user")}


def load_slurmdbd(slurm, jobs, associations, first):
    """`sacctmgr archive load` takes statements for tables of Slurm 2 alone; so the rows go where slurmdbd itself puts them."""
    columns = ("account, cpus_req, exit_code, job_name, id_assoc, id_job, id_qos, id_resv, id_wckey, id_user, id_group, het_job_id,"
               " het_job_offset, state_reason_prev, nodelist, nodes_alloc, `partition`, priority, state, timelimit, time_submit,"
               " time_eligible, time_start, time_end, tres_alloc, tres_req")
    for at in range(0, len(jobs), 20_000):
        rows = []
        for job, user, account, start, elapsed, state in jobs[at:at + 20_000]:
            rows.append(f"('group{account}', 8, 0, 'train', {associations[f'user{user}']}, {job}, 1, 0, 0, {20000 + user}, 100, 0,"
                        f" 4294967294, 0, 'inland1', 1, 'inland', 1, {state}, 480, {start - 60}, {start - 60}, {start},"
                        f" {start + elapsed}, '1=8,2=4096,4=1,5=8', '1=8,2=4096,4=1,5=8')")
        statement = f"INSERT INTO {slurm.name}_job_table ({columns}) VALUES {', '.join(rows)};"
        subprocess.run(["mariadb", "--no-defaults", f"--socket={slurm.accounting.root}/mariadb/socket", "--user=root",
                        "--max-allowed-packet=64M", "slurm_acct_db"], input=statement, text=True, check=True)
    day = "%Y-%m-%dT%H:%M:%S"
    slurm.run("sacctmgr", "-i", "roll", time.strftime(day, time.gmtime(first)), time.strftime(day), seconds=1800)


def ask(cluster, method, target, body=b""):
    signed = f"{method} {target} {hashlib.sha256(body).hexdigest()}"
    credential = cluster.slurm.run("munge", "-S", cluster.accounting.munge_socket, "-s", signed).out.strip()
    connection = http.client.HTTPConnection("127.0.0.1", cluster.carbon.port, timeout=120)
    connection.request(method, target, body, {"Authorization": f"MUNGE {credential}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        raise SystemExit(f"carbonctld: {answer.status} {text}")
    return text


def fill_ledger(cluster, jobs):
    for at in range(0, len(jobs), 1000):
        records = []
        for job, user, account, start, elapsed, _ in jobs[at:at + 1000]:
            start_ms, end_ms = start * 1000, (start + elapsed) * 1000
            first_ms = start_ms // STEP_MS * STEP_MS
            records.append({
                "version": 1, "cluster": cluster.slurm.name, "node": "inland1", "job_id": job, "restart": 0, "start_ms": start_ms,
                "end_ms": end_ms, "final": True, "revision": 1, "uid": 20000 + user, "user": f"user{user}",
                "account": f"group{account}", "partition": "inland", "num_nodes": 1, "cpus": 8, "simulated": True,
                "note": "generated", "devices": [{
                    "device": "GPU-SIMULATED", "type": "gpu", "minor": 0, "method": "counter", "share": 1.0, "first_ms": first_ms,
                    "step_ms": STEP_MS, "mj": [100_000_000] * ((end_ms - first_ms + STEP_MS - 1) // STEP_MS), "held_idle_ms": [],
                    "uncertainty_mj": 0, "estimated_mj": 0}]})
        ask(cluster, "POST", "/v1/records", json.dumps(records).encode())


def best_of(rounds, ask):
    """All times in seconds, and what was said last."""
    times, said = [], None
    for _ in range(rounds):
        start = time.monotonic()
        said = ask()
        times.append(time.monotonic() - start)
    return times, said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is asked")
    options = parser.parse_args()
    last = int(time.time()) // 86400 * 86400
    first = last - 365 * 86400
    jobs = list(generated(options.jobs, first, last))
    window = [time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) for t in (first, last)]
    with Cluster(partitions={"inland": 1}, settings={("carbonctld", "comment_field"): '"none"'}) as cluster:
        slurm, carbon = cluster.slurm, cluster.carbon
        print(f"{len(jobs)} jobs of {USERS} users in slurmdbd, {slurm.run('sacct', '--version').out.strip()} ...", flush=True)
        carbon.stop_carbonctld()
        load_slurmdbd(slurm, jobs, add_users(slurm), first)
        add_up = "awk -F'|' '{ s[$1] += $2 } END { for (u in s) print u, s[u] }'"
        sacct, said = best_of(options.rounds, lambda: slurm.run(
            "sh", "-c", f"sacct -a -X -n -P -S {window[0]} -E {window[1]} -o User,ElapsedRaw | {add_up}", seconds=600).out)
        by_sacct = {user: int(seconds) for user, seconds in (line.split() for line in said.splitlines())}
        sreport, said = best_of(options.rounds, lambda: slurm.run(
            "sreport", "-n", "-P", "-t", "Seconds", "cluster", "AccountUtilizationByUser", f"start={window[0]}", f"end={window[1]}").out)
        by_sreport = sum(int(line.split("|")[4]) for line in said.splitlines() if line.split("|")[2].startswith("user"))
        print("... and in the ledger", flush=True)
        carbon.start_carbonctld()
        began = time.monotonic()
        fill_ledger(cluster, jobs)
        print(f"{len(jobs)} records taken in in {time.monotonic() - began:.1f} s, JSON and MUNGE of the sender included", flush=True)
        wait_until(lambda: sums(cluster, window)[1] == len(jobs), 900, "all jobs accounted", pause=2)
        scarbon, said = best_of(options.rounds, lambda: report(carbon, window))
        by_scarbon, _ = sums(cluster, window)
        if sum(line.startswith("user") for line in said.splitlines()) != len(by_scarbon):
            sys.exit("scarbon prints other users than carbonctld reports")
    show(options, sacct, sreport, scarbon)
    print(f"elapsed seconds: sacct {sum(by_sacct.values())}, scarbon {sum(by_scarbon.values())}; "
          f"CPU seconds of sreport {by_sreport} (8 CPUs a job: {by_sreport / 8:.0f})")
    if by_sacct != by_scarbon:
        different = [u for u in by_sacct if by_sacct[u] != by_scarbon.get(u)]
        sys.exit(f"the sums differ, of {len(different)} users; the first: {different[:3]}")


def report(carbon, window):
    return carbon.scarbon("report", "--by", "user", "-S", window[0], "-E", window[1], "-P", "-n").out


def sums(cluster, window):
    """What scarbon asks carbonctld for: user -> elapsed seconds, and how many jobs there are."""
    answer = json.loads(ask(cluster, "GET", f"/v1/report?by=user&start={window[0]}Z&end={window[1]}Z"))
    return {row["key"]: round(row["elapsed_s"]) for row in answer["rows"]}, answer["total"]["jobs"]


def show(options, sacct, sreport, scarbon):
    ours = statistics.median(scarbon)
    print(f"\nper-user sums of a year of {options.jobs} jobs, {options.rounds} rounds each, wall time with the command's own start:")
    for name, times in (("sacct -a -X -P | awk", sacct), ("sreport AccountUtilizationByUser", sreport), ("scarbon report --by user", scarbon)):
        print(f"  {name:34} median {statistics.median(times):8.3f} s, from {min(times):.3f} to {max(times):.3f} s"
              f"  ({statistics.median(times) / ours:.1f} x scarbon)")


if __name__ == "__main__":
    main()
