# SPDX-License-Identifier: Apache-2.0
"""Writes the man pages:

    python3 make_pages.py SOURCE VERSION OUT PROGRAM...

Sources: the programs' own options (`PROGRAM --describe`), slurm_conf/carbon.conf, the formats in docs/, and the texts in
manual/pages: NAME.SECTION.md, whose first line is the page's one-line description.
"""
import json
import pathlib
import re
import subprocess
import sys

from roff import Page, escaped

SECTION = {"scarbon": 1, "carbond": 8, "carbonctld": 8}
FORMATS = {  # page -> file of docs/, what it is
    "carbon-marks": ("marks.md", "the marks that start and end the metering of a node's jobs"),
    "carbon-record": ("record.md", "the energy record that a node sends for a job"),
    "carbon-snapshot": ("snapshot.md", "the snapshot file on which slurmctld bases its decisions"),
    "carbon-ledger": ("ledger.md", "carbonctld's database of jobs, energy and carbon intensity"),
    "carbon-comment": ("admin_comment.md", "the text in a job's AdminComment"),
}
ALL = "scarbon(1), carbon.conf(5), carbond(8), carbonctld(8), spank_carbon(8), carbon_mark(8), job_submit_carbon(8)"


def description_of(program):
    return json.loads(subprocess.run([program, "--describe"], check=True, capture_output=True, text=True).stdout)


def page_of_program(program, command, texts, version):
    """Of a program, or of one of its commands."""
    described = command or program
    name = f"{program['name']}-{command['name']}" if command else program["name"]
    section = SECTION[program["name"]]
    page = Page(
        name, section, described["text"].rstrip(".").split(": ", 1)[-1] if not command else described["text"], version
    )
    page.heading("Synopsis")
    words = [program["name"]] + ([command["name"]] if command else [])
    rest = (
        ["[options]"]
        + [o["positional"] for o in described["options"] if o["positional"]]
        + (["command [...]"] if described["commands"] else [])
    )
    page.lines.append("\\fB" + escaped(" ".join(words)) + "\\fR " + escaped(" ".join(rest)))
    text = texts / f"{name}.{section}.md"
    if text.exists():
        page.markdown("## Description\n" + text.read_text())
    if described["commands"]:
        page.heading("Commands")
        for other in described["commands"]:
            page.item(f"\\fB{escaped(other['name'])}\\fR", f"{other['text']}: {name}-{other['name']}({section})")
    groups = {}
    for option in described["options"]:
        groups.setdefault(option["group"], []).append(option)
    for group, options in groups.items():
        page.heading(group)
        page.options(options)
    if described["footer"]:
        page.heading("Notes")
        page.footer(described["footer"])
    page.heading("See also")
    page.lines.append(escaped(ALL))
    return page


def page_of_carbon_conf(text, version):
    """A key's line has its default and, after '#', its description, which the next lines may continue. Other comments are prose."""
    page = Page("carbon.conf", 5, "configuration of slurm-carbon", version)
    page.heading("Description")
    prose, last = [], None

    def flush():
        if prose:
            page.paragraph(" ".join(prose))
            prose.clear()

    for line in text.splitlines():
        section = re.match(r"\s*#?(\[+[\w.]+\]+)\s*(?:# (.*))?$", line)
        key = re.match(r"\s*(#?)(\w+) = (.*?)(?:\s+# (.*))?$", line)
        more = re.match(r"\s{8,}# (.*)$", line)
        note = re.match(r"\s*# (.*)$", line)
        if section:
            before, prose[:] = list(prose), []
            page.heading(section[1])
            prose += before + ([section[2][0].upper() + section[2][1:] + "."] if section[2] else [])
            last = None
        elif key:
            flush()
            optional, name, value, meaning = key.groups()
            page.item(
                f"\\fB{escaped(name)}\\fR = {escaped(value)}",
                (meaning or "") + ("" if optional else " (an example)" if meaning else "An example."),
            )
            last = len(page.lines) - 1
        elif more and last is not None:
            page.lines[last] += " " + escaped(more[1])
        elif note:
            prose.append(note[1])
        else:
            flush()
            last = None
    flush()
    page.heading("Files")
    page.item(
        "\\fI/etc/slurm/carbon.conf\\fR",
        "or the file in SLURM_CARBON_CONF, or carbon.conf next to the file in SLURM_CONF",
    )
    page.item("\\fI/etc/slurm/carbon\\-secrets.conf\\fR", "tokens of providers: carbon-secrets.conf(5)")
    page.heading("See also")
    page.lines.append(escaped(ALL + ", carbon-secrets.conf(5)"))
    return page


def main():
    source, version, out = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    texts = source / "manual" / "pages"
    pages, programs = [], [description_of(program) for program in sys.argv[4:]]
    for program in programs:
        pages.append(page_of_program(program, None, texts, version))
        pages += [page_of_program(program, command, texts, version) for command in program["commands"]]
    made = {f"{page.name}.{page.section}.md" for page in pages}
    pages.append(page_of_carbon_conf((source / "slurm_conf" / "carbon.conf").read_text(), version))
    for name, (file, about) in FORMATS.items():
        page = Page(name, 5, about, version)
        page.heading("Description")
        page.markdown((source / "docs" / file).read_text())
        pages.append(page)
    for file in sorted(texts.glob("*.md")):
        if file.name in made:
            continue
        name, section = file.name.removesuffix(".md").rsplit(".", 1)
        about, _, text = file.read_text().partition("\n")
        page = Page(name, int(section), about, version)
        page.markdown(text)
        page.heading("See also")
        page.lines.append(escaped(ALL))
        pages.append(page)
    for page in pages:
        directory = out / f"man{page.section}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"{page.name}.{page.section}").write_text(page.text())


if __name__ == "__main__":
    main()
