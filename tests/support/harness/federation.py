# SPDX-License-Identifier: Apache-2.0
"""A federation of two clusters under one slurmdbd, each a site: inland and coast, each with a partition `gpu` of two nodes and
a carbonctld."""
import pathlib
import tempfile

from .accounting import Accounting
from .carbon import Carbon
from .cluster import ORDINARY_USERS
from .processes import Daemons, wait_until
from .slurm import SlurmCluster

CLUSTERS = ("inland", "coast")
SITES = {name: ['partitions = ["gpu"]', f'cluster = "{name}"'] for name in CLUSTERS}


class Federation:
    """`settings`, `forecast`, `extra_lines`: see Carbon and SlurmCluster, of both clusters. `accounting`: cluster -> what else is told
    to sacctmgr of it. `leader`: the cluster whose carbonctld leads, if any."""

    def __init__(self, settings, forecast, extra_lines=(), accounting=None, leader=None):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="slurm-carbon-"))
        self.root.chmod(0o755)  # jobs of ordinary users run in it
        self.daemons = Daemons(self.root)
        self.accounting = Accounting(self.root, self.daemons)
        self.slurm, self.carbon = {}, {}
        for name in CLUSTERS:
            slurm = SlurmCluster(
                name,
                self.accounting,
                self.daemons,
                {"gpu": 2},
                ORDINARY_USERS,
                extra_lines=extra_lines,
                node_prefix=name,
                accounting_changes=(accounting or {}).get(name, ()),
            )
            self.slurm[name] = slurm
            self.carbon[name] = Carbon(slurm, 60, settings, forecast=forecast, sites=SITES, daemon=f"{name}.carbonctld")
        if leader:
            for carbon in self.carbon.values():
                carbon.settings["carbonctld", "leader"] = f'"127.0.0.1:{self.carbon[leader].port}"'

    def __enter__(self):
        try:
            self.accounting.start()
            for name in CLUSTERS:
                self.slurm[name].write_files()
                self.carbon[name].write_files()
                self.slurm[name].start()
            self.federate()
            for carbon in self.carbon.values():
                carbon.start_carbonctld()
                carbon.start_nodes()
        except BaseException:
            self.daemons.close()
            raise
        return self

    def __exit__(self, *_):
        self.daemons.close()

    def federate(self):
        """Jobs submitted before have numbers that the other cluster may give too."""
        self.slurm[CLUSTERS[0]].run(
            "sacctmgr", "-i", "-Q", "add", "federation", "both", f"clusters={','.join(CLUSTERS)}"
        )

        def joined(slurm):
            return (
                slurm.run("scontrol", "show", "federation").out.count("PersistConnSend/Recv:Yes/Yes")
                == len(CLUSTERS) - 1
            )

        for slurm in self.slurm.values():
            wait_until(
                lambda s=slurm: joined(s),
                60,
                lambda s=slurm: "federation: " + s.run("scontrol", "show", "federation").out,
            )

    def logs(self):
        return [*self.daemons.logs.values(), *(slurm.root / "log" / "slurmctld.log" for slurm in self.slurm.values())]
