# SPDX-License-Identifier: Apache-2.0
"""Re-planning: carbonctld plans deferred jobs again when the forecast or the queue changes, keeps start guarantees, and does
not touch users' own settings. The forecast is a csv feed that the test writes."""
import json
import re
import time
import unittest

from harness.case import CarbonCase
from harness.processes import wait_until
from harness.replan import SETTINGS, begin_of, plan_of, started

DIRTY, GREEN = 400, 100
ROUNDS = 70  # seconds within which a new forecast has to reach a job
LATE = 15  # seconds after the plan: slurmctld checks begin times at intervals


def green_from(second, until):
    return {"inland": [(0, DIRTY), (second, GREEN), (until, DIRTY)], "coast": [(0, DIRTY)]}


class ReplanTest(CarbonCase):
    options = {"settings": SETTINGS, "forecast": [(0, DIRTY)]}

    def tearDown(self):
        for user in self.slurm.users:
            self.slurm.run("scancel", "-u", user)
        wait_until(lambda: not self.slurm.run("squeue", "-h").out.strip(), 30, "empty queue")

    def expect(self, of_site):
        """Writes a new forecast; returns when job_submit uses it."""
        before = self.carbon.snapshot.stat().st_mtime_ns
        self.carbon.forecast(of_site)
        wait_until(lambda: self.carbon.snapshot.stat().st_mtime_ns != before, 20, "new snapshot")
        after = self.carbon.snapshot.stat().st_mtime_ns
        wait_until(lambda: self.carbon.snapshot.stat().st_mtime_ns != after, 20, "snapshot of the new forecast")

    def defer(self, *options, gpus=2, seconds=2, cap="3:00", **keywords):
        job, said = self.slurm.sbatch(
            "--time=1",
            f"--gres=gpu:{gpus}",
            "--carbon=defer",
            f"--carbon-max-delay={cap}",
            *options,
            script=f"sleep {seconds}",
            **keywords,
        )
        self.assertIn("carbon: deferred to", said.err)
        return job

    def plan(self, job):
        return plan_of(self.slurm, job)

    def wait_for_plan(self, job, right, seconds=ROUNDS):
        return wait_until(
            lambda: (p := self.plan(job)) and right(p) and p,
            seconds,
            lambda: f"new plan of job {job}: {self.plan(job)}, begins {begin_of(self.slurm, job)}",
            pause=0.5,
        )

    def test_a_forecast_that_changes_twice_moves_a_job_twice_within_its_guarantee(self):
        self.expect(green_from(60, 90))
        job = self.defer()
        first = self.plan(job)
        self.expect(green_from(80, 110))
        second = self.wait_for_plan(job, lambda p: p["planned"] > first["planned"] + 10)
        self.assertEqual(begin_of(self.slurm, job), second["planned"])
        self.expect(green_from(10, 40))
        third = self.wait_for_plan(job, lambda p: p["planned"] < first["planned"] - 10)
        self.assertEqual(begin_of(self.slurm, job), third["planned"])
        self.assertEqual({p["latest"] for p in (first, second, third)}, {first["latest"]})
        start = started(self.slurm, job)
        self.assertGreaterEqual(start, third["planned"])
        self.assertLessEqual(start, min(first["latest"], third["planned"] + LATE))

    def test_a_job_without_a_saving_waits_no_longer(self):
        self.expect(green_from(100, 150))
        job = self.defer()
        self.expect({"inland": [(0, DIRTY)], "coast": [(0, DIRTY)]})
        self.assertLess(started(self.slurm, job), self.plan(job)["latest"] - 40)

    def test_the_owners_choice_is_not_changed(self):
        self.expect(green_from(100, 150))
        job = self.defer()
        own = int(time.time()) + 120
        self.slurm.run(
            "scontrol",
            "update",
            f"jobid={job}",
            f"StartTime={time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(own))}",
            user="games",
        )
        wait_until(lambda: plan_of(self.slurm, job)["mode"] == "user", 20, "mark that the job is its owner's")
        self.expect(green_from(20, 60))
        time.sleep(6)  # three rounds
        self.assertEqual(begin_of(self.slurm, job), own)
        held = self.defer()
        self.slurm.run("scontrol", "hold", held, user="games")
        wait_until(lambda: plan_of(self.slurm, held)["mode"] == "user", 20, "mark that the held job is its owner's")
        self.assertEqual(self.slurm.job(held)["Reason"], "JobHeldUser")

    def test_a_full_cluster_breaks_no_start_guarantee(self):
        """Four GPUs: a job that has them for a third of its limit, a deferred one, and six of half a minute after it, which
        would be let in before it and hold it up beyond its cap."""
        self.expect(green_from(40, 90))
        submitted = time.time()
        first, _ = self.slurm.sbatch("--carbon=off", "--time=1", "--gres=gpu:4", script="sleep 12")
        self.slurm.wait_for_state(first, ("RUNNING",))
        job = self.defer(gpus=4, cap="0:50")
        for _ in range(3):
            self.slurm.sbatch("--carbon=off", "--time=1", "--gres=gpu:4", script="sleep 50")
        self.assertLessEqual(started(self.slurm, job, 150), submitted + 60 + LATE)

    def test_jobs_that_want_the_same_green_minute_do_not_begin_in_one_second(self):
        self.expect(green_from(40, 120))
        jobs = [self.defer(gpus=1, seconds=1) for _ in range(12)]
        begins = wait_until(
            lambda: (b := [begin_of(self.slurm, j) for j in jobs]) and max(map(b.count, b)) <= 4 and b,
            30,
            lambda: f"begins apart: {[begin_of(self.slurm, j) for j in jobs]}",
            pause=1,
        )
        self.assertEqual(len(set(begins)) > 1, True)

    def test_a_restart_of_either_daemon_defers_nothing_twice(self):
        self.expect(green_from(60, 110))
        job = self.defer()
        array = self.defer("--array=0-1", gpus=1)
        plans = {j: self.plan(j) for j in (job, array)}
        self.carbon.stop_carbonctld(signal_number=9)
        self.slurm.restart_slurmctld()
        self.carbon.start_carbonctld()
        time.sleep(6)  # three rounds
        for j, plan in plans.items():
            now = self.plan(j)
            self.assertEqual((now["mode"], now["latest"]), ("defer", plan["latest"]))
            self.assertLessEqual(abs(now["planned"] - plan["planned"]), 5)
        self.assertLessEqual(started(self.slurm, job), plans[job]["latest"] + LATE)

    def test_scarbon_queue_shows_what_waits(self):
        self.expect(green_from(60, 110))
        job = self.defer("-J", "train")
        other = self.defer(user="news")

        def listed():
            rows = json.loads(self.carbon.scarbon("queue", "--json", user="games").out)["jobs"]
            return rows if {r["job_id"] for r in rows} >= {str(job), str(other)} else None

        rows = wait_until(listed, 20, "both jobs in scarbon queue", pause=0.5)
        (row,) = [r for r in rows if r["job_id"] == str(job)]
        self.assertEqual((row["user"], row["mode"], row["home"], row["name"]), ("games", "defer", "inland", "train"))
        self.assertGreater(row["saved_g"], 0)
        self.assertAlmostEqual(row["saved_g"], row["now_g"] - row["planned_g"], 6)
        shown = self.carbon.scarbon("queue", "-P", "-u", "games", user="games").out
        self.assertRegex(shown, rf"(?m)^{job}\|train\|games\|2\|inland\|2\d\d\d-")
        self.assertIsNone(re.search(rf"(?m)^{other}\|", shown))

    def test_a_better_site_draws_a_job_that_may_go_there(self):
        self.expect(green_from(100, 150))
        job, said = self.slurm.sbatch(
            "--time=1", "--gres=gpu:1", "--carbon=auto", "--carbon-max-delay=3:00", script="sleep 1"
        )
        self.assertIn("carbon: deferred to", said.err)
        stays = self.defer()
        self.expect(
            {"inland": [(0, DIRTY), (100, 300), (150, DIRTY)], "coast": [(0, DIRTY), (15, GREEN), (160, DIRTY)]}
        )
        self.wait_for_plan(job, lambda p: p["site"] == "coast")
        started(self.slurm, job)
        self.assertEqual(self.slurm.job(job)["Partition"], "coast")
        self.assertEqual(self.slurm.job(stays)["Partition"], "inland")


if __name__ == "__main__":
    unittest.main()
