# SPDX-License-Identifier: Apache-2.0
"""Process supervisor: runs the daemons of one cluster and ends all of them, whatever happens to the program that uses
it.

It is a process of its own: `python3 process_supervisor.py DIRECTORY`. It reads JSON requests from its standard input, one
a line, and answers each with a line. When that input closes (the test ended, crashed or was killed), or on SIGTERM, it
ends every process that it started. It is their subreaper, so it also ends descendants that detached themselves
(slurmstepd, the tasks of jobs). Then it removes the directory. It signals only its own children: a process id cannot be
used again before it has reaped the child.

Requests, by their key "do":
  start   name, argv, env, log, cwd -> {"pid"}
  status  name                      -> {"status"}  null while it runs, else the exit status, -N for signal N
  end     name, signal, seconds     -> {"status"}  SIGKILL after `seconds`
  finally argv                      -> {}          a command to run once all has ended
  keep                              -> {"pid"}     of the supervisor: now SIGTERM ends it, and not the end of its input
"""
import ctypes
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 8


def children_of(pids):
    """All descendants of `pids`, from one reading of /proc."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        if fields[0] != "Z":
            parents[int(entry.name)] = int(fields[1])
    found, wave = set(), set(pids)
    while wave:
        wave = {pid for pid, parent in parents.items() if parent in wave} - found
        found |= wave
    return found


class Supervisor:
    def __init__(self, directory):
        self.directory = directory
        self.pids = {}  # name -> pid
        self.statuses = {}  # pid -> exit status
        self.last_commands = []
        self.kept = False

    def reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.statuses[pid] = os.waitstatus_to_exitcode(status)

    def start(self, name, argv, env, log, cwd):
        with open(log, "ab") as out:
            child = subprocess.Popen(
                argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        child.returncode = 0  # reaped here, not by subprocess
        self.statuses.pop(child.pid, None)  # of an earlier process with this id: processes of jobs are reaped here, too
        self.pids[name] = child.pid
        return {"pid": child.pid}

    def status(self, name):
        self.reap()
        return {"status": self.statuses.get(self.pids[name])}

    def end(self, name, signal_number, seconds):
        pid = self.pids[name]
        self.reap()
        if pid not in self.statuses:
            os.kill(pid, signal_number)
        deadline = time.monotonic() + seconds
        while pid not in self.statuses:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                deadline += seconds
            time.sleep(0.02)
            self.reap()
        return {"status": self.statuses[pid]}

    def answer(self, request):
        do = request.pop("do")
        if do == "start":
            return self.start(**request)
        if do == "status":
            return self.status(**request)
        if do == "end":
            return self.end(request["name"], request["signal"], request["seconds"])
        if do == "finally":
            self.last_commands.append(request["argv"])
            return {}
        if do == "keep":
            self.kept = True
            os.dup2(
                os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno()
            )  # an open stderr would keep a pipe of the caller open
            return {"pid": os.getpid()}
        raise ValueError(f"no such request: {do}")

    def serve(self, stop):
        """Until the input closes, unless kept; or until `stop`, the read end of a pipe, is readable."""
        waiting, unread = [sys.stdin.buffer, stop], b""
        while True:
            ready, _, _ = select.select(waiting, [], [], 1.0)
            self.reap()
            if stop in ready:
                return
            if not ready:
                continue
            data = os.read(sys.stdin.fileno(), 65536)
            if not data:
                if not self.kept:
                    return
                waiting = [stop]
            *lines, unread = (unread + data).split(b"\n")
            for line in lines:
                try:
                    answer = self.answer(json.loads(line))
                except Exception as bad:  # reported to the caller
                    answer = {"error": f"{type(bad).__name__}: {bad}"}
                try:
                    print(json.dumps(answer), flush=True)
                except BrokenPipeError:
                    pass

    def end_all(self):
        """SIGTERM first, so that the daemons end as they would on a real host; then SIGKILL."""
        own = children_of([os.getpid()])
        for number, seconds in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, GRACE_SECONDS)):
            for pid in own:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            deadline = time.monotonic() + seconds
            while own and time.monotonic() < deadline:
                time.sleep(0.02)
                self.reap()
                own = children_of([os.getpid()])
            if not own:
                break
        for argv in self.last_commands:
            subprocess.run(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
            )
        if not os.environ.get("CARBON_CLUSTER_LEAVE"):
            shutil.rmtree(self.directory, ignore_errors=True)


def main():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    stop, woken = os.pipe()
    os.set_blocking(woken, False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(woken)
    supervisor = Supervisor(sys.argv[1])
    try:
        supervisor.serve(stop)
    finally:
        signal.set_wakeup_fd(-1)
        supervisor.end_all()


if __name__ == "__main__":
    main()
