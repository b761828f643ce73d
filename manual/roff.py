# SPDX-License-Identifier: Apache-2.0
"""Man pages in roff's man macros, from paragraphs, options, and the part of Markdown that docs/ uses: headings, paragraphs,
lists, tables, fenced text, `code`, **bold** and [links](to)."""
import datetime
import os
import re
import time


def escaped(text):
    """Escapes plain text for roff."""
    text = (
        text.replace("\\", "\\e")
        .replace("-", "\\-")
        .replace("'", "\\(aq")
        .replace("`", "\\(ga")
        .replace("^", "\\(ha")
        .replace("~", "\\(ti")
    )
    return re.sub(r"^\.", r"\\&.", text, flags=re.MULTILINE)


def inline(text):
    """A line of Markdown."""
    parts = []
    for part in re.split(r"(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)]+\))", text):
        if len(part) > 2 and part[0] == part[-1] == "`":
            parts.append("\\fB" + escaped(part[1:-1]) + "\\fR")
        elif part.startswith("**") and part.endswith("**") and len(part) > 4:
            parts.append("\\fB" + escaped(part[2:-2]) + "\\fR")
        elif link := re.fullmatch(r"\[([^\]]+)\]\(([^)]+)\)", part):
            parts.append(escaped(link[1]))
        else:
            parts.append(escaped(part))
    return re.sub(r"^([.'])", r"\\&\1", "".join(parts))


def date():
    """SOURCE_DATE_EPOCH if set, else now."""
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d")


class Page:
    """`section`: 1, 5 or 8. `about`: what whatis(1) shows."""

    def __init__(self, name, section, about, version):
        self.lines = [
            '.\\" SPDX-License-Identifier: Apache-2.0',
            '.\\" Made from the sources by manual/make_pages.py.',
            f'.TH {escaped(name.upper())} {section} "{date()}" "slurm\\-carbon {version}" "slurm\\-carbon"',
            ".SH NAME",
            f"{escaped(name)} \\- {inline(about)}",
        ]
        self.name, self.section = name, section

    def heading(self, text, small=False):
        self.lines.append(
            (".SS " if small else ".SH ") + inline(text if small or text.startswith("[") else text.upper())
        )

    def paragraph(self, text):
        self.lines += [".PP", inline(text)] if self.lines[-1][:3] not in (".SH", ".SS") else [inline(text)]

    def item(self, tag, text):
        self.lines += [".TP", tag, inline(text)]

    def literal(self, lines):
        self.lines += [".PP", ".RS 4", ".nf"] if self.lines[-1][:3] not in (".SH", ".SS") else [".RS 4", ".nf"]
        self.lines += [escaped(line) or "\\&" for line in lines]
        self.lines += [".fi", ".RE"]

    def options(self, options):
        for option in options:
            names = ["-" + s for s in option["short"]] + ["--" + long for long in option["long"]]
            value, _, choices = option["value"].partition(":")
            tag = (
                ", ".join("\\fB" + escaped(n) + "\\fR" for n in names)
                or "\\fI" + escaped(option["positional"]) + "\\fR"
            )
            if value and names:
                tag += " \\fI" + escaped(value) + "\\fR"
            text = option["text"]
            if choices.startswith("{"):
                text += ": one of " + choices.strip("{}").replace(",", ", ")
            if option["default"]:
                text += f" (default: {option['default'].strip('[]')})"
            if option["required"]:
                text += " (required)"
            self.item(tag, text)

    def footer(self, text):
        """What --help says below the options: paragraphs, indented examples, and the exit status."""
        block = []

        def flush():
            if not block:
                return
            if block[0].startswith("  "):
                self.literal(line[2:] for line in block)
            else:
                self.paragraph(" ".join(block))
            block.clear()

        for line in text.splitlines():
            if line.startswith("Exit status:"):
                flush()
                self.heading("Exit status")
                block.append(line[len("Exit status:") :].strip())
                continue
            if block and block[0].startswith("  ") != line.startswith("  "):
                flush()
            block.append(line)
        flush()

    def markdown(self, text):
        lines = [line for line in text.splitlines() if not line.startswith("<!--")]
        at = 0
        while at < len(lines):
            line = lines[at]
            at += 1
            if line.startswith("```"):
                end = next(k for k in range(at, len(lines)) if lines[k].startswith("```"))
                self.literal(lines[at:end])
                at = end + 1
            elif line.startswith("#"):
                level = len(line) - len(line.lstrip("#"))
                if level > 1:
                    self.heading(line.lstrip("# "), small=level > 2)
            elif line.startswith("|"):
                rows = [line]
                while at < len(lines) and lines[at].startswith("|"):
                    rows.append(lines[at])
                    at += 1
                self.table([[c.strip() for c in re.split(r"(?<!\\)\|", row.strip().strip("|"))] for row in rows])
            elif item := re.match(r"(\s*)(-|\d+\.) (.*)", line):
                words = [item[3]]
                while at < len(lines) and lines[at].strip() and not re.match(r"\s*(-|\d+\.) |```|#|\|", lines[at]):
                    words.append(lines[at].strip())
                    at += 1
                tag = "\\(bu" if item[2] == "-" else escaped(item[2])
                self.lines += [f".IP {tag} {3 if item[2] == '-' else 4}", inline(" ".join(words))]
            elif line.strip():
                words = [line.strip()]
                while at < len(lines) and lines[at].strip() and not re.match(r"\s*(-|\d+\.) |```|#|\|", lines[at]):
                    words.append(lines[at].strip())
                    at += 1
                self.paragraph(" ".join(words))

    def table(self, rows):
        header, body = rows[0], rows[2:]
        for row in body:
            cells = [
                f"{title}: {cell}" if title and k > 0 and len(header) > 2 else cell
                for k, (title, cell) in enumerate(zip(header[1:], row[1:]))
            ]
            self.item(inline(row[0]) or "\\&", "; ".join(cell for cell in cells if cell))

    def text(self):
        return "\n".join(self.lines) + "\n"
