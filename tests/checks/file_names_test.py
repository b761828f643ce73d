# SPDX-License-Identifier: Apache-2.0
"""Planted equal names, folders of a wrong size and foreign namespaces are found; what is allowed is not."""
import pathlib
import tempfile
import unittest

import file_names

SMALL = "# Design\n## Small rooms\n\n- `log/`: how both daemons log, and nothing else\n- web/\n\n## Choices\n- `core/`: no\n"


class FileNamesTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="carbon-names-")
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        for letter in "abc":
            self.put(f"energy/{letter}.cpp", "namespace carbon::energy {\n")

    def put(self, name, text=""):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def found(self):
        return file_names.faults(self.root)

    def test_clean(self):
        self.put("core/main.cpp")
        self.put("core/units.h", "namespace carbon::inline core {\nnamespace {\n")
        self.put("core/entry.cpp", 'extern "C" int init() { return 0; }\n')
        self.put("core/program.cpp", "int main() {}\n")
        self.put("energy/main.cpp")
        self.put(
            "energy/d.h",
            "namespace std {}\nnamespace carbon::net { class Munge; }\nnamespace carbon::energy {\nnamespace deep {\n",
        )
        self.put("build/dev/a.cpp")
        (self.root / "energy" / "link.py").symlink_to("../core/units.h")
        self.assertEqual(self.found(), [])

    def test_equal_names(self):
        self.put("tests/unit/a.cpp")
        self.assertEqual(self.found(), ["a.cpp is the name of 2 files: energy/a.cpp, tests/unit/a.cpp"])

    def test_too_many(self):
        for number in range(23):
            self.put(f"energy/n{number}.h", "namespace carbon::energy {\n")
            self.put(f"grid_feeds/providers/p{number}.cpp", "namespace carbon::grid_feeds {\n")
        for number in range(23, 30):
            self.put(f"grid_feeds/providers/p{number}.cpp", "namespace carbon::grid_feeds {\n")
        self.assertEqual(self.found(), ["energy/ has 26 sources of its own; at most 25"])

    def test_too_few_without_a_reason(self):
        self.put("docs/design.md", SMALL)
        self.put("log/log.h", "namespace carbon::log {\n")
        self.assertEqual(self.found(), [])
        self.put("web/assets.h", "namespace carbon::web {\n")
        self.put("core/units.h", "namespace carbon::inline core {\n")
        self.assertEqual([fault.split(";")[0] for fault in self.found()], ["core/ has 1 sources", "web/ has 1 sources"])

    def test_a_reason_that_is_no_longer_needed(self):
        self.put("docs/design.md", SMALL.replace("log/", "energy/"))
        self.assertEqual(self.found(), ["docs/design.md: Small rooms lists energy/, which is not small"])

    def test_namespaces(self):
        self.put("energy/d.h", "namespace carbon::core {\n}\nnamespace carbon::energy {\n")
        self.put("energy/e.h", "int free_for_all;\n")
        self.put("energy/f.h", "namespace carbon::energy::deeper {\n")
        self.put("scarbon/doctor/g.h", "namespace carbon::scarbon::doctor {\n")
        self.put("scarbon/doctor/h.h", "namespace carbon::scarbon {\n")
        self.put("scarbon/doctor/i.py")
        self.assertEqual(
            self.found(),
            [
                "energy/d.h: namespace carbon::core; as its folder's: carbon::energy",
                "energy/e.h: namespace none; as its folder's: carbon::energy",
                "energy/f.h: namespace carbon::energy::deeper; as its folder's: carbon::energy",
                "scarbon/doctor/h.h: namespace carbon::scarbon; as its folder's: carbon::scarbon::doctor",
            ],
        )


if __name__ == "__main__":
    unittest.main()
