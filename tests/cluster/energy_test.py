# SPDX-License-Identifier: Apache-2.0
"""Hard cases of energy accounting on a real Slurm: arrays, heterogeneous jobs, a killed slurmd, jobs that swap on one GPU, a
prolog or an epilog that never ran. On each node jobs + idle = device."""
import re
import signal
import time
import unittest

from harness.case import CarbonCase
from harness.processes import wait_until


class EnergyTest(CarbonCase):
    options = {"partitions": {"inland": 1, "coast": 1}, "gpus": 2}

    def node_of(self, job_id):
        name = self.slurm.job(job_id)["NodeList"]
        return next(node for node in self.slurm.nodes if node.name == name)

    def run_of(self, job_id):
        wait_until(
            lambda: any(run["complete"] for run in self.carbon.runs(job_id)),
            30,
            f"complete run of job {job_id} in the ledger",
        )
        (run,) = self.carbon.runs(job_id)
        return run

    def assert_energy(self, job_id, gpus):
        run = self.run_of(job_id)
        truth = self.carbon.true_joules(self.node_of(job_id), gpus, run["start_ms"], run["end_ms"])
        # 1 %, or what a GPU can draw while its counter is renewed once.
        self.assertAlmostEqual(run["energy_mj"] / 1000, truth, delta=max(0.01 * truth, 0.1 * 400 * len(gpus)))

    def test_each_component_of_a_heterogeneous_job_is_metered(self):
        first, _ = self.slurm.sbatch(
            "--time=1",
            "--partition=inland",
            "--gres=gpu:1",
            ":",
            "--time=1",
            "--partition=coast",
            "--gres=gpu:2",
            script="srun --het-group=0,1 sleep 4",
        )
        for component, gpus in ((first, [0]), (first + 1, [0, 1])):
            self.slurm.wait_for_end(component)
            self.assert_energy(component, gpus)

    def test_slurmd_killed_and_started_again_while_the_job_runs(self):
        job, _ = self.slurm.sbatch("--time=1", "--partition=inland", "--gres=gpu:2", script="sleep 6")
        self.slurm.wait_for_state(job, ["RUNNING"])
        node = self.node_of(job)
        self.carbon.wait_until_metered(node)
        self.slurm.daemons.end(f"{self.slurm.name}.{node.name}", signal.SIGKILL)
        self.slurm.start_slurmd(node)
        self.slurm.wait_for_end(job, 180)  # a message lost with slurmd is sent again after a third of SlurmdTimeout
        self.assert_energy(job, [0, 1])
        wait_until(
            lambda: self.slurm.run("sinfo", "-h", "-n", node.name, "-o", "%T").out.split()[0] == "idle", 60, "idle node"
        )

    def test_each_task_of_an_array_is_metered(self):
        array, _ = self.slurm.sbatch(
            "--time=1", "--partition=coast", "--gres=gpu:1", "--array=1-3", script="sleep $((1 + SLURM_ARRAY_TASK_ID))"
        )
        tasks = [f"{array}_{k}" for k in (1, 2, 3)]
        gpus = {}
        for task in tasks:
            self.slurm.wait_for_state(task, ["RUNNING"])
            (gpus[task],) = self.slurm.positions(task).values()
        for task in tasks:
            self.slurm.wait_for_end(task)
        raw = [int(self.slurm.sacct(task, "JobIDRaw")[0][0]) for task in tasks]
        self.assertEqual(len(set(raw)), 3)
        for task, job in zip(tasks, raw):
            self.assert_energy(job, gpus[task])

    def test_jobs_that_swap_on_one_gpu_within_a_second(self):
        gaps = []
        for _ in range(4):
            jobs = [
                self.slurm.sbatch("--time=1", "--partition=coast", "--gres=gpu:2", script="sleep 1")[0]
                for _ in range(3)
            ]
            for job in jobs:
                self.slurm.wait_for_end(job)
                self.assert_energy(job, [0, 1])
            intervals = sorted((run["start_ms"], run["end_ms"]) for run in map(self.run_of, jobs))
            gaps += [start - end for (_, end), (start, _) in zip(intervals, intervals[1:])]
            if min(gaps) < 1000:
                break
        self.assertGreaterEqual(min(gaps), 0)
        if min(gaps) >= 1000:
            self.skipTest(f"Slurm never started a job within a second of another's end here: {gaps} ms")

    def test_a_lost_epilog_and_a_lost_prolog(self):
        """The plugin is missing when a job ends, and when another starts: each record says what is not known of it."""
        conf = self.slurm.etc / "plugstack.conf.d" / "carbon.conf"
        line = conf.read_text()
        self.addCleanup(conf.write_text, line)
        first, _ = self.slurm.sbatch("--time=1", "--partition=inland", "--gres=gpu:2", script="sleep 3")
        self.slurm.wait_for_state(first, ["RUNNING"])
        self.carbon.wait_until_metered(self.node_of(first))
        conf.write_text("# not here\n")
        self.slurm.wait_for_end(first)
        second, _ = self.slurm.sbatch("--time=1", "--partition=inland", "--gres=gpu:1", script="sleep 4")
        self.slurm.wait_for_state(second, ["RUNNING"])
        time.sleep(1)
        conf.write_text(line)
        self.slurm.wait_for_end(second)
        third, _ = self.slurm.sbatch("--time=1", "--partition=inland", "--gres=gpu:2", script="sleep 2")
        self.slurm.wait_for_end(third)
        lost = self.run_of(first)
        self.assertIn("no end mark: the run ended no later than the next start on its GPU", lost["note"])
        self.assertEqual(lost["estimated_mj"], lost["energy_mj"])
        unknown = self.run_of(second)
        self.assertIn("no start mark: the energy of this run is unknown", unknown["note"])
        self.assertEqual(unknown["energy_mj"], 0)
        self.assert_energy(third, [0, 1])

    def test_a_job_that_is_cancelled_is_metered_to_its_end(self):
        job, _ = self.slurm.sbatch("--time=1", "--partition=coast", "--gres=gpu:1", script="sleep 60")
        self.slurm.wait_for_state(job, ["RUNNING"])
        node = self.node_of(job)
        self.carbon.wait_until_metered(node)
        time.sleep(2)
        self.slurm.run("scancel", job)
        self.slurm.wait_for_end(job)
        self.assert_energy(job, [0])

    def test_jobs_and_idle_add_up_to_each_device(self):
        for node in self.slurm.nodes:
            metrics = self.carbon.spool / node.name / "carbond.prom"
            for kind in ("imbalance", "interval_imbalance"):
                said = wait_until(
                    lambda metrics=metrics, kind=kind: metrics.exists()
                    and re.findall(
                        rf"^carbon_node_{kind}_joules{{device=\"(\S+)\",.*}} (\S+)$", metrics.read_text(), re.MULTILINE
                    ),
                    60,
                    f"metrics of {node.name}",
                )
                self.assertEqual({float(value) for _, value in said}, {0.0}, said)
                self.assertEqual(len(said), node.gpus)


if __name__ == "__main__":
    unittest.main()
