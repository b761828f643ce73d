# SPDX-License-Identifier: Apache-2.0
"""Carbon interruption: a job that allows it is signalled to checkpoint at the start of a dirty period, requeued, and continued
from its checkpoint in a green period. Its record has both runs."""
import json
import time
import unittest

from harness.case import CarbonCase
from harness.processes import wait_until
from harness.replan import SETTINGS, plan_of, unix

DIRTY, GREEN = 400, 100
STEPS = 40  # half a second each
# Counts to STEPS; at the signal it writes down where it is, and begins there when it is begun again.
COUNTER = f"""
n=$(cat checkpoint 2>/dev/null || echo 0)
echo "from $n" >> runs
trap 'echo $n > checkpoint' USR1
while [ $n -lt {STEPS} ]; do sleep 0.5 & wait $!; n=$((n+1)); done
echo $n > finished"""


class InterruptTest(CarbonCase):
    options = {
        "forecast": [(0, DIRTY)],
        "settings": {
            **SETTINGS,
            ("placement", "expected_share_of_limit"): "0.4",
            ("placement.interrupt", "grace"): '"3s"',
            ("placement.interrupt", "max_times"): "1",
        },
    }

    def setUp(self):
        self.home = self.slurm.home("games")
        for name in ("checkpoint", "runs", "finished"):
            (self.home / name).unlink(missing_ok=True)

    def forecast(self, steps):
        self.carbon.forecast({"inland": steps, "coast": [(0, DIRTY)]})
        time.sleep(3)  # two publications

    def start_counter(self, *options):
        self.forecast([(0, DIRTY), (12, GREEN), (80, DIRTY)])
        job, said = self.slurm.sbatch(
            "--time=1", "--gres=gpu:1", "--carbon=interrupt", "--carbon-max-delay=3:00", *options, script=COUNTER
        )
        self.assertIn("carbon: deferred to", said.err)
        self.slurm.wait_for_state(job, ("RUNNING",), 40)
        time.sleep(6)
        return job

    def test_a_job_continues_from_its_checkpoint_in_a_green_period(self):
        job = self.start_counter("--requeue")
        green = int(time.time()) + 30
        self.forecast([(0, DIRTY), (27, GREEN), (90, DIRTY)])
        waiting = self.slurm.wait_for_state(job, ("PENDING",), 30)
        at = int((self.home / "checkpoint").read_text())
        self.assertGreater(at, 0)
        plan = wait_until(
            lambda: (p := plan_of(self.slurm, job)) and "again" not in p and p, 20, "new begin of the job"
        )
        self.assertEqual((plan["mode"], plan["times"], waiting["Restarts"]), ("interrupt", 1, "1"))
        self.assertGreaterEqual(plan["planned"], green - 3)
        self.assertLessEqual(plan["planned"], plan["cap"])
        ended = self.slurm.wait_for_end(job, 120)
        self.assertEqual(ended["JobState"], "COMPLETED")
        self.assertEqual((self.home / "finished").read_text().strip(), str(STEPS))
        self.assertEqual((self.home / "runs").read_text().splitlines(), ["from 0", f"from {at}"])
        self.assertGreaterEqual(unix(ended["StartTime"]), plan["planned"])
        runs = wait_until(
            lambda: (r := self.carbon.runs(job)) and len(r) == 2 and all(x["counterfactual_ug"] for x in r) and r,
            60,
            lambda: f"both runs in the ledger: {[dict(r) for r in self.carbon.runs(job)]}",
            pause=1,
        )
        self.assertEqual([r["restart_count"] for r in runs], [0, 1])
        # What ran after the signal, and as long again behind the restart, is no energy of an uninterrupted job: it would have needed
        # less than the two runs together.
        self.assertTrue(runs[0]["kept_to_ms"] and runs[1]["kept_from_ms"], [dict(r) for r in runs])
        self.assertGreater(runs[0]["end_ms"] - runs[0]["kept_to_ms"], 2000)
        self.assertGreater(runs[1]["kept_from_ms"] - runs[1]["start_ms"], 2000)
        explained = json.loads(self.carbon.scarbon("report", "--explain", job, "--json").out)["runs"]
        for run, kept, saving in zip(
            runs,
            (runs[0]["kept_to_ms"] - runs[0]["start_ms"], runs[1]["end_ms"] - runs[1]["kept_from_ms"]),
            (r["saving"] for r in explained),
        ):
            self.assertEqual(saving["state"], "known", saving["why"])
            as_it_ran, uninterrupted = (saving[k]["energy_kwh"] for k in ("as_it_ran", "without_us"))
            self.assertLess(uninterrupted, as_it_ran)
            self.assertAlmostEqual(uninterrupted / as_it_ran, kept / (run["end_ms"] - run["start_ms"]), delta=0.35)
        shown = (
            self.carbon.scarbon("jobs", "-X", "-P", "-n", "-j", job, "-o", "JobID,EnergyKWh,Co2eG,SavedCo2eG")
            .out.strip()
            .split("|")
        )
        grams = sum(r["co2e_ug"] for r in runs) / 1e6
        saved = sum(r["counterfactual_ug"] - r["co2e_ug"] for r in runs) / 1e6
        self.assertAlmostEqual(float(shown[2]), grams, delta=0.001 + 0.01 * grams)
        self.assertAlmostEqual(float(shown[3]), saved, delta=0.001 + 0.01 * abs(saved))

    def test_a_job_that_may_not_be_requeued_runs_on(self):
        job = self.start_counter("--no-requeue")
        self.forecast([(0, DIRTY), (27, GREEN), (90, DIRTY)])
        self.assertEqual(self.slurm.wait_for_end(job, 60)["Restarts"], "0")
        self.assertFalse((self.home / "checkpoint").exists())


if __name__ == "__main__":
    unittest.main()
