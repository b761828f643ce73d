# SPDX-License-Identifier: Apache-2.0
"""Daemons that a supervisor runs, and waiting by polling."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time


class Failed(Exception):
    """What failed, with the last lines of the log that says why."""


def tail(log, lines=15):
    try:
        return "\n".join(pathlib.Path(log).read_text(errors="replace").splitlines()[-lines:])
    except OSError as bad:
        return str(bad)


def wait_until(question, seconds, what, pause=0.1):
    """Calls `question` until its answer is true; returns the answer. `what` completes 'no ... within N s'."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failed(f"no {what() if callable(what) else what} within {seconds} s")
        time.sleep(pause)


class Daemons:
    """The daemons of one cluster. They end with close(), or with this process, however it ends."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.logs = {}
        self.kept = False
        self.supervisor = subprocess.Popen(
            [sys.executable, str(pathlib.Path(__file__).with_name("process_supervisor.py")), str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            cwd="/",
        )

    def _request(self, **request):
        self.supervisor.stdin.write(json.dumps(request).encode() + b"\n")
        self.supervisor.stdin.flush()
        answer = json.loads(self.supervisor.stdout.readline() or '{"error": "the supervisor of the daemons has ended"}')
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def start(self, name, argv, log, ready, env=None, seconds=20):
        """Starts a daemon in the foreground and waits until ready() is true; returns its process id."""
        pathlib.Path(log).parent.mkdir(parents=True, exist_ok=True)
        self.logs[name] = log
        pid = self._request(
            do="start",
            name=name,
            argv=[str(a) for a in argv],
            env={**os.environ, **(env or {})},
            log=str(log),
            cwd=str(self.directory),
        )["pid"]

        def up():
            status = self.status(name)
            if status is not None:
                raise Failed(f"{name} ended with status {status}:\n{tail(log)}")
            return ready()

        wait_until(up, seconds, lambda: f"answer of {name}:\n{tail(log)}\n", pause=0.05)
        return pid

    def status(self, name):
        """None while it runs, else its exit status."""
        return self._request(do="status", name=name)["status"]

    def end(self, name, signal_number=signal.SIGTERM, seconds=20):
        """Ends a daemon and waits for it; returns its exit status."""
        return self._request(do="end", name=name, signal=int(signal_number), seconds=seconds)["status"]

    def at_the_end(self, argv):
        self._request(do="finally", argv=argv)

    def keep(self):
        """Lets the daemons outlive this process; returns the id of the process that ends them on SIGTERM."""
        self.kept = True
        return self._request(do="keep")["pid"]

    def close(self):
        self.supervisor.stdin.close()
        if not self.kept:
            self.supervisor.wait()
        self.supervisor.stdout.close()
