# SPDX-License-Identifier: Apache-2.0
"""Planted commits with a wrong subject are found; older ones and merges are not looked at."""
import contextlib
import io
import pathlib
import subprocess
import tempfile
import unittest

import commit_messages


class Subjects(unittest.TestCase):
    def test_good(self):
        for subject in (
            "ledger: store records as received",
            "check, format: Run black",
            "grid_feeds/parse: read CSV",
            "v1.2: tag",
        ):
            self.assertEqual(list(commit_messages.faults(subject)), [], subject)

    def test_wrong(self):
        for subject, fault in (
            ("ledger: " + "x" * 72, "80 characters; at most 72"),
            ("The ledger stores records", "not of the form"),
            ("Ledger: store records", "not of the form"),
            ("ledger:store records", "not of the form"),
            ("ledger: store records.", "ends with a period"),
            ("ledger: - store", "begin with a verb"),
        ):
            self.assertIn(fault, " ".join(commit_messages.faults(subject)), subject)


class History(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="carbon-commits-")
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)

    def git(self, *arguments):
        user = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *user, *arguments], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def begin(self, subject):
        self.git("init", "-q", "-b", "main")
        self.commit(subject)
        return self.git("rev-parse", "HEAD")

    def commit(self, subject):
        self.git("commit", "-q", "--allow-empty", "-m", subject)

    def check(self, start):
        with contextlib.redirect_stdout(io.StringIO()) as output:
            return commit_messages.check_history(str(self.root), start), output.getvalue()

    def test_only_new_commits_count(self):
        start = self.begin("An old subject, of whatever length and form " + "x" * 60)
        self.commit("core: add a unit")
        self.assertEqual(self.check(start), (0, ""))

    def test_a_planted_long_subject_fails(self):
        start = self.begin("x")
        self.commit("core: " + "y" * 74)
        status, output = self.check(start)
        self.assertEqual(status, 1)
        self.assertIn("80 characters; at most 72", output)

    def test_a_merge_is_skipped(self):
        start = self.begin("x")
        self.git("checkout", "-q", "-b", "other")
        self.commit("core: add a unit")
        self.git("checkout", "-q", "main")
        self.commit("core: add another")
        self.git("merge", "-q", "--no-ff", "-m", "Merge branch 'other' of somewhere.", "other")
        self.assertEqual(self.check(start), (0, ""))

    def test_says_when_it_cannot(self):
        status, output = self.check("432171d")
        self.assertEqual((status, output.strip()), (0, "Commit messages: not checked, no .git here"))
        self.begin("x")
        status, output = self.check("432171d")
        self.assertEqual(status, 0)
        self.assertIn("432171d is not in this clone", output)

    def test_a_message_before_it_is_committed(self):
        message = self.root / "message"
        message.write_text("# comment\n\nNot a subject.\n")
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(commit_messages.check_message(message), 1)
            message.write_text("core: add a unit\n\nWhy.\n")
            self.assertEqual(commit_messages.check_message(message), 0)


if __name__ == "__main__":
    unittest.main()
