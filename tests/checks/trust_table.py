#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of faults, promises and proofs, from faults.toml and a test run.

  trust_table.py RESULTS...     prints it as Markdown; RESULTS: what `./check` leaves in build/release/check.xml, of one Slurm each
  trust_table.py --names        fails where faults.toml names a test or a case that the source tree does not have
"""
import pathlib
import re
import sys
import tomllib
import xml.etree.ElementTree as xml

HERE = pathlib.Path(__file__).parent
TESTS = HERE.parent
CASE_OK = (r"^\[       OK \] {case} ", r"^{case} \(.*\.\.\. (.*\n)*?ok$|^{case} \(.*\)(\n[^\n]*)? \.\.\. ok")
KINDS = {"passed": "passed", "failed": "**failed**", "absent": "not run"}


def faults():
    return tomllib.loads((HERE / "faults.toml").read_text())["area"]


def split(name):
    test, _, case = name.partition(" ")
    return test, case


class Run:
    """One run of ctest, as it wrote it."""

    def __init__(self, file):
        root = xml.parse(file).getroot()
        self.when = root.get("timestamp", "")
        self.cases = {case.get("name"): case for case in root.iter("testcase")}
        out = "".join(case.findtext("system-out") or "" for case in self.cases.values())
        slurm = re.search(r"^Slurm here: (\S+ \S+)", out, re.MULTILINE)
        self.slurm = slurm[1] if slurm else "not said"

    def result(self, name):
        test, case = split(name)
        found = self.cases.get(test)
        if found is None or found.get("status") in ("notrun", "disabled"):
            return "absent"
        if not case:
            return "passed" if found.get("status") == "run" else "failed"
        out = found.findtext("system-out") or ""
        if any(re.search(pattern.format(case=re.escape(case)), out, re.MULTILINE) for pattern in CASE_OK):
            return "passed"
        return "failed" if found.get("status") != "run" or case in out else "absent"


def table(runs):
    lines, bad = [], 0
    for area in faults():
        lines += [f"## {area['name']}", "", "| fault | promise | proven by | result |", "|---|---|---|---|"]
        for row in area["faults"]:
            results = [[run.result(name) for name in row["tests"]] for run in runs]
            bad += sum(r != "passed" for of_run in results for r in of_run)
            cell = ", ".join(
                "passed"
                if set(r) == {"passed"}
                else "; ".join(f"{name}: {KINDS[one]}" for name, one in zip(row["tests"], r) if one != "passed")
                for r in results
            )
            lines.append(
                f"| {row['fault']} | {row['promise']} | {'<br>'.join(f'`{n}`' for n in row['tests'])} | {cell} |"
            )
        lines.append("")
    of = "; ".join(f"{run.slurm}, {run.when}" for run in runs)
    head = [
        "# What may go wrong, and what is promised",
        "",
        "Made by `tests/checks/trust_table.py` from `tests/checks/faults.toml` and a run of `./check`; not written by hand.",
        f"Results of: {of}.",
        "",
    ]
    print("\n".join(head + lines).rstrip())
    print(f"{bad} of the named tests did not pass", file=sys.stderr)


def files_of(test):
    """The test's own files: those that its line in a CMakeLists.txt names."""
    kind, _, name = test.partition(".")
    if kind == "cluster":
        return [TESTS / "cluster" / f"{name}_test.py"]
    for lists in TESTS.rglob("CMakeLists.txt"):
        line = re.search(rf"\((?:NAME )?(?:{kind}\.)?{re.escape(name)}\b[^()]*\)", lists.read_text())
        if line:
            return [lists.parent / file for file in re.findall(r"\w[\w/]*\.(?:cpp|py)\b", line[0])] or [lists]
    return []


def unknown_names():
    for area in faults():
        for row in area["faults"]:
            for name in row["tests"]:
                test, case = split(name)
                files = [file for file in files_of(test) if file.exists()]
                suite, _, each = case.rpartition(".")
                pattern = rf"\({suite}, {each}\)" if suite else rf"def {case}\b"
                if not files:
                    yield f"{name}: no such test"
                elif case and not any(re.search(pattern, file.read_text()) for file in files):
                    yield f"{name}: not in {', '.join(file.name for file in files)}"


def main():
    if sys.argv[1:] == ["--names"]:
        bad = list(unknown_names())
        print("\n".join(bad) or "each name is that of a test")
        return 1 if bad else 0
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    table([Run(file) for file in sys.argv[1:]])
    return 0


if __name__ == "__main__":
    sys.exit(main())
