# SPDX-License-Identifier: Apache-2.0
"""A planted long line and planted dead links are found; tables, code blocks and links that resolve are not."""
import pathlib
import tempfile
import unittest

import markdown

LONG = "word " * 25


class MarkdownTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="carbon-markdown-")
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        (self.root / "docs").mkdir()

    def found(self, text, name="docs/a.md"):
        (self.root / name).write_text(text)
        return list(markdown.faults(self.root))

    def test_a_long_line(self):
        self.assertEqual(self.found(f"short\n{LONG}\n"), ["docs/a.md:2: 125 characters; at most 120"])

    def test_tables_and_code_may_be_long(self):
        self.assertEqual(self.found(f"| a | {LONG} |\n\n```sh\n{LONG}\n```\n  ~~~\n{LONG}\n  ~~~\n"), [])

    def test_after_a_code_block_lines_count_again(self):
        self.assertEqual(len(self.found(f"```\n~~~\n```\n{LONG}\n")), 1)

    def test_links_that_resolve(self):
        (self.root / "README.md").write_text("# The README: `a_b`!\n\n## Twice\n\n## Twice\n")
        text = (
            "# Here\n[a](../README.md) [b](#here) [c](../README.md#the-readme-a_b) [d](../README.md#twice-1) [e](/README.md)\n"
            '[f](https://example.org/x) [g](../docs "all") `[h](not/a/link)` [i](mailto:a@example.org)\n\n[r]: a.md\n'
        )
        self.assertEqual(self.found(text), [])

    def test_dead_links(self):
        text = "# Here\n\n[a](gone.md) and\n[b](#gone), ![c](gone.png)\n\n[r]: gone.txt\n"
        self.assertEqual(
            self.found(text),
            [
                "docs/a.md:3: link to gone.md: no such file",
                "docs/a.md:4: link to #gone: no such heading",
                "docs/a.md:4: link to gone.png: no such file",
                "docs/a.md:6: link to gone.txt: no such file",
            ],
        )


if __name__ == "__main__":
    unittest.main()
