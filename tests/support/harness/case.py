# SPDX-License-Identifier: Apache-2.0
"""A test case whose tests share one cluster with slurm-carbon. On a failure it prints the ends of the cluster's logs."""
import sys
import unittest

from .cluster import Cluster
from .processes import tail

DAY_SECONDS = 20


class LogCase(unittest.TestCase):
    """`cluster`: what has daemons and logs()."""

    def run(self, result=None):
        problems = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > problems:
            for log in self.cluster.logs():
                print(f"---- {log}\n{tail(log, 25)}", file=sys.stderr)


class CarbonCase(LogCase):
    cluster_class = Cluster
    options = {}  # of the cluster

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.cluster_class(**{"day_seconds": DAY_SECONDS, **cls.options}).__enter__()
        cls.addClassCleanup(cls.cluster.__exit__)
        cls.slurm, cls.carbon = cls.cluster.slurm, cls.cluster.carbon
        print("Slurm here:", cls.slurm.run("sinfo", "--version").out.strip(), flush=True)
