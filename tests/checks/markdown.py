# SPDX-License-Identifier: Apache-2.0
"""Fails on a line of Markdown that is longer than 120 characters (tables and code blocks aside), and on a relative link to a file or
a heading that is not there.

    python3 markdown.py [ROOT]
"""
import os
import pathlib
import re
import sys
import urllib.parse

LONGEST = 120
FENCE = re.compile(r"^\s*(```|~~~)")
CODE = re.compile(r"`+[^`]*`+")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
REFERENCE = re.compile(r"^\s*\[[^\]]+\]:\s*<?(\S+?)>?\s*$")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:")
NOT_OURS = {"build", "node_modules", ".git"}


def documents(root):
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - NOT_OURS)
        yield from (pathlib.Path(folder, file) for file in sorted(files) if file.endswith(".md"))


def prose(text):
    """(number, line) of what stands outside code blocks."""
    fence = None
    for number, line in enumerate(text.splitlines(), 1):
        if found := FENCE.match(line):
            if fence is None:
                fence = found[1]
            elif fence == found[1]:
                fence = None
        elif fence is None:
            yield number, line


def anchors(file):
    """As forges make them: lower case, blanks as hyphens, other marks dropped, a number behind one that is there already."""
    made = {}
    for _, line in prose(file.read_text()):
        if not (heading := HEADING.match(line)):
            continue
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        made[anchor] = made.get(anchor, -1) + 1
        if made[anchor]:
            made[f"{anchor}-{made[anchor]}"] = 0
    return set(made)


def fault_of_link(root, file, target):
    if SCHEME.match(target) or target.startswith("//"):
        return None
    path, _, anchor = urllib.parse.unquote(target).partition("#")
    aim = file if not path else root / path[1:] if path.startswith("/") else file.parent / path
    if not aim.exists():
        return f"link to {target}: no such file"
    if anchor and aim.suffix == ".md" and anchor not in anchors(aim):
        return f"link to {target}: no such heading"
    return None


def faults(root):
    for file in documents(root):
        name = file.relative_to(root).as_posix()
        for number, line in prose(file.read_text()):
            if len(line) > LONGEST and not line.lstrip().startswith("|"):
                yield f"{name}:{number}: {len(line)} characters; at most {LONGEST}"
            targets = LINK.findall(CODE.sub("", line)) + REFERENCE.findall(line)
            yield from (
                f"{name}:{number}: {fault}" for target in targets if (fault := fault_of_link(root, file, target))
            )


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    found = list(faults(root))
    print(
        "\n".join(found)
        or f"Markdown: no line is too long, every relative link resolves ({len(list(documents(root)))} files)."
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
