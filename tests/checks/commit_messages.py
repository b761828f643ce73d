# SPDX-License-Identifier: Apache-2.0
"""Fails on a commit whose subject is not `area: what it does`, of at most 72 characters.

    python3 commit_messages.py [ROOT] [--start COMMIT]
    python3 commit_messages.py --message FILE      one message, before it is committed (a commit-msg hook)

Only commits after START are looked at: those before it have other subjects. Merges are skipped. Where there is no history to look at
(a tarball, a shallow clone), the check says so and passes.
"""
import argparse
import pathlib
import re
import subprocess
import sys

START = "432171d"
LONGEST = 72
AREA = re.compile(r"[a-z0-9][a-z0-9_./+-]*(, ?[a-z0-9][a-z0-9_./+-]*)*: ")


def faults(subject):
    """What is wrong with a subject, in words; none: nothing."""
    if len(subject) > LONGEST:
        yield f"{len(subject)} characters; at most {LONGEST}"
    area = AREA.match(subject)
    if not area:
        yield "not of the form 'area: subject' with the area in lower case, such as 'ledger: store records as received'"
        return
    rest = subject[area.end() :]
    if not re.match(r"[A-Za-z]", rest):
        yield "what stands after the area has to begin with a verb"
    if rest.endswith("."):
        yield "ends with a period"


def git(root, *arguments):
    return subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", root, *arguments], capture_output=True, text=True, check=False
    )


def check_history(root, start):
    if not (pathlib.Path(root) / ".git").exists():
        print("Commit messages: not checked, no .git here")
        return 0
    try:
        found = git(root, "rev-parse", "--verify", "--quiet", start + "^{commit}")
    except FileNotFoundError:
        print("Commit messages: not checked, git is not installed")
        return 0
    if found.returncode != 0:
        print(f"Commit messages: not checked, commit {start} is not in this clone (git fetch --unshallow)")
        return 0
    log = git(root, "log", "--no-merges", "--format=%h %s", f"{start}..HEAD")
    if log.returncode != 0:
        print(log.stderr, file=sys.stderr)
        return 1
    status = 0
    for line in log.stdout.splitlines():
        commit, _, subject = line.partition(" ")
        for fault in faults(subject):
            print(f"commit {commit}: {fault}\n  {subject}")
            status = 1
    return status


def check_message(file):
    """A message as an editor leaves it: comments go, the subject is the first line that is left."""
    lines = [line for line in pathlib.Path(file).read_text().splitlines() if not line.startswith("#")]
    subject = next((line for line in lines if line.strip()), "")
    if subject.startswith(("Merge ", "fixup! ", "squash! ")):
        return 0
    found = list(faults(subject))
    for fault in found:
        print(f"commit message: {fault}\n  {subject}")
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", nargs="?", default=str(pathlib.Path(__file__).parents[2]))
    parser.add_argument("--start", default=START)
    parser.add_argument("--message")
    options = parser.parse_args()
    return check_message(options.message) if options.message else check_history(options.root, options.start)


if __name__ == "__main__":
    sys.exit(main())
