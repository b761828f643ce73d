# SPDX-License-Identifier: Apache-2.0
"""Fails on a word of our own where the field has one: GLOSSARY says which word to use in its place.

    python3 vocabulary.py [--word WORD] [--all] [ROOT]

Looked at are identifiers (C++, JavaScript, Python, CMake), names of files and folders, keys and sections of carbon.conf, names in
string literals (metrics, labels, fields of JSON, columns), and what messages say. Comments, documents and the names of tests are not:
those are English. Prints each word with its findings, most frequent first; --all prints every place.
"""
import argparse
import ast
import collections
import dataclasses
import io
import os
import pathlib
import re
import sys
import tokenize


@dataclasses.dataclass(frozen=True)
class Word:
    old: str
    use: str
    names: str = ""  # regular expression over a name in snake_case between underscores: JobBook is _job_book_
    types: str = ""  # over a name as it is written
    messages: str = ""  # over texts with blanks: for what is not common English
    rooms: str = (
        ""  # only where the path begins with this (a regular expression): elsewhere the word is another, good one
    )
    # (path, name, reason): regular expressions; what the path begins with, and the whole name
    except_: tuple = ()


GLOSSARY = (
    Word(
        "Account (of energy)", "EnergyCounter", types=r"^(Account|DeviceAccount)$", rooms="energy/|tests/unit/energy/"
    ),
    Word("ask, Asks", "query, request", names="_asks_"),
    Word("blur", "time_uncertainty", names="_blur(s|red)?_", messages=r"\bblur"),
    Word("book", "splitter, registry, cache, prices, reservations: what it is", names="_books?_$"),
    Word("chains", "FallbackChain", names="_chains_"),
    Word("complain", "log_once", names="_complain(s|ed|t)?_"),
    Word("edge search", "counter_update_search", names="_edge_(search|found)_|_find_edge_"),
    Word(
        "facts",
        "meta (of the ledger), job_details (of slurmdbd)",
        names="_facts?_",
        messages=r"\bfacts\b",
        except_=((r"ledger/store/schema|tests/unit/ledger/migration_test", ".*", "the table's name before version 7"),),
    ),
    Word("gates", "validation", names="_gates?_"),
    Word("groups (of a report)", "Dimension", types=r"^Groups$", rooms="ledger/|carbonctld/|scarbon/"),
    Word(
        "hold, held",
        "allocated (GPUs), stored (rows), own or keep (objects)",
        names="_(hold|held)_",
        except_=(
            (r"carbonctld/slurm/|placement/|plugin/|carbonctld/replan/|tests/", "held", "Slurm's: a job that is held"),
            (r"", "JOB_REQUEUE_HOLD|JobHeld(User|Admin)|hold", "Slurm's own names and its command"),
            (r"scarbon/", "held", "Slurm's: a job that is held"),
            (r"(ledger|tests)/", "held_idle_m[sj]", "stored records and the ledger's columns have it"),
        ),
    ),
    Word("judge", "score", names="_judge[sd]?_"),
    Word(
        "keeper",
        "GridPublisher",
        names="_keepers?_",
        messages=r"\b[Kk]eeper",
    ),
    Word("lay, laid, layers", "merge", names="_(lay|laid|layers?)_"),
    Word("leave", "release, or write (a mark)", names="^_leave_"),
    Word("left alone", "unchanged", names="_left_alone_"),
    Word(
        "length (of a job)",
        "runtime",
        names="_lengths?_",
        rooms="planner/|replay/|placement/|carbonctld/|scarbon/|policies/(?!sliding_window)",
        except_=(
            (r"", "length\\(", "of an interval or a text"),
            (r"(planner|replay)/", "kYearLength", "of a year"),
            (
                r"(net|carbonctld/api|scarbon)/",
                "Content-Length|.*[mM]ax_?[lL]ength|sequence_length",
                "of a text in bytes",
            ),
            (r"replay/", '"length"', "the column's name in published traces"),
            (r"scarbon/catalogue", "length", "of a text in bytes"),
            (r"scarbon/commands/grid_command", "length", "of a window"),
            (r"scarbon/commands/replay_command", "length", "its option, named as in the literature"),
        ),
    ),
    Word("manners", "rate_limit", names="_manners_", messages=r"\bmanners\b"),
    Word("Mark", "JobMark, token, tr: one name each", types=r"^Mark$"),
    Word("mend", "fix", names="_mend(s|ed)?_", messages=r"\b[Mm]end(s|ed)?\b"),
    Word("news", "events", names="_news_", except_=(("tests/", '"news"', "a user whom Debian has"),)),
    Word("offer", "Candidate", names="_offers?_"),
    Word("outlook", "intensity_sums, queue_simulation", names="_outlooks?_", messages=r"\b[Oo]utlook"),
    Word("paint", "merge_intensities", names="_paint(s|ed|er)?_", messages=r"\b[Pp]aint(?!-)"),
    Word("piece", "slice, part", names="_pieces?_"),
    Word(
        "places",
        "topology, partitions",
        names="_places_",
        except_=(("", "decimal_places|places", "digits, Python's own"),),
    ),
    Word(
        "promise",
        "start_guarantee",
        names="_promise[sd]?_",
        messages=r"\b[Pp]romise[ds]?\b",
        except_=(("web/|tests/web/", "Promise", "JavaScript's own"),),
    ),
    Word("remembered", "FeedState", names="_remembered_"),
    Word("ReportBy", "Dimension, group_by", names="_report_by_"),
    Word("run now ahead", "baseline_projection", names="_run_now_ahead_"),
    Word("salvage", "recover", names="_salvage[sd]?_", messages=r"\b[Ss]alvag"),
    Word("say", "log, print, describe", names="^_says?_"),
    Word("settle", "resolve, finalize, flush: what is done", names="_settle[sd]?_"),
    Word("spans", "calendar, CalendarPeriod", names="_spans_", types=r"^(?!k[A-Z])[A-Za-z]*Span$"),
    Word("stay", "Rejection", names="_stay_"),
    Word("stretch", "interval, slowdown", names="_stretch(es)?_"),
    Word(
        "take, taken",
        "reserve, read, accept: what is done",
        names="^_take_|_taken_",
        except_=((r"scarbon/", "take_last", "CLI11's"),),
    ),
    Word(
        "tell, told",
        "notify; start_slack, latest_start",
        names="^_tell_|_told_",
        except_=((r"tests/", "tell", "of a file, Python's own"),),
    ),
    Word("trouble", "error", names="_troubles?_"),
    Word("unseen", "not checked, unknown", names="_unseen_", messages=r"\bunseen\b"),
    Word("untouchable", "ineligible_reason", names="_untouchable_", messages=r"\buntouchable\b"),
    Word("wish", "JobOptions", names="_wish(es)?_"),
    Word(
        "within (of a report)",
        "then_by",
        names="^_within_$",
        except_=((r"scarbon/commands/grid_command", "within", "its option: how far ahead the window may start"),),
        rooms="ledger/reports/|carbonctld/api/|scarbon/(commands|reports)/",
    ),
)

