# SPDX-License-Identifier: Apache-2.0
"""Daemons behind a keeper, and waiting by asking."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time


class Failed(Exception):
    """What could not be done, with the last lines of the log that says why."""


def tail(log, lines=15):
    try:
        return "\n".join(pathlib.Path(log).read_text(errors="replace").splitlines()[-lines:])
    except OSError as bad:
        return str(bad)


def wait_until(question, seconds, what, pause=0.1):
    """Asks until the answer is true; returns it. `what` completes 'no ... within N s'."""
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
        self.keeper = subprocess.Popen(
            [sys.executable, str(pathlib.Path(__file__).with_name("process_keeper.py")), str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            cwd="/",
        )

    def _ask(self, **request):
        self.keeper.stdin.write(json.dumps(request).encode() + b"\n")
        self.keeper.stdin.flush()
        answer = json.loads(self.keeper.stdout.readline() or '{"error": "the keeper of the daemons has ended"}')
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def start(self, name, argv, log, ready, env=None, seconds=20):
        """Starts a daemon in the foreground and waits until ready() is true; returns its process id."""
        pathlib.Path(log).parent.mkdir(parents=True, exist_ok=True)
        self.logs[name] = log
        pid = self._ask(
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
        return self._ask(do="status", name=name)["status"]

    def end(self, name, signal_number=signal.SIGTERM, seconds=20):
        """Ends a daemon and waits for it; returns its exit status."""
        return self._ask(do="end", name=name, signal=int(signal_number), seconds=seconds)["status"]

    def at_the_end(self, argv):
        self._ask(do="finally", argv=argv)

    def keep(self):
        """The daemons outlive this process; returns the id of the process to be sent SIGTERM to end them."""
        self.kept = True
        return self._ask(do="keep")["pid"]

    def close(self):
        self.keeper.stdin.close()
        if not self.kept:
            self.keeper.wait()
        self.keeper.stdout.close()
