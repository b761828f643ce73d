# SPDX-License-Identifier: Apache-2.0
"""SIGHUP to the real carbond while a job runs: an invalid configuration is refused with the reason in the log, a valid one is
used from then on, and the job's energy is right."""
import signal
import unittest

from harness.carbond_process import Controller, Node, joules, wait_until

STEADY = "gpu uuid=GPU-SIMULATED-0 minor=0 curve=constant:300"


class Reload(unittest.TestCase):
    def setUp(self):
        self.controller = Controller()
        self.addCleanup(self.controller.close)
        self.node = Node([STEADY], self.controller)
        self.addCleanup(self.node.__exit__)
        self.node.start()

    def reload_with(self, old, new):
        conf = self.node.root / "carbon.conf"
        text = conf.read_text()
        self.assertEqual(text.count(old), 1)
        conf.write_text(text.replace(old, new))
        self.node.process.send_signal(signal.SIGHUP)

    def wait_for_log(self, words):
        wait_until(lambda: words in self.node.log(), what=f"'{words}' in the log")

    def test_a_job_that_runs_on_while_configurations_come(self):
        elsewhere = Controller()
        self.addCleanup(elsewhere.close)
        self.node.mark("start", 7, [0])
        wait_until(lambda: self.node.state()["jobs"], what="open job")
        self.reload_with('reading_interval = "250ms"', "reading_interval = 250")
        self.wait_for_log("carbon.conf:5: reading_interval in [carbond] = 250; accepted: a duration")
        self.wait_for_log("keeping the previous configuration")
        self.reload_with("reading_interval = 250", 'reading_interval = "200ms"')
        self.wait_for_log("reloaded ")
        self.reload_with(f"port = {self.controller.port}", f"port = {elsewhere.port}")
        wait_until(lambda: self.node.log().count("reloaded ") == 2, what="second configuration")
        self.node.mark("end", 7, [0])
        (record,) = wait_until(lambda: elsewhere.of(7), what="record where the new configuration says")
        truth = self.node.truth(record)
        self.assertLessEqual(abs(joules(record) - truth), max(0.005 * truth, 30), record)
        self.assertIsNone(self.node.process.poll())
        self.assertEqual(self.controller.of(7), [])
        self.assertEqual(self.node.stop(), 0)

    def test_a_spool_does_not_move_under_running_jobs(self):
        self.reload_with(f'spool = "{self.node.spool}"', f'spool = "{self.node.spool}2"')
        self.wait_for_log("restart carbond to change it; keeping the previous configuration")


if __name__ == "__main__":
    unittest.main()
