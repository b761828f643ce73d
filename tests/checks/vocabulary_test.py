# SPDX-License-Identifier: Apache-2.0
"""A planted word is found wherever the check looks, and nowhere else."""
import pathlib
import re
import tempfile
import unittest

import vocabulary

# Of each word of the glossary what it is to find: (file, text).
PLANTED = {
    "Account (of energy)": ("energy/a.h", "class Account {};"),
    "ask, Asks": ("core/a.h", "enum class Asks { kJobs };"),
    "blur": ("core/a.h", "double blur_ms = 0;"),
    "book": ("core/a.h", "class JobBook {};"),
    "chains": ("core/a.h", "class Chains {};"),
    "complain": ("core/a.cpp", "complain(text);"),
    "edge search": ("core/a.cpp", "find_edge(readings);"),
    "facts": ("core/a.cpp", 'sql << "SELECT value FROM facts WHERE 1";'),
    "gates": ("core/a.cpp", "check_gates();"),
    "groups (of a report)": ("ledger/a.h", "class Groups {};"),
    "hold, held": ("core/a.h", "struct HeldUnits {};"),
    "judge": ("core/a.h", "void judge_all();"),
    "keeper": ("core/a.h", "class GridKeeper;"),
    "lay, laid, layers": ("core/a.h", "struct Laid {};"),
    "leave": ("plugin/a.h", "int leave_mark();"),
    "left alone": ("core/a.h", "bool left_alone = false;"),
    "length (of a job)": ("planner/a.h", "Duration expected_length;"),
    "manners": ("core/a.h", "struct Manners {};"),
    "Mark": ("core/a.h", "struct Mark {};"),
    "mend": ("core/a.h", "std::string mend;"),
    "news": ("core/a.h", "std::vector<Event> news_;"),
    "offer": ("core/a.h", "struct Offer {};"),
    "outlook": ("core/a.h", "void queue_outlook();"),
    "paint": ("core/a.h", "void paint();"),
    "piece": ("core/a.h", "std::vector<Interval> pieces;"),
    "places": ("core/a.h", "struct SlurmPlaces {};"),
    "promise": ("core/a.cpp", 'head("carbon_promises_near", kGauge);'),
    "remembered": ("core/a.h", "struct Remembered {};"),
    "ReportBy": ("core/a.h", "enum class ReportBy { kUser };"),
    "run now ahead": ("core/a.h", "class RunNowAhead {};"),
    "salvage": ("core/a.cpp", 'log("rows were salvaged from it");'),
    "say": ("core/a.h", "void say_simulated();"),
    "settle": ("core/a.h", "void settle();"),
    "spans": ("core/a.h", "struct BudgetSpan {};"),
    "stay": ("core/a.h", "struct Stay {};"),
    "stretch": ("core/a.h", "Interval stretch;"),
    "take, taken": ("core/a.h", "int take_digits();"),
    "tell, told": ("core/a.h", "double told_slack;"),
    "trouble": ("core/a.h", "struct Trouble {};"),
    "unseen": ("core/a.h", "std::vector<std::string> unseen;"),
    "untouchable": ("core/a.h", "bool untouchable();"),
    "wish": ("core/a.h", "struct Wish {};"),
    "within (of a report)": ("ledger/reports/a.h", "std::optional<Dimension> within;"),
}


class Vocabulary(unittest.TestCase):
    def found(self, *sources):
        """old word -> its places, of a tree that holds these (file, text)."""
        with tempfile.TemporaryDirectory(prefix="carbon-words-") as directory:
            root = pathlib.Path(directory)
            for name, text in sources:
                file = root / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            return {
                word: [f"{use.file}:{use.line}" for use in uses] for word, uses in vocabulary.findings(root).items()
            }

    def test_each_word_of_the_glossary(self):
        self.assertEqual(sorted(PLANTED), sorted(word.old for word in vocabulary.GLOSSARY))
        for word, (file, text) in PLANTED.items():
            with self.subTest(word=word):
                self.assertEqual(self.found((file, "// a comment\n" + text + "\n")), {word: [f"{file}:2"]})

    def test_every_exception_has_a_reason(self):
        for word in vocabulary.GLOSSARY:
            self.assertTrue(word.use and (word.names or word.types or word.messages), word.old)
            for path, name, reason in word.except_:
                self.assertTrue(re.compile(path) and re.compile(name) and reason, word.old)

    def test_wherever_it_looks(self):
        for file, text in (
            ("core/job_book.h", ""),
            ("core/outlook/a.h", ""),
            ("web/page/a.js", "const queue_outlook = 1;"),
            ("web/page/a.js", "card(`the outlook of ${site}`);"),
            ("manual/a.py", "def outlook():\n    pass\n"),
            ("manual/a.py", 'print(f"the outlook of {site}")\n'),
            ("slurm_conf/carbon.conf", "[replan]\n#outlook = 1\n"),
            ("slurm_conf/carbon.conf", "[replan.outlook]\n"),
            ("monitoring/rules.yml", "expr: carbon_outlook_seconds > 1\n"),
            ("monitoring/rules.yml", "      - alert: CarbonPromiseBroken\n"),
            ("tests/checks/faults.toml", '{fault = "a", promise = "b"},\n'),
            ("core/CMakeLists.txt", "carbon_room(outlook)\n"),
            ("core/a.cpp", 'label("outlook");'),
            ("core/a.cpp", 'R"({"queue_outlook": 1})";'),
            ("tests/unit/core/a_test.cpp", "class OutlookTest {};"),
        ):
            with self.subTest(file=file, text=text):
                self.assertEqual(len(self.found((file, text))), 1)

    def test_and_nowhere_else(self):
        for file, text in (
            ("core/a.cpp", "// the outlook\n/* an outlook,\n a promise */\n"),
            ("core/a.cpp", '#include "slurm/outlook.h"\n'),
            ("core/a.cpp", "std::promise<int> p; std::span<int> s; auto x = std::ranges::take_view(p);"),
            ("core/a.cpp", 'log("we take a piece, say so, and leave it at that length");'),
            ("core/a.cpp", "bool plays, delay, relay, stayed, retake, uptake, leaves, holds, mistaken;"),
            ("tests/unit/core/a_test.cpp", "TEST(Outlook, TakesAPiece) {}\nTEST_F(Kit,\n       KeepsAPromise) {}"),
            ("tests/cluster/a_test.py", 'def test_the_outlook():\n    """A promise."""\n    run("news")\n'),
            ("web/page/a.js", "await new Promise(resolve);"),
            ("policies/sliding_window.h", "Duration length;"),
            ("planner/a.h", "interval.length() + text.length();"),
            ("docs/a.md", "the outlook"),
            ("build/a.h", "int outlook;"),
        ):
            with self.subTest(file=file, text=text):
                self.assertEqual(self.found((file, text)), {})

    def test_a_line_behind_strings_of_several_lines(self):
        self.assertEqual(
            self.found(("core/a.cpp", 'auto a = R"(\n\n)";\n\nint outlook;\n')), {"outlook": ["core/a.cpp:5"]}
        )


if __name__ == "__main__":
    unittest.main()
