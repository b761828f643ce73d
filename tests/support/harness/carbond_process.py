# SPDX-License-Identifier: Apache-2.0
"""The real carbond as a process, with simulated GPUs, marks as spank_carbon.so writes them, a munged of its own, and a
controller that only collects records."""
import http.server
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

BUILD = pathlib.Path(os.environ.get("CARBON_BUILD", pathlib.Path(__file__).resolve().parents[3] / "build" / "release"))
BOOT_ID = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def wait_until(condition, seconds=30, what="a condition"):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds} s")
        time.sleep(0.02)
    return value


class Controller:
    """Takes POST /v1/records and keeps every body. `lost_answers` is the share of requests that are stored but not acknowledged."""

    def __init__(self, lost_answers=0.0, seed=0):
        self.bodies, self.lost_answers, self.random = [], lost_answers, random.Random(seed)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert self.headers["Authorization"].startswith("MUNGE "), "not signed"
                outer.bodies.append(body)
                answer = b'{"stored": 1, "known": 0}'
                try:
                    self.send_response(503 if outer.random.random() < outer.lost_answers else 200)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except ConnectionError:
                    pass  # carbond was killed meanwhile

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def records(self):
        """By identity, the highest revision, as the ledger keeps them. Two different records of one identity and revision: an error."""
        out = {}
        for r in list(self.bodies):
            key = (r["cluster"], r["job_id"], r["restart"], r["node"], r["start_ms"])
            if key not in out or r["revision"] > out[key]["revision"]:
                out[key] = r
        return list(out.values())

    def of(self, job):
        return [r for r in self.records() if r["job_id"] == job and r["final"]]


