# SPDX-License-Identifier: Apache-2.0
"""Without a good snapshot jobs run at once, as on a cluster without the plugin, and slurmctld lives on; with the next one
deferral is back."""
import os
import time
import unittest

from harness.case import CarbonCase
from harness.processes import wait_until

MAX_AGE = 3


class FailOpenTest(CarbonCase):
    options = {"settings": {("carbonctld", "snapshot_max_age"): f'"{MAX_AGE}s"'}}

    def setUp(self):
        """Deferral works before each test."""
        if self.cluster.daemons.status("carbonctld") is not None:
            self.carbon.start_carbonctld()
        self.assert_deferral()

    def assert_deferral(self):
        self.carbon.wait_for_hour(14, 17)

        def deferred():
            job, said = self.slurm.sbatch("--carbon=defer", "--time=1", "--gres=gpu:1", script="true")
            self.slurm.run("scancel", job)
            return "carbon: deferred to" in said.err
        wait_until(deferred, 10, "deferral", pause=1)

    def assert_runs_at_once(self):
        job, said = self.slurm.sbatch("--carbon=auto", "--time=1", "--gres=gpu:1", script="true")
        self.assertEqual(said.err, "sbatch: carbon: left as it is: no current carbon intensity is known\n")
        ended = self.slurm.wait_for_end(job, 20)
        self.assertEqual((ended["JobState"], ended["Partition"], ended["AdminComment"]), ("COMPLETED", "inland", ""))

    def test_snapshot_removed(self):
        self.carbon.stop_carbonctld()
        os.unlink(self.carbon.snapshot)
        self.assert_runs_at_once()

    def test_snapshot_stale(self):
        self.carbon.stop_carbonctld()
        published = self.carbon.snapshot.stat().st_mtime
        wait_until(lambda: time.time() > published + MAX_AGE + 1, 20, "stale snapshot")
        self.assert_runs_at_once()

    def test_snapshot_damaged(self):
        self.carbon.stop_carbonctld()
        whole = self.carbon.snapshot.read_bytes()
        for name, content in (("cut", whole[:len(whole) // 2]), ("empty", b""), ("flipped", whole[:-9] + b"?" + whole[-8:])):
            with self.subTest(name):
                beside = self.carbon.snapshot.with_suffix(".damaged")
                beside.write_bytes(content)
                beside.rename(self.carbon.snapshot)
                self.assert_runs_at_once()

    def test_carbonctld_killed(self):
        self.carbon.stop_carbonctld(signal_number=9)
        job, said = self.slurm.sbatch("--carbon=off", "--gres=gpu:1", script="true")
        self.assertEqual(said.err, "")
        self.assertEqual(self.slurm.wait_for_end(job, 20)["JobState"], "COMPLETED")


if __name__ == "__main__":
    unittest.main()
