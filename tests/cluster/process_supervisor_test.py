# SPDX-License-Identifier: Apache-2.0
"""No process that the harness started outlives the program that started it."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest

from harness.processes import Daemons, Failed, wait_until

# A daemon whose grandchild detaches itself, as slurmstepd does; it writes both ids.
DETACHING = textwrap.dedent(
    """
    import os, pathlib, sys, time
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            pathlib.Path(sys.argv[1]).write_text(f"{os.getppid()} {os.getpid()}")
            time.sleep(600)
        os._exit(0)
    time.sleep(600)
"""
)


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class SupervisorTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="carbon-supervisor-"))
        self.addCleanup(lambda: self.assertFalse(self.root.exists(), "the directory is left"))

    def start(self, daemons):
        noted = self.root / "noted"
        pid = daemons.start(
            "detaching",
            [sys.executable, "-c", DETACHING, noted],
            self.root / "log",
            lambda: noted.exists() and noted.read_text(),
        )
        return pid, int(noted.read_text().split()[1])

    def test_close_ends_what_detached_itself(self):
        daemons = Daemons(self.root)
        pids = self.start(daemons)
        self.assertTrue(all(map(alive, pids)))
        daemons.close()
        self.assertFalse(any(map(alive, pids)))

    def test_a_killed_owner_leaves_nothing(self):
        owner = subprocess.Popen(
            [
                sys.executable,
                "-c",
                textwrap.dedent(
                    f"""
            import sys, time
            sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})
            from harness.processes import Daemons
            import pathlib
            root = pathlib.Path({str(self.root)!r})
            daemons = Daemons(root)
            pid = daemons.start("sleeper", ["sleep", "600"], root / "log", lambda: True)
            (root / "pid").write_text(str(pid))
            time.sleep(600)
        """
                ),
            ]
        )
        noted = self.root / "pid"
        wait_until(lambda: noted.exists() and noted.read_text(), 20, "daemon of the owner")
        pid = int(noted.read_text())
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        wait_until(lambda: not alive(pid) and not self.root.exists(), 20, "end of what the killed owner had started")

    def test_a_kept_cluster_ends_on_sigterm(self):
        daemons = Daemons(self.root)
        pids = self.start(daemons)
        supervisor = daemons.keep()
        daemons.supervisor.stdin.close()
        self.assertTrue(all(map(alive, pids)))
        os.kill(supervisor, signal.SIGTERM)
        daemons.supervisor.wait(20)
        daemons.supervisor.stdout.close()
        self.assertFalse(any(map(alive, pids)))

    def test_a_daemon_that_ends_at_once_is_reported_with_its_log(self):
        daemons = Daemons(self.root)
        with self.assertRaisesRegex(Failed, "status 3:\nno such key"):
            daemons.start("broken", ["sh", "-c", "echo no such key; exit 3"], self.root / "log", lambda: False)
        daemons.close()

    def test_a_daemon_that_ignores_sigterm_is_killed(self):
        daemons = Daemons(self.root)
        ready = self.root / "ready"
        daemons.start(
            "stubborn",
            ["sh", "-c", f"trap '' TERM; touch {ready}; while :; do sleep 1; done"],
            self.root / "log",
            ready.exists,
        )
        self.assertEqual(daemons.end("stubborn", seconds=0.5), -signal.SIGKILL)
        daemons.close()


if __name__ == "__main__":
    unittest.main()
