# SPDX-License-Identifier: Apache-2.0
"""Slurm does what job_submit decides: a deferred job starts at the announced time, a relocated one at the announced site, and
the user has the last word. On this cluster jobs without options are deferred."""
import calendar
import time
import unittest

from harness.case import DAY_SECONDS, CarbonCase
from harness.processes import wait_until

LATEST_START = 15  # seconds after the plan: slurmctld checks begin times at intervals


class PlacementTest(CarbonCase):
    options = {"settings": {("placement", "default_mode"): '"defer"'}}

    def submit(self, *options, seconds=1, **keywords):
        return self.slurm.sbatch("--time=1", "--gres=gpu:2", *options, script=f"sleep {seconds}", **keywords)

    def own_part(self, job_id):
        text = self.slurm.job(job_id)["AdminComment"]
        self.assertTrue(text.startswith("carbon:"), text)
        return dict(pair.split("=", 1) for pair in text.removeprefix("carbon:").split(","))

    def started(self, job_id):
        """When the job started, in seconds of Unix time, from Slurm's accounting."""
        self.slurm.wait_for_end(job_id, DAY_SECONDS + 40)
        (row,) = wait_until(
            lambda: [r for r in self.slurm.sacct(job_id, "Start", "State") if r[1] == "COMPLETED"],
            20,
            "record of the job's end",
        )
        return calendar.timegm(time.strptime(row[0], "%Y-%m-%dT%H:%M:%S"))

    def assert_starts_as_planned(self, job_id, submitted, planned):
        """Not before the plan that stands at last: carbonctld may begin a job a little sooner than it said at submission, where the rest
        of its wait would no longer save anything. And not long after."""
        started = self.started(job_id)
        self.assertGreaterEqual(started, int(self.own_part(job_id)["planned"]))
        self.assertGreater(started, submitted + (planned - submitted) / 2)
        self.assertLessEqual(started, planned + LATEST_START)

    def test_a_deferred_job_waits_for_its_begin_time_and_starts_then(self):
        self.carbon.wait_for_hour(14, 17)
        submitted = time.time()
        job, said = self.submit("--carbon=defer")
        self.assertRegex(said.err, r"carbon: deferred to .*at the latest .* CO2e instead of .*simulated.*--carbon=off")
        pending, plan = self.slurm.job(job), self.own_part(job)
        self.assertEqual((pending["JobState"], pending["Partition"]), ("PENDING", "inland"))
        self.assertEqual(plan["mode"], "defer")
        planned, latest = int(plan["planned"]), int(plan["latest"])
        self.assertGreater(planned, time.time() + 2)
        self.assertLessEqual(planned, latest)
        wait_until(lambda: self.slurm.job(job)["Reason"] == "BeginTime", 10, "reason BeginTime in the queue")
        self.assert_starts_as_planned(job, submitted, planned)

    def test_a_relocated_job_runs_at_the_greener_site_at_once(self):
        job, said = self.submit("--carbon=relocate")
        self.assertRegex(
            said.err,
            r"carbon: moved from inland to coast \(partition coast\): .*submit with --carbon=off to run at inland",
        )
        ended = self.slurm.wait_for_end(job)
        self.assertEqual((ended["JobState"], ended["Partition"], ended["NodeList"]), ("COMPLETED", "coast", "coast1"))

    def test_auto_does_both(self):
        self.carbon.wait_for_hour(14, 17)
        submitted = time.time()
        job, said = self.submit("--carbon=auto")
        self.assertRegex(said.err, r"carbon: moved from inland to coast .* and deferred to ")
        self.assert_starts_as_planned(job, submitted, int(self.own_part(job)["planned"]))
        self.assertEqual(self.slurm.job(job)["Partition"], "coast")

    def test_off_is_obeyed_where_the_site_defers_by_default(self):
        self.carbon.wait_for_hour(14, 17)
        job, said = self.submit()
        self.assertIn("carbon: deferred to", said.err)
        own, said = self.submit("--carbon=off")
        self.assertEqual(said.err, "")
        self.slurm.wait_for_end(own)
        self.assertEqual(self.slurm.job(job)["JobState"], "PENDING")
        self.assertEqual(self.slurm.job(own)["JobState"], "COMPLETED")
        self.slurm.run("scancel", job)

    def test_the_users_own_bound_on_the_delay_holds(self):
        self.carbon.wait_for_hour(19, 21)  # from here each later start is greener, until the morning
        before = int(time.time())
        job, said = self.submit("--carbon=defer", "--carbon-max-delay=0:05")
        self.assertIn("carbon: deferred to", said.err)
        self.assertLessEqual(int(self.own_part(job)["planned"]), before + 6)
        self.slurm.wait_for_end(job)

    def test_the_owner_can_start_a_deferred_job_now(self):
        self.carbon.wait_for_hour(14, 15)
        job, _ = self.submit("--carbon=defer")
        planned = int(self.own_part(job)["planned"])
        self.slurm.run("scontrol", "update", f"jobid={job}", "StartTime=now", user="games")
        self.assertLess(self.started(job), planned)

    def test_a_value_that_is_none_is_refused_before_the_job_is_queued(self):
        for option, accepted in (
            ("--carbon=maybe", "off, defer, relocate, interrupt, auto"),
            ("--carbon=", "off, defer, relocate, interrupt, auto"),
            ("--carbon-max-delay=tomorrow", "days-hours:minutes:seconds"),
            ("--carbon-data=much", "gigabytes"),
        ):
            with self.subTest(option):
                self.slurm.run("scancel", "-u", "news")
                job, said = self.slurm.sbatch(option, "--gres=gpu:1", script="true", user="news", check=False)
                self.assertIsNone(job)
                self.assertNotEqual(said.status, 0)
                self.assertIn(accepted, said.err)
                self.assertEqual(self.slurm.run("squeue", "-h", "-t", "all", "-u", "news").out, "")

    def test_a_job_without_gpus_is_left_alone(self):
        job, said = self.slurm.sbatch("--carbon=defer", "--time=1", script="true")
        self.assertIn("carbon: not moved: it requests 0 GPUs, fewer than min_gpus = 1", said.err)
        self.assertEqual(self.slurm.wait_for_end(job)["JobState"], "COMPLETED")


if __name__ == "__main__":
    unittest.main()
