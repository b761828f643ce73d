#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time to report how long each user's jobs ran in a year: sacct and a sum, sreport and scarbon, on one slurmdbd with a given number
of jobs. The jobs are generated: rows of the job table that slurmdbd made in MariaDB, and energy records posted to carbonctld.
Each job has a batch step, as any that sbatch submits. All are asked in turn, round by round, sacct with the steps and without (-X); while
it is sacct's and sreport's turn carbonctld is stopped, so that it does not ask slurmdbd anything. The sums must be equal, user by user,
or this fails.

What sreport reads are sums by day. slurmdbd's own rollup (--roll) takes a quarter of an hour for 200,000 jobs; without it the same rows
are computed here.

  tests/proofs/report_race.py [--jobs 200000] [--rounds 5] [--roll]"""
import argparse
import collections
import hashlib
import http.client
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time

from harness.cluster import Cluster
from harness.processes import wait_until

USERS, ACCOUNTS, CPUS, STEP_MS = 200, 10, 8, 3_600_000
TRES = {1: CPUS, 2: 4096, 4: 1, 5: 8}  # of each job, by slurmdbd's number: cpu, mem, node, billing
STATES = (3, 3, 3, 3, 3, 3, 3, 5, 4, 6)  # of Slurm's enum: completed, failed, cancelled, timed out
BATCH_STEP = -5  # as slurmdbd numbers it
FIRST_ID = 1_000_000  # of the generated jobs: above those of the cluster's own


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
    return {
        user: int(number) for number, user in (line.split("|") for line in said.splitlines()) if user.startswith("user")
    }


def load_slurmdbd(slurm, jobs, associations):
    """`sacctmgr archive load` takes statements for tables of Slurm 2 alone; so the rows go where slurmdbd itself puts them."""
    columns = (
        "account, cpus_req, exit_code, job_name, id_assoc, id_job, id_qos, id_resv, id_wckey, id_user, id_group, het_job_id,"
        " het_job_offset, state_reason_prev, nodelist, nodes_alloc, `partition`, priority, state, timelimit, time_submit,"
        " time_eligible, time_start, time_end, tres_alloc, tres_req"
    )
    tres = ",".join(f"{number}={count}" for number, count in TRES.items())
    for at in range(0, len(jobs), 20_000):
        rows = []
        for job, user, account, start, elapsed, state in jobs[at : at + 20_000]:
            rows.append(
                f"('group{account}', {CPUS}, 0, 'train', {associations[f'user{user}']}, {job}, 1, 0, 0, {20000 + user}, 100, 0,"
                f" 4294967294, 0, 'inland1', 1, 'inland', 1, {state}, 480, {start - 60}, {start - 60}, {start},"
                f" {start + elapsed}, '{tres}', '{tres}')"
            )
        run_sql(slurm, f"INSERT INTO {slurm.name}_job_table ({columns}) VALUES {', '.join(rows)};")
    run_sql(
        slurm,
        f"INSERT INTO {slurm.name}_step_table (job_db_inx, exit_code, id_step, nodelist, nodes_alloc, state, step_name,"
        f" task_cnt, time_start, time_end, tres_alloc) SELECT job_db_inx, exit_code, {BATCH_STEP}, nodelist, 1, state,"
        f" 'batch', 1, time_start, time_end, tres_alloc FROM {slurm.name}_job_table WHERE id_job >= {FIRST_ID};",
    )


def roll_up(slurm, first):
    """slurmdbd sums up a cluster's time only from when it registered, and sreport leaves out a cluster without time."""
    run_sql(
        slurm,
        f"UPDATE {slurm.name}_event_table SET time_start = {first - 86400} WHERE node_name = '' AND time_end = 0;",
    )
    day = "%Y-%m-%dT%H:%M:%S"
    slurm.run("sacctmgr", "-i", "roll", time.strftime(day, time.gmtime(first)), time.strftime(day), seconds=1800)


