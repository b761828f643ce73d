# SPDX-License-Identifier: Apache-2.0
"""README and the guides say nothing that is not so: each command in them is run by a test, each option of scarbon exists, each message
of the troubleshooting list stands in the sources, each file of docs/ that is named is there."""
import json
import re
import subprocess
import tempfile
import unittest

from programs import BUILD, SOURCE, all_helps, commands_in, help_of, options_in

GUIDES = [
    "README.md",
    "docs/administrator.md",
    "docs/user.md",
    "docs/troubleshooting.md",
    "docs/formats.md",
    "docs/packages.md",
]
# Where each command of the sh blocks of a file is run, as it stands there.
RUN_WHOLE = {
    "docs/packages.md": "tests/cluster/packages_test.py",
    "docs/user.md": "tests/cluster/guides_test.py",
    "docs/administrator.md": "tests/cluster/guides_test.py",
}


def blocks(text):
    """Fenced blocks: (what stands behind the fence, lines)."""
    return [(kind, body.splitlines()) for kind, body in re.findall(r"(?m)^```(\w*)\n(.*?)^```", text, re.DOTALL)]


def commands(file):
    """The lines of sh blocks, without comments. What a block is must stand behind its fence."""
    lines = [line for kind, body in blocks((SOURCE / file).read_text()) if kind == "sh" for line in body]
    return [line for line in (re.sub(r"\s+#.*", "", line).strip() for line in lines) if line]


def sources():
    """All literals of the programs; those that stand side by side as the one that they are."""
    text = ""
    for room in (
        "carbond",
        "carbonctld",
        "config",
        "core",
        "energy",
        "grid_feeds",
        "ledger",
        "net",
        "placement",
        "plugin",
        "scarbon",
    ):
        for file in sorted((SOURCE / room).rglob("*.cpp")) + sorted((SOURCE / room).rglob("*.h")):
            text += re.sub(r'"\s*\n\s*"', "", file.read_text())
    return text.replace('\\"', '"')


class GuidesTest(unittest.TestCase):
    def test_each_command_is_run_by_a_test(self):
        run = {"./demo": ".ci/run", "./check": ".ci/run"}
        for file, test in RUN_WHOLE.items():
            self.assertIn(file.rpartition("/")[2], (SOURCE / test).read_text(), f"{test} does not read {file}")
            for command in commands(file):
                run[command] = test
        for command, script in (("./demo", ".ci/run"), ("./check", ".ci/run")):
            self.assertIn(command, (SOURCE / script).read_text())
        run["./package"] = "tests/cluster/packages_test.py"
        self.assertIn('source_directory() / "package"', (SOURCE / "tests/cluster/packages_test.py").read_text())
        count = 0
        for file in GUIDES:
            for command in commands(file):
                count += 1
                self.assertIn(command, run, f"{file}: {command}: no test runs it")
        self.assertGreater(count, 30)
        print(f"commands in sh blocks: {count}")

    def test_each_block_says_what_it_is(self):
        for file in GUIDES:
            for kind, lines in blocks((SOURCE / file).read_text()):
                self.assertIn(kind, ("sh", "toml", "ini", "text", "json"), f"{file}: {lines[0]}")

    def test_readme_s_carbon_conf_is_one(self):
        (lines,) = [lines for kind, lines in blocks((SOURCE / "README.md").read_text()) if kind == "toml"]
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write(
                "\n".join(lines).replace("ctl.example.org", "127.0.0.1").replace("[placement]", "port = 1\n[placement]")
            )
            file.flush()
            said = subprocess.run(
                [BUILD / "bin" / "scarbon", "doctor", "--json", "--config", file.name],
                capture_output=True,
                text=True,
                check=False,
            )
        found = {f["name"]: f for topic in json.loads(said.stdout)["topics"] for f in topic["findings"]}
        self.assertNotIn("carbon-conf", found)
        self.assertTrue(any(line.startswith("observe = true") for line in lines))
        self.assertIn("carbonctld-away", found)  # so it was read

    def test_each_option_of_scarbon_exists(self):
        known = {command: options_in(said) for program, command, said in all_helps() if program == "scarbon"}
        self.assertIn("doctor", commands_in(help_of("scarbon")))
        count = 0
        for file in GUIDES:
            text = (SOURCE / file).read_text()
            for command, rest in re.findall(r"\bscarbon ([a-z]+)((?:[ ][^\s`|;,()]+)*)", text):
                if command not in known:
                    continue  # prose: "scarbon asks carbonctld"
                for option in re.findall(r"(?<=\s)--?[a-zA-Z][\w-]*", rest):
                    count += 1
                    self.assertIn(option, known[command] | known[None], f"{file}: scarbon {command}{rest}")
        self.assertGreater(count, 20)

    def test_each_message_is_one_of_the_programs_own(self):
        said = sources()
        count = 0
        for line in (SOURCE / "docs/troubleshooting.md").read_text().splitlines():
            if message := re.match(r"\| `(.+?)` \|", line):
                count += 1
                for part in message[1].split("..."):
                    for words in re.split(r"^carbon: not moved: ", part):
                        self.assertIn(words.strip(" "), said, f"docs/troubleshooting.md: {message[1]}")
        self.assertIn("carbon: not moved: ", said)
        self.assertGreater(count, 30)
        print(f"messages: {count}")

    def test_the_doctor_s_page_has_the_names_of_all_that_it_finds(self):
        page = (SOURCE / "manual/pages/scarbon-doctor.1.md").read_text()
        documented = {name for row in re.findall(r"(?m)^\| [\w. ]+ \| (.*) \|$", page) for name in row.split(", ")} - {
            "names"
        }
        source = "".join(file.read_text() for file in (SOURCE / "scarbon/doctor").glob("*.cpp"))
        found = set(
            re.findall(r'"([a-z]+(?:-[a-z]+)*)",\s*(?:answering > 0 \? )?Level::', source)
        )  # findings and rules of slurm.conf
        found |= set(re.findall(r'(?:report\(|report\(site, |refused\()"([a-z-]+)"', source))
        found |= {name for pair in re.findall(r'\? "([a-z]+-[a-z]+)" : "([a-z]+-[a-z]+)"', source) for name in pair}
        found |= set(re.findall(r'Rights rights\{[^}]*?"([a-z]+-mode)"', source))
        self.assertEqual(documented, found)

    def test_each_file_that_is_named_is_there(self):
        for file in GUIDES:
            for name in re.findall(r"\b(?:docs|slurm_conf|monitoring|tests)/[\w./-]*\w", (SOURCE / file).read_text()):
                self.assertTrue((SOURCE / name).exists(), f"{file}: {name}")


if __name__ == "__main__":
    unittest.main()
