# SPDX-License-Identifier: Apache-2.0
"""Runs the guides' commands as they are written: docs/user.md as an ordinary user, docs/administrator.md as root."""
import re
import unittest

from harness.case import CarbonCase
from harness.paths import build_directory, source_directory
from harness.processes import wait_until

SCRIPT = """#!/bin/bash
#SBATCH --gres=gpu:1
#SBATCH --time=1
sleep 2
"""


def commands(guide):
    text = (source_directory() / "docs" / guide).read_text()
    lines = [line for block in re.findall(r"(?m)^```sh\n(.*?)^```", text, re.DOTALL) for line in block.splitlines()]
    return [line for line in lines if line.strip()]


class GuidesTest(CarbonCase):
    options = {"settings": {("replan", "interval"): '"1s"'}}

    def type(self, line, user=None):
        """At a shell that finds what is installed here, on the node inland1."""
        path = f"{self.carbon.installed}:/usr/bin:/bin:/usr/sbin:/sbin"
        said = self.slurm.run(
            "bash",
            "-c",
            line,
            user=user,
            check=False,
            env={
                "PATH": path,
                "CARBON_FAKE_NVML": str(self.carbon.gpus_file(self.slurm.nodes[0])),
                "LD_LIBRARY_PATH": str(build_directory() / "lib" / "fakes"),
            },
        )
        print(f"$ {line}\n{said.out}{said.err}", flush=True)
        self.assertEqual(said.status, 0, f"{line}\n{said.out}{said.err}")
        return said

    def test_what_users_are_told(self):
        (self.slurm.home("games") / "train.sh").write_text(SCRIPT)
        self.carbon.wait_for_hour(14, 17)  # of the simulated day: the evening's peak lies ahead
        output, deferred = {}, None
        for line in commands("user.md"):
            if line == "scarbon queue":
                deferred = output["sbatch --carbon=defer train.sh"].out.split()[-1]
                wait_until(lambda: self.carbon.scarbon("queue", "-P", "-n").out, 20, "round of re-planning")
            output[line] = self.type(line.replace("JOB", deferred or "JOB"), user="games")
        self.assertRegex(output["scarbon estimate train.sh"].out, r"best time +inland .* -\d")
        self.assertIn("carbon: deferred to", output["sbatch --carbon=defer train.sh"].err)
        self.assertEqual(output["sbatch --carbon=off train.sh"].err, "")
        self.assertRegex(output["scarbon queue"].out, rf"(?m)^{deferred} ")
        self.assertEqual(self.slurm.wait_for_end(deferred)["JobState"], "COMPLETED")

    def test_what_administrators_are_told(self):
        job, _ = self.slurm.sbatch("--carbon=off", "--gres=gpu:1", "--time=1", script="sleep 2")
        self.carbon.wait_for_summary(job)
        # sacct finds it by its number at once, and among all once slurmdbd has its times.
        wait_until(
            lambda: "carbon:g=" in self.slurm.run("sacct", "-a", "-X", "-o", "JobID,AdminComment%80").out,
            60,
            lambda: "job among all: "
            + self.slurm.run("sacct", "-X", "-j", job, "-o", "JobID,State,Submit,Eligible,Start,End").out,
        )
        output = {line: self.type(line) for line in commands("administrator.md")}
        self.assertIn("problems: 0, advice: 0", output["scarbon doctor"].out)
        self.assertIn("carbon:g=", output["sacct -a -X -o JobID,State,AdminComment%80"].out)
        self.assertIn("research", output["scarbon report --by account"].out)


if __name__ == "__main__":
    unittest.main()
