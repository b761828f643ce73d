# SPDX-License-Identifier: Apache-2.0
"""slurmctld with a backup, and a carbonctld on each host: only the one on the active controller's host plans."""
import re
import time
import unittest

from harness.backup import ClusterWithBackup
from harness.case import CarbonCase
from harness.processes import wait_until
from harness.replan import SETTINGS, begin_of, plan_of, started

DIRTY, GREEN = 400, 100
CHANGE = re.compile(r"job=(\S+) begin=")


def green_from(second, until):
    return {"inland": [(0, DIRTY), (second, GREEN), (until, DIRTY)], "coast": [(0, DIRTY)]}


class BackupTest(CarbonCase):
    cluster_class = ClusterWithBackup
    # A node may register with the standby controller; it is asked again after a third of SlurmdTimeout.
    options = {
        "settings": SETTINGS,
        "forecast": [(0, DIRTY)],
        "extra_lines": ["SlurmctldTimeout=10", "SlurmdTimeout=30"],
    }

    def changes(self, host):
        """How many changes the carbonctld there has made so far."""
        return len(CHANGE.findall(self.carbon.log_of(host)))

    def expect(self, of_site):
        """A new forecast; returns once both snapshots are of it."""
        self.carbon.forecast(of_site)
        for _ in range(2):
            files = [self.slurm.state_of(host) / "snapshot" for host in ("ctl1", "ctl2")]
            before = [f.stat().st_mtime_ns for f in files]
            wait_until(
                lambda b=before, f=files: all(x.stat().st_mtime_ns != y for x, y in zip(f, b)), 20, "new snapshots"
            )

    def moved(self, job, right):
        return wait_until(
            lambda: (p := plan_of(self.slurm, job)) and right(p) and begin_of(self.slurm, job) == p["planned"] and p,
            70,
            lambda: f"new plan: {plan_of(self.slurm, job)}",
            pause=0.5,
        )

    def test_only_the_carbonctld_at_the_active_controller_plans(self):
        self.expect(green_from(100, 150))
        job, said = self.slurm.sbatch(
            "--time=1", "--gres=gpu:2", "--carbon=defer", "--carbon-max-delay=8:00", script="sleep 1"
        )
        self.assertIn("carbon: deferred to", said.err)
        first = plan_of(self.slurm, job)
        self.expect(green_from(130, 180))
        second = self.moved(job, lambda p: p["planned"] > first["planned"] + 10)
        self.assertGreaterEqual(self.changes("ctl1"), 1)
        self.assertEqual(self.changes("ctl2"), 0)
        self.assertIn("standby: slurmctld is active on ctl1", self.carbon.log_of("ctl2"))
        self.slurm.fail_over()
        before = self.changes("ctl1")
        green = int(time.time()) + 30
        self.expect(green_from(30, 80))
        third = self.moved(job, lambda p: p["planned"] < second["planned"] - 10)
        self.assertGreaterEqual(self.changes("ctl2"), 1)
        self.assertEqual(self.changes("ctl1"), before)
        self.assertIn("standby: slurmctld is active on ctl2", self.carbon.log_of("ctl1"))
        self.assertEqual({p["latest"] for p in (first, second, third)}, {first["latest"]})
        start = started(self.slurm, job)
        # Once it is green and nothing is gained by the seconds that are left, the plan draws them in.
        self.assertGreaterEqual(start, max(green, plan_of(self.slurm, job)["planned"]))
        self.assertLessEqual(start, first["latest"])


if __name__ == "__main__":
    unittest.main()