def sum_up(slurm, jobs, associations):
    """The rows of a rollup: what each association, and the cluster, used of each resource on each day."""
    used = collections.Counter()
    for _, user, _, start, elapsed, _ in jobs:
        at, end = start, start + elapsed
        while at < end:
            midnight = at // 86400 * 86400 + 86400
            used[associations[f"user{user}"], midnight - 86400] += min(end, midnight) - at
            at = midnight
    days = collections.Counter()
    for (_, day), seconds in used.items():
        days[day] += seconds
    now = int(time.time())
    tables = (
        (
            f"{slurm.name}_assoc_usage_day_table (creation_time, mod_time, id, id_tres, time_start, alloc_secs)",
            [
                f"({now}, {now}, {who}, {tres}, {day}, {seconds * count})"
                for (who, day), seconds in used.items()
                for tres, count in TRES.items()
            ],
        ),
        (
            f"{slurm.name}_usage_day_table (creation_time, mod_time, id_tres, time_start, count, alloc_secs)",
            [
                f"({now}, {now}, {tres}, {day}, {count}, {seconds * count})"
                for day, seconds in days.items()
                for tres, count in TRES.items()
            ],
        ),
    )
    for table, rows in tables:
        for at in range(0, len(rows), 50_000):
            run_sql(slurm, f"INSERT INTO {table} VALUES {', '.join(rows[at:at + 50_000])};")
    run_sql(
        slurm,
        f"DELETE FROM {slurm.name}_last_ran_table; INSERT INTO {slurm.name}_last_ran_table VALUES ({now}, {now}, {now});",
    )


def run_sql(slurm, statement):
    subprocess.run(
        [
            "mariadb",
            "--no-defaults",
            f"--socket={slurm.accounting.root}/mariadb/socket",
            "--user=root",
            "--max-allowed-packet=64M",
            "slurm_acct_db",
        ],
        input=statement,
        text=True,
        check=True,
    )


def ask(cluster, method, target, body=b""):
    signed = f"{method} {target} {hashlib.sha256(body).hexdigest()}"
    credential = cluster.slurm.run("munge", "-S", cluster.accounting.munge_socket, "-s", signed).out.strip()
    connection = http.client.HTTPConnection("127.0.0.1", cluster.carbon.port, timeout=120)
    connection.request(
        method, target, body, {"Authorization": f"MUNGE {credential}", "Content-Type": "application/json"}
    )
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        raise SystemExit(f"carbonctld: {answer.status} {text}")
    return text


