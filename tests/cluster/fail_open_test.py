# SPDX-License-Identifier: Apache-2.0
"""Fail open: without a valid snapshot jobs run at once, as on a cluster without the plugin, and slurmctld keeps running;
deferral returns with the next snapshot. The same while the plugins' files are replaced."""
import os
import pathlib
import shutil
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
        self.assertEqual(said.err, "sbatch: carbon: not moved: no current carbon intensity is known\n")
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
        for name, content in (
            ("cut", whole[: len(whole) // 2]),
            ("empty", b""),
            ("flipped", whole[:-9] + b"?" + whole[-8:]),
        ):
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

    def loaded(self):
        """The job_submit plugins that slurmctld has in memory; "(deleted)" follows one whose file was replaced."""
        pid = (self.slurm.root / "run" / "slurmctld.pid").read_text().strip()
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
        return {line.split("/", 1)[1] for line in maps if "job_submit_carbon.so" in line}

    def test_plugins_replaced_while_slurm_runs(self):
        """An upgrade: new files under the old names, by rename, as a package manager does it."""
        for plugin in ("job_submit_carbon.so", "spank_carbon.so"):
            beside = shutil.copy2(self.carbon.installed / plugin, self.carbon.installed / f"{plugin}.new")
            os.rename(beside, self.carbon.installed / plugin)
        self.assertTrue(all(name.endswith("(deleted)") for name in self.loaded()), self.loaded())
        self.assert_deferral()
        job, _ = self.slurm.sbatch("--carbon=off", "--time=1", "--gres=gpu:1", script="sleep 1")
        self.assertEqual(self.slurm.wait_for_end(job, 20)["JobState"], "COMPLETED")
        wait_until(lambda: [run for run in self.carbon.runs(job) if run["complete"]], 30, "record")
        self.slurm.restart_slurmctld()
        self.assertFalse(any(name.endswith("(deleted)") for name in self.loaded()), self.loaded())
        self.assert_deferral()


if __name__ == "__main__":
    unittest.main()
