# SPDX-License-Identifier: Apache-2.0
"""slurm-carbon on a cluster of the harness: the files of slurm_conf/ with this cluster's directories, ports and sites,
carbonctld, and on each node a carbond with a test double of NVML."""
import contextlib
import datetime
import json
import re
import shutil
import signal
import sqlite3

from . import replay
from .paths import build_directory, source_directory
from .ports import free_ports, listening
from .processes import Failed, wait_until
from .slurm import PLUGIN_DIR

SITE_OF = {"inland": ("INLAND", 1.3), "coast": ("COAST", 1.2)}  # partition -> zone of the simulated grid, PUE
POWER_CURVE = "constant:{idle}+square:0,240,3,0.8"  # W of a simulated GPU over time; no two neighbours draw the same
POWER_LIMIT = 450  # W
TRUE_DAY = 86400  # seconds in which the simulated grid's day passes as a real one
FIRST_HOUR = 14  # of the simulated day when the cluster starts
ROW_SECONDS = 2.5  # of wall time, at least: an interval of the simulated grid


def settings_for(day_seconds):
    """Where a day passes in a minute, so must all times of carbon.conf; in true time it is as shipped. (section, key) -> value"""
    if day_seconds == TRUE_DAY:
        return {}
    return {
        ("carbond", "reading_interval"): '"250ms"',
        ("carbond", "profile_interval"): '"500ms"',
        ("carbonctld", "publish_interval"): '"1s"',
        ("carbonctld", "snapshot_max_age"): '"20s"',
        ("carbonctld", "horizon"): f'"{10 * day_seconds}s"',
        ("placement", "max_delay"): f'"{day_seconds}s"',
        ("placement", "expected_share_of_limit"): str(
            day_seconds / 240
        ),  # a time limit of a minute: six hours of that day
    }


def replaced(text, pattern, replacement, file):
    """`text` with the one line that matches replaced, so that these files and the harness cannot drift apart."""
    changed, count = re.subn(pattern, lambda _: replacement, text, flags=re.MULTILINE)
    if count != 1:
        raise Failed(f"slurm_conf/{file}: {count} lines match {pattern}")
    return changed


def with_setting(text, section, key, value):
    """carbon.conf with `key` set: its line may be commented out, as defaults are."""
    head, mark, rest = text.partition(f"\n[{section}]") if section else ("", "", text)
    next_table = re.search(r"\n#?\[", rest)
    body, tail = (rest[: next_table.start()], rest[next_table.start() :]) if next_table else (rest, "")
    line = rf"^#?{key} = .*$"
    return head + mark + replaced(body, line, f"{key} = {value}", "carbon.conf") + tail