def fill_ledger(cluster, jobs):
    for at in range(0, len(jobs), 1000):
        records = []
        for job, user, account, start, elapsed, _ in jobs[at : at + 1000]:
            start_ms, end_ms = start * 1000, (start + elapsed) * 1000
            first_ms = start_ms // STEP_MS * STEP_MS
            records.append(
                {
                    "version": 1,
                    "cluster": cluster.slurm.name,
                    "node": "inland1",
                    "job_id": job,
                    "restart": 0,
                    "start_ms": start_ms,
                    "end_ms": end_ms,
                    "final": True,
                    "revision": 1,
                    "uid": 20000 + user,
                    "user": f"user{user}",
                    "account": f"group{account}",
                    "partition": "inland",
                    "num_nodes": 1,
                    "cpus": CPUS,
                    "simulated": True,
                    "note": "generated",
                    "devices": [
                        {
                            "device": "GPU-SIMULATED",
                            "type": "gpu",
                            "minor": 0,
                            "method": "counter",
                            "share": 1.0,
                            "first_ms": first_ms,
                            "step_ms": STEP_MS,
                            "mj": [100_000_000] * ((end_ms - first_ms + STEP_MS - 1) // STEP_MS),
                            "held_idle_ms": [],
                            "uncertainty_mj": 0,
                            "estimated_mj": 0,
                        }
                    ],
                }
            )
        ask(cluster, "POST", "/v1/records", json.dumps(records).encode())


OURS = "scarbon report --by user"


class Race:
    """Who is asked, and how long each answer took."""

    def __init__(self, window, cluster):
        add_up = "awk -F'|' '$1 { s[$1] += $2 } END { for (u in s) print u, s[u] }'"  # a step has no user
        slurm, (start, end) = cluster.slurm, window
        self.carbonctld = cluster.carbon.carbonctld_pid
        sacct = f"sacct -a -n -P -S {start} -E {end} -o User,ElapsedRaw"
        self.ask = {
            "sacct -a -P | awk": lambda: slurm.run("sh", "-c", f"{sacct} | {add_up}", seconds=600).out,
            "sacct -a -X -P | awk": lambda: slurm.run("sh", "-c", f"{sacct} -X | {add_up}", seconds=600).out,
            "sreport AccountUtilizationByUser": lambda: slurm.run(
                "sreport",
                "-n",
                "-P",
                "-t",
                "Seconds",
                "cluster",
                "AccountUtilizationByUser",
                f"start={start}",
                f"end={end}",
            ).out,
            OURS: lambda: cluster.carbon.scarbon("report", "--by", "user", "-S", start, "-E", end, "-P", "-n").out,
        }
        self.times = {name: [] for name in self.ask}

    def round(self):
        """What each said."""
        os.kill(self.carbonctld, signal.SIGSTOP)
        answers = []
        for name, ask in self.ask.items():
            if name == OURS:
                os.kill(self.carbonctld, signal.SIGCONT)
            start = time.monotonic()
            answers.append(ask())
            self.times[name].append(time.monotonic() - start)
        return answers

    def show(self, jobs):
        ours = statistics.median(self.times[OURS])
        print(f"\nper-user sums of a year of {jobs} jobs, wall time with the command's own start:")
        for name, times in self.times.items():
            print(
                f"  {name:34} median {statistics.median(times):8.3f} s, from {min(times):.3f} to {max(times):.3f} s"
                f"  ({statistics.median(times) / ours:.1f} x scarbon)"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is asked")
    parser.add_argument("--roll", action="store_true", help="let slurmdbd sum up")
    options = parser.parse_args()
    last = int(time.time()) // 86400 * 86400
    first = last - 365 * 86400
    jobs = list(generated(options.jobs, first, last))
    window = [time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) for t in (first, last)]
    with Cluster(
        partitions={"inland": 1},
        settings={("carbonctld", "comment_field"): '"none"'},
        start_nodes=False,
        mariadb_options=["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=256M"],
    ) as cluster:
        slurm, carbon = cluster.slurm, cluster.carbon
        carbon.stop_carbonctld()
        began = time.monotonic()
        associations = add_users(slurm)
        load_slurmdbd(slurm, jobs, associations)
        if options.roll:
            roll_up(slurm, first)
        else:
            sum_up(slurm, jobs, associations)
        print(
            f"{len(jobs)} jobs of {USERS} users in slurmdbd, {slurm.run('sacct', '--version').out.strip()}, made and summed up in "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
        carbon.start_carbonctld()
        began = time.monotonic()
        fill_ledger(cluster, jobs)
        print(
            f"{len(jobs)} records taken in in {time.monotonic() - began:.1f} s, JSON and MUNGE of the sender included",
            flush=True,
        )
        wait_until(lambda: sums(cluster, window)[1] == len(jobs), 900, "all jobs accounted", pause=2)
        print(
            f"accounted after {time.monotonic() - began:.0f} s; {unwritten(cluster)} still without what slurmdbd knows of them",
            flush=True,
        )
        race = Race(window, cluster)
        for _ in range(options.rounds):
            answers = race.round()
        by_scarbon, _ = sums(cluster, window)
    race.show(options.jobs)
    by_sacct = {user: int(seconds) for user, seconds in (line.split() for line in answers[0].splitlines())}
    if sorted(answers[0].splitlines()) != sorted(answers[1].splitlines()):
        sys.exit("sacct says other sums with -X")
    cells = [line.split("|") for line in answers[2].splitlines()]
    by_sreport = {row[2]: int(row[4]) / CPUS for row in cells if row[2].startswith("user")}
    print(
        f"elapsed seconds: sacct {sum(by_sacct.values())}, sreport {sum(by_sreport.values()):.0f}, scarbon {sum(by_scarbon.values())}"
    )
    if sum(line.startswith("user") for line in answers[3].splitlines()) != len(by_scarbon):
        sys.exit("scarbon prints other users than carbonctld reports")
    for name, others in (("scarbon", by_scarbon), ("sreport", by_sreport)):
        if by_sacct != others:
            different = [u for u in by_sacct if by_sacct[u] != others.get(u)]
            sys.exit(f"sums of sacct and {name} differ, of {len(different)} users; the first: {different[:3]}")


def unwritten(cluster):
    return json.loads(ask(cluster, "GET", "/v1/health"))["ledger"]["unwritten"]


def sums(cluster, window):
    """What scarbon asks carbonctld for: user -> elapsed seconds, and how many jobs there are."""
    answer = json.loads(ask(cluster, "GET", f"/v1/report?by=user&start={window[0]}Z&end={window[1]}Z"))
    return {row["key"]: round(row["elapsed_s"]) for row in answer["rows"]}, answer["total"]["jobs"]


if __name__ == "__main__":
    main()
