# SPDX-License-Identifier: Apache-2.0
"""The harness's Slurm works as the other tests expect: an ordinary user's job gets GPUs with their indices, and a record in
Slurm's accounting."""
import unittest

from harness.cluster import Cluster
from harness.processes import wait_until


class HarnessTest(unittest.TestCase):
    def test_a_job_from_submission_to_its_accounting_record(self):
        with Cluster(carbon=False) as cluster:
            slurm = cluster.slurm
            job, _ = slurm.sbatch("--partition=coast", "--gres=gpu:2", script="echo gpus $SLURM_JOB_GPUS uid $(id -u)")
            self.assertEqual(slurm.wait_for_end(job)["JobState"], "COMPLETED")
            wait_until(
                lambda: [["COMPLETED", "coast", "games"]] == slurm.sacct(job, "State", "Partition", "User"),
                20,
                lambda: f"record of the job: {slurm.sacct(job, 'State', 'Partition', 'User')}",
            )
            self.assertEqual((slurm.home("games") / f"slurm-{job}.out").read_text(), "gpus 0,1 uid 5\n")
        self.assertFalse(cluster.root.exists())


if __name__ == "__main__":
    unittest.main()