NOT_OURS = {"build", "node_modules", "__pycache__", ".git"}
THIS = ("tests/checks/vocabulary.py", "tests/checks/vocabulary_test.py")
CLIKE = {".cpp", ".h", ".inc", ".js", ".mjs"}
KEYS = {".conf", ".yml", ".json", ".toml"}  # of which names with underscores, and keys, are looked at
CLIKE_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/                                              # a comment
      | R"(?P<mark>[^(\s]*)\((?P<raw>.*?)\)(?P=mark)"                    # a raw string
      | "(?P<text>(?:\\.|[^"\\\n])*)" | `(?P<template>(?:\\.|[^`\\])*)`
      | (?<![0-9A-Fa-f])'(?P<single>(?:\\.|[^'\\\n])*)'
      | (?P<std>\bstd::(?:\w+::)*\w+) | (?P<name>[A-Za-z_]\w*)(?P<call>\()?""",
    re.S | re.X,
)
TEST_NAME = re.compile(r"\b(TYPED_)?TEST(_F|_P)?\([^)]*\)")
SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
SNAKE = re.compile(r"\b[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+\b")
ONE_WORD = re.compile(r"[A-Za-z_][\w.-]*")
CONF_KEY = re.compile(
    r"^#?\s*\[+(?P<section>[a-z_.]+)\]+|(?:^#?\s*|[{,]\s*)(?P<key>[a-z_]+)\s*=|\balert: (?P<alert>\w+)", re.M
)


@dataclasses.dataclass(frozen=True)
class Use:
    """A name or a text, as it stands in a file. `written` of a call has its "(", of a literal its quotes."""

    file: str
    line: int
    kind: str  # name, literal, message, file, key
    written: str

    @property
    def name(self):
        return self.written.strip('"').rstrip("(")


def snake(name):
    return "_" + "_".join(word.lower() for word in SPLIT.findall(name)) + "_"


def of_literal(file, line, text):
    """What a string literal holds: one name, or a message with names in it."""
    if ONE_WORD.fullmatch(text):
        yield Use(file, line, "literal", f'"{text}"')
        return
    if re.search(r"\s", text):
        yield Use(file, line, "message", text)
    for name in SNAKE.findall(text):
        yield Use(file, line, "literal", f'"{name}"')


def of_clike(file, text):
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])

    if file.startswith("tests/"):
        text = TEST_NAME.sub(blank, text)
    text = re.sub(r"^[ \t]*#[ \t]*include[^\n]*|^import [^\n]*", blank, text, flags=re.M)
    line, at = 1, 0
    for token in CLIKE_TOKEN.finditer(text):
        line, at = line + text.count("\n", at, token.start()), token.start()
        if token["name"]:
            yield Use(file, line, "name", token["name"] + (token["call"] or ""))
            continue
        literal = next((token[part] for part in ("raw", "text", "template", "single") if token[part] is not None), None)
        if literal:
            yield from of_literal(file, line, literal)


def of_python(file, text):
    statement_begins = {
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.NL,
        tokenize.COMMENT,
    }
    before = tokenize.ENCODING
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME and not token.string.startswith("test_"):
            call = token.line[token.end[1] : token.end[1] + 1] == "("
            yield Use(file, token.start[0], "name", token.string + ("(" if call else ""))
        elif (
            token.type == tokenize.STRING and before not in statement_begins
        ):  # one that begins a statement is a docstring
            try:
                literal = ast.literal_eval(token.string.lstrip("fF") if token.string[0] in "fF" else token.string)
            except (SyntaxError, ValueError):
                literal = token.string
            if isinstance(literal, str):
                yield from of_literal(file, token.start[0], literal)
        before = token.type


def of_keys(file, text):
    """carbon.conf and the like: keys, sections, and names with underscores (metrics in Prometheus' rules), and its alerts."""
    line, at = 1, 0
    for match in sorted([*CONF_KEY.finditer(text), *SNAKE.finditer(text)], key=lambda m: m.start()):
        line, at = line + text.count("\n", at, match.start()), match.start()
        yield Use(
            file, line, "key", match[0] if match.re is SNAKE else (match["section"] or match["key"] or match["alert"])
        )


def of_cmake(file, text):
    for number, line in enumerate(text.splitlines(), 1):
        yield from (Use(file, number, "name", name) for name in re.findall(r"[A-Za-z_]\w*", line.split("#")[0]))


def files(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - NOT_OURS)
        for name in sorted(names):
            path = pathlib.Path(folder, name)
            relative = path.relative_to(root).as_posix()
            if not path.is_symlink() and relative not in THIS and not name.startswith("."):
                yield path, relative


def uses(root):
    folders = set()
    for path, file in files(root):
        yield Use(file, 0, "file", path.stem)
        for folder in path.relative_to(root).parts[:-1]:
            if folder not in folders:
                folders.add(folder)
                yield Use(file, 0, "file", folder)
        if path.suffix in CLIKE:
            yield from of_clike(file, path.read_text(errors="replace"))
        elif path.suffix == ".py":
            yield from of_python(file, path.read_text())
        elif path.suffix in KEYS and path.name != "package-lock.json":
            yield from of_keys(file, path.read_text(errors="replace"))
        elif path.name == "CMakeLists.txt" or path.suffix == ".cmake":
            yield from of_cmake(file, path.read_text())


def excepted(word, use):
    return any(
        re.match(path, use.file) and (re.fullmatch(name, use.written) or re.fullmatch(name, use.name))
        for path, name, _ in word.except_
    )


def meets(word, use):
    if word.rooms and not re.match(word.rooms, use.file):
        return False
    if use.kind == "message":
        return bool(word.messages and re.search(word.messages, use.written)) and not excepted(word, use)
    # A literal of one common word may be anything a program reads or prints; in tests, above all, data.
    if use.kind == "literal" and use.file.startswith("tests/") and not SNAKE.fullmatch(use.name):
        return False
    found = word.names and re.search(word.names, snake(use.name)) or word.types and re.search(word.types, use.name)
    return bool(found) and not excepted(word, use)


def findings(root, words=GLOSSARY):
    """old word -> its uses."""
    found = collections.defaultdict(list)
    verdicts = {}  # most names occur many times
    for use in uses(root):
        key = (use.kind, use.written, use.file)
        if key not in verdicts:
            verdicts[key] = [word.old for word in words if meets(word, use)]
        for old in verdicts[key]:
            found[old].append(use)
    return found


def print_word(word, found, everything):
    print(f"{word.old}: {len(found)} in {len({use.file for use in found})} files; use {word.use}")
    if everything:
        for use in found:
            print(f"    {use.file}:{use.line}: {use.written[:80]}")
        return
    by_name = collections.defaultdict(list)
    for use in found:
        by_name[use.written[:60] if use.kind == "message" else use.name].append(use)
    ranked = sorted(by_name.items(), key=lambda item: -len(item[1]))
    for name, of_name in ranked[:12]:
        print(f"    {len(of_name):4} {name}  ({of_name[0].file}:{of_name[0].line})")
    if len(ranked) > 12:
        print(f"         and {len(ranked) - 12} more names")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", nargs="?", default=pathlib.Path(__file__).parents[2], type=pathlib.Path)
    parser.add_argument("--word", help="this one alone")
    parser.add_argument("--all", action="store_true", help="every place")
    options = parser.parse_args()
    words = [word for word in GLOSSARY if not options.word or options.word in word.old]
    found = findings(options.root.resolve(), words)
    for word in sorted(words, key=lambda word: -len(found[word.old])):
        if found[word.old]:
            print_word(word, found[word.old], options.all)
    total = sum(map(len, found.values()))
    print(
        f"Vocabulary: {total} uses of {sum(map(bool, found.values()))} words of our own"
        if total
        else "Vocabulary: clean."
    )
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
