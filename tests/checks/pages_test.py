# SPDX-License-Identifier: Apache-2.0
"""The man pages say what --help says, both ways; carbon.conf(5) has the keys that the programs accept; no page has a fault that
mandoc or man can see."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from programs import BUILD, SECTION, all_helps, options_in

MAN = BUILD / "share" / "man"
PAGES = sorted(MAN.glob("man*/*"))


def rendered(page):
    shown = subprocess.run(
        ["mandoc", "-T", "ascii", "-O", "width=200", page], capture_output=True, text=True, check=True
    ).stdout
    return re.sub(r".\x08", "", shown)


def options_of(page):
    """Tags such as "-S, --starttime, --start TEXT", where they begin a line."""
    names = set()
    for line in rendered(page).splitlines():
        if found := re.match(r" {7}(-{1,2}[\w-]+(?:, -{1,2}[\w-]+)*)(?: |$)", line):
            names |= set(found[1].split(", "))
    return names


class PagesTest(unittest.TestCase):
    def test_there_are_pages_of_sections_1_5_and_8(self):
        self.assertEqual({page.parent.name for page in PAGES}, {"man1", "man5", "man8"})
        names = {page.name for page in PAGES}
        self.assertLessEqual(
            {
                "scarbon.1",
                "scarbon-doctor.1",
                "carbon.conf.5",
                "carbon-secrets.conf.5",
                "carbond.8",
                "carbonctld.8",
                "spank_carbon.8",
                "carbon_mark.8",
                "job_submit_carbon.8",
            },
            names,
        )

    def test_help_and_page_have_the_same_options(self):
        helps = list(all_helps())
        self.assertGreater(len(helps), 10)
        for program, command, said in helps:
            name = f"{program}-{command}" if command else program
            with self.subTest(name):
                page = MAN / f"man{SECTION[program]}" / f"{name}.{SECTION[program]}"
                self.assertTrue(options_in(said))
                self.assertEqual(options_of(page), options_in(said))

    def test_each_command_is_in_the_page_of_its_program(self):
        for program, command, _ in all_helps():
            if command:
                self.assertRegex(rendered(MAN / "man1" / "scarbon.1"), rf"(?m)^ {{7}}{command}\b")
        said = {f"scarbon-{command}.1" for _, command, _ in all_helps() if command}
        self.assertEqual({page.name for page in PAGES if page.name.startswith("scarbon-")}, said)

    def test_mandoc_and_man_find_nothing(self):
        for page in PAGES:
            with self.subTest(page.name):
                lint = subprocess.run(
                    ["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False
                )
                self.assertEqual((lint.returncode, lint.stdout), (0, ""))
                if shutil.which("man"):
                    man = subprocess.run(
                        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
                        capture_output=True,
                        text=True,
                        check=False,
                        env={**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": ""},
                    )
                    self.assertEqual((man.returncode, man.stderr), (0, ""))
        print("man --warnings:", "run" if shutil.which("man") else "not run: there is no man on this host")

    def test_carbon_conf_has_the_keys_that_the_programs_accept(self):
        page = rendered(MAN / "man5" / "carbon.conf.5")
        sections = re.split(r"(?m)^(\[+[\w.]+\]+)$", page.partition("DESCRIPTION")[2].partition("FILES")[0])
        documented = {"": keys_in(sections[0])}
        for name, text in zip(sections[1::2], sections[2::2]):
            documented[name] = documented.get(name, set()) | keys_in(text)
        self.assertGreater(len(documented), 10)
        for name, keys in documented.items():
            if name == "[[site.feed]]":
                continue  # each provider has its own: docs/feeds.md
            with self.subTest(name):
                nested = {
                    section.strip("[]").rpartition(".")[2]
                    for section in documented
                    if section.strip("[]").rpartition(".")[0] == name.strip("[]") and section
                }
                self.assertEqual(keys | nested, accepted_in(name))


def keys_in(text):
    return set(re.findall(r"(?m)^ {7}(\w+) = ", text))


def accepted_in(section):
    """What the programs say that they accept there."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        tables = {
            "[[placement.class]]": 'shorter_than = "2h"\nmax_delay = "6h"\n',
            "[[budget]]": 'account = "a"\nco2e_kg = 1\n',
            "[[site]]": 'name = "a"\nzone = "GB"\npartitions = ["gpu"]\n',
        }
        feed = '[[site.feed]]\nprovider = "static"\n' if section == "[[site]]" else ""
        top = 'cluster = "c"\n'
        file.write(
            f"{top}no_such_key = 1\n"
            if not section
            else f"{top}{section}\n{tables.get(section, '')}no_such_key = 1\n{feed}"
        )
        file.flush()
        said = subprocess.run(
            [BUILD / "bin" / "scarbon", "--config", file.name, "queue"], capture_output=True, text=True, check=False
        ).stderr
    found = re.search(r"'no_such_key' is not a key of .*; accepted: (.*)", said)
    assert found, said
    return set(found[1].split(", "))


if __name__ == "__main__":
    unittest.main()