class Carbon:
    """`day_seconds`: how long a day of the simulated grid lasts. `settings`: (section, key) -> value, for carbon.conf;
    `lines`: more lines of it, before the sites. `forecast`: in place of that grid's days, what the test says by forecast(): of each
    site this. `sites`: name -> lines of carbon.conf that say where it is; else each partition is one. `daemon`: carbonctld's name
    here. `marks_by`: "spank", or "scripts": a Prolog and an Epilog of the site's call carbon_mark."""

    def __init__(
        self, slurm, day_seconds, settings, lines=(), forecast=None, sites=None, daemon="carbonctld", marks_by="spank"
    ):
        self.slurm = slurm
        self.marks_by = marks_by
        self.day_seconds = day_seconds
        self.first_forecast = forecast
        self.sites = sites or {partition: self.partitions(partition) for partition in slurm.partitions}
        self.daemon = daemon
        self.settings = {**settings_for(day_seconds), **settings}
        self.lines = list(lines)
        self.root = slurm.root / "carbon"
        self.spool = self.root / "nodes"
        self.state = self.root / "controller"
        self.snapshot = self.state / "snapshot"
        (self.port,) = free_ports(1)
        self.bin = build_directory() / "bin"
        self.installed = (
            self.root / "installed"
        )  # what ordinary users run and load: they may not see the build directory
        slurm.slurmctld_environment["SLURM_CARBON_SNAPSHOT"] = str(self.snapshot)
        slurm.extra_lines.append(f"Include {slurm.etc}/slurm.conf.carbon")

    # -- the files that an administrator copies

    def write_files(self):
        for directory in (self.spool, self.state, self.installed):
            directory.mkdir(parents=True)
        for program in (
            "bin/scarbon",
            "bin/carbon_mark",
            "lib/spank_carbon.so",
            "lib/spank_carbon_options.so",
            "lib/job_submit_carbon.so",
        ):
            shutil.copy2(build_directory() / program, self.installed)
        shutil.copytree(build_directory() / "share", self.root / "share")
        etc, conf = self.slurm.etc, source_directory() / "slurm_conf"
        text = (conf / "slurm.conf.carbon").read_text()
        text = replaced(text, "^PlugStackConfig=.*$", f"PlugStackConfig={etc}/plugstack.conf", "slurm.conf.carbon")
        text = replaced(text, "^#PluginDir=.*$", f"PluginDir={self.installed}:{PLUGIN_DIR}", "slurm.conf.carbon")
        (etc / "slurm.conf.carbon").write_text(text)
        (etc / "plugstack.conf.d").mkdir()
        (etc / "plugstack.conf").write_text(f"include {etc}/plugstack.conf.d/*.conf\n")
        line = f"optional {self.installed}/spank_carbon.so spool={self.spool}/%n"
        if self.marks_by == "scripts":
            line = f"optional {self.installed}/spank_carbon_options.so"
            self.slurm.site_script.write_text(
                self.slurm.site_script.read_text() + f"{self.installed}/carbon_mark spool={self.spool}/%n || true\n"
            )
        text = (conf / "plugstack.conf.d" / "carbon.conf").read_text()
        text = replaced(text, "^optional .*$", line, "plugstack.conf.d/carbon.conf")
        (etc / "plugstack.conf.d" / "carbon.conf").write_text(text)
        self.write_gpus()
        self.write_grid()
        (etc / "carbon.conf").write_text(self.carbon_conf((conf / "carbon.conf").read_text()))

    def write_gpus(self):
        for node in self.slurm.nodes:
            lines, minors = [], []
            for minor in node.devices.minors:
                slices = node.devices.mig.get(minor, [])
                curve = POWER_CURVE.format(idle=120 if node.devices.alike else 120 + 20 * (minor % 4))
                mig = f" mig={','.join(map(str, slices))}" if slices else ""
                lines.append(
                    f"gpu uuid={self.uuid(node, minor)} minor={minor} curve={curve} limit={POWER_LIMIT}{mig}\n"
                )
                for instance in range(len(slices)):
                    outer, own = node.devices.capabilities(minor, instance)
                    minors.append(f"gpu{minor}/gi{instance + 1}/access {outer}\n")
                    minors.append(f"gpu{minor}/gi{instance + 1}/ci0/access {own}\n")
            self.gpus_file(node).write_text("".join(lines))
            of_driver = self.proc(node) / "driver" / "nvidia-caps"
            of_driver.mkdir(parents=True, exist_ok=True)
            (of_driver / "mig-minors").write_text("".join(minors))

    def uuid(self, node, minor):
        return f"GPU-SIMULATED-{node.name}-{minor}"

    def proc(self, node):
        """Of the node's NVIDIA driver: the numbers of its MIG instances' device files."""
        return self.root / f"proc.{node.name}"

    def gpus_file(self, node):
        """What tests/fakes' NVML shows as this node's GPUs."""
        return self.root / f"gpus.{node.name}"

    def true_joules(self, node, positions, from_ms, to_ms):
        """The test double's own integral of what the GPUs at these positions of Slurm's list drew."""
        total = 0
        for device in (node.devices.positions[k] for k in positions):
            minor = device if isinstance(device, int) else device[0]
            said = self.slurm.run(self.bin / "fake_nvml_truth", self.gpus_file(node), from_ms, to_ms, minor)
            total += json.loads(said.out)["joules"] * node.devices.share(device)
        return total

    def write_grid(self):
        """The simulated grid; it is FIRST_HOUR there when this is called."""
        if self.first_forecast:
            self.forecast({site: self.first_forecast for site in self.sites})
            return
        (self.root / "grid.csv").write_text(replay.csv(max(1, round(24 * ROW_SECONDS / self.day_seconds))))
        self.origin = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)

    def forecast(self, of_site):
        """What the feeds say from now on. Site -> a list of (seconds from now, g/kWh): from then on it is that much, an hour
        past the last one. The first one holds for the past hour too."""
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        rows = {}
        for site, steps in of_site.items():
            zone = SITE_OF[site][0]
            values = dict(steps) | {-3600: steps[0][1], steps[-1][0] + 3600: steps[-1][1]}
            for second in sorted({s for steps in of_site.values() for s, _ in steps} | set(values)):
                known = max(s for s in values if s <= second)
                rows.setdefault(second, {})[zone] = values[known]
        zones = [SITE_OF[site][0] for site in of_site]
        lines = ["datetime," + ",".join(zones)]
        for second in sorted(rows):
            at = now + datetime.timedelta(seconds=second)
            lines.append(f"{at:%Y-%m-%dT%H:%M:%SZ}," + ",".join(str(rows[second].get(zone, "")) for zone in zones))
        beside = self.root / "grid.new"
        beside.write_text("\n".join(lines) + "\n")
        beside.rename(self.root / "grid.csv")

    def hour(self):
        """The hour of the simulated day, 0 to 24."""
        passed = (datetime.datetime.now(datetime.timezone.utc) - self.origin).total_seconds()
        return (FIRST_HOUR + 24 * passed / self.day_seconds) % 24

    def wait_for_hour(self, first, last):
        """Until it is `first` to `last` in the simulated day: what a policy finds there depends on it."""
        wait_until(
            lambda: first <= self.hour() <= last, 2 * self.day_seconds, f"hour {first} to {last} of the day", pause=0.05
        )

    def carbon_conf(self, text):
        settings = {
            ("", "cluster"): f'"{self.slurm.name}"',
            ("", "munge_socket"): f'"{self.slurm.accounting.munge_socket}"',
            ("carbond", "spool"): f'"{self.spool}/%n"',
            ("carbonctld", "port"): str(self.port),
            ("carbonctld", "state_dir"): f'"{self.state}"',
            ("carbonctld", "private_data"): f'"{self.slurm.accounting.private_data()}"',
            **self.settings,
        }
        for (section, key), value in settings.items():
            text = with_setting(text, section, key, value)
        text = text[: text.index("\n[[site]]") + 1]
        return text + "\n".join(self.lines + [self.site(name) for name in self.sites])

    def partitions(self, site):
        """A site has its own partition, and its nodes' part of the shared one."""
        if not self.slurm.shared_partition:
            return [f'partitions = ["{site}"]']
        return [f'partitions = ["{site}", "{self.slurm.shared_partition}"]', f'features = ["{site}"]']

    def site(self, name):
        zone, pue = SITE_OF[name]
        if self.first_forecast:
            return "\n".join(
                [
                    "[[site]]",
                    f'name = "{name}"',
                    f'zone = "{zone}"',
                    f"pue = {pue}",
                    *self.sites[name],
                    "",
                    "  [[site.feed]]                   # simulated: written by the test",
                    '  provider = "csv"',
                    f'  file = "{self.root}/grid.csv"',
                    "",
                ]
            )
        start = replay.FIRST_DAY + datetime.timedelta(hours=FIRST_HOUR)
        return "\n".join(
            [
                "[[site]]",
                f'name = "{name}"',
                f'zone = "{zone}"',
                f"pue = {pue}",
                *self.sites[name],
                "",
                "  [[site.feed]]                   # simulated, not a real grid",
                '  provider = "replay"',
                f'  file = "{self.root}/grid.csv"',
                f'  origin = "{self.origin:%Y-%m-%dT%H:%M:%SZ}"',
                f'  start = "{start:%Y-%m-%dT%H:%M:%SZ}"',
                f"  scale = {86400 // self.day_seconds}",
                "",
            ]
        )

    # -- its daemons

    def start_carbonctld(self):
        self.carbonctld_pid = self.slurm.daemons.start(
            self.daemon,
            [self.bin / "carbonctld", "--config", self.slurm.etc / "carbon.conf"],
            self.slurm.root / "log" / "carbonctld.log",
            lambda: listening(self.port) and self.snapshot.exists(),
            env=self.slurm.environment(),
        )

    def log(self):
        """What carbonctld has said so far."""
        return (self.slurm.root / "log" / "carbonctld.log").read_text(errors="replace")

    def stop_carbonctld(self, signal_number=signal.SIGTERM):
        return self.slurm.daemons.end(self.daemon, signal_number)

    def start_nodes(self):
        for node in self.slurm.nodes:
            self.start_carbond(node)

    def start_carbond(self, node):
        self.slurm.daemons.start(
            f"carbond.{node.name}",
            [
                self.bin / "carbond",
                "--config",
                self.slurm.etc / "carbon.conf",
                "--node",
                node.name,
                "--proc",
                self.proc(node),
            ],
            self.slurm.root / "log" / f"carbond.{node.name}.log",
            lambda: (self.spool / node.name / "marks").is_dir(),
            env={
                **self.slurm.environment(),
                "CARBON_FAKE_NVML": str(self.gpus_file(node)),
                "LD_LIBRARY_PATH": str(build_directory() / "lib" / "fakes"),
            },
        )

    def stop_carbond(self, node, signal_number=signal.SIGTERM):
        return self.slurm.daemons.end(f"carbond.{node.name}", signal_number)

    def wait_until_metered(self, node):
        """Until carbond has taken up a job on this node, and would know of it after a crash."""
        state = self.spool / node.name / "jobs" / "state.json"
        wait_until(
            lambda: state.exists() and json.loads(state.read_text())["jobs"], 20, f"open job of carbond on {node.name}"
        )

    def comment(self, job_id):
        """slurm-carbon's part of the AdminComment in the accounting record: key -> value, of each run."""
        runs = []
        for (text,) in self.slurm.sacct(job_id, "AdminComment"):
            token = re.search(r"(?:^|\s)carbon:(\S*)", text)
            runs.append(dict(pair.split("=", 1) for pair in token[1].split(",")) if token else {})
        return runs

    def wait_for_summary(self, job_id, seconds=60):
        """The keys of the summary of each run, when it has the emission and the intensity of its whole time is known."""

        def written():
            runs = self.comment(job_id)
            return runs if runs and all("g" in run and "coverage" not in run for run in runs) else None

        return wait_until(
            written, seconds, lambda: f"emission in the record of job {job_id}: {self.comment(job_id)}", pause=0.5
        )

    def runs(self, job_id):
        """The ledger's rows of a job, by restart: read directly from its file."""
        with contextlib.closing(sqlite3.connect(f"file:{self.state}/ledger.sqlite?mode=ro", uri=True)) as ledger:
            ledger.row_factory = sqlite3.Row
            return ledger.execute("SELECT * FROM jobs WHERE job_id = ? ORDER BY restart_count", (job_id,)).fetchall()

    def scarbon(self, *arguments, user=None, check=True):
        return self.slurm.run(self.installed / "scarbon", *arguments, user=user, check=check)