class Node:
    """One node: carbond, its spool, its GPUs. Use as a context manager."""

    def __init__(
        self,
        gpus,
        controller,
        reading_interval="250ms",
        profile_interval="1s",
        spool=None,
        settings="",
        slurm_list=None,
    ):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="carbond-"))
        self.controller, self.process = controller, None
        self.spool = pathlib.Path(spool) if spool else self.root / "spool"
        (self.root / "gpus").write_text("\n".join(gpus) + f"\ncalls={self.root}/calls\n")
        (self.root / "carbon.conf").write_text(
            "\n".join(
                [
                    'cluster = "test"',
                    f'munge_socket = "{self.root}/munge.socket"',
                    "[carbond]",
                    f'spool = "{self.spool}"',
                    f'reading_interval = "{reading_interval}"',
                    f'profile_interval = "{profile_interval}"',
                    f'slurmd = "{self.root}/slurmd"',
                    settings,
                    "[carbonctld]",
                    f"port = {controller.port}",
                    "[[site]]",
                    'name = "a"',
                    'zone = "X"',
                    "pue = 1.0",
                    'partitions = ["p"]',
                    "[[site.feed]]",
                    'provider = "static"',
                    "intensity = 100",
                    "",
                ]
            )
        )
        (self.root / "slurm").mkdir()
        (self.root / "slurm" / "slurm.conf").write_text("# read by slurmd alone, which is a script here\n")
        (self.root / "slurmd").write_text(f"#!/bin/sh\ncat {self.root}/slurm_list\n")
        (self.root / "slurmd").chmod(0o755)
        minors = sorted(int(minor) for gpu in gpus for minor in re.findall(r" minor=(\d+)", gpu))
        self.set_slurm_list(slurm_list or [f"/dev/nvidia{minor}" for minor in minors])
        (self.root / "munge.key").write_bytes(os.urandom(128))
        os.chmod(self.root / "munge.key", 0o400)
        os.chmod(self.root, 0o755)
        self.munged = subprocess.Popen(
            [
                "munged",
                "--foreground",
                "--force",
                f"--socket={self.root}/munge.socket",
                f"--key-file={self.root}/munge.key",
                f"--pid-file={self.root}/munged.pid",
                f"--log-file={self.root}/munged.log",
                f"--seed-file={self.root}/munged.seed",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until((self.root / "munge.socket").exists, what="munged's socket")

    def __enter__(self):
        return self

    def set_slurm_list(self, files):
        """Slurm's list of the node's GPUs: the files at each position. By default in the order of their minors."""
        lines = [f"slurmd: Gres Name=gpu Type=(null) Count=1 ID=7696487 File={file} (null)\n" for file in files]
        (self.root / "slurm_list").write_text("".join(lines))

    def __exit__(self, *_):
        self.stop(signal.SIGKILL)
        self.munged.terminate()
        self.munged.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def start(self, wait=True, before=(), environment=None):
        """`before`: words in front of the command, such as unshare's."""
        environment = {
            **os.environ,
            "CARBON_FAKE_NVML": str(self.root / "gpus"),
            "SLURM_CONF": str(self.root / "slurm" / "slurm.conf"),
            **(environment or {}),
        }
        with open(self.root / "log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [
                    *before,
                    BUILD / "bin" / "carbond",
                    "--config",
                    self.root / "carbon.conf",
                    "--node",
                    "n1",
                    "--nvml",
                    BUILD / "lib" / "fakes" / "libnvidia-ml.so.1",
                ],
                env=environment,
                stdout=log,
                stderr=log,
            )
        if wait:
            wait_until((self.spool / "jobs" / "readings.json").exists, what="the first reading")

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return None
        self.process.send_signal(how)
        code = self.process.wait(timeout=30)
        self.process = None
        return code

    def log(self):
        return (self.root / "log").read_text()

    def mark(self, event, job, gpus=(), restart=0, boot_id=BOOT_ID, wall_shift_ms=0, boot_shift_ms=0, mig=()):
        """Returns its time in unix ms. The shifts: of a node whose clocks are not this machine's."""
        at = time.time_ns() // 1_000_000 + wall_shift_ms
        boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000 + boot_shift_ms
        gpus = gpus or range(len(mig))
        text = "\n".join(
            [
                "carbon-mark 1",
                f"event={event}",
                f"at_ms={at}",
                f"since_boot_ms={boot}",
                f"boot_id={boot_id}",
                "cluster=test",
                "node=n1",
                f"job_id={job}",
                f"restart={restart}",
                "uid=1000",
                "user=ada",
                "account=a",
                "partition=p",
                "num_nodes=1",
                "cpus=1",
                "gpus=" + ",".join(map(str, gpus)),
                *(["uuids=" + ",".join(mig)] if mig else []),
                "",
            ]
        )
        name = f"{event}.{job}.{restart}.{at}"
        (self.spool / "marks").mkdir(parents=True, exist_ok=True)
        (self.spool / "marks" / ("." + name)).write_text(text)
        os.rename(self.spool / "marks" / ("." + name), self.spool / "marks" / name)
        return at

    def truth(self, record):
        """The exact joules of the record's devices over its time."""
        said = subprocess.run(
            [BUILD / "bin" / "fake_nvml_truth", self.root / "gpus", str(record["start_ms"]), str(record["end_ms"])]
            + [d["device"] for d in record["devices"]],
            check=True,
            capture_output=True,
            text=True,
        )
        return json.loads(said.stdout)["joules"]

    def state(self):
        return json.loads((self.spool / "jobs" / "state.json").read_text())

    def metric(self, name, device):
        """Of carbond.prom; none before it is written."""
        file = self.spool / "carbond.prom"
        found = file.exists() and re.search(
            rf'^{name}{{device="{device}",[^}}]*}} (\S+)$', file.read_text(), re.MULTILINE
        )
        return float(found[1]) if found else None

    def wait_for_record(self, job, count=1, seconds=30):
        return wait_until(
            lambda: (found := self.controller.of(job)) and len(found) >= count and found,
            seconds,
            f"{count} records of job {job}",
        )


def joules(record):
    return sum(sum(d["mj"]) for d in record["devices"]) / 1000


def estimated(record):
    return sum(d["estimated_mj"] for d in record["devices"]) / 1000
