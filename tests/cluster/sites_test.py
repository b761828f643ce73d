# SPDX-License-Identifier: Apache-2.0
"""Sites as partitions and as features of a shared partition's nodes: jobs that must stay do so, emissions are those of the site
where a job ran, and with `observe` no job is changed."""
import calendar
import json
import re
import time
import unittest

from harness.case import CarbonCase
from harness.processes import wait_until

ONLY_INLAND = "backup"  # may use its account in the partition inland alone
OBSERVED = "news"  # a rule of carbon.conf observes this user's jobs


class SitesTest(CarbonCase):
    options = {
        "partitions": {"inland": 2, "coast": 1},
        "shared_partition": "shared",
        "accounting": [["add", "user", ONLY_INLAND, "account=research", "partition=inland"]],
        "carbon_lines": ["[[placement.rule]]", f'users = ["{OBSERVED}"]', 'mode = "auto"', "observe = true"],
    }

    def submit(self, *options, seconds=1, **keywords):
        return self.slurm.sbatch("--time=1", *options, script=f"sleep {seconds}", **keywords)

    def token(self, job):
        text = job["AdminComment"]
        return dict(pair.split("=", 1) for pair in text.removeprefix("carbon:").split(",")) if text else {}

    def assert_stays(self, *options, why=None, partition="inland", **keywords):
        """The job is not moved, and runs or waits in its own partition."""
        job, said = self.submit("--carbon=relocate", *options, **keywords)
        shown = self.slurm.job(job)
        self.slurm.run("scancel", job)
        self.assertNotIn("carbon: moved", said.err)
        self.assertIn(why or "no better time or place is known", said.err)
        self.assertEqual((shown["Partition"], shown["Features"]), (partition, "(null)"))

    def relocates(self):
        job, said = self.submit("--carbon=relocate", "--gres=gpu:1")
        self.slurm.run("scancel", job)
        return "moved from inland to coast" in said.err

    def setUp(self):
        wait_until(self.relocates, 30, "relocation of a plain job", pause=1)

    def assert_accounted_at_the_coast(self, job):
        (summary,) = self.carbon.wait_for_summary(job)
        self.assertEqual((summary["site"], summary["home"], summary["mode"]), ("coast", "inland", "relocate"))
        (row,) = self.carbon.runs(job)
        self.assertEqual((row["site"], row["pue"]), ("coast", 1.2))
        self.assertGreater(float(summary["saved_g"]), 0)

    def test_by_partition(self):
        job, said = self.submit("--carbon=relocate", "--gres=gpu:2", seconds=4)
        self.assertRegex(
            said.err,
            r"moved from inland to coast \(partition coast\): about .* simulated .*submit with --carbon=off to run at inland",
        )
        ended = self.slurm.wait_for_end(job)
        self.assertEqual((ended["JobState"], ended["Partition"], ended["NodeList"]), ("COMPLETED", "coast", "coast1"))
        self.assert_accounted_at_the_coast(job)

    def test_by_feature(self):
        job, said = self.submit("--carbon=relocate", "--partition=shared", "--gres=gpu:2", seconds=4)
        self.assertRegex(said.err, r"moved from inland to coast \(constraint coast\): about ")
        ended = self.slurm.wait_for_end(job)
        self.assertEqual(
            (ended["JobState"], ended["Partition"], ended["Features"], ended["NodeList"]),
            ("COMPLETED", "shared", "coast", "coast1"),
        )
        self.assert_accounted_at_the_coast(job)

    def test_a_job_of_a_shared_partition_is_accounted_where_it_ran(self):
        """Though nothing was decided for it: by the features of its node."""
        job, _ = self.submit("--carbon=off", "--partition=shared", "--nodelist=coast1", "--gres=gpu:1", seconds=3)
        self.slurm.wait_for_end(job)
        (summary,) = self.carbon.wait_for_summary(job)
        self.assertEqual(summary["site"], "coast")

    def test_the_users_own_constraint_stands(self):
        job, said = self.submit("--carbon=relocate", "--partition=shared", "--constraint=inland", "--gres=gpu:1")
        self.assertNotIn("carbon: moved", said.err)
        self.assertEqual(self.slurm.wait_for_end(job)["Features"], "inland")

    def test_an_array_moves_as_one(self):
        job, said = self.submit("--carbon=relocate", "--array=0-1", "--gres=gpu:1")
        self.assertIn("moved from inland to coast", said.err)
        wait_until(
            lambda: len([r for r in self.slurm.sacct(job, "State", "Partition") if r == ["COMPLETED", "coast"]]) == 2,
            60,
            "both tasks at the coast",
        )

    def test_what_does_not_fit_there_stays(self):
        self.assert_stays("--nodes=2", "--gres=gpu:1")
        self.assert_stays("--nodelist=inland1", "--gres=gpu:1")
        self.assert_stays("--gres=gpu:1", user=ONLY_INLAND)

    def test_a_closed_partition_a_refused_account_and_a_drained_node_get_no_job(self):
        for change, back in (
            (["partitionname=coast", "state=down"], ["partitionname=coast", "state=up"]),
            (["partitionname=coast", "denyaccounts=research"], ["partitionname=coast", "denyaccounts="]),
            (["nodename=coast1", "state=drain", "reason=test"], ["nodename=coast1", "state=resume"]),
        ):
            with self.subTest(" ".join(change)):
                self.slurm.run("scontrol", "update", *change)
                wait_until(lambda: not self.relocates(), 30, "end of relocation", pause=1)
                self.assert_stays("--gres=gpu:1")
                self.slurm.run("scontrol", "update", *back)
                wait_until(self.relocates, 30, "relocation", pause=1)

    def test_observe_changes_not_one_job(self):
        """For an hour of the simulated day and more: what would have been done stands in AdminComment, and nothing else differs
        from the jobs of a user who opts out."""
        until = time.monotonic() + max(5, self.carbon.day_seconds / 24)
        kinds = [
            ["--gres=gpu:1"],
            ["--gres=gpu:2", "--carbon=defer"],
            ["--gres=gpu:1", "--carbon=relocate"],
            ["--gres=gpu:1", "--partition=shared", "--carbon=auto"],
            ["--gres=gpu:1", "--array=0-2", "--carbon=auto"],
            ["--gres=gpu:1", "--carbon=interrupt"],
        ]
        watched = []
        while time.monotonic() < until or len(watched) < 2 * len(kinds):
            kind = kinds[len(watched) % len(kinds)]
            plain, _ = self.submit(
                "--hold", *[o for o in kind if not o.startswith("--carbon")], "--carbon=off", user=OBSERVED
            )
            expected = self.slurm.job(plain)
            self.slurm.run("scancel", plain)
            job, said = self.submit(*kind, user=OBSERVED)
            shown = self.slurm.job(job)
            self.assertEqual(said.err, "", "nothing was done, so nothing is said")
            for each in (shown, expected):  # from 23.11 on "1-1" while a job is held
                each["NumNodes"] = each["NumNodes"].partition("-")[0]
            for key in ("Partition", "Features", "TimeLimit", "NumNodes", "Account", "QOS", "Requeue", "Comment"):
                self.assertEqual(shown[key], expected[key], (key, kind))
            self.assertNotEqual(shown["Reason"], "BeginTime")
            self.assertEqual(self.token(shown)["observe"], "1")
            watched.append((job, int(self.token(shown).get("planned", 0))))
        self.assertTrue(any(planned for _, planned in watched), "nothing would have been done: the test shows nothing")
        for job, planned in watched:
            wait_until(
                lambda: all(r[0] == "COMPLETED" for r in self.slurm.sacct(job, "State")), 90, f"end of job {job}"
            )
            for row in self.slurm.sacct(job, "Submit", "Eligible"):
                if "Unknown" in row:  # it never was given a begin time
                    continue
                submitted, eligible = (calendar.timegm(time.strptime(t, "%Y-%m-%dT%H:%M:%S")) for t in row)
                if planned - submitted >= 5:  # the scheduler looks at a job a moment after its submission
                    self.assertLess(eligible, planned, "it was kept waiting")

    def test_estimate_before_submission(self):
        script = self.slurm.home(self.slurm.users[0]) / "job.sh"
        script.write_text(
            "#!/bin/sh\n# of two GPUs\n#SBATCH --gres=gpu:2 --time=1\n#SBATCH --carbon=relocate # to the coast\nsrun true\n"
        )
        script.chmod(0o644)
        shown = self.carbon.scarbon("estimate", script, user=self.slurm.users[0])
        self.assertRegex(shown.out, r"(?m)^now +inland +now ")
        self.assertRegex(shown.out, r"(?m)^best time +inland ")
        self.assertRegex(shown.out, r"(?m)^best site +coast +now ")
        self.assertIn("Submitted now: carbon: moved from inland to coast (partition coast)", shown.out)
        self.assertIn("simulated", shown.err)
        said = json.loads(
            self.carbon.scarbon("estimate", "--json", script, "--carbon=off", user=self.slurm.users[0]).out
        )
        self.assertIsNone(said["decision"])
        options = {option["option"]: option for option in said["options"]}
        self.assertEqual(options["best site"]["site"], "coast")
        self.assertGreaterEqual(options["both"]["saved_g"], options["best site"]["saved_g"])
        # What was estimated is what sbatch then says.
        now = re.search(r"instead of (\d+)", shown.out)
        _, submitted = self.submit("--carbon=relocate", "--gres=gpu:2")
        self.assertAlmostEqual(
            int(now[1]), int(re.search(r"instead of (\d+)", submitted.err)[1]), delta=0.35 * int(now[1])
        )


if __name__ == "__main__":
    unittest.main()
