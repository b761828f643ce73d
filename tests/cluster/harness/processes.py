# SPDX-License-Identifier: Apache-2.0
"""Daemons behind a keeper, free ports, and waiting by asking."""
import json
import os
import pathlib
import random
import signal
import socket
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


CLAIMED = []  # what claims a port for as long as this process lives, also while its daemon is yet to be started, or is down


def claim(port):
    """True if nobody listens on the port, at any address, and no process with this harness has claimed it."""
    owner, probe = socket.socket(socket.AF_UNIX), socket.socket()
    try:
        owner.bind(f"\0slurm-carbon port {port}")  # a name of the kernel's: no file, gone with the process
        probe.bind(("", port))
    except OSError:
        owner.close()
        return False
    finally:
        probe.close()
    CLAIMED.append(owner)
    return True


def free_ports(count):
    """Ports of this process' own, below those that a kernel gives to clients (Linux from 32768 on, gVisor from 16000)."""
    ports = []
    while len(ports) < count:
        port = random.randrange(10000, 16000)
        if claim(port):
            ports.append(port)
    return ports


def listening(port, address="127.0.0.1"):
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


class Daemons:
    """The daemons of one cluster. They end with close(), or with this process, however it ends."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.logs = {}
        self.kept = False
        self.keeper = subprocess.Popen([sys.executable, str(pathlib.Path(__file__).with_name("keeper.py")), str(directory)],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, cwd="/")

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
        pid = self._ask(do="start", name=name, argv=[str(a) for a in argv], env={**os.environ, **(env or {})}, log=str(log),
                        cwd=str(self.directory))["pid"]

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
