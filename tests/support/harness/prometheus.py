# SPDX-License-Identifier: Apache-2.0
"""Debian's Prometheus for a cluster: scrapes carbonctld, and each node's carbond through a node_exporter with only its
textfile collector. On loopback, in the cluster's directory."""
import json
import shutil
import urllib.parse
import urllib.request

from .paths import source_directory
from .ports import free_ports, listening

ROOM = source_directory() / "monitoring"


class Prometheus:
    def __init__(self, cluster):
        self.cluster = cluster
        self.daemons = cluster.daemons
        self.root = cluster.root / "prometheus"
        nodes = cluster.slurm.nodes
        self.port, *ports = free_ports(1 + len(nodes))
        self.exporters = dict(zip((node.name for node in nodes), ports))

    def start(self):
        self.root.mkdir()
        for node, port in self.exporters.items():
            self.daemons.start(
                f"node_exporter.{node}",
                [
                    "prometheus-node-exporter",
                    "--collector.disable-defaults",
                    "--collector.textfile",
                    f"--collector.textfile.directory={self.cluster.carbon.spool / node}",
                    f"--web.listen-address=127.0.0.1:{port}",
                ],
                self.root / f"{node}.log",
                lambda p=port: listening(p),
            )
        shutil.copy(ROOM / "slurm-carbon.rules.yml", self.root)
        targets = ", ".join(f'"127.0.0.1:{port}"' for port in self.exporters.values())
        (self.root / "prometheus.yml").write_text(
            "\n".join(
                [
                    "global: {scrape_interval: 1s, evaluation_interval: 1s}",
                    "scrape_configs:",
                    f'  - {{job_name: carbonctld, static_configs: [{{targets: ["127.0.0.1:{self.cluster.carbon.port}"]}}]}}',
                    f"  - {{job_name: node, static_configs: [{{targets: [{targets}]}}]}}",
                    "rule_files: [slurm-carbon.rules.yml]",
                    "",
                ]
            )
        )
        self.daemons.start(
            "prometheus",
            [
                "prometheus",
                f"--config.file={self.root}/prometheus.yml",
                f"--storage.tsdb.path={self.root}/data",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--log.level=warn",
            ],
            self.root / "prometheus.log",
            lambda: listening(self.port),
        )

    def ask(self, path, **query):
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}", timeout=30
        ) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        return self.ask("query", query=expression)["result"]

    def values(self, expression, label):
        """label -> value"""
        return {row["metric"].get(label): float(row["value"][1]) for row in self.query(expression)}
