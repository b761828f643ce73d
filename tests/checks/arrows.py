# SPDX-License-Identifier: Apache-2.0
"""Fails on an #include that the table "Rooms and who may include whom" of docs/design.md does not allow.

    python3 arrows.py [ROOT]

A row is a room (core/) or a sub-room (ledger/store/); a source belongs to the longest row that its path begins with, and every
folder with sources outside tests/ has a row of its own. The files of a row may include each other and what its column "may include"
lists: rooms (`ledger` stands for all its sub-rooms; in a row of its own sub-rooms it is its own files alone), sub-rooms
(`ledger/record`), single headers (`snapshot/snapshot.h`), "all" (but tests), or "all but a, b and c". The relation that the table
allows has no circles, so that an include can only point downwards; a single header that includes nothing of ours closes none.
Third-party headers, in angle brackets, are the linker's business.
"""
import os
import pathlib
import posixpath
import re
import sys

TABLE_HEADER = "| room | holds | may include |"
SOURCES = {".h", ".hpp", ".c", ".cc", ".cpp", ".inc"}
HEADERS = {".h", ".hpp", ".inc"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"')
TESTS = "tests"
NOT_OURS = {"build", "node_modules", "__pycache__"}


def read_rules(design):
    """row -> what it may include, as text; in the table's order."""
    rules, inside = {}, False
    for line in design.read_text().splitlines():
        if line.startswith(TABLE_HEADER):
            inside = True
        elif inside and not line.startswith("|"):
            break
        elif inside and not line.startswith("|--"):
            row, _, allowed = (cell.strip().replace("`", "") for cell in line.strip("|").split("|")[:3])
            rules[row.rstrip("/")] = allowed
    if not rules:
        sys.exit(f"{design}: no table '{TABLE_HEADER}'")
    return rules


def row_of(name, rules):
    """The longest row that holds the path; None: no row does."""
    while name := posixpath.dirname(name):
        if name in rules:
            return name
    return None


def with_sub_rooms(room, rules):
    return {row for row in rules if row == room or row.startswith(room + "/")}


class Table:
    """What each row may include: rows, and single headers."""

    def __init__(self, root):
        self.root = root
        self.rules = read_rules(root / "docs" / "design.md")
        self.rows, self.headers = {}, {}
        for row in self.rules:
            self.read_row(row)

    def read_row(self, row):
        words = {word.rstrip("/") for word in re.split(r"[ ,]+", self.rules[row])} - {"", "and"}
        everything = "all" in words
        words -= {"all", "but"}
        rows, headers = set(), set()
        for word in sorted(words):
            if row.startswith(word + "/") and word in self.rules:
                rows.add(word)
            elif named := with_sub_rooms(word, self.rules):
                rows |= named
            elif pathlib.PurePath(word).suffix in HEADERS and (self.root / word).is_file() and row_of(word, self.rules):
                headers.add(word)
            else:
                sys.exit(f"docs/design.md: {row}/ may include {word}, which is neither a room nor a header of one")
        if everything:
            rows = {other for other in self.rules if other.split("/")[0] != TESTS} - rows
        self.rows[row], self.headers[row] = rows | {row}, headers

    def allows(self, row, header):
        return row_of(header, self.rules) in self.rows[row] or header in self.headers[row]

    def below(self, row):
        """The rows that it may include something of, itself aside."""
        by_header = {row_of(name, self.rules) for name in self.headers[row] if any(includes(self.root, name))}
        return (self.rows[row] | by_header) - {row}


def circles(table):
    """Of each row that is in one a shortest circle, as a list whose last row is the first again; none twice."""
    below = {row: sorted(table.below(row)) for row in table.rules}
    found = {}
    for row in table.rules:
        if circle := shortest_circle(row, below):
            found.setdefault(frozenset(circle), circle)
    return list(found.values())


def shortest_circle(row, below):
    paths, seen = [[row]], set()
    for path in paths:  # grows meanwhile: breadth first
        for next_row in below[path[-1]]:
            if next_row == row:
                return path + [row]
            if next_row not in seen:
                seen.add(next_row)
                paths.append(path + [next_row])
    return None


def sources(root):
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in NOT_OURS and not name.startswith("."))
        for file in sorted(files):
            path = pathlib.Path(folder, file)
            if path.suffix in SOURCES and not path.is_symlink():
                yield path.relative_to(root).as_posix()


def includes(root, name):
    """(line, the header's path from the root) of each quoted include."""
    for number, line in enumerate((root / name).read_text(errors="replace").splitlines(), 1):
        if include := INCLUDE.match(line):
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(name), include[1]))
            yield number, beside if (root / beside).is_file() else posixpath.normpath(include[1])


def violations(root):
    table = Table(root)
    for circle in circles(table):
        yield f"docs/design.md: the table allows a circle: {' -> '.join(circle)}"
    folders_without = set()
    for name in sources(root):
        row, folder = row_of(name, table.rules), posixpath.dirname(name)
        if row != folder and folder.split("/")[0] != TESTS:
            folders_without.add(folder)
        if not row:
            continue
        for number, header in includes(root, name):
            if row_of(header, table.rules) and not table.allows(row, header):
                allowed = table.rules[row] or "itself alone"
                yield f'{name}:{number}: {row}/ includes "{header}"; docs/design.md allows: {allowed}'
    for folder in sorted(folders_without):
        yield f"{folder}/ has sources, but no row in the table of docs/design.md"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    found = list(violations(root))
    print("\n".join(found) or "Every include follows the table in docs/design.md, which has no circle.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
