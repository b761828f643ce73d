# SPDX-License-Identifier: Apache-2.0
"""A planted include against the arrows is found, with its file and line; what the table allows is not."""
import pathlib
import tempfile
import unittest

import arrows

DESIGN = """\
# Design
| room | holds | may include | third party |
|---|---|---|---|
| core/ | units | | date |
| feeds/ | providers | core | |
| plugin/ | what Slurm loads | core feeds/snapshot.h | |
| daemon/ | a program | all but plugin and command | |
| command/ | a program | core | |

| another/ | table | | |
"""


class ArrowsTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="carbon-arrows-")
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        self.put("docs/design.md", DESIGN)

    def put(self, name, text):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def found(self):
        return list(arrows.violations(self.root))

    def test_allowed(self):
        self.put("core/a.h", '#include "core/b.h"\n#include <plugin/x.h>\n')
        self.put("plugin/p.cpp", '#include "feeds/snapshot.h"\n')
        self.put("daemon/main.cpp", '#include "feeds/chain.h"\n// #include "plugin/p.h"\n')
        self.assertEqual(self.found(), [])

    def test_against_the_arrow(self):
        self.put("core/a.h", '#pragma once\n#include "feeds/chain.h"\n')
        self.assertEqual(
            self.found(), ['core/a.h:2: core/ includes "feeds/chain.h"; docs/design.md allows: itself alone']
        )

    def test_one_header_does_not_open_its_room(self):
        self.put("plugin/p.cpp", '#include "feeds/chain.h"\n')
        self.assertEqual(len(self.found()), 1)

    def test_all_but(self):
        self.put("daemon/main.cpp", '#include "command/table.h"\n')
        self.assertEqual(len(self.found()), 1)

    def test_a_relative_path_is_no_way_round(self):
        self.put("feeds/chain.h", "")
        self.put("core/deep/a.cpp", '#  include "../../feeds/chain.h"\n')
        self.assertEqual(len(self.found()), 1)

    def test_a_room_that_is_none(self):
        self.put("docs/design.md", DESIGN.replace("| providers | core |", "| providers | cory |"))
        with self.assertRaisesRegex(SystemExit, "feeds/ may include cory, which is no room"):
            self.found()


if __name__ == "__main__":
    unittest.main()
