# SPDX-License-Identifier: Apache-2.0
"""slurm-carbon on a cluster of the harness: the files of slurm_conf/ with directories, ports and sites of this cluster in them,
carbonctld, and a carbond per node whose GPUs are a test double of NVML."""
import datetime
import re
import signal

from . import replay
from .paths import build_directory, source_directory
from .processes import Failed, free_ports, listening
from .slurm import PLUGIN_DIR

SITE_OF = {"inland": ("INLAND", 1.3), "coast": ("COAST", 1.2)}  # partition -> zone of the simulated grid, PUE
FIRST_HOUR = 14                                                 # of the simulated day when the cluster starts

# Where a day passes in a minute, so must all times of carbon.conf.
SETTINGS = {
    ("carbond", "reading_interval"): '"250ms"',
    ("carbond", "profile_interval"): '"500ms"',
    ("carbonctld", "publish_interval"): '"1s"',
    ("carbonctld", "snapshot_max_age"): '"20s"',
    ("carbonctld", "horizon"): '"10min"',
    ("placement", "max_delay"): '"60s"',
    ("placement", "expected_share_of_limit"): "0.25",
}


def replaced(text, pattern, replacement, file):
    """`text` with the one line that matches replaced, so that these files and the harness cannot drift apart."""
    changed, count = re.subn(pattern, lambda _: replacement, text, flags=re.MULTILINE)
    if count != 1:
        raise Failed(f"slurm_conf/{file}: {count} lines match {pattern}")
    return changed


def with_setting(text, section, key, value):
    """carbon.conf with `key` set: its line may stand behind '#', as defaults do."""
    head, mark, rest = text.partition(f"\n[{section}]") if section else ("", "", text)
    body, next_table, tail = rest.partition("\n[")
    line = rf"^#?{key} = .*$"
    return head + mark + replaced(body, line, f"{key} = {value}", "carbon.conf") + next_table + tail


class Carbon:
    def __init__(self, slurm, settings):
        self.slurm = slurm
        self.settings = {**SETTINGS, **settings}
        self.root = slurm.root / "carbon"
        self.spool = self.root / "nodes"
        self.state = self.root / "controller"
        self.snapshot = self.state / "snapshot"
        (self.port,) = free_ports(1)
        self.bin = build_directory() / "bin"
        slurm.slurmctld_environment["SLURM_CARBON_SNAPSHOT"] = str(self.snapshot)
        slurm.extra_lines.append(f"Include {slurm.etc}/slurm.conf.carbon")

    # -- the files that an administrator copies

    def write_files(self):
        for directory in (self.spool, self.state):
            directory.mkdir(parents=True)
        etc, conf = self.slurm.etc, source_directory() / "slurm_conf"
        text = (conf / "slurm.conf.carbon").read_text()
        text = replaced(text, "^PlugStackConfig=.*$", f"PlugStackConfig={etc}/plugstack.conf", "slurm.conf.carbon")
        text = replaced(text, "^#PluginDir=.*$", f"PluginDir={build_directory()}/lib:{PLUGIN_DIR}", "slurm.conf.carbon")
        (etc / "slurm.conf.carbon").write_text(text)
        (etc / "plugstack.conf.d").mkdir()
        (etc / "plugstack.conf").write_text(f"include {etc}/plugstack.conf.d/*.conf\n")
        text = (conf / "plugstack.conf.d" / "carbon.conf").read_text()
        text = replaced(text, "^optional .*$", f"optional {build_directory()}/lib/spank_carbon.so spool={self.spool}/%n",
                        "plugstack.conf.d/carbon.conf")
        (etc / "plugstack.conf.d" / "carbon.conf").write_text(text)
        self.write_grid()
        (etc / "carbon.conf").write_text(self.carbon_conf((conf / "carbon.conf").read_text()))

    def write_grid(self):
        """The simulated grid; it is FIRST_HOUR there when this is called."""
        (self.root / "grid.csv").write_text(replay.csv())
        self.origin = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)

    def carbon_conf(self, text):
        settings = {
            ("", "cluster"): f'"{self.slurm.name}"',
            ("", "munge_socket"): f'"{self.slurm.accounting.munge_socket}"',
            ("carbond", "spool"): f'"{self.spool}/%n"',
            ("carbonctld", "port"): str(self.port),
            ("carbonctld", "state_dir"): f'"{self.state}"',
            **self.settings,
        }
        for (section, key), value in settings.items():
            text = with_setting(text, section, key, value)
        text = text[:text.index("\n[[site]]") + 1]
        return text + "\n".join(self.site(partition) for partition in self.slurm.partitions)

    def site(self, partition):
        zone, pue = SITE_OF[partition]
        start = replay.FIRST_DAY + datetime.timedelta(hours=FIRST_HOUR)
        return "\n".join([
            "[[site]]", f'name = "{partition}"', f'zone = "{zone}"', f"pue = {pue}", f'partitions = ["{partition}"]', "",
            "  [[site.feed]]                   # simulated: no real grid stands behind it",
            '  provider = "replay"', f'  file = "{self.root}/grid.csv"', f'  origin = "{self.origin:%Y-%m-%dT%H:%M:%SZ}"',
            f'  start = "{start:%Y-%m-%dT%H:%M:%SZ}"', f"  scale = {replay.SCALE}", ""])

    # -- its daemons

    def start_carbonctld(self):
        self.slurm.daemons.start("carbonctld", [self.bin / "carbonctld", "--config", self.slurm.etc / "carbon.conf"],
                                 self.slurm.root / "log" / "carbonctld.log",
                                 lambda: listening(self.port) and self.snapshot.exists(), env=self.slurm.environment())

    def stop_carbonctld(self, signal_number=signal.SIGTERM):
        return self.slurm.daemons.end("carbonctld", signal_number)

    def start_nodes(self):
        for node in self.slurm.nodes:
            self.start_carbond(node)

    def start_carbond(self, node):
        self.slurm.daemons.start(f"carbond.{node.name}",
                                 [self.bin / "carbond", "--config", self.slurm.etc / "carbon.conf", "--node", node.name],
                                 self.slurm.root / "log" / f"carbond.{node.name}.log",
                                 lambda: (self.spool / node.name / "marks").is_dir(), env=self.slurm.environment())

    def stop_carbond(self, node, signal_number=signal.SIGTERM):
        return self.slurm.daemons.end(f"carbond.{node.name}", signal_number)

    def scarbon(self, *arguments, user=None, check=True):
        return self.slurm.run(self.bin / "scarbon", *arguments, user=user, check=check)
