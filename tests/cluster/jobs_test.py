# SPDX-License-Identifier: Apache-2.0
"""`scarbon jobs` compared with the real sacct: jobs of every kind, each of sacct's options and layouts, the shared columns
byte by byte. Only running times may differ: they lie between those of a sacct before and one after."""
import csv
import io
import json
import re
import time
import unittest

from harness.case import CarbonCase
from harness.processes import wait_until

OURS = (
    "EnergyKWh",
    "GpuEnergyKWh",
    "CpuEnergyKWh",
    "IdleGpuKWh",
    "Co2eG",
    "AvgIntensity",
    "Site",
    "SavedCo2eG",
    "CounterfactualG",
    "Method",
    "Coverage",
    "Uncertainty",
    "Provider",
    "Restated",
    "EstimatedKWh",
    "Nodes",
    "Complete",
)
SHARED = (
    "JobID,JobIDRaw,JobName,User,UID,Account,Partition,QOS,State,ExitCode,Submit,Start,End,Elapsed,AllocTRES,NodeList"
)
TIME = re.compile(r"^ *(?:(\d+)-)?(\d+):(\d+):(\d+)(?:\.\d+)? *$|^ *(\d+) *$")


def as_seconds(cell):
    found = TIME.match(cell)
    if not found:
        return None
    days, hours, minutes, seconds, plain = found.groups()
    return int(plain) if plain else ((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(seconds)


def cells_of(options):
    """How a line of sacct with these options falls into cells."""
    if "-p" not in options and "-P" not in options:
        return lambda line: re.findall(r" *[^ ]+| +$", line)
    delimiter = ";" if "--delimiter=;" in options else "|"
    return lambda line: line.split(delimiter)


def only_time_went_on(before, after, cells):
    before, after = before.split("\n"), after.split("\n")
    if [len(cells(line)) for line in before] != [len(cells(line)) for line in after]:
        return False
    return all(
        a == b or (as_seconds(a) is not None and as_seconds(b) is not None)
        for old, new in zip(before, after)
        for a, b in zip(cells(old), cells(new))
    )


class JobsTest(CarbonCase):
    options = {
        "partitions": {"inland": 2, "coast": 1},
        "day_seconds": 60,
        "extra_lines": ["AccountingStoreFlags=job_comment,job_script,job_env"],
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.jobs = {}
        gpu = ("--gres=gpu:1", "--ntasks=1")
        cls.submit("requeued", *gpu, "--requeue", script="sleep 6")
        cls.requeue("requeued")
        cls.submit("timeout", *gpu, "--time=1", script="sleep 300")
        cls.submit("running", *gpu, "--time=60", script="sleep 900")
        cls.submit("running in steps", "--time=60", script="srun --overlap -n1 sleep 900")
        cls.submit("cancelled while running", *gpu, script="sleep 300")
        cls.submit("cancelled by root", *gpu, script="sleep 300")
        cls.submit("pending", "--begin=now+5hours", script="true")
        cls.submit("pending array", "--begin=now+5hours", "--array=1-5:2%1", script="true")
        cls.submit("waits for another", f"--dependency=afterok:{cls.jobs['pending']}", script="true")
        cls.submit("cancelled before it ran", "--begin=now+5hours", script="true")
        cls.submit("het", "--ntasks=1", "--gres=gpu:1", ":", "--ntasks=1", "--gres=gpu:1", script="true")
        cls.submit("het, other", "--ntasks=1", ":", "--ntasks=2", user="news", script="true")
        cls.submit("array", *gpu, "--array=1-9", script="exit $((SLURM_ARRAY_TASK_ID % 3))")
        for k in range(9):
            cls.submit(f"plain {k}", *gpu, script="true", user=("games", "news")[k % 2])
        for k, script in enumerate(("exit 1", "exit 200", "kill -9 $$", "kill -TERM $$", "sleep 1; false")):
            cls.submit(f"failed {k}", "--ntasks=1", script=script)
        for k in range(3):
            cls.submit(
                f"with steps {k}",
                *gpu,
                script="srun --overlap -n1 true; srun --overlap -n1 -J a_step false; srun --overlap -n2 -O true",
            )
        for k in range(20):
            cls.submit(f"without gpu {k}", "--ntasks=1", "-p", ("inland", "coast")[k % 2], script="true")
        for name in ("a|b", "größer", "a-name-longer-than-any-column-of-sacct-is-wide", "with, comma", "1234567890123"):
            cls.submit(name, *gpu, "--comment=a comment", script="true")
        cls.let_happen()

    @classmethod
    def submit(cls, name, *options, script, user="games"):
        """`name`: of the job, and by which it is found here."""
        options = list(options)
        if ":" not in options:
            options += ["-J", name]
        else:
            options = ["-J", name, *options]
        if not any(o.startswith("--time") for o in options):
            options = ["--time=5", *options]
        cls.jobs[name], _ = cls.slurm.sbatch(*options, script=script, user=user)

    @classmethod
    def requeue(cls, name):
        """While nothing else happens: slurmd 22.05 runs no prolog for a job that comes again while it launches others (docs/marks.md)."""
        slurm, job = cls.slurm, cls.jobs[name]
        slurm.wait_for_state(job, ["RUNNING"])
        time.sleep(2)  # long enough to be metered
        slurm.run("scontrol", "requeue", job)
        slurm.wait_for_state(job, ["PENDING"])
        slurm.run("scontrol", "update", f"jobid={job}", "StartTime=now+3")
        slurm.wait_for_state(job, ["RUNNING"])

    @classmethod
    def let_happen(cls):
        slurm, jobs = cls.slurm, cls.jobs
        for name, user in (("cancelled while running", "games"), ("cancelled by root", None)):
            slurm.wait_for_state(jobs[name], ["RUNNING"])
            slurm.run("scancel", jobs[name], user=user)
        slurm.run("scancel", jobs["cancelled before it ran"], user="games")
        going_on = ["pending", "pending array", "waits for another", "running", "running in steps"]

        def unfinished():
            queued = slurm.run("squeue", "-h", "-o", "%j").out.splitlines()
            rows = slurm.run(
                "sacct", "-a", "-X", "-n", "-P", "-S", "now-2hours", "-o", "JobName,State"
            ).out.splitlines()
            queued += [name for name, state in (row.rsplit("|", 1) for row in rows) if state in ("PENDING", "RUNNING")]
            return [name for name in queued if name not in going_on]

        wait_until(lambda: not unfinished(), 240, lambda: f"end of {unfinished()}", pause=1)

        cls.submit("waits for nodes", "--nodes=2", "--exclusive", script="true")

    # -- the comparison

    def side_by_side(self, *options, user=None, env=None):
        """What sacct says before and after, and scarbon between; asked again where a job went on meanwhile, so that sacct's own two
        answers differ by more than by times that run on."""
        if not any(o in options for o in ("-S", "--start=midnight", "-E")):
            options += ("-S", "now-2hours")  # without it: from midnight on

        def lines_of(*command):
            return self.slurm.run(*command, *options, user=user, check=False, env=env)

        cells = cells_of(options)

        def ask():
            before, ours, after = (
                lines_of("sacct"),
                lines_of(self.carbon.installed / "scarbon", "jobs"),
                lines_of("sacct"),
            )
            return (before, ours, after) if only_time_went_on(before.out, after.out, cells) else None

        return wait_until(ask, 60, f"two answers of sacct {' '.join(map(str, options))} that differ in times alone")

    def assert_rows(self, before, ours, after, cells):
        """Line by line, cell by cell: as before; a time also between it and after."""
        before, after = before.split("\n"), after.split("\n")
        self.assertEqual(len(before), len(ours))
        for old, own, new in zip(before, ours, after, strict=True):
            self.assertEqual(len(cells(old)), len(own), f"sacct {old!r}; scarbon {own!r}")
            for a, b, c in zip(cells(old), own, cells(new), strict=True):
                if b in (a, c):
                    continue
                low, between, high = as_seconds(a), as_seconds(b), as_seconds(c)
                self.assertTrue(
                    low is not None and between is not None and low <= between <= high and len(a) == len(b),
                    f"sacct {a!r}, then {c!r}; scarbon {b!r} in\n{old}",
                )

    def assert_same(self, *options, user=None, env=None):
        before, ours, after = self.side_by_side(*options, user=user, env=env)
        self.assertEqual(ours.status, before.status, ours.err)
        cells = cells_of(options)
        self.assert_rows(before.out, [cells(line) for line in ours.out.split("\n")], after.out, cells)
        return ours.out

    # -- tests

    def test_there_are_jobs_of_every_kind(self):
        wanted = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "REQUEUED", "RUNNING", "PENDING"}

        def listed():
            options = ("-a", "-X", "-D", "-n", "-P", "-S", "now-2hours", "-o", "JobID,State")
            return self.slurm.run("sacct", *options).out.splitlines()

        # slurmdbd hears of the job that was submitted last a moment later.
        rows = wait_until(
            lambda: (r := listed()) and wanted <= {row.split("|")[1].split()[0] for row in r} and r,
            60,
            "job in each state",
        )
        self.assertGreaterEqual(len(rows), 60)
        # An array with a future begin time is in no past time window.
        named = self.slurm.run(
            "sacct", "-a", "-X", "-n", "-P", "-j", f"{self.jobs['het']},{self.jobs['pending array']}", "-o", "JobID"
        ).out
        self.assertIn("+1", named)
        self.assertIn("_[", named)

    def test_every_layout(self):
        for layout in ((), ("-n",), ("-p",), ("-P",), ("-P", "-n"), ("-p", "--delimiter=;")):
            with self.subTest(layout=layout):
                said = self.assert_same("-a", "-o", SHARED, *layout)
                self.assertGreater(said.count("\n"), 90)  # jobs and steps

    def test_every_option_of_selection(self):
        jobs = self.jobs
        array, het, steps = jobs["array"], jobs["het"], jobs["with steps 1"]
        for options in (
            ("-X",),
            ("-a", "-X"),
            ("-a", "-D"),
            ("-D", "-X", "-j", jobs["requeued"]),
            ("-j", jobs["requeued"]),
            ("-j", array),
            ("-j", f"{array}_4,{array}_5"),
            ("-j", f"{het}+1"),
            ("-j", het, "--whole-hetjob=no"),
            ("-j", f"{steps}.batch"),
            ("-j", f"{steps}.0,{steps}.1"),
            ("-a", "-s", "f,ca"),
            ("-a", "-s", "r", "-X"),
            ("-a", "-s", "pd"),
            ("-a", "-s", "to", "-S", "now-1hour", "-E", "now"),
            ("-a", "-S", "midnight"),
            ("-a", "-S", "now-7days", "-E", "now-1days"),
            ("-a", "-S", "2026-11-01", "-r", "coast"),
            ("-A", "research", "-a"),
            ("-a", "-A", "nosuch"),
            ("-u", "news"),
            ("-u", "news,games", "-X"),
            ("-a", "--name", "a|b,pending"),
            ("-a", "-N", "coast1"),
            ("-a", "-q", "normal", "-X"),
            ("-a", "-q", "nosuch"),
            ("-L", "-a", "-X"),
            ("-M", self.slurm.name, "-a", "-X"),
            ("-a", "-i", "1", "-X"),
            ("-a", "-I", "2-4"),
            ("-a", "-T", "-S", "now-1hour"),
            ("-a", "--array", "-s", "pd"),
            ("-a", "-k", "1", "-K", "4"),
            ("--start=midnight", "-X"),
            ("-j", "999999"),
        ):
            with self.subTest(options=options):
                self.assert_same("-o", SHARED, *options)

    def test_what_an_ordinary_user_sees(self):
        for options in ((), ("-X",), ("-a",), ("-u", "news"), ("-P",)):
            with self.subTest(options=options):
                self.assert_same("-o", SHARED, *options, user="news")

    def test_widths_truncation_and_numbers_that_stand_out(self):
        for fields in (
            "JobID%5,JobName%-30,State%4",
            "JobName%3,JobID%-20,UID%1,AllocCPUS%1,Elapsed%4",
            "jobid,NODELIST%2,end%10",
            "JobID,JobID,AdminComment%200",
            "Comment%30,JobName%60",
            "JobName",
        ):
            for layout in ((), ("-P",)):
                with self.subTest(fields=fields, layout=layout):
                    self.assert_same("-a", "-o", fields, *layout)

    def test_units_and_times(self):
        for options, env in (
            (("--units=K",), {}),
            (("--noconvert",), {}),
            ((), {"SLURM_TIME_FORMAT": "%H:%M"}),
            ((), {"SLURM_TIME_FORMAT": "relative"}),
            (("-D",), {"TZ": "Asia/Seoul"}),
        ):
            with self.subTest(options=options, env=env):
                self.assert_same("-a", "-o", "JobID,ReqMem,MaxRSS,AveRSS,ReqTRES%40,Submit,Start", *options, env=env)

    def own_cut_out(self, line, widths):
        """The cells of a padded line, and those of slurm-carbon's columns apart. sacct counts bytes."""
        line = line.encode()
        theirs, own, at = [], [], 0
        for width, ours in widths:
            (own if ours else theirs).append(line[at : at + width + 1].decode(errors="replace"))
            at += width + 1
        return theirs, own

    def test_own_columns_between_them(self):
        mixed = "Co2eG%9,JobID%12,Method,JobName%10,EnergyKWh%-12,State%10,Site%8"
        widths = [(9, 1), (12, 0), (12, 1), (10, 0), (12, 1), (10, 0), (8, 1)]
        before = self.slurm.run("sacct", "-a", "-S", "now-2hours", "-o", "JobID%12,JobName%10,State%10").out
        ours = self.slurm.run(self.carbon.installed / "scarbon", "jobs", "-a", "-S", "now-2hours", "-o", mixed).out
        theirs = ["".join(self.own_cut_out(line, widths)[0]) for line in ours.split("\n")]
        self.assertEqual("\n".join(theirs), before)
        own = self.own_cut_out(ours.split("\n")[0], widths)[1]
        self.assertEqual(own, ["    Co2eG ", "      Method ", "EnergyKWh    ", "    Site "])

    def test_brief_and_long(self):
        for option in ("-b", "-l", "-bl"):
            for layout in (("-P",), ("-P", "-n")):
                before, ours, after = self.side_by_side("-a", option, *layout)
                count = 2 if option == "-b" else len(OURS) + 1  # and Intensity
                self.assertEqual((ours.status, before.status), (0, 0), ours.err + before.err)
                lines = [line.split("|") for line in ours.out.split("\n")]
                lines = [line[:-count] if line != [""] else line for line in lines]
                self.assert_rows(before.out, lines, after.out, lambda line: line.split("|"))
        before, ours, _ = self.side_by_side("-a", "-X", "-b")
        width = len(before.out.split("\n")[0])
        self.assertEqual([line[:width] for line in ours.out.split("\n")], before.out.split("\n"))

    def test_all_own_fields_are_listed_and_known(self):
        before = self.slurm.run("sacct", "--helpformat").out
        said = self.slurm.run(self.carbon.installed / "scarbon", "jobs", "--helpformat").out
        self.assertTrue(said.startswith(before))
        for field in OURS:
            self.assertRegex(said[len(before) :], rf"(?m)^{field} +\w")
        header = self.carbon.scarbon("jobs", "-a", "-P", "-o", ",".join(OURS)).out.splitlines()[0]
        self.assertEqual(header, "|".join(OURS))

    def test_energy_stands_at_the_job_and_steps_have_none(self):
        job = self.jobs["with steps 1"]
        self.carbon.wait_for_summary(job)
        rows = self.carbon.scarbon(
            "jobs", "-P", "-n", "-j", job, "-o", "JobID,EnergyKWh,GpuEnergyKWh,Method,Provider,Coverage"
        ).out.splitlines()
        self.assertGreaterEqual(len(rows), 4)
        for row in rows:
            job_id, kwh, gpu_kwh, method, provider, coverage = row.split("|")
            if job_id == str(job):
                self.assertGreater(float(kwh), 0)
                self.assertEqual((kwh, method, provider, coverage), (gpu_kwh, "counter(sim)", "replay", "100.0"))
            else:
                self.assertEqual((kwh, gpu_kwh, method), ("", "", ""))

    def test_each_run_of_a_requeued_job(self):
        job = self.jobs["requeued"]
        wait_until(lambda: len(self.carbon.runs(job)) == 2, 60, "both runs in the ledger")
        wait_until(
            lambda: all(r["covered_mj"] == r["energy_mj"] for r in self.carbon.runs(job)), 60, "intensities of both"
        )
        fields = ("jobs", "-X", "-P", "-n", "-j", job, "-o", "EnergyKWh")
        said = self.carbon.scarbon(*fields, "-D").out
        each = [float(kwh) for kwh in said.split()]
        self.assertEqual(
            len(each),
            2,
            f"{said!r} of {[dict(run) for run in self.carbon.runs(job)]} and of sacct's"
            f" {self.slurm.sacct(job, 'JobID', 'State', 'Submit', 'Start', 'End')}",
        )
        self.assertAlmostEqual(float(self.carbon.scarbon(*fields).out), sum(each), delta=0.001 * sum(each))
        for kwh, run in zip(each, self.carbon.runs(job), strict=True):
            self.assertAlmostEqual(kwh * 3.6e9 / run["energy_mj"], 1, delta=0.001)

    def test_json_is_sacct_s_with_the_runs_in_it(self):
        job = self.jobs["array"]
        theirs = json.loads(self.slurm.run("sacct", "-j", job, "--json").out)
        ours = json.loads(self.carbon.scarbon("jobs", "-j", job, "--json").out)
        runs = [entry.pop("carbon") for entry in ours["jobs"]]
        self.assertEqual(ours["jobs"], theirs["jobs"])
        self.assertEqual([len(r) for r in runs], [1] * 9)
        self.assertEqual([r[0]["job_id"] for r in runs], [entry["job_id"] for entry in ours["jobs"]])
        self.assertTrue(all(r[0]["gpu_kwh"] > 0 for r in runs))

    def test_csv(self):
        said = self.carbon.scarbon("jobs", "-X", "-S", "now-2hours", "--csv", "-o", "JobName,State,Co2eG").out
        rows = list(csv.reader(io.StringIO(said, newline="")))
        self.assertIn("with, comma", [row[0] for row in rows])
        self.assertEqual({len(row) for row in rows}, {3})

    def test_the_script_is_sacct_s(self):
        self.assert_same("-B", "-j", self.jobs["plain 0"])

    def test_a_field_that_is_none_is_refused(self):
        for options in (("-o", "NoSuchField"), ("-o", "Co2eG%"), ("-s", "nosuch")):
            with self.subTest(options=options):
                said = self.carbon.scarbon("jobs", *options, check=False)
                self.assertNotEqual(said.status, 0)
                self.assertRegex(said.err, "NoSuchField|Co2eG%|nosuch")

    def test_without_carbonctld_sacct_s_columns_are_still_shown(self):
        self.carbon.stop_carbonctld()
        try:
            said = self.carbon.scarbon("jobs", "-X", "-P", "-S", "now-2hours", "-o", "JobID,State,Co2eG", check=False)
            self.assertEqual(said.status, 1)
            self.assertIn("carbonctld at", said.err)
            theirs = self.slurm.run("sacct", "-X", "-P", "-S", "now-2hours", "-o", "JobID,State").out.splitlines()
            self.assertEqual([line.rpartition("|")[0] for line in said.out.splitlines()], theirs)
        finally:
            self.carbon.start_carbonctld()


if __name__ == "__main__":
    unittest.main()
