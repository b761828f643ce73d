# SPDX-License-Identifier: Apache-2.0
"""A cluster and everything that belongs to it, in one object: `with Cluster() as cluster: cluster.slurm.sbatch(...)`."""
import pathlib
import tempfile

from .accounting import Accounting
from .carbon import Carbon
from .processes import Daemons
from .slurm import SlurmCluster

PARTITIONS = {"inland": 1, "coast": 1}  # a partition a site, with its number of nodes; the first is the default
ORDINARY_USERS = ("games", "news")  # on each Debian; with no rights in Slurm


class Cluster:
    """`carbon`: with slurm-carbon's plugins and daemons. `day_seconds`, `settings`, `carbon_lines`, `forecast`: see Carbon.
    `shared_partition`, `accounting`, `layouts`: see SlurmCluster. `start_nodes`: without it no slurmd and no carbond is started. `dbd_lines`, `mariadb_options`: see Accounting.
    `site_script`: with a script of the site's as Prolog and Epilog; `marks_by`: see Carbon."""

    slurm_class, carbon_class = SlurmCluster, Carbon

    def __init__(
        self,
        name="demo",
        partitions=None,
        users=ORDINARY_USERS,
        gpus=4,
        carbon=True,
        day_seconds=60,
        settings=None,
        extra_lines=(),
        shared_partition=None,
        accounting=(),
        carbon_lines=(),
        start_nodes=True,
        forecast=None,
        dbd_lines=(),
        mariadb_options=(),
        marks_by="spank",
        site_script=False,
        layouts=None,
    ):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="slurm-carbon-"))
        self.root.chmod(0o755)  # jobs of ordinary users run in it
        self.daemons = Daemons(self.root)
        self.accounting = Accounting(self.root, self.daemons, dbd_lines, mariadb_options)
        self.slurm = self.slurm_class(
            name,
            self.accounting,
            self.daemons,
            partitions or PARTITIONS,
            users,
            gpus,
            extra_lines,
            shared_partition,
            accounting,
            site_script=site_script or marks_by == "scripts",
            layouts=layouts,
        )
        self.start_nodes = start_nodes
        self.carbon = (
            self.carbon_class(self.slurm, day_seconds, settings or {}, carbon_lines, forecast, marks_by=marks_by)
            if carbon
            else None
        )

    def __enter__(self):
        try:
            self.accounting.start()
            self.slurm.write_files()
            if self.carbon:
                self.carbon.write_files()
            self.slurm.start(nodes=self.start_nodes)
            if self.carbon:
                self.carbon.start_carbonctld()
                if self.start_nodes:
                    self.carbon.start_nodes()
        except BaseException:
            self.daemons.close()
            raise
        return self

    def __exit__(self, *_):
        self.daemons.close()

    def logs(self):
        return [*self.daemons.logs.values(), self.slurm.root / "log" / "slurmctld.log"]
