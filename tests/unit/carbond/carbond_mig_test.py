# SPDX-License-Identifier: Apache-2.0
"""Seven MIG instances on one GPU, seven jobs of different lengths, through the real daemon: in each interval of the profile the jobs'
energy and the idle energy are the GPU's, to the millijoule."""
import json
import signal
import time
import unittest

from harness.carbond_process import Controller, Node, joules, wait_until

GPU = "gpu uuid=GPU-SIMULATED-0 minor=0 curve=square:60,300,0.7,0.5+ramp:0,50,9 mig=1,1,1,1,1,1,1"
DEVICE = "GPU-SIMULATED-0"
PEAK, UPDATE = 350, 0.1


class Mig(unittest.TestCase):
    def setUp(self):
        self.controller = Controller()
        self.addCleanup(self.controller.close)
        self.node = Node([GPU], self.controller)
        self.addCleanup(self.node.__exit__)

    def account(self):
        (reading,) = json.loads((self.node.spool / "jobs" / "readings.json").read_text())
        return reading["counter"]

    def run_seven_jobs(self, killed_after=None):
        """Each starts 0.9 s after the one before; the first is the longest."""
        bounds = {}
        for k in range(7):
            bounds[k + 1] = [self.node.mark("start", k + 1, mig=[f"MIG-SIMULATED-0-{k}"])]
            time.sleep(0.9)
            if killed_after == k:
                self.node.stop(signal.SIGKILL)
                self.node.start(wait=False)
        for job in (7, 6, 5, 4, 3, 2, 1):
            bounds[job].append(self.node.mark("end", job))
            time.sleep(0.65)
        return bounds, {job: self.node.wait_for_record(job)[0] for job in bounds}

    def assert_shares(self, bounds, records):
        for job, (start, end) in bounds.items():
            record = records[job]
            self.assertEqual((record["start_ms"], record["end_ms"], record["note"]), (start, end, ""))
            truth = self.node.truth(record) / 7
            self.assertLessEqual(abs(joules(record) - truth), max(0.005 * truth, UPDATE * PEAK / 7), f"job {job}")

    def test_jobs_and_idle_are_the_gpus_counter_in_each_interval(self):
        self.node.start()
        before = self.account()
        bounds, records = self.run_seven_jobs()
        self.assert_shares(bounds, records)
        (device,) = [d for d in self.node.state()["devices"] if d["info"]["id"] == DEVICE]
        recent, after = device["recent"], device["counter"]
        first, step = recent["first_ms"], recent["step_ms"]
        jobs = [0] * len(recent["device_mj"])
        for record in records.values():
            (held,) = record["devices"]
            for k, mj in enumerate(held["mj"]):
                jobs[(held["first_ms"] + k * step - first) // step] += mj
        self.assertGreater(sum(1 for mj in jobs if mj > 0), 9, "intervals with jobs in them")
        for k, total in enumerate(recent["device_mj"]):
            self.assertLessEqual(abs(jobs[k] + recent["idle_mj"][k] - total), 1, f"interval {k}")
        # And the intervals are the GPU's own counter: what it counted from carbond's first reading to its last, and where.
        self.assertEqual(after["uj"] - before["uj"], after["counter_uj"] - before["counter_uj"])
        self.assertLessEqual(abs(sum(recent["device_mj"]) - after["uj"] / 1000), 1)
        for k in range(1, len(recent["device_mj"]) - 1):
            start = first + k * step
            truth = self.node.truth({"start_ms": start, "end_ms": start + step, "devices": [{"device": DEVICE}]})
            self.assertLessEqual(abs(recent["device_mj"][k] / 1000 - truth), 2 * UPDATE * PEAK, f"interval {k}")

    def test_after_a_kill_the_sums_still_are_the_counter(self):
        self.node.start()
        bounds, records = self.run_seven_jobs(killed_after=3)
        self.assert_shares(bounds, records)
        charged = sum(sum(sum(d["mj"]) for d in r["devices"]) for r in records.values())
        final = wait_until(
            lambda: self.node.metric("carbon_node_jobs_joules", DEVICE) == charged / 1000 and self.imbalances(),
            40,
            "metrics with all seven jobs in them",
        )
        self.assertEqual(final, [0.0, 0.0])

    def imbalances(self):
        said = [
            self.node.metric(name, DEVICE)
            for name in ("carbon_node_imbalance_joules", "carbon_node_interval_imbalance_joules")
        ]
        return None if None in said else said


if __name__ == "__main__":
    unittest.main(verbosity=2)
