# SPDX-License-Identifier: Apache-2.0
"""scarbon's completion: what a user of bash sees when he presses the tabulator, and whether zsh and fish can read theirs."""
import os
import pathlib
import pty
import select
import shutil
import subprocess
import time
import unittest

from programs import BUILD, all_helps, options_in

SHARE = BUILD / "share"
BASH = SHARE / "bash-completion" / "completions" / "scarbon"


def completed(*words):
    """What bash offers for the last of these words."""
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _scarbon; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", BASH, "scarbon", *words],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    return set(done.stdout.split())


def typed(keys, until, seconds=30):
    """What an interactive bash shows after `keys`."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="dumb", PS1="ready> ", INPUTRC="/dev/null")
        os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
    shown, deadline, sent = "", time.monotonic() + seconds, False
    os.write(terminal, f"source {BASH}\n".encode())
    while until not in shown and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536).decode(errors="replace")
        if not sent and shown.count("ready> ") >= 2:
            os.write(terminal, keys.encode())
            sent = True
    os.write(terminal, b"\x03\x04")
    os.close(terminal)
    os.waitpid(pid, 0)
    return shown


class CompletionTest(unittest.TestCase):
    def test_the_tabulator_in_a_real_bash(self):
        self.assertIn("scarbon report --budgets", typed("scarbon repo\t--bud\t", "--budgets"))

    def test_commands_and_options_are_those_of_the_help(self):
        for program, command, said in all_helps():
            if program != "scarbon":
                continue
            with self.subTest(command):
                if command:
                    self.assertEqual(completed(command, "-"), options_in(said))
                else:
                    self.assertLessEqual(options_in(said) | {"jobs", "doctor"}, completed(""))

    def test_values(self):
        self.assertEqual(completed("report", "--by", "w"), {"wckey", "week"})
        self.assertIn("/etc", completed("report", "--html", "/et"))
        self.assertEqual(completed("report", "--top", ""), set())

    def test_zsh_and_fish_can_read_theirs(self):
        for shell, file in (
            ("zsh", SHARE / "zsh" / "vendor-completions" / "_scarbon"),
            ("fish", SHARE / "fish" / "vendor_completions.d" / "scarbon.fish"),
        ):
            self.assertIn("doctor", pathlib.Path(file).read_text())
            if not shutil.which(shell):
                print(f"{shell}: not here, {file.name} not read by it")
                continue
            checked = subprocess.run([shell, "-n", file], capture_output=True, text=True, check=False)
            self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        if shutil.which("fish"):
            offered = subprocess.run(
                [
                    "fish",
                    "-N",
                    "-c",
                    f"source {SHARE}/fish/vendor_completions.d/scarbon.fish; complete -C 'scarbon report --by w'",
                ],
                capture_output=True,
                text=True,
                check=True,
                cwd="/",
            ).stdout
            self.assertEqual({line.split("\t")[0] for line in offered.splitlines()}, {"wckey", "week"})


if __name__ == "__main__":
    unittest.main()
