# SPDX-License-Identifier: Apache-2.0
"""scarbon doctor on a real cluster: no finding on a correct installation, and each planted mistake reported with its name,
place and fix. Checks of files see a copy with the mistake; slurmctld, slurmdbd, munged and carbonctld are real."""
import json
import os
import re
import shutil
import subprocess
import time
import unittest

from harness.case import CarbonCase
from harness.paths import build_directory
from harness.processes import wait_until
from harness.slurm import PLUGIN_DIR

LONG_AGO = time.time() - 3600


class Copy:
    """The configuration of the cluster, to be spoilt. `spool`, `state`: of the copy alone, where a mistake is planted there."""

    def __init__(self, cluster, root):
        slurm, carbon = cluster.slurm, cluster.carbon
        self.root, self.etc, self.state, self.spool = root, root / "etc", root / "state", root / "spool" / "inland1"
        self.old_state, self.node = carbon.state, slurm.nodes[0]
        self.gpus = carbon.gpus_file(self.node)
        self.environment = {}
        root.mkdir()
        shutil.copytree(slurm.etc, self.etc)
        for file in self.etc.rglob("*"):
            if file.is_file():
                file.write_text(file.read_text().replace(str(slurm.etc), str(self.etc)))

    def put(self, file, pattern, replacement):
        path = self.etc / file
        text, count = re.subn(pattern, lambda _: replacement, path.read_text(), count=1, flags=re.MULTILINE)
        assert count == 1, f"{file}: nothing matches {pattern}"
        path.write_text(text)

    def add(self, file, line):
        with open(self.etc / file, "a", encoding="utf-8") as out:
            out.write(line + "\n")

    def script(self, command):
        file = self.root / f"calls_{command}"
        file.write_text(f"#!/bin/sh\n{command}\n")
        return file

    def own_spool(self):
        for name in ("marks", "outbox", "refused"):
            (self.spool / name).mkdir(parents=True)
        self.put("carbon.conf", "^spool = .*$", f'spool = "{self.root}/spool/%n"')
        self.put("plugstack.conf.d/carbon.conf", r"spool=\S+$", f"spool={self.root}/spool/%n")

    def old_file(self, name):
        self.own_spool()
        (self.spool / name).write_text("")
        os.utime(self.spool / name, (LONG_AGO, LONG_AGO))

    def own_state(self, snapshot=None):
        """Of the running carbonctld, or with this as its snapshot. slurmctld still reads the other one: see the expected names."""
        self.state.mkdir()
        (self.state / "snapshot").write_bytes(snapshot or (self.old_state / "snapshot").read_bytes())
        self.put("carbon.conf", "^state_dir = .*$", f'state_dir = "{self.state}"')

    def plugin(self, version, mode=0o755):
        directory = self.root / "plugins"
        directory.mkdir()
        file = directory / "job_submit_carbon.so"
        source = f'extern "C" {{ extern const unsigned plugin_version; const unsigned plugin_version = {version}; }}'
        subprocess.run(["g++", "-shared", "-fPIC", "-x", "c++", "-", "-o", file], input=source, text=True, check=True)
        file.chmod(mode)
        self.put("slurm.conf.carbon", "^PluginDir=", f"PluginDir={directory}:")

    def step_clock(self, milliseconds):
        (self.root / "clock").write_text(str(milliseconds))
        self.environment |= {
            "CARBON_FAKE_CLOCK": str(self.root / "clock"),
            "LD_PRELOAD": str(build_directory() / "lib" / "fakes" / "libstepped_clock.so"),
        }


