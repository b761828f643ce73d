# SPDX-License-Identifier: Apache-2.0
"""Fails on an #include that the table "Rooms and who may include whom" of docs/design.md does not allow.

    python3 arrows.py [ROOT]

A room may include itself and what stands in its column "may include": rooms (core), single headers (snapshot/snapshot.h),
"all", or "all but a, b and c". Third-party headers, in angle brackets, are the linker's business.
"""
import pathlib
import posixpath
import re
import sys

TABLE_HEADER = "| room | holds | may include |"
SOURCES = {".h", ".hpp", ".c", ".cc", ".cpp", ".inc"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"')


def read_rules(design):
    """room -> what it may include, as text; in the table's order."""
    rules, inside = {}, False
    for line in design.read_text().splitlines():
        if line.startswith(TABLE_HEADER):
            inside = True
        elif inside and not line.startswith("|"):
            break
        elif inside and not line.startswith("|---"):
            room, _, allowed = (cell.strip() for cell in line.strip("|").split("|")[:3])
            rules[room.rstrip("/")] = allowed
    if not rules:
        sys.exit(f"{design}: no table '{TABLE_HEADER}'")
    return rules


def allowed_targets(rules):
    """room -> the rooms and headers that it may include."""
    targets = {}
    for room, text in rules.items():
        words = set(re.split(r"[ ,]+", text)) - {"", "and"}
        if "all" in words:
            words = set(rules) - words
        unknown = {word for word in words if word.split("/")[0] not in rules}
        if unknown:
            sys.exit(f"docs/design.md: {room}/ may include {', '.join(sorted(unknown))}, which is no room")
        targets[room] = words | {room}
    return targets


def violations(root):
    rules = read_rules(root / "docs" / "design.md")
    targets = allowed_targets(rules)
    for room in rules:
        for source in sorted((root / room).rglob("*")):
            if source.suffix not in SOURCES or not source.is_file():
                continue
            name = source.relative_to(root).as_posix()
            for number, line in enumerate(source.read_text(errors="replace").splitlines(), 1):
                include = INCLUDE.match(line)
                if not include:
                    continue
                beside = posixpath.normpath(posixpath.join(posixpath.dirname(name), include[1]))
                header = beside if (root / beside).is_file() else posixpath.normpath(include[1])
                target = header.split("/")[0]
                if target in rules and target not in targets[room] and header not in targets[room]:
                    yield f'{name}:{number}: {room}/ includes "{header}"; docs/design.md allows: {rules[room] or "itself alone"}'


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    found = list(violations(root))
    print("\n".join(found) or "Every include follows the table in docs/design.md.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
