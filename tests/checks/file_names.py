# SPDX-License-Identifier: Apache-2.0
"""Fails where a stranger would look for a file in vain: on two sources of one name, a folder with too many or too few of them, and a
namespace that is not named after its folder.

    python3 file_names.py [ROOT]

A folder may be small where the section "Small rooms" of docs/design.md lists it with a reason: "- `log/`: why".
"""
import collections
import os
import pathlib
import re
import sys

SOURCES = {".cpp", ".h", ".py", ".js", ".sh"}
ANY_NUMBER = {"main.cpp", "CMakeLists.txt", "__init__.py"}
MOST, LEAST = 25, 3
ANY_SIZE = {"grid_feeds/providers"}  # a file for each provider
NOT_OURS = {"build", "node_modules", "__pycache__"}
# Where the namespace is not the room's alone (carbon::ROOM, however deep the folder). Forward declarations, namespaces within these,
# and those of others (std) are not looked at.
DEEPER = {
    # libslurm's own calls, in the child alone; and in `carbon` the JSON of core's types, where its lookup finds it.
    "carbonctld/slurm": ("carbon::carbonctld", "carbon::carbonctld::libslurm", "carbon"),
    "core": ("carbon::inline core",),  # its words are everyone's
    "core/slurm": ("carbon::inline core",),
    "replay/published": ("carbon::replay", "carbon::replay::published"),
    "scarbon/doctor": ("carbon::scarbon::doctor",),
    "snapshot": ("carbon::snapshot", "carbon::snapshot::format"),
}
NAMESPACE = re.compile(r"^namespace (carbon\b[\w: ]*?) *\{$", re.M)  # not a forward declaration, in one line
ENTRY_POINT = re.compile(r'^extern "C"|^int main\(', re.M)
SMALL_ROOM = re.compile(r"^\s*[-*] `?([\w/]+?)/?`?\s*: *\S")


def sources(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in NOT_OURS and not name.startswith("."))
        for name in sorted(names):
            path = pathlib.Path(folder, name)
            if path.suffix in SOURCES and not path.is_symlink():
                yield path.relative_to(root)


def production(paths):
    return [path for path in paths if path.parts[0] != "tests" and len(path.parts) > 1]


def equal_names(paths):
    by_name = collections.defaultdict(list)
    for path in paths:
        if path.name not in ANY_NUMBER:
            by_name[path.name].append(path.as_posix())
    for name, locations in by_name.items():
        if len(locations) > 1:
            yield f"{name} is the name of {len(locations)} files: {', '.join(locations)}"


def small_rooms(root):
    """The folders that docs/design.md lists with a reason."""
    design, inside = root / "docs" / "design.md", False
    for line in design.read_text().splitlines() if design.exists() else ():
        if line.startswith("#"):
            inside = line.lstrip("# ").startswith("Small rooms")
        elif inside and (found := SMALL_ROOM.match(line)):
            yield found[1]


def sizes(root, paths):
    small = set(small_rooms(root))
    count = collections.Counter(path.parent.as_posix() for path in production(paths))
    for folder, files in sorted(count.items()):
        if files > MOST and folder not in ANY_SIZE:
            yield f"{folder}/ has {files} sources of its own; at most {MOST}"
        if files < LEAST and folder not in small:
            yield f"{folder}/ has {files} sources; at least {LEAST}, or a line with the reason in docs/design.md, Small rooms"
    for folder in sorted(small - {folder for folder, files in count.items() if files < LEAST}):
        yield f"docs/design.md: Small rooms lists {folder}/, which is not small"


def namespaces(root, paths):
    for path in production(paths):
        if path.suffix not in {".cpp", ".h"} or path.name == "main.cpp":
            continue
        text = (root / path).read_text(errors="replace")
        if ENTRY_POINT.search(text):
            continue
        allowed = DEEPER.get(path.parent.as_posix(), (f"carbon::{path.parts[0]}",))
        found = set(NAMESPACE.findall(text))
        wrong = sorted(found - set(allowed)) or ([] if found else ["none"])
        for name in wrong:
            yield f"{path.as_posix()}: namespace {name}; as its folder's: {' or '.join(allowed)}"


def faults(root):
    paths = list(sources(root))
    return [*equal_names(paths), *sizes(root, paths), *namespaces(root, paths)]


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    found = faults(root)
    print("\n".join(found) or "File names differ, folders are of a readable size, namespaces are their folders'.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
