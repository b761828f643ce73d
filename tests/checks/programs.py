# SPDX-License-Identifier: Apache-2.0
"""The programs' own help, as text that a user reads."""
import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CARBON_BUILD") or SOURCE / "build" / "release")
SECTION = {"scarbon": 1, "carbond": 8, "carbonctld": 8}


def help_of(program, *command):
    done = subprocess.run([BUILD / "bin" / program, *command, "--help"], capture_output=True, text=True, check=True)
    return done.stdout


def options_in(text):
    """Names of options as --help prints them: "  -S,--starttime,--start TEXT ..."."""
    names = set()
    for line in text.splitlines():
        if found := re.match(r"  (-{1,2}[\w-]+(?:,-{1,2}[\w-]+)*)(?:\s|$)", line):
            names |= set(found[1].split(","))
    return names


def commands_in(text):
    """Names below "Subcommands:"."""
    return re.findall(r"^  (\w+)\s", text.partition("Subcommands:\n")[2], re.MULTILINE)


def all_helps():
    """(program, command or None, what its --help says)"""
    for program in SECTION:
        said = help_of(program)
        yield program, None, said
        for command in commands_in(said):
            yield program, command, help_of(program, command)
