# SPDX-License-Identifier: Apache-2.0
"""Energy on a real Slurm where it is hard: heterogeneous jobs, a slurmd that is killed, jobs that follow each other on the same GPUs;
and on each node jobs + idle = device."""
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
        wait_until(lambda: any(run["complete"] for run in self.carbon.runs(job_id)), 30, f"complete run of job {job_id} in the ledger")
        (run,) = self.carbon.runs(job_id)
        return run

    def assert_energy(self, job_id, gpus):
        run = self.run_of(job_id)
        truth = self.carbon.true_joules(self.node_of(job_id), gpus, run["start_ms"], run["end_ms"])
        # 1 %, or what a GPU can draw while its counter is renewed once.
        self.assertAlmostEqual(run["energy_mj"] / 1000, truth, delta=max(0.01 * truth, 0.1 * 400 * len(gpus)))

    def test_each_component_of_a_heterogeneous_job_is_metered(self):
        first, _ = self.slurm.sbatch("--time=1", "--partition=inland", "--gres=gpu:1", ":", "--time=1", "--partition=coast",
                                     "--gres=gpu:2", script="srun --het-group=0,1 sleep 4")
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
        self.slurm.wait_for_end(job)
        self.assert_energy(job, [0, 1])
        wait_until(lambda: self.slurm.run("sinfo", "-h", "-n", node.name, "-o", "%T").out.split()[0] == "idle", 60, "idle node")

    def test_jobs_that_follow_each_other_on_the_same_gpus_share_nothing(self):
        jobs = [self.slurm.sbatch("--time=1", "--partition=coast", "--gres=gpu:2", script="sleep 2")[0] for _ in range(3)]
        for job in jobs:
            self.slurm.wait_for_end(job)
            self.assert_energy(job, [0, 1])
        spans = sorted((run["start_ms"], run["end_ms"]) for run in map(self.run_of, jobs))
        for (_, end), (start, _) in zip(spans, spans[1:]):
            self.assertLessEqual(end, start)

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
            said = wait_until(lambda metrics=metrics: metrics.exists() and re.findall(
                r"^carbon_node_imbalance_joules{device=\"(\S+)\",.*} (\S+)$", metrics.read_text(), re.MULTILINE),
                              60, f"metrics of {node.name}")
            self.assertEqual({float(value) for _, value in said}, {0.0}, said)
            self.assertEqual(len(said), node.gpus)


if __name__ == "__main__":
    unittest.main()
