# SPDX-License-Identifier: Apache-2.0
"""Long work shows a bar on a terminal, and nothing of it in a file."""
import os
import pathlib
import pty
import subprocess
import tempfile
import unittest

from programs import BUILD

JOBS = 20000


class ProgressTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        root = pathlib.Path(directory.name)
        (root / "jobs.csv").write_text("arrival_time,length,gpus\n" + "".join(f"{60 * k},600,1\n" for k in range(JOBS)))
        (root / "grid.csv").write_text(
            "datetime,GB\n"
            + "".join(f"2026-01-{1 + k // 24:02}T{k % 24:02}:00:00Z,{100 + k % 24}\n" for k in range(31 * 24))
        )
        self.command = [
            BUILD / "bin" / "scarbon",
            "replay",
            "--jobs",
            root / "jobs.csv",
            "--intensity",
            root / "grid.csv",
            "--zone",
            "GB",
            "--policy",
            "lowest-window",
        ]

    def test_a_bar_on_a_terminal_that_is_gone_at_the_end(self):
        ours, theirs = pty.openpty()
        with subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=theirs) as running:
            os.close(theirs)
            shown = b""
            try:
                while part := os.read(ours, 65536):
                    shown += part
            except OSError:  # so a terminal says that nobody holds its other end
                pass
            table = running.stdout.read()
        os.close(ours)
        self.assertEqual(running.returncode, 0)
        self.assertRegex(shown.decode(), r"lowest-window    \[#+\.+\] +\d+%")
        self.assertTrue(shown.endswith(b"100%\r\x1b[K"), shown[-80:])
        self.assertNotIn(b"[#", table)

    def test_nothing_in_a_file(self):
        said = subprocess.run(self.command, capture_output=True, text=True, check=True)
        self.assertEqual(said.stderr, "")
        self.assertIn("lowest-window", said.stdout)


if __name__ == "__main__":
    unittest.main()
