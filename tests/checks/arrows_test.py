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
| ledger/record/ | the record | core | |
| ledger/store/ | rows | `core`, `ledger/record/` | |
| ledger/reports/ | sums | core ledger/record ledger/store/job_row.h | |
| daemon/ | a program | all but plugin and command | |
| daemon/api/ | its API | core ledger | |
| command/ | a program | core ledger | |
| tests/ | tests | all | |

| another/ | table | | |
"""


class ArrowsTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="carbon-arrows-")
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        self.put("docs/design.md", DESIGN)
        for header in ("feeds/snapshot.h", "feeds/chain.h", "ledger/store/job_row.h", "ledger/store/store.h"):
            self.put(header, "")

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
        self.put("tests/unit/core/a_test.cpp", '#include "plugin/p.h"\n#include "tests/support/kit.h"\n')
        self.assertEqual(self.found(), [])

    def test_against_the_arrow(self):
        self.put("core/a.h", '#pragma once\n#include "feeds/chain.h"\n')
        self.assertEqual(
            self.found(), ['core/a.h:2: core/ includes "feeds/chain.h"; docs/design.md allows: itself alone']
        )

    def test_one_header_does_not_open_its_room(self):
        self.put("plugin/p.cpp", '#include "feeds/chain.h"\n')
        self.put("ledger/reports/sums.cpp", '#include "ledger/store/job_row.h"\n#include "ledger/store/store.h"\n')
        self.assertEqual(
            [line.split(": ")[0] for line in self.found()], ["ledger/reports/sums.cpp:2", "plugin/p.cpp:1"]
        )

    def test_all_but(self):
        self.put("daemon/main.cpp", '#include "command/table.h"\n')
        self.assertEqual(len(self.found()), 1)

    def test_all_is_not_the_tests(self):
        self.put("daemon/main.cpp", '#include "tests/support/kit.h"\n')
        self.assertEqual(len(self.found()), 1)

    def test_a_relative_path_is_no_way_round(self):
        self.put("core/a.cpp", '#  include "../feeds/chain.h"\n')
        self.assertEqual(len(self.found()), 1)

    def test_a_room_that_is_none(self):
        self.put("docs/design.md", DESIGN.replace("| providers | core |", "| providers | cory |"))
        with self.assertRaisesRegex(SystemExit, "feeds/ may include cory, which is neither a room nor a header"):
            self.found()

    def test_a_header_that_is_gone(self):
        (self.root / "feeds/snapshot.h").unlink()
        with self.assertRaisesRegex(SystemExit, "plugin/ may include feeds/snapshot.h, which is neither"):
            self.found()

    def test_a_room_stands_for_its_sub_rooms(self):
        self.put("command/a.cpp", '#include "ledger/reports/sums.h"\n')
        self.put("daemon/api/a.cpp", '#include "ledger/store/store.h"\n')
        self.put("daemon/main.cpp", '#include "daemon/api/a.h"\n')
        self.assertEqual(self.found(), [])

    def test_an_upward_include_inside_a_room(self):
        self.put("ledger/store/store.cpp", '#include "ledger/store/store.h"\n#include "ledger/reports/sums.h"\n')
        self.put("daemon/api/a.cpp", '#include "daemon/daemon.h"\n')
        self.assertEqual(
            self.found(),
            [
                'daemon/api/a.cpp:1: daemon/api/ includes "daemon/daemon.h"; docs/design.md allows: core ledger',
                'ledger/store/store.cpp:2: ledger/store/ includes "ledger/reports/sums.h"; docs/design.md allows: '
                "core, ledger/record/",
            ],
        )

    def test_a_circle_in_the_table(self):
        self.put("docs/design.md", DESIGN.replace("`ledger/record/`", "ledger/record ledger/reports"))
        self.put("ledger/store/job_row.h", '#include "core/units.h"\n')
        circle = "ledger/store -> ledger/reports -> ledger/store"
        self.assertEqual(self.found(), [f"docs/design.md: the table allows a circle: {circle}"])

    def test_a_header_that_includes_nothing_closes_no_circle(self):
        self.put("docs/design.md", DESIGN.replace("`ledger/record/`", "ledger/record ledger/reports"))
        self.assertEqual(self.found(), [])

    def test_two_circles_are_both_found(self):
        design = DESIGN.replace("| units | |", "| units | feeds |").replace(
            "| its API | core ledger |", "| its API | daemon |"
        )
        self.put("docs/design.md", design)
        self.assertEqual(
            self.found(),
            [
                f"docs/design.md: the table allows a circle: {circle}"
                for circle in ("core -> feeds -> core", "daemon -> daemon/api -> daemon")
            ],
        )

    def test_a_sub_room_names_its_room(self):
        """Its own files are meant, not the sub-rooms beside."""
        design = DESIGN.replace("all but plugin and command", "core").replace(
            "| its API | core ledger |", "| its API | daemon |"
        )
        self.put("docs/design.md", design + "\n")
        self.put("daemon/api/a.cpp", '#include "daemon/daemon.h"\n#include "ledger/store/store.h"\n')
        self.assertEqual([line.split(": ")[0] for line in self.found()], ["daemon/api/a.cpp:2"])

    def test_a_folder_without_a_row(self):
        self.put("extra/a.cpp", "")
        self.put("feeds/deep/a.cpp", "")
        self.put("build/dev/made.cpp", "")
        self.assertEqual(
            self.found(),
            [f"{folder}/ has sources, but no row in the table of docs/design.md" for folder in ("extra", "feeds/deep")],
        )


if __name__ == "__main__":
    unittest.main()
