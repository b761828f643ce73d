# SPDX-License-Identifier: Apache-2.0
"""Faults around carbond, one test each, with the real daemon as a process. Afterwards a job's energy is right, or its record says
how much of it is estimated and why."""
import os
import pathlib
import signal
import subprocess
import time
import unittest

from harness.carbond_process import BUILD, Controller, Node, estimated, joules, wait_until

STEADY = "gpu uuid=GPU-SIMULATED-0 minor=0 curve=constant:300"
PEAK, UPDATE = 300, 0.1


class Faults(unittest.TestCase):
    def setUp(self):
        self.controller = Controller()
        self.addCleanup(self.controller.close)

    def node(self, *gpus, **options):
        node = Node(gpus or [STEADY], self.controller, **options)
        self.addCleanup(node.__exit__)
        return node

    def assert_right(self, node, record):
        truth = node.truth(record)
        self.assertLessEqual(abs(joules(record) - truth), max(0.005 * truth, UPDATE * PEAK), record)

    def only_record(self, node, job):
        (record,) = node.wait_for_record(job)
        return record

    def test_a_job_that_began_and_ended_while_carbond_was_away(self):
        node = self.node()
        node.start()
        node.stop(signal.SIGKILL)
        node.mark("start", 1, [0])
        time.sleep(2)
        node.mark("end", 1, [0])
        node.start()
        record = self.only_record(node, 1)
        self.assert_right(node, record)
        self.assertGreater(estimated(record), 0)
        self.assertEqual(record["note"], "no reading close to a start or end")

    def test_the_node_was_rebooted(self):
        """Another boot id, and CLOCK_BOOTTIME restarts: both as the kernel reports them to carbond."""
        earlier = "11111111-2222-3333-4444-555555555555"
        up_ms = 100_000_000  # the first boot is a day older than this machine's
        reboot = time.time() + 4
        node = self.node(f"{STEADY} reset_at={reboot}")
        (node.root / "boot_id").write_text(earlier + "\n")
        boot = [
            "unshare",
            "--mount",
            "--time",
            f"--boottime={up_ms // 1000}",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            f'mount --bind {node.root}/boot_id /proc/sys/kernel/random/boot_id && exec "$@"',
            "sh",
        ]
        tried = subprocess.run([*boot, "true"], capture_output=True, text=True, check=False)
        if tried.returncode != 0:
            self.skipTest(f"no namespaces of mounts and time here: {tried.stderr.strip()}")
        node.start(before=boot)
        node.mark("start", 1, [0], boot_id=earlier, boot_shift_ms=up_ms)
        node.mark("start", 2, [], boot_id=earlier, boot_shift_ms=up_ms)
        time.sleep(2)
        node.stop(signal.SIGKILL)
        late = node.mark(
            "end", 2, [], boot_id=earlier, boot_shift_ms=up_ms
        )  # the node lived a moment longer than carbond
        wait_until(lambda: time.time() > reboot + 0.5, what="the reboot")
        node.mark("start", 4, [0])  # slurmd is sooner there than carbond: marks of both boots wait
        node.start()
        wait_until(lambda: "the node was rebooted" in node.log(), what="the log says so")
        record = self.only_record(node, 1)
        self.assertEqual(record["note"], "the node went down: the run ends with its last reading")
        self.assert_right(node, record)
        self.assertLess(record["end_ms"], late)
        self.assertGreater(record["end_ms"], record["start_ms"] + 1000)
        node.mark("end", 1, [0], restart=1)  # slurmd's late epilog
        time.sleep(1.5)
        node.mark("end", 4, [0])
        early = self.only_record(node, 4)
        self.assertGreater(early["end_ms"] - early["start_ms"], 1500)
        self.assertLessEqual(abs(joules(early) - node.truth(early)), early["devices"][0]["uncertainty_mj"] / 1000)
        self.assertLess(estimated(early), joules(early))
        node.mark("start", 3, [0])
        time.sleep(1)
        node.mark("end", 3, [0])
        self.assert_right(node, self.only_record(node, 3))
        self.assertEqual(sorted(r["job_id"] for r in self.controller.records()), [1, 2, 3, 4])

    def test_the_clock_is_stepped(self):
        for step_ms in (3_600_000, -3_600_000):
            with self.subTest(step_ms=step_ms):
                node = self.node(STEADY)
                clock = node.root / "clock"
                clock.write_text("0\n")
                node.start(
                    environment={
                        "LD_PRELOAD": str(BUILD / "lib" / "fakes" / "libstepped_clock.so"),
                        "CARBON_FAKE_CLOCK": str(clock),
                    }
                )
                job = 1 if step_ms > 0 else 2
                start = node.mark("start", job, [0])
                time.sleep(2)
                (node.root / "new").write_text(f"{step_ms}\n")
                os.rename(node.root / "new", clock)
                time.sleep(2)
                end = node.mark("end", job, [0], wall_shift_ms=step_ms)
                record = self.only_record(node, job)
                truth = 0.300 * (end - step_ms - start)
                self.assertLessEqual(abs(joules(record) - truth), max(0.005 * truth, UPDATE * PEAK), record)
                self.assertEqual(record["end_ms"], end)
                self.assertAlmostEqual(record["start_ms"], start + step_ms, delta=5)
                self.assertEqual(record["note"], f"the clock was stepped by {step_ms // 1000} s during the job")
                self.assertEqual(estimated(record), 0)
                node.stop()

    def test_prolog_without_epilog(self):
        node = self.node()
        node.start()
        node.mark("start", 1, [0])
        time.sleep(1.5)
        node.mark("start", 2, [0])
        record = self.only_record(node, 1)
        self.assertAlmostEqual(estimated(record), joules(record), delta=0.01)
        self.assertIn("no end mark", record["note"])
        time.sleep(1.5)
        node.mark("end", 2, [0])
        self.assert_right(node, self.only_record(node, 2))

    def test_epilog_without_prolog(self):
        node = self.node()
        node.start()
        node.mark("end", 1, [0])
        record = self.only_record(node, 1)
        self.assertEqual(record["devices"], [])
        self.assertIn("no start mark", record["note"])

    def test_requeue(self):
        node = self.node()
        node.start()
        node.mark("start", 4, [0], restart=0)
        time.sleep(1)
        node.mark("end", 4, [0], restart=1)
        time.sleep(0.3)
        node.mark("start", 4, [0], restart=1)
        time.sleep(1)
        node.mark("end", 4, [0], restart=1)
        records = node.wait_for_record(4, count=2)
        self.assertEqual(sorted(r["restart"] for r in records), [0, 1])
        for record in records:
            self.assert_right(node, record)
            self.assertEqual(record["note"], "")

    def test_two_jobs_swap_within_a_second_while_carbond_is_killed(self):
        node = self.node(f"{STEADY.replace('constant:300', 'ramp:60,300,4')}")
        node.start()
        node.mark("start", 1, [0])
        time.sleep(2.0)
        node.mark("end", 1, [0])
        node.stop(signal.SIGKILL)
        node.mark("start", 2, [0])
        node.start()
        time.sleep(2.0)
        node.mark("end", 2, [0])
        for job in (1, 2):
            self.assert_right(node, self.only_record(node, job))

    def test_the_energy_counter_restarts(self):
        reset = time.time() + 3
        node = self.node(f"{STEADY} reset_at={reset}")
        node.start()
        node.mark("start", 1, [0])
        time.sleep(5)
        node.mark("end", 1, [0])
        record = self.only_record(node, 1)
        self.assert_right(node, record)
        self.assertEqual(record["note"], "the energy counter restarted at zero")
        self.assertGreater(estimated(record), 0)

    def test_a_gpu_falls_off_the_bus_and_the_other_goes_on(self):
        now = time.time()
        node = self.node(f"{STEADY} lost={now + 3},{now + 1e6}", "gpu uuid=GPU-SIMULATED-1 minor=1 curve=constant:200")
        node.start()
        node.mark("start", 1, [0])
        node.mark("start", 2, [1])
        time.sleep(4)
        node.mark("end", 2, [1])
        other = self.only_record(node, 2)
        self.assert_right(node, other)
        self.assertEqual(other["note"], "")
        node.mark("end", 1, [0])
        record = self.only_record(node, 1)
        self.assertIn("the device did not answer", record["note"])
        self.assertGreater(estimated(record), 0)
        self.assertLessEqual(abs(joules(record) - node.truth(record)), record["devices"][0]["uncertainty_mj"] / 1000)
        self.assertIn("GPU-SIMULATED-0 is unavailable: GPU-SIMULATED-0: GPU is lost (15)", node.log())

    def test_a_call_that_hangs_does_not_stop_the_others(self):
        now = time.time()
        node = self.node(f"{STEADY} hang={now + 2},{now + 11}", "gpu uuid=GPU-SIMULATED-1 minor=1 curve=constant:200")
        node.start()
        node.mark("start", 1, [0])
        node.mark("start", 2, [1])
        time.sleep(4)
        node.mark("end", 2, [1])
        self.assert_right(node, self.only_record(node, 2))
        wait_until(lambda: "a call into the driver hangs" in node.log(), what="the log says so")
        wait_until(lambda: "GPU-SIMULATED-0 answers again" in node.log(), what="it comes back")
        time.sleep(0.5)
        node.mark("end", 1, [0])
        record = self.only_record(node, 1)
        self.assert_right(node, record)
        self.assertEqual(estimated(record), 0, "the counter went on counting while the call hung")

    def test_sigterm_while_a_call_hangs(self):
        node = self.node(f"{STEADY} hang={time.time() + 1.5},{time.time() + 1e6}")
        node.start()
        time.sleep(2.5)
        self.assertEqual(node.stop(signal.SIGTERM), 0)

    def test_a_driver_that_is_reloaded(self):
        now = time.time()
        node = self.node(STEADY, f"no_driver={now + 2},{now + 4}")
        node.start()
        node.mark("start", 1, [0])
        time.sleep(6)
        node.mark("end", 1, [0])
        self.assert_right(node, self.only_record(node, 1))

    def test_the_controller_is_down_and_does_not_acknowledge(self):
        node = self.node()
        self.controller.lost_answers = 1.0
        node.start()
        node.mark("start", 1, [0])
        time.sleep(1)
        node.mark("end", 1, [0])
        wait_until(lambda: len(self.controller.bodies) >= 2, what="a second try")
        node.stop(signal.SIGKILL)
        self.controller.lost_answers = 0.0
        node.start()
        wait_until(lambda: not list((node.spool / "outbox").iterdir()), what="an empty outbox")
        self.assertEqual(len(self.controller.records()), 1)

    def small_disk(self):
        """A node on a disk of 256 KiB, and what fills it to `spare` bytes and gives the room back."""
        disk = pathlib.Path(self.node_directory()) / "disk"
        disk.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True, text=True, check=False
        )
        if made.returncode != 0:
            self.skipTest(f"no small disk can be mounted here: {made.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", disk], check=False)
        ballast = disk / "ballast"

        def fill(spare=0):
            with open(ballast, "ab", buffering=0) as f:
                try:
                    while True:
                        f.write(b"x" * 4096)
                except OSError:
                    f.truncate(f.tell() - spare)

        return self.node(spool=disk / "spool"), fill, ballast.unlink

    def test_the_disk_is_full_while_a_job_runs(self):
        node, fill, empty = self.small_disk()
        node.start()
        node.mark("start", 1, [0])
        time.sleep(1)
        fill()
        time.sleep(2)
        self.assertIn("No space left on device", node.log())
        empty()
        node.mark("end", 1, [0])
        record = self.only_record(node, 1)
        self.assert_right(node, record)
        self.assertEqual(record["note"], "")

    def test_the_disk_is_full_when_a_job_ends_and_carbond_is_killed(self):
        node, fill, empty = self.small_disk()
        node.start()
        node.mark("start", 1, [0])
        time.sleep(2)
        end = self.mark_on_a_full_disk(node, fill)
        time.sleep(1.5)
        self.assertEqual(self.controller.records(), [], "nothing is sent that is not safe")
        node.stop(signal.SIGKILL)
        node.start(wait=False)
        time.sleep(1)
        empty()
        record = self.only_record(node, 1)
        self.assert_right(node, record)
        self.assertEqual(record["end_ms"], end)
        wait_until(lambda: not list((node.spool / "marks").iterdir()), what="the marks are taken in")
        self.assertEqual(len(self.controller.records()), 1)

    def mark_on_a_full_disk(self, node, fill):
        """Room for the mark and for nothing else: carbond may be quicker than the test that fills the disk, so it is stopped meanwhile."""
        node.process.send_signal(signal.SIGSTOP)
        fill(spare=8192)
        end = node.mark("end", 1, [0])
        fill()
        node.process.send_signal(signal.SIGCONT)
        return end

    def node_directory(self):
        import tempfile

        directory = tempfile.TemporaryDirectory(prefix="carbond-disk-")
        self.addCleanup(directory.cleanup)
        return directory.name

    def test_a_driver_that_comes_later(self):
        """The node boots, the job starts, the driver is loaded only then: carbond finds it by itself."""
        node = self.node(STEADY, f"no_driver=0,{time.time() + 3}")
        node.start(wait=False)
        wait_until(lambda: "Driver Not Loaded" in node.log(), what="the log says what is missing")
        node.mark("start", 1, [0])
        wait_until(lambda: "GPU-SIMULATED-0: gpu" in node.log(), 90, "the GPU is found")
        time.sleep(1)
        node.mark("end", 1, [0])
        record = self.only_record(node, 1)
        self.assertEqual([d["device"] for d in record["devices"]], ["GPU-SIMULATED-0"])
        self.assertGreater(estimated(record), 0)
        self.assertIn("no readings for part of the run", record["note"])
        (device,) = record["devices"]
        self.assertLessEqual(abs(joules(record) - node.truth(record)), device["uncertainty_mj"] / 1000)
        self.assertGreater(min(device["mj"][1:-1]), 250_000, "the part without readings is spread over its intervals")

    def test_a_driver_that_comes_later_with_a_known_device(self):
        """After a restart the state knows the GPU, but the driver is not there yet when a job starts."""
        now = time.time()
        node = self.node(STEADY)
        node.start()
        time.sleep(0.5)
        node.stop()
        (node.root / "gpus").write_text(f"{STEADY}\nno_driver=0,{time.time() + 3}\n")
        node.start(wait=False)
        wait_until(lambda: "Driver Not Loaded" in node.log(), what="the log says what is missing")
        node.mark("start", 1, [0])
        time.sleep(1)
        self.assertEqual(node.metric("carbon_node_device_available", "GPU-SIMULATED-0"), 0)
        wait_until(lambda: node.log().count("GPU-SIMULATED-0: gpu") == 2, 30, "the GPU is found again")
        self.assertLess(time.time() - now, 20)
        time.sleep(10)
        node.mark("end", 1, [0])
        record = self.only_record(node, 1)
        self.assertLessEqual(
            abs(joules(record) - node.truth(record)), max(30, record["devices"][0]["uncertainty_mj"] / 1000)
        )
        self.assertLess(estimated(record), joules(record) / 2)

    def test_a_gpu_that_is_replaced_under_the_same_number(self):
        node = self.node("gpu uuid=GPU-SIMULATED-A-old minor=0 curve=constant:100")
        node.start()
        time.sleep(0.5)
        node.stop()
        (node.root / "gpus").write_text("gpu uuid=GPU-SIMULATED-B-new minor=0 curve=constant:300\n")
        node.start()
        wait_until(lambda: "GPU-SIMULATED-A-old is gone" in node.log(), what="the old one is forgotten")
        node.mark("start", 1, [0])
        time.sleep(2)
        node.mark("end", 1, [0])
        record = self.only_record(node, 1)
        self.assertEqual([d["device"] for d in record["devices"]], ["GPU-SIMULATED-B-new"])
        self.assert_right(node, record)
        self.assertEqual((estimated(record), record["note"]), (0, ""))

    def test_mig_that_is_cut_again_while_carbond_runs(self):
        cut_at = time.time() + 3
        node = self.node(f"{STEADY} mig=3,4 cut_at={cut_at} cut=1,6")
        node.start()
        wait_until(lambda: time.time() > cut_at, what="the new cut")
        node.mark("start", 1, mig=["MIG-SIMULATED-0-cut-1"])
        time.sleep(4)
        node.mark("end", 1)
        record = self.only_record(node, 1)
        self.assertAlmostEqual(joules(record), node.truth(record) * 6 / 7, delta=UPDATE * PEAK)
        self.assertEqual(record["note"], "")

    def test_a_position_that_is_no_minor(self):
        node = self.node(STEADY, "gpu uuid=GPU-SIMULATED-1 minor=1 curve=constant:100", slurm_list=["/dev/nvidia1"])
        node.start()
        node.mark("start", 1, [0])
        time.sleep(2)
        node.mark("end", 1, [0])
        record = self.only_record(node, 1)
        self.assertEqual([d["device"] for d in record["devices"]], ["GPU-SIMULATED-1"])
        self.assert_right(node, record)
        self.assertEqual((record["devices"][0]["method"], record["note"]), ("counter", ""))

    def test_slurmd_does_not_answer(self):
        node = self.node()
        (node.root / "slurmd").write_text("#!/bin/sh\necho 'slurmd: fatal: no such node' >&2\nexit 1\n")
        node.start()
        node.mark("start", 1, [0])
        time.sleep(1)
        node.mark("end", 1, [0])
        record = self.only_record(node, 1)
        self.assertEqual(estimated(record), joules(record))
        self.assertIn("fatal: no such node: gpu_power x time", record["note"])

    def test_a_gpu_whose_first_call_fails_has_its_counter_all_the_same(self):
        node = self.node(f"{STEADY} lost=0,{time.time() + 2}", "gpu uuid=GPU-SIMULATED-1 minor=1 curve=constant:100")
        node.start()
        wait_until(lambda: "GPU-SIMULATED-0: gpu Simulated GPU, minor 0, counter" in node.log(), 30, "a second search")

    def test_marks_that_are_damaged_are_set_aside(self):
        node = self.node()
        node.start()
        (node.spool / "marks" / "start.1.0.1").write_text("carbon-mark 1\nevent=start\n")
        wait_until(lambda: (node.spool / "refused" / "start.1.0.1").exists(), what="the mark in refused/")
        self.assertIn("mark: at_ms is missing", node.log())

    def test_once_prints_each_device(self):
        node = self.node()
        environment = {**os.environ, "CARBON_FAKE_NVML": str(node.root / "gpus")}
        said = subprocess.run(
            [BUILD / "bin" / "carbond", "--once", "--nvml", BUILD / "lib" / "fakes" / "libnvidia-ml.so.1"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        self.assertRegex(said, r"GPU-SIMULATED-0 +0 gpu +Simulated GPU +counter +\d+\.\d{3} +300\.0 +simulated")

    def test_once_without_a_driver_says_so_and_succeeds(self):
        said = subprocess.run(
            [BUILD / "bin" / "carbond", "--once", "--nvml", "/nowhere/libnvidia-ml.so.1"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        self.assertIn("/nowhere/libnvidia-ml.so.1", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
