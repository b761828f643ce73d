# SPDX-License-Identifier: Apache-2.0
"""Sites that are clusters of one federation: jobs go to the greener cluster by Slurm's own means, at submission and while
pending. Their emissions are those of the cluster where they ran. Arrays and jobs that cannot run there are not moved."""
import time
import unittest

from harness.case import LogCase
from harness.federation import CLUSTERS, Federation
from harness.processes import wait_until
from harness.replan import SETTINGS, begin_of, plan_of, started

DIRTY, GREEN = 400, 100
ONLY_INLAND = "backup"  # has an account on that cluster alone


class FederationTest(LogCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Federation(
            SETTINGS,
            [(0, DIRTY)],
            extra_lines=["EnforcePartLimits=ALL"],
            leader="inland",
            accounting={"inland": [["add", "user", ONLY_INLAND, "account=research"]]},
        ).__enter__()
        cls.addClassCleanup(cls.cluster.__exit__)
        cls.inland, cls.coast = (cls.cluster.slurm[name] for name in CLUSTERS)
        print("Slurm here:", cls.inland.run("sinfo", "--version").out.strip(), flush=True)

    def tearDown(self):
        for slurm in (self.inland, self.coast):
            for user in slurm.users:
                slurm.run("scancel", "-u", user)

    def expect(self, of_site):
        """Gives the leading carbonctld a new forecast; returns when both clusters use it."""
        self.cluster.carbon["inland"].forecast(of_site)
        for _ in range(2):
            before = {name: carbon.snapshot.stat().st_mtime_ns for name, carbon in self.cluster.carbon.items()}
            wait_until(
                lambda b=before: all(c.snapshot.stat().st_mtime_ns != b[n] for n, c in self.cluster.carbon.items()),
                20,
                "new snapshots",
            )

    def submit(self, *options, seconds=2, **keywords):
        return self.inland.sbatch("--time=1", *options, script=f"sleep {seconds}", **keywords)

    def wait_until_known(self, slurm, job):
        """A federation hands jobs on in its own time."""
        wait_until(
            lambda: slurm.run("scontrol", "--local", "show", "job", job, check=False).status == 0,
            30,
            f"job {job} at {slurm.name}",
        )

    def relocates(self):
        job, said = self.submit("--carbon=relocate", "--gres=gpu:1")
        self.inland.run("scancel", job)
        return "moved from inland to coast (cluster coast)" in said.err

    def test_at_submission(self):
        self.expect({"inland": [(0, DIRTY)], "coast": [(0, GREEN)]})
        wait_until(self.relocates, 30, "relocation of a plain job", pause=1)
        time.sleep(12)  # what a node draws when idle, and so a saving, is known after ten idle seconds
        job, said = self.submit("--carbon=relocate", "--gres=gpu:2", seconds=4)
        self.assertRegex(
            said.err,
            r"moved from inland to coast \(cluster coast\): about .* submit with --carbon=off to run at inland",
        )
        self.wait_until_known(self.coast, job)
        started(self.coast, job)
        with self.subTest("it ran there, and there its grams are accounted"):
            ((state, nodes, cluster),) = self.coast.sacct(job, "State", "NodeList", "Cluster")
            self.assertEqual((state, cluster), ("COMPLETED", "coast"))
            self.assertRegex(nodes, "^coast[12]$")
            (summary,) = self.cluster.carbon["coast"].wait_for_summary(job)
            self.assertEqual((summary["site"], summary["home"], summary["mode"]), ("coast", "inland", "relocate"))
            self.assertEqual(float(summary["ci"]), GREEN)
            explained = self.cluster.carbon["coast"].scarbon("report", "--explain", job).out
            self.assertGreater(float(summary.get("saved_g", 0)), 0, explained)
            (row,) = self.cluster.carbon["coast"].runs(job)
            self.assertEqual((row["site"], row["pue"]), ("coast", 1.2))
            self.assertEqual(self.cluster.carbon["inland"].runs(job), [])
        with self.subTest("an array stays"):
            array, said = self.submit("--carbon=relocate", "--gres=gpu:1", "--array=0-1", seconds=1)
            self.assertNotIn("carbon: moved", said.err)
            # 24.11 also lists the array itself as pending; 22.05 does not.
            left = [] if self.inland.release() == "22.05" else ["PENDING"]
            wait_until(
                lambda: [r for r in self.inland.sacct(array, "State", "Cluster") if r[0] not in left]
                == [["COMPLETED", "inland"]] * 2,
                60,
                lambda: f"both tasks where they were submitted: {self.inland.sacct(array, 'State', 'Cluster')}",
            )
        with self.subTest("who has no account there stays"):
            own, said = self.submit("--carbon=relocate", "--gres=gpu:1", seconds=1, user=ONLY_INLAND)
            self.assertIn("no better time or place is known", said.err)
            started(self.inland, own)
        with self.subTest("what does not fit stays"):
            self.coast.run("scontrol", "update", "nodename=coast2", "state=drain", "reason=test")
            both = ("--carbon=relocate", "--gres=gpu:1", "--nodes=2")

            def stays():
                job, said = self.submit(*both)
                self.inland.run("scancel", job)
                return "no better time or place is known" in said.err

            wait_until(stays, 30, "end of relocation", pause=1)
            two, _ = self.submit(*both, seconds=1)
            started(self.inland, two)
            self.coast.run("scontrol", "update", "nodename=coast2", "state=resume")
        with self.subTest("what the other cluster refuses comes home"):
            self.coast.run("scontrol", "update", "partitionname=gpu", "minnodes=2")  # which is not read here
            try:
                refused, said = self.submit("--carbon=relocate", "--gres=gpu:1", "--nodes=1", seconds=1)
                self.assertIn("moved from inland to coast", said.err)
                wait_until(
                    lambda: self.inland.job(refused)["JobState"] != "REVOKED",
                    70,
                    lambda: f"home-coming: {self.inland.job(refused)}",
                )
                started(self.inland, refused)
            finally:
                self.coast.run("scontrol", "update", "partitionname=gpu", "minnodes=0")
        with self.subTest("the user's own clusters stand"):
            own, said = self.submit("--carbon=relocate", "--gres=gpu:1", "--clusters=inland", seconds=1)
            self.assertNotIn("carbon: moved", said.err)
            started(self.inland, own)

    def test_while_it_waits(self):
        self.expect({"inland": [(0, DIRTY), (100, GREEN), (150, DIRTY)], "coast": [(0, DIRTY)]})
        wait_until(
            lambda: "deferred" in self.submit("--carbon=defer", "--gres=gpu:1", "--carbon-max-delay=3:00")[1].err,
            30,
            "deferral",
            pause=1,
        )
        job, said = self.submit("--carbon=auto", "--gres=gpu:1", "--carbon-max-delay=3:00")
        self.assertIn("carbon: deferred to", said.err)
        self.assertNotIn("carbon: moved", said.err)
        first = plan_of(self.inland, job)
        self.assertEqual((first["site"], first["sites"]), ("inland", "inland+coast"))
        stays, _ = self.submit("--carbon=defer", "--gres=gpu:1", "--carbon-max-delay=3:00")
        self.expect(
            {"inland": [(0, DIRTY), (100, 300), (150, DIRTY)], "coast": [(0, DIRTY), (20, GREEN), (160, DIRTY)]}
        )
        wait_until(
            lambda: plan_of(self.inland, job)["site"] == "coast",
            70,
            lambda: f"move of the job: {plan_of(self.inland, job)}",
            pause=0.5,
        )
        self.wait_until_known(self.coast, job)
        plan = wait_until(
            lambda: (p := plan_of(self.coast, job))
            and p == plan_of(self.inland, job)
            and begin_of(self.coast, job) == p["planned"]
            and p,
            20,
            lambda: f"one plan there and here: {plan_of(self.coast, job)}, {plan_of(self.inland, job)}",
        )
        self.assertEqual((plan["site"], plan["latest"]), ("coast", first["latest"]))
        at = started(self.coast, job)
        self.assertGreaterEqual(at, plan["planned"])
        self.assertLessEqual(at, plan["latest"])
        self.assertEqual(self.coast.sacct(job, "Cluster", "State"), [["coast", "COMPLETED"]])
        self.assertEqual(plan_of(self.inland, stays)["site"], "inland")

    def changes(self, cluster, job):
        """How often the carbonctld there has changed the job so far."""
        return self.cluster.carbon[cluster].log().count(f"job={job} begin=")

    def test_a_follower_uses_the_leaders_grid_and_plan_while_it_answers(self):
        leader, follower = (self.cluster.carbon[name] for name in CLUSTERS)
        self.assertIn("using the carbon intensities and the plan of the leader", follower.log())

        def green_from(second, until):
            return {"inland": [(0, DIRTY)], "coast": [(0, DIRTY), (second, GREEN), (until, DIRTY)]}

        def defer():
            return self.coast.sbatch(
                "--time=1", "--gres=gpu:1", "--carbon=defer", "--carbon-max-delay=8:00", script="sleep 1"
            )

        self.expect(green_from(100, 150))
        wait_until(
            lambda: "deferred" in defer()[1].err,
            30,
            "deferral by the leader's forecast: the own one knows no green time",
            pause=1,
        )
        job, _ = defer()
        first = plan_of(self.coast, job)
        self.expect(green_from(130, 180))
        second = wait_until(
            lambda: (p := plan_of(self.coast, job))["planned"] > first["planned"] + 10 and p,
            70,
            lambda: f"new plan: {plan_of(self.coast, job)}",
            pause=0.5,
        )
        self.assertGreaterEqual(self.changes("inland", job), 1)
        self.assertEqual(self.changes("coast", job), 0)
        follower.forecast(green_from(40, 90))
        leader.stop_carbonctld(signal_number=9)
        self.addCleanup(leader.start_carbonctld)
        wait_until(
            lambda: "using local feeds and planning locally" in follower.log(), 30, "word that the leader is gone"
        )
        third = wait_until(
            lambda: (p := plan_of(self.coast, job))["planned"] < second["planned"] - 10 and p,
            70,
            lambda: f"new plan: {plan_of(self.coast, job)}",
            pause=0.5,
        )
        self.assertGreaterEqual(self.changes("coast", job), 1)
        self.assertEqual({p["latest"] for p in (first, second, third)}, {first["latest"]})
        self.assertLessEqual(started(self.coast, job), first["latest"])


if __name__ == "__main__":
    unittest.main()
