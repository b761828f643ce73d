# SPDX-License-Identifier: Apache-2.0
"""GPUs whose positions in Slurm's list, minors and order in the driver all differ, on a real Slurm: each job is charged what its own
devices drew, by their counters. What Slurm says of a job, by `scontrol show job --details` and by its list, is the expectation."""
import json
import unittest

from harness.case import CarbonCase
from harness.processes import wait_until
from harness.slurm import Gpus

COUNTER = 0  # the ledger's number for this method
LAYOUTS = {
    # Some of the node's GPUs are not Slurm's.
    "inland1": Gpus("gpu:4", ("File={dev}/nvidia[0-1,6-7]",), (7, 6, 5, 2, 1, 0), (0, 1, 6, 7)),
    # Two types, in another order than in slurm.conf.
    "inland2": Gpus(
        "gpu:a100:2,gpu:v100:2",
        ("Type=v100 File={dev}/nvidia[2-3]", "Type=a100 File={dev}/nvidia[4-5]"),
        (2, 3, 4, 5),
        (4, 5, 2, 3),
    ),
    # Lines in the order of the cores beside the GPUs.
    "inland3": Gpus(
        "gpu:4",
        ("File={dev}/nvidia[4-5] Cores=0-3", "File={dev}/nvidia[1-2] Cores=4-7"),
        (1, 2, 4, 5),
        (4, 5, 1, 2),
    ),
    # MIG instances by hand.
    "inland4": Gpus(
        "gpu:4",
        tuple(
            "MultipleFiles={dev}/nvidia%d,{dev}/nvidia-caps/nvidia-cap[%d-%d]" % (minor, cap, cap + 1)
            for minor, cap in ((3, 303), (3, 312), (1, 112), (1, 103))
        ),
        (3, 1),
        ((3, 0), (3, 1), (1, 1), (1, 0)),
        {3: (4, 3), 1: (2, 3)},
    ),
}


class DevicesTest(CarbonCase):
    options = {"partitions": {"inland": 4, "coast": 1}, "layouts": LAYOUTS}

    def node(self, name):
        return next(node for node in self.slurm.nodes if node.name == name)

    def run_of(self, job_id):
        return wait_until(
            lambda: (runs := self.carbon.runs(job_id)) and runs[0]["complete"] and runs[0],
            30,
            f"complete run of job {job_id} in the ledger",
        )

    def assert_own_devices(self, name, *requests, seconds=8):
        """Jobs that run beside each other: their positions differ, and each has the energy of its own."""
        node = self.node(name)
        jobs = [
            self.slurm.sbatch(
                "--time=1",
                f"--partition={node.partition}",
                f"--nodelist={name}",
                f"--gres={gres}",
                script=f"sleep {seconds}",
            )[0]
            for gres in requests
        ]
        positions = {}
        for job in jobs:
            self.slurm.wait_for_state(job, ["RUNNING", "COMPLETED"])
            positions[job] = self.slurm.positions(job)[name]
        used = [k for found in positions.values() for k in found]
        self.assertEqual(len(used), len(set(used)), positions)
        for job in jobs:
            self.slurm.wait_for_end(job)
            run = self.run_of(job)
            truth = self.carbon.true_joules(node, positions[job], run["start_ms"], run["end_ms"])
            shown = dict(run) | {"positions": positions[job], "truth": truth}
            print(f"{name} positions {positions[job]}: {run['energy_mj'] / 1000:.1f} J of {truth:.1f} J", flush=True)
            self.assertAlmostEqual(run["energy_mj"] / 1000 / truth, 1, delta=0.01, msg=shown)
            self.assertEqual((run["method"], run["estimated_mj"], run["note"]), (COUNTER, 0, ""), shown)

    def test_a_gap_in_the_device_files(self):
        self.assert_own_devices("inland1", "gpu:2", "gpu:2")

    def test_two_types_in_another_order(self):
        self.assert_own_devices("inland2", "gpu:v100:1", "gpu:a100:2", "gpu:v100:1")

    def test_lines_in_the_order_of_their_cores(self):
        self.assert_own_devices("inland3", "gpu:1", "gpu:2")

    def test_mig_instances_by_multiple_files(self):
        self.assert_own_devices("inland4", "gpu:1", "gpu:1", "gpu:2")

    def test_the_harness_mixes_the_orders_by_default(self):
        self.assert_own_devices("coast1", "gpu:1", "gpu:2")

    def test_records_name_the_devices(self):
        """By their UUIDs, with the device that is not Slurm's left out."""
        job, _ = self.slurm.sbatch("--time=1", "--nodelist=inland1", "--gres=gpu:4", script="sleep 2")
        self.slurm.wait_for_end(job)
        self.run_of(job)
        state = json.loads((self.carbon.spool / "inland1" / "jobs" / "state.json").read_text())
        charged = {d["info"]["minor"] for d in state["devices"] if d["jobs_mj"] > 0}
        self.assertEqual(charged, {0, 1, 6, 7})


if __name__ == "__main__":
    unittest.main()