def cut(copy):
    whole = (copy.old_state / "snapshot").read_bytes()
    copy.own_state(whole[: len(whole) // 2] + b"?" + whole[len(whole) // 2 + 1 :])


# Name of the finding, how the mistake is planted, its fix (a pattern), and what is necessarily found along with it.
MISTAKES = [
    (
        "carbon-conf",
        lambda c: c.put("carbon.conf", r"^#observe = false", "obsrve = true"),
        r"accepted: observe, default_mode",
    ),
    ("carbon-conf-mode", lambda c: (c.etc / "carbon.conf").chmod(0o640), r"chmod 0644 \S+/carbon.conf"),
    ("cluster-name", lambda c: c.put("carbon.conf", "^cluster = .*$", 'cluster = "mycluster"'), 'cluster = "demo"'),
    (
        "site-partition",
        lambda c: c.put("carbon.conf", r'^partitions = \["coast"\]', 'partitions = ["cost"]'),
        "coast, inland",
    ),
    (
        "site-feature",
        lambda c: c.put("carbon.conf", r'^partitions = \["coast"\]', 'partitions = ["coast"]\nfeatures = ["sea"]'),
        "coast, inland",
    ),
    (
        "federation-cluster",
        lambda c: c.put("carbon.conf", r'^partitions = \["coast"\]', 'partitions = ["coast"]\ncluster = "helsinki"'),
        "^sacctmgr modify federation .*helsinki",
    ),
    (
        "controller-host",
        lambda c: c.add("slurm.conf", "NodeName=far1 NodeHostname=gpu01.example.org CPUs=8 Gres=gpu:4"),
        r'host = "localhost"',
    ),
    ("secrets-mode", lambda c: (c.etc / "carbon-secrets.conf").write_text('eia = "token"\n'), "chmod 0600"),
    (
        "secrets-line",
        lambda c: (
            (c.etc / "carbon-secrets.conf").write_text("eia token\n"),
            (c.etc / "carbon-secrets.conf").chmod(0o600),
        ),
        'accepted: provider = "token"',
    ),
    ("feed-option", lambda c: c.put("carbon.conf", 'provider = "replay"', 'provider = "replya"'), "accepted: .*replay"),
    (
        "job-submit-plugins",
        lambda c: c.put("slurm.conf.carbon", "^JobSubmitPlugins=.*$", "JobSubmitPlugins=lua"),
        "^JobSubmitPlugins=lua,carbon .*restart slurmctld",
    ),
    (
        "job-submit-order",
        lambda c: c.put("slurm.conf.carbon", "^JobSubmitPlugins=.*$", "JobSubmitPlugins=carbon,lua"),
        "^JobSubmitPlugins=lua,carbon ",
    ),
    (
        "prolog-flags",
        lambda c: c.put("slurm.conf.carbon", "^PrologFlags=.*$", "PrologFlags=Serial"),
        "^PrologFlags=Serial,Alloc ",
    ),
    (
        "priority-flags",
        lambda c: c.put(
            "slurm.conf.carbon",
            "^PriorityFlags=.*$",
            "PriorityFlags=SMALL_RELATIVE_TO_TIME\nPriorityType=priority/multifactor",
        ),
        "^PriorityFlags=SMALL_RELATIVE_TO_TIME,ACCRUE_ALWAYS ",
    ),
    (
        "accounting-storage",
        lambda c: c.put("slurm.conf", "^AccountingStorageType=.*$", "AccountingStorageType=accounting_storage/none"),
        "^AccountingStorageType=accounting_storage/slurmdbd",
    ),
    (
        "accounting-tres",
        lambda c: c.put("slurm.conf", "^AccountingStorageTRES=.*$", "AccountingStorageTRES=billing"),
        "^AccountingStorageTRES=billing,gres/gpu",
    ),
    ("slurmd-timeout", lambda c: c.add("slurm.conf", "SlurmdTimeout=0"), "^SlurmdTimeout=300"),
    (
        "job-submit-plugin",
        lambda c: c.put("slurm.conf.carbon", "^PluginDir=.*$", f"PluginDir={PLUGIN_DIR}"),
        f"^PluginDir=/usr/lib/slurm-carbon:{PLUGIN_DIR} ",
    ),
    ("plugin-version", lambda c: c.plugin(0x170B01), "against Slurm"),
    ("plugin-mode", lambda c: c.plugin(0, 0o777), "^chmod 0755"),
    (
        "plugstack-missing",
        lambda c: (c.etc / "plugstack.conf").unlink(),
        "^echo 'include .*/plugstack.conf.d/\\*.conf'",
    ),
    (
        "plugstack-line",
        lambda c: (c.etc / "plugstack.conf").write_text("# nothing\n"),
        "^include .*/plugstack.conf.d/\\*.conf",
    ),
    (
        "plugstack-required",
        lambda c: c.put("plugstack.conf.d/carbon.conf", "^optional", "required"),
        "^optional .*spank_carbon.so spool=",
    ),
    (
        "plugstack-argument",
        lambda c: c.put("plugstack.conf.d/carbon.conf", "spool=(?=/)", "debug=1 spool="),
        "^optional .*spank_carbon.so spool=",
    ),
    (
        "plugstack-spool",
        lambda c: c.put("plugstack.conf.d/carbon.conf", r"spool=\S+$", "spool=/var/spool/carbon"),
        "^optional .* spool=.*/nodes/%n",
    ),
    (
        "spank-plugin",
        lambda c: c.put("plugstack.conf.d/carbon.conf", "spank_carbon.so", "spank_carbon.so.1"),
        "^install .*spank_carbon.so.1",
    ),
    (
        "marks-scripts",
        lambda c: (
            c.put("plugstack.conf.d/carbon.conf", r"spank_carbon.so spool=\S+$", "spank_carbon_options.so"),
            c.add("slurm.conf", f"Prolog={c.script('carbon_mark')}\nEpilog={c.script('true')}"),
        ),
        r"^/usr/sbin/carbon_mark spool=.*/nodes/%n \|\| true$",
    ),
    (
        "marks-twice",
        lambda c: c.add("slurm.conf", f"Prolog={c.script('carbon_mark')}"),
        "^load spank_carbon_options.so ",
    ),
    (
        "spool-missing",
        lambda c: (
            c.put("carbon.conf", "^spool = .*$", 'spool = "/nowhere/spool"'),
            c.put("plugstack.conf.d/carbon.conf", r"spool=\S+$", "spool=/nowhere/spool"),
        ),
        "^mkdir -p /nowhere",
    ),
    ("spool-mode", lambda c: (c.own_spool(), (c.spool / "marks").chmod(0o777)), "^chown root .*/marks && chmod go-w"),
    ("carbond-away", lambda c: c.old_file("marks/start.1.0.1"), "systemctl status carbond"),
    ("outbox-waits", lambda c: c.old_file("outbox/1.demo.1.0.1.1.json"), "journalctl -u carbond"),
    (
        "state-mode",
        lambda c: (c.own_state(), c.state.chmod(0o777)),
        "^chown root .*/state && chmod go-w",
        "snapshot-place",
    ),
    ("snapshot-place", lambda c: c.own_state(), "^SLURM_CARBON_SNAPSHOT=.*/state/snapshot "),
    ("snapshot-damaged", cut, "^rm .*/state/snapshot", "snapshot-place"),
    (
        "snapshot-missing",
        lambda c: (c.own_state(), (c.state / "snapshot").unlink()),
        "systemctl start carbonctld",
        "snapshot-place",
    ),
    ("carbonctld-away", lambda c: c.put("carbon.conf", "^port = .*$", "port = 1"), "systemctl status carbonctld"),
    ("clock", lambda c: c.step_clock(-90_000), "chrony"),
    (
        "gpu-missing",
        lambda c: c.put("gres.conf", r"(?<=inland1/nvidia)\[5,6\]", "[5,7]"),
        r"^NodeName=inland1 Name=gpu File=/dev/nvidia1,/dev/nvidia2,/dev/nvidia5,/dev/nvidia6",
        "gpu-unlisted",
    ),
    (
        "gpu-no-file",
        lambda c: c.put("gres.conf", r"^NodeName=inland1 .*\nNodeName=inland1 .*$", "NodeName=inland1 Name=gpu"),
        r"Name=gpu File=/dev/nvidia",
    ),
    (
        "gpu-count",
        lambda c: c.put("slurm.conf", "(?<=NodeName=inland1 )(.*)Gres=gpu:4", "NodeHostname=localhost Gres=gpu:8"),
        "^Gres=gpu:4",
    ),
    (
        "gpu-list",
        lambda c: c.put("carbon.conf", '^#slurmd = "slurmd".*$', 'slurmd = "/nowhere/slurmd"'),
        "^slurmd -G; slurmd = ",
    ),
    ("gpu-driver", lambda c: c.environment.update(CARBON_FAKE_NVML=""), "^nvidia-smi"),
    (
        "munge",
        lambda c: c.put("carbon.conf", "^munge_socket = .*$", 'munge_socket = "/run/munge/other"'),
        "^munge_socket = .*munged.socket.*AuthInfo",
        "carbonctld-away",
    ),
]


class DoctorTest(CarbonCase):
    def doctor(self, conf=None, *options, environment=None, user=None):
        """The names of what was found, and each finding by its name."""
        node, carbon = self.slurm.nodes[0], self.carbon
        variables = {
            "CARBON_FAKE_NVML": str(carbon.gpus_file(node)),
            "LD_LIBRARY_PATH": str(build_directory() / "lib" / "fakes"),
            **({"SLURM_CONF": str(conf)} if conf else {}),
            **(environment or {}),
        }
        said = self.slurm.run(
            carbon.installed / "scarbon", "doctor", "--json", *options, env=variables, check=False, user=user
        )
        try:
            self.answer = json.loads(said.out)
        except json.JSONDecodeError:
            self.fail(f"status {said.status}: {said.out}{said.err}")
        found = {f["name"]: f for topic in self.answer["topics"] for f in topic["findings"]}
        self.assertEqual(said.status, 1 if any(f["level"] == "problem" for f in found.values()) else 0, said.out)
        return found

    def node(self, *arguments, **more):
        return self.doctor(*arguments, "--node", self.slurm.nodes[0].name, **more)

    def test_nothing_on_a_right_set_up(self):
        self.assertEqual(self.node(None), {})
        not_checked = [line for topic in self.answer["topics"] for line in topic["not_checked"]]
        self.assertEqual(not_checked, [])
        sound = "\n".join(line for topic in self.answer["topics"] for line in topic["sound"])
        for said in (
            r"runs with the lines",
            "as optional",
            "credential",
            r"0: \S+/nvidia5, GPU-SIMULATED-inland1-5; .*3: \S+/nvidia2, GPU-SIMULATED-inland1-2",
            r"4 GPUs \(simulated\), all with energy counters",
            r"replay \(simulated\), forecast",
            "checksum correct",
            "accepted a signed, empty list",
        ):
            self.assertRegex(sound, said)
        self.assertEqual("[carbonctld] private_data = " in sound, self.slurm.release() >= "26.05", sound)

    def test_nothing_where_the_sites_scripts_leave_the_marks(self):
        copy = Copy(self.cluster, self.cluster.root / "scripts")
        copy.put("plugstack.conf.d/carbon.conf", r"spank_carbon.so spool=\S+$", "spank_carbon_options.so")
        copy.add("slurm.conf", f"Prolog={copy.script('carbon_mark')}\nEpilog={copy.script('carbon_mark')}")
        self.assertEqual(self.node(copy.etc / "slurm.conf"), {})
        self.assertIn(
            "loads spank_carbon_options.so, as optional",
            "\n".join(line for topic in self.answer["topics"] for line in topic["sound"]),
        )
        (copy.etc / "slurm.conf").write_text((copy.etc / "slurm.conf").read_text().replace("\nProlog=", "\n#Prolog="))
        found = self.node(copy.etc / "slurm.conf")
        self.assertEqual(set(found), {"marks-scripts"})
        self.assertEqual(found["marks-scripts"]["level"], "problem")

    def test_an_ordinary_user_on_a_login_node_sees_a_part_and_is_told_so(self):
        self.assertEqual(self.doctor(user="games"), {})
        not_checked = "\n".join(line for topic in self.answer["topics"] for line in topic["not_checked"])
        for said in ("only root", "no node of this host's name", "only root can send them"):
            self.assertIn(said, not_checked)

    def test_text_names_the_place_and_the_fix(self):
        copy = Copy(self.cluster, self.cluster.root / "planted.text")
        copy.put("slurm.conf.carbon", "^PrologFlags=.*$", "PrologFlags=Serial")
        said = self.slurm.run(
            self.carbon.installed / "scarbon", "doctor", env={"SLURM_CONF": str(copy.etc / "slurm.conf")}, check=False
        )
        self.assertEqual(said.status, 1)
        self.assertRegex(
            said.out,
            r"problem +prolog-flags: .*\n +at +\S+/slurm.conf.carbon:\d+\n +found +PrologFlags=Serial\n"
            r" +fix +PrologFlags=Serial,Alloc .*reconfigure",
        )

    def test_each_planted_mistake(self):
        for name, plant, fix, *others in MISTAKES:
            with self.subTest(name):
                copy = Copy(self.cluster, self.cluster.root / f"planted.{name}")
                plant(copy)
                found = self.node(copy.etc / "slurm.conf", environment=copy.environment)
                self.assertEqual(set(found), {name, *others}, json.dumps(found, indent=1))
                self.assertRegex(found[name]["fix"], fix)
                self.assertTrue(found[name]["where"], found[name])
        print(f"planted mistakes: {len(MISTAKES)}", flush=True)

    def test_what_slurmctld_has_not_read_again(self):
        lines = self.slurm.etc / "slurm.conf.carbon"
        right = lines.read_text()
        lines.write_text(right.replace("PrologFlags=Alloc", "PrologFlags=Serial"))
        self.slurm.run("scontrol", "reconfigure")
        wait_until(lambda: "prolog-flags" in self.node(None), 30, "wrong PrologFlags")
        lines.write_text(right)
        found = self.node(None)
        self.assertEqual(list(found), ["slurm-not-reread"])
        self.assertEqual(found["slurm-not-reread"]["fix"], "scontrol reconfigure")
        self.slurm.run("scontrol", "reconfigure")
        wait_until(lambda: self.node(None) == {}, 30, "nothing to be found")

    def test_a_feed_that_fails_and_a_snapshot_that_ages(self):
        grid = self.carbon.root / "grid.csv"
        away = grid.rename(self.carbon.root / "grid.away")
        try:
            wait_until(lambda: "feed-down" in self.node(None), 60, "feed that does not serve", pause=1)
        finally:
            away.rename(grid)
        self.carbon.stop_carbonctld()
        wait_until(lambda: "snapshot-stale" in self.node(None), 60, "stale snapshot", pause=1)
        self.assertEqual(set(self.node(None)), {"carbonctld-away", "snapshot-stale"})
        self.carbon.start_carbonctld()
        wait_until(lambda: self.node(None) == {}, 60, "nothing to be found", pause=1)


if __name__ == "__main__":
    unittest.main()
