# SPDX-License-Identifier: Apache-2.0
"""No port is given to two programs."""
import pathlib
import subprocess
import sys
import unittest

from harness.ports import claim, free_ports


class PortsTest(unittest.TestCase):
    def test_a_port_belongs_to_the_program_that_asked_first_until_it_ends(self):
        program = "from harness.ports import free_ports; print(*free_ports(200), flush=True); input()"
        with subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=pathlib.Path(__file__).parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as other:
            theirs = list(map(int, other.stdout.readline().split()))
            self.assertEqual(len(set(theirs)), 200)
            self.assertEqual([port for port in theirs if claim(port)], [])
            self.assertEqual(set(theirs) & set(free_ports(200)), set())
            other.communicate("\n")
        self.assertTrue(any(claim(port) for port in theirs))


if __name__ == "__main__":
    unittest.main()
