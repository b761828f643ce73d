# SPDX-License-Identifier: Apache-2.0
"""Jobs start within their caps while carbonctld is killed and slurmctld is restarted. This is the short form of
`start_guarantee_proof.py kills`. And a site that only observes changes no job."""
import sys
import time
import unittest

from harness.cluster import Cluster
from harness.load import TOLERANCE, Disturbance, broken, make_load, play, waves
from harness.replan import SETTINGS, plan_of, unix


class DisturbanceTest(unittest.TestCase):
    def test_every_job_runs_by_its_cap_when_daemons_die(self):
        load = make_load(24, 36, ["inland", "coast"], (20, 40), (2, 5))
        with Cluster(settings=SETTINGS, forecast=waves(40, 15)) as cluster, Disturbance(
            cluster, 5, 1, 40
        ) as disturbance:
            play(cluster.slurm, load, carbon=True)
        self.assertIsNone(disturbance.failure)
        self.assertEqual((disturbance.killed, disturbance.restarted), (5, 1))
        self.assertGreater(sum(job.deferred for job in load), 5)
        self.assertEqual(broken(load, lambda job: job.cap + TOLERANCE), [])

    def test_a_site_that_observes_changes_nothing(self):
        """Three hours of the replayed grid, of which a day takes one minute."""
        settings = {
            ("placement", "observe"): "true",
            ("placement", "default_mode"): '"auto"',
            ("replan", "interval"): '"1s"',
        }
        with Cluster(settings=settings) as cluster:
            slurm, begun, jobs = cluster.slurm, time.monotonic(), []
            while time.monotonic() < begun + 60 * 3 / 24 or len(jobs) < 6:
                time.sleep(0.5)
                job, said = slurm.sbatch("--time=1", "--gres=gpu:1", script="sleep 1")
                self.assertEqual(said.err, "")
                jobs.append(job)
            would = 0
            for job in jobs:
                seen, plan = slurm.wait_for_end(job), plan_of(slurm, job)
                self.assertEqual(plan["observe"], 1)
                would += "planned" in plan
                self.assertEqual(
                    (seen["JobState"], seen["Partition"], seen["Nice"], seen["Features"]),
                    ("COMPLETED", "inland", "0", "(null)"),
                )
                self.assertLessEqual(unix(seen["EligibleTime"]) - unix(seen["SubmitTime"]), 1)
            print(f"observed {len(jobs)} jobs, of which {would} would have been moved", file=sys.stderr)
            self.assertGreater(would, 0)
            self.assertNotIn(" why=", cluster.carbon.log())


if __name__ == "__main__":
    unittest.main()
