# SPDX-License-Identifier: Apache-2.0
"""Energy accounting from GPU counters to sacct: the energy is that of the test double, the summary is added to Slurm's own
record next to others' text, and nothing is lost while a daemon is down."""
import calendar
import signal
import time
import unittest

from harness.case import CarbonCase
from harness.processes import wait_until


class AccountingTest(CarbonCase):
    options = {"partitions": {"inland": 2, "coast": 1}, "settings": {("carbonctld", "energy_tres"): "true"}}

    def submit(self, *options, seconds, gpus=2):
        return self.slurm.sbatch("--time=1", f"--gres=gpu:{gpus}", *options, script=f"sleep {seconds}")[0]

    def node_of(self, job_id):
        name = self.slurm.job(job_id)["NodeList"]
        return next(node for node in self.slurm.nodes if node.name == name)

    def assert_energy(self, job_id, gpus_per_node=2):
        """Each run's energy is within 1 % of what its GPUs drew from its start to its end."""
        self.carbon.wait_for_summary(job_id)
        node = self.node_of(job_id)
        for run in self.carbon.runs(job_id):
            truth = self.carbon.true_joules(node, range(gpus_per_node), run["start_ms"], run["end_ms"])
            self.assertGreater(truth, 0)
            self.assertAlmostEqual(run["energy_mj"] / 1000 / truth, 1, delta=0.01)

    def test_energy_of_a_job_with_two_gpus(self):
        job = self.submit(seconds=6)
        self.slurm.wait_for_end(job)
        self.assert_energy(job)
        (run,) = self.carbon.runs(job)
        ((slurm_start, slurm_end),) = self.slurm.sacct(job, "Start", "End")
        shown = [time.strftime("%Y-%m-%dT%H:%M", time.gmtime(run[key] / 1000)) for key in ("start_ms", "end_ms")]
        self.assertEqual(shown, [slurm_start[:16], slurm_end[:16]])
        self.assertGreaterEqual(run["end_ms"] - run["start_ms"], 6000)

    def test_summary_is_seen_by_the_user_in_sacct_and_agrees_with_scarbon(self):
        job = self.submit(seconds=3)
        self.slurm.wait_for_end(job)
        (summary,) = self.carbon.wait_for_summary(job)
        seen = self.slurm.run("sacct", "-X", "-n", "-P", "-j", job, "-o", "AdminComment", user="games").out.strip()
        self.assertTrue(seen.startswith("carbon:"), seen)
        self.assertEqual((summary["site"], summary["method"], summary["sim"]), ("inland", "counter", "1"))
        kwh, grams, intensity = (float(summary[key]) for key in ("kwh", "g", "ci"))
        self.assertAlmostEqual(grams / (kwh * intensity * 1.3), 1, delta=0.01)  # the site's PUE is 1.3
        said = self.carbon.scarbon(
            "jobs", "-X", "-P", "-n", "-j", job, "-o", "JobID,User,State,Co2eG,EnergyKWh", user="games"
        ).out
        job_id, user, state, shown_grams, shown_kwh = said.strip().split("|")
        self.assertEqual((job_id, user, state), (str(job), "games", "COMPLETED"))
        self.assertAlmostEqual(float(shown_grams) / grams, 1, delta=0.01)
        self.assertAlmostEqual(float(shown_kwh) / kwh, 1, delta=0.01)

    def test_the_energy_is_a_tres_of_slurms_where_slurm_takes_it(self):
        job = self.submit(seconds=3)
        self.slurm.wait_for_end(job)
        self.carbon.wait_for_summary(job)
        (run,) = self.carbon.runs(job)
        ((joules,),) = self.slurm.sacct(job, "ConsumedEnergyRaw")
        if self.slurm.release() < "25.11":
            self.assertIn(
                "energy_tres has no effect: Slurm stores a job's energy only from version 25.11 on", self.carbon.log()
            )
            self.assertIn(joules, ("", "0"))
        else:
            self.assertEqual(int(joules), run["energy_mj"] // 1000)

    def test_a_job_on_two_nodes_is_the_sum_of_both(self):
        job = self.submit("--nodes=2", seconds=4, gpus=1)
        self.slurm.wait_for_end(job)
        self.carbon.wait_for_summary(job)
        wait_until(lambda: self.carbon.runs(job)[0]["complete"], 20, "record of both nodes")
        (run,) = self.carbon.runs(job)
        nodes = [node for node in self.slurm.nodes if node.partition == "inland"]
        truth = sum(self.carbon.true_joules(node, [0], run["start_ms"], run["end_ms"]) for node in nodes)
        # The two prologs are not at the same moment: a node may start or end a little later than the other.
        self.assertAlmostEqual(run["energy_mj"] / 1000 / truth, 1, delta=0.08)
        self.assertEqual(run["nodes"], 2)

    def test_what_others_wrote_in_admin_comment_is_kept(self):
        job = self.submit(seconds=4)
        self.slurm.wait_for_state(job, ["RUNNING"])
        theirs = "JS1:H4sIAbcDEF+/== checked by Ada"
        self.slurm.run("scontrol", "update", f"jobid={job}", f"AdminComment={theirs}")
        self.slurm.wait_for_end(job)
        self.carbon.wait_for_summary(job)
        ((text,),) = self.slurm.sacct(job, "AdminComment")
        self.assertTrue(text.startswith(theirs + " carbon:"), text)

    def test_each_task_of_an_array_has_its_own_summary(self):
        array = self.submit("--array=1-3", seconds=3, gpus=1)
        tasks = [f"{array}_{k}" for k in (1, 2, 3)]
        for task in tasks:
            self.slurm.wait_for_end(task)
        for task in tasks:
            self.carbon.wait_for_summary(task)
            (summary,) = self.carbon.comment(task)
            ((raw_id,),) = self.slurm.sacct(task, "JobIDRaw")
            (run,) = self.carbon.runs(raw_id)
            self.assertAlmostEqual(float(summary["kwh"]) * 3.6e9 / run["energy_mj"], 1, delta=0.001)

    def test_a_requeued_job_is_metered_for_each_of_its_runs(self):
        job = self.submit("--requeue", seconds=5)
        self.slurm.wait_for_state(job, ["RUNNING"])
        self.carbon.wait_until_metered(self.node_of(job))
        self.slurm.run("scontrol", "requeue", job)
        # Slurm lets a requeued job wait for two minutes. Three seconds do; in the same one its credential is revoked still.
        self.slurm.wait_for_state(job, ["PENDING"])
        self.slurm.run("scontrol", "update", f"jobid={job}", "StartTime=now+3")
        self.slurm.wait_for_end(job, 60)
        wait_until(
            lambda: [run["restart_count"] for run in self.carbon.runs(job)] == [0, 1], 30, "both runs in the ledger"
        )
        self.assert_energy_of_last_run(job)

    def assert_energy_of_last_run(self, job):
        wait_until(lambda: "g" in self.carbon.comment(job)[-1], 60, "summary of the last run", pause=0.5)
        run = self.carbon.runs(job)[-1]
        truth = self.carbon.true_joules(self.node_of(job), range(2), run["start_ms"], run["end_ms"])
        self.assertAlmostEqual(run["energy_mj"] / 1000 / truth, 1, delta=0.01)

    def test_carbonctld_away_when_the_job_ends(self):
        job = self.submit(seconds=4)
        self.slurm.wait_for_state(job, ["RUNNING"])
        self.assertEqual(self.carbon.stop_carbonctld(), 0)
        self.slurm.wait_for_end(job)
        outbox = self.carbon.spool / self.node_of(job).name / "outbox"
        wait_until(lambda: any(outbox.iterdir()), 20, "record that waits in the outbox")
        self.carbon.start_carbonctld()
        self.assert_energy(job)
        wait_until(lambda: not any(outbox.iterdir()), 60, "empty outbox")
        self.assertEqual(len(self.carbon.runs(job)), 1)

    def test_carbond_killed_while_the_job_runs(self):
        job = self.submit(seconds=6)
        self.slurm.wait_for_state(job, ["RUNNING"])
        node = self.node_of(job)
        self.carbon.wait_until_metered(node)
        self.assertEqual(self.carbon.stop_carbond(node, signal.SIGKILL), -signal.SIGKILL)
        self.carbon.start_carbond(node)
        self.slurm.wait_for_end(job)
        self.assert_energy(job)


class MarksByTheSitesScriptsTest(CarbonCase):
    """The site's own Prolog and Epilog leave the marks, and the SPANK plugin brings the options alone."""

    options = {"marks_by": "scripts"}

    def test_a_job_has_the_options_and_is_metered_from_its_start_to_its_end(self):
        job, _ = self.slurm.sbatch("--time=1", "--gres=gpu:2", "--carbon=off", script="sleep 4")
        self.slurm.wait_for_end(job)
        (summary,) = self.carbon.wait_for_summary(job)
        self.assertEqual(summary["method"], "counter")
        (run,) = self.carbon.runs(job)
        truth = self.carbon.true_joules(self.slurm.nodes[0], range(2), run["start_ms"], run["end_ms"])
        self.assertAlmostEqual(run["energy_mj"] / 1000 / truth, 1, delta=0.01)
        ((start, end),) = self.slurm.sacct(job, "Start", "End")
        for key, said in (("start_ms", start), ("end_ms", end)):
            self.assertAlmostEqual(run[key] / 1000, calendar.timegm(time.strptime(said, "%Y-%m-%dT%H:%M:%S")), delta=3)
        _, refused = self.slurm.sbatch("--time=1", "--carbon=green", script="true", check=False)
        self.assertIn("'green' is not a carbon mode", refused.err)

    def test_without_the_program_jobs_run_and_no_node_drains(self):
        program = self.carbon.installed / "carbon_mark"
        away = program.rename(program.with_name("away"))
        self.addCleanup(away.rename, program)
        job, _ = self.slurm.sbatch("--time=1", "--gres=gpu:2", script="sleep 1")
        self.assertEqual(self.slurm.wait_for_end(job)["JobState"], "COMPLETED")
        wait_until(
            lambda: set(self.slurm.run("sinfo", "-N", "-h", "-o", "%T").out.split()) == {"idle"}, 30, "idle nodes"
        )


if __name__ == "__main__":
    unittest.main()
