# SPDX-License-Identifier: Apache-2.0
"""Debian's Prometheus on a real cluster: it scrapes both daemons, its figures are the cluster's, the alert rules load and one fires,
and each query of the Grafana dashboard returns data."""
import json
import shutil
import subprocess
import unittest
import urllib.request

from harness.case import CarbonCase
from harness.processes import wait_until
from harness.prometheus import ROOM, Prometheus
from harness.replan import SETTINGS

DIRTY, GREEN = 400, 100
HOUR = 3600
FORECAST = [(0, DIRTY), (500, GREEN), (580, DIRTY), (30 * HOUR, DIRTY)]


class MetricsTest(CarbonCase):
    options = {"settings": {**SETTINGS, ("carbonctld", "horizon"): '"30h"'}, "forecast": FORECAST}

    @classmethod
    def setUpClass(cls):
        missing = [
            program for program in ("prometheus", "promtool", "prometheus-node-exporter") if not shutil.which(program)
        ]
        if missing:
            raise unittest.SkipTest(
                f"no {', no '.join(missing)} (Debian packages prometheus, prometheus-node-exporter)"
            )
        super().setUpClass()
        cls.prometheus = Prometheus(cls.cluster)
        cls.prometheus.start()
        cls.done, _ = cls.slurm.sbatch("--time=1", "--gres=gpu:1", "--carbon=off", script="sleep 2")
        cls.waiting, _ = cls.slurm.sbatch("--time=1", "--gres=gpu:3", "--carbon=defer", script="sleep 1")
        cls.slurm.wait_for_end(cls.done)

    def wait_for(self, expression, label, right, seconds=60):
        return wait_until(
            lambda: (v := self.prometheus.values(expression, label)) and right(v) and v,
            seconds,
            lambda: f"right value of {expression}: {self.prometheus.values(expression, label)}",
            pause=0.5,
        )

    def test_figures_are_the_cluster_s(self):
        metered = self.wait_for("carbon_site_energy_joules", "site", lambda v: v.get("inland", 0) > 0)
        (run,) = self.carbon.runs(self.done)
        self.assertAlmostEqual(metered["inland"], run["energy_mj"] / 1000, places=3)
        grams = self.wait_for(
            "carbon_site_co2e_grams", "site", lambda v: abs(v.get("inland", 0) - run["co2e_ug"] / 1e6) < 1e-6
        )
        self.assertGreater(grams["inland"], 0)
        self.assertEqual(
            self.wait_for("carbon_deferred_gpus", "site", lambda v: v.get("inland") == 3), {"inland": 3, "coast": 0}
        )
        (now,) = self.prometheus.query('grid_intensity_carbon_average{region="inland"}')
        labels = {key: now["metric"][key] for key in ("location", "provider", "units", "is_estimated")}
        self.assertEqual(
            (labels, float(now["value"][1])),
            (
                {
                    "location": "INLAND",
                    "provider": "csv",
                    "units": "gCO2e per kWh",
                    "is_estimated": labels["is_estimated"],
                },
                DIRTY,
            ),
        )
        self.assertEqual(
            set(self.prometheus.values("carbon_node_info", "node")), {node.name for node in self.slurm.nodes}
        )
        drawn = self.wait_for(
            "sum by (instance) (carbon_node_device_joules_total)",
            "instance",
            lambda v: len(v) == 2 and min(v.values()) > 0,
        )
        self.assertEqual(set(drawn), {f"127.0.0.1:{port}" for port in self.prometheus.exporters.values()})

    def test_no_user_is_named(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.carbon.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        self.assertIn("carbon_site_energy_joules", text)
        for name in (*self.slurm.users, "research"):
            self.assertNotIn(name, text)
        lint = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        self.assertEqual((lint.returncode, lint.stderr), (0, ""))

    def test_rules_load_and_one_fires(self):
        for check in (
            ["check", "rules", "slurm-carbon.rules.yml"],
            ["test", "rules", "slurm-carbon.rules.test.yml"],
            ["check", "config", "prometheus.yml"],
        ):
            said = subprocess.run(["promtool", *check], cwd=ROOM, capture_output=True, text=True, check=False)
            self.assertEqual(said.returncode, 0, said.stdout + said.stderr)
        rules = [rule for group in self.prometheus.ask("rules")["groups"] for rule in group["rules"]]
        self.assertEqual((len(rules), [r["name"] for r in rules if r["health"] == "err"]), (20, []))
        self.wait_for('carbon_record_requests_refused_total{reason="unauthenticated"}', "reason", lambda v: True)
        unsigned = urllib.request.Request(f"http://127.0.0.1:{self.carbon.port}/v1/records", data=b"{}", method="POST")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(unsigned, timeout=10)
        refused.exception.close()
        self.assertEqual(refused.exception.code, 401)
        alert = wait_until(
            lambda: [
                a for a in self.prometheus.ask("alerts")["alerts"] if a["labels"]["alertname"] == "CarbonRecordsRefused"
            ],
            30,
            "alert that records are refused",
            pause=0.5,
        )[0]
        self.assertEqual(
            (alert["state"], alert["annotations"]["summary"]), ("firing", "energy records are refused: unauthenticated")
        )

    def test_each_query_of_the_dashboard_returns_data(self):
        dashboard = json.loads((ROOM / "grafana-dashboard.json").read_text())
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
        self.assertGreater(len(queries), 40)

        def empty():
            return [
                q
                for q in queries
                if not self.prometheus.query(q.replace("$site", ".*").replace("$__rate_interval", "4m"))
            ]

        wait_until(lambda: not empty(), 60, lambda: f"data for {empty()}", pause=1)
        (variable,) = [v for v in dashboard["templating"]["list"] if v["name"] == "site"]
        self.assertEqual(variable["definition"], "label_values(carbon_deferred_jobs, site)")
        self.assertEqual(
            set(self.prometheus.ask("label/site/values", **{"match[]": "carbon_deferred_jobs"})), {"inland", "coast"}
        )
        print(f"{len(queries)} queries of the dashboard return data", flush=True)


if __name__ == "__main__":
    unittest.main()
