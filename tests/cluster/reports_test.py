# SPDX-License-Identifier: Apache-2.0
"""Reports for users, group leaders and administrators: sums, studies, budgets, the web page, the past. No one sees what Slurm's
PrivateData hides from them."""
import hashlib
import http.client
import json
import os
import time
import unittest

from harness.browser import Page, browser_program
from harness.case import CarbonCase
from harness.paths import build_directory
from harness.processes import wait_until

OWNER, OTHER, COORDINATOR, OPERATOR = "games", "news", "mail", "backup"
BUDGETS = """
[[budget]]
account = "research"
co2e_kg = 0.00001
period = "month"

[[budget]]
account = "nobody"
co2e_kg = 5
"""
UNITS = {"g": 1e-3, "kg": 1, "t": 1e3, "Wh": 1e-3, "kWh": 1, "MWh": 1e3}  # in kg and kWh
DRAWN = """[...document.querySelectorAll('canvas')].every(c => c.getAttribute('aria-label') &&
  c.closest('section').querySelector('table caption') &&
  c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0))"""
TABLE = """[...document.querySelectorAll('table')].find(t => t.caption.textContent === %s)"""
CELLS = "[...%s.querySelectorAll('tbody tr')].map(row => [...row.cells].map(cell => cell.textContent.trim()))"


def amount(text):
    """Kilograms or kilowatt-hours of "4.77 kg", as pages show them."""
    number, unit = text.split()[:2]
    return float(number.replace(",", "")) * UNITS[unit]


JOBS = {  # name -> options, script
    "trial 1": (("--wckey=search", "--comment=--param lr=0.1 --param batch=32"), "sleep 2"),
    "trial 2": (("--wckey=search", "--comment=--param lr=0.01 --param batch=32"), "sleep 3"),
    "trial 3": (("--wckey=search", "--comment=--param lr=0.1 --param batch=64"), "sleep 2; exit 1"),
    "final": (("--wckey=search",), "sleep 4"),
    "other": ((), "sleep 2"),
}


class ReportsTest(CarbonCase):
    options = {
        "users": (OWNER, OTHER, COORDINATOR, OPERATOR),
        "partitions": {"inland": 2, "coast": 1},
        "extra_lines": ["AccountingStoreFlags=job_comment", "TrackWCKey=yes", "PrivateData=jobs,usage"],
        "dbd_lines": ["TrackWCKey=yes", "PrivateData=jobs,usage"],
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        slurm = cls.slurm
        slurm.run("sacctmgr", "-i", "-Q", "modify", "user", OPERATOR, "set", "adminlevel=operator")
        slurm.run("sacctmgr", "-i", "-Q", "add", "coordinator", "account=research", f"names={COORDINATOR}")
        conf = slurm.etc / "carbon.conf"
        conf.write_text(conf.read_text() + BUDGETS)
        cls.carbon.stop_carbonctld()
        cls.carbon.start_carbonctld()
        cls.jobs = {
            name: slurm.sbatch("-J", name, "--time=2", "--gres=gpu:1", *options, script=script, user=OWNER)[0]
            for name, (options, script) in JOBS.items()
        }
        for job in cls.jobs.values():
            slurm.wait_for_end(job)
            cls.carbon.wait_for_summary(job)

    def report(self, *options, user=None):
        return json.loads(self.carbon.scarbon("report", "--json", *options, user=user).out)

    # -- sums

    def test_sums_by_each_property(self):
        kwh = sum(run["energy_mj"] for job in self.jobs.values() for run in self.carbon.runs(job)) / 3.6e9
        for by, keys in (
            ("user", {OWNER}),
            ("account", {"research"}),
            ("partition", {"inland"}),
            ("site", {"inland"}),
            ("cluster", {self.slurm.name}),
            ("qos", {"normal"}),
            ("state", {"COMPLETED", "FAILED"}),
        ):
            with self.subTest(by=by):
                answer = self.report("--by", by, "-u", OWNER)
                self.assertEqual({row["key"] for row in answer["rows"]}, keys)
                self.assertAlmostEqual(answer["total"]["energy_kwh"], kwh, delta=1e-9)
                self.assertEqual(answer["total"]["jobs"], len(self.jobs))
        rows = {row["key"].lstrip("*"): row["jobs"] for row in self.report("--by", "wckey", "-u", OWNER)["rows"]}
        self.assertEqual(rows["search"], 4)
        for by in ("day", "week", "month"):
            answer = self.report("--by", by, "-u", OWNER)
            self.assertAlmostEqual(sum(row["energy_kwh"] for row in answer["rows"]), kwh, delta=1e-9)

    def test_layouts_and_what_it_compares_with(self):
        said = self.carbon.scarbon("report", "--by", "state", "--top", "1", "--equivalents", "-P").out.splitlines()
        self.assertEqual(
            said[0],
            "State|Jobs|GpuHours|EnergyKWh|Co2eG|Share%|SavedCo2eG|Coverage%|EstimatedKWh|Incomplete|Unmetered|"
            "Unrecorded|UnrecordedGpuHours",
        )
        self.assertEqual([row.split("|")[0] for row in said[1:4]], ["COMPLETED", "(others)", "(all)"])
        self.assertIn("US EPA", said[-1])
        self.assertTrue(self.carbon.scarbon("report", "--csv").out.startswith("User,Jobs,"))

    def test_waste(self):
        said = self.carbon.scarbon("report", "--waste", "-P", "-n", "-u", OWNER).out.strip().split("|")
        (failed,) = self.carbon.runs(self.jobs["trial 3"])
        self.assertAlmostEqual(float(said[4]) / (failed["co2e_ug"] / 1e6), 1, delta=0.001)
        self.assertEqual(said[2], said[4])

    def test_budgets_warn(self):
        said = self.carbon.scarbon("report", "--budgets", "-P")
        rows = [row.split("|") for row in said.out.splitlines()[1:]]
        self.assertEqual([row[0] for row in rows], ["research", "nobody"])
        self.assertEqual([row[-1] for row in rows], ["spent", ""])
        self.assertLess(float(rows[0][4]), 0)
        self.assertIn("budget of account research", said.err)

    # -- studies

    def test_a_study_by_wckey(self):
        study = json.loads(self.carbon.scarbon("study", "-W", "search", "--json", user=OWNER).out)
        self.assertEqual(len(study["trials"]), 4)
        runs = {name: self.carbon.runs(job)[0] for name, job in self.jobs.items()}
        search = [runs[name] for name in ("trial 1", "trial 2", "trial 3", "final")]
        self.assertAlmostEqual(study["energy_kwh"], sum(run["energy_mj"] for run in search) / 3.6e9, delta=1e-9)
        self.assertEqual(study["final_job"], str(self.jobs["final"]))
        self.assertAlmostEqual(
            study["tuning_multiplier"], sum(r["energy_mj"] for r in search) / runs["final"]["energy_mj"], delta=1e-6
        )
        spread = {(row["setting"], row["value"]): row for row in study["sensitivity"]}
        self.assertEqual(
            {key: row["trials"] for key, row in spread.items()},
            {("lr", "0.1"): 2, ("lr", "0.01"): 1, ("batch", "32"): 2, ("batch", "64"): 1},
        )
        self.assertAlmostEqual(spread["lr", "0.01"]["mean_g"], runs["trial 2"]["co2e_ug"] / 1e6, delta=1e-9)
        self.assertIn("simulated", study["paragraph"])

    def test_a_study_by_name_comment_and_job(self):
        for options, trials in (
            (("--name", "trial*"), 3),
            (("--comment", "*lr=0.1 *"), 2),
            (("-j", f"{self.jobs['other']}"), 1),
        ):
            with self.subTest(options=options):
                rows = self.carbon.scarbon("study", *options, "-P", "-n", user=OWNER).out.splitlines()
                self.assertEqual(len(rows), trials)
        said = self.carbon.scarbon("study", "--name", "none such", user=OWNER, check=False)
        self.assertEqual((said.status, said.out), (1, ""))

    # -- languages

    def test_korean_by_lang_also_where_the_host_has_no_such_locale(self):
        for name, value in (("LANG", "ko_KR.UTF-8"), ("LC_ALL", "ko_KR.UTF-8")):
            env = {"LC_ALL": "", name: value}
            said = self.slurm.run(self.carbon.installed / "scarbon", "study", "-W", "search", user=OWNER, env=env)
            self.assertIn("논문용 문단", said.out)
            self.assertIn("모의", said.err)
            self.assertIn("JobID", said.out)  # names of fields are not translated
        english = self.slurm.run(
            self.carbon.installed / "scarbon", "study", "-W", "search", user=OWNER, env={"LC_ALL": "C"}
        )
        self.assertIn("For a paper", english.out)

    # -- the page

    @unittest.skipUnless(browser_program(), "skipped: no Chromium here (packages.txt, [test])")
    def test_the_page_in_a_browser(self):
        page_file = self.carbon.root / "report.html"
        self.carbon.scarbon("report", "--html", page_file, "-u", OWNER)
        days = self.report("--by", "day", "-u", OWNER)
        shots = build_directory() / "screenshots"
        for name, width, height, dark in (
            ("phone", 390, 844, False),
            ("desktop", 1280, 900, False),
            ("dark", 1280, 900, True),
        ):
            with self.subTest(name), Page(page_file.as_uri(), width, height, dark) as page:
                self.assertEqual(page.errors, [])
                self.assertEqual([url for url in page.requests if not url.startswith(("file:", "data:"))], [])
                self.assertLessEqual(page.value("document.documentElement.scrollWidth"), width)
                tiles = dict(
                    page.value(
                        "[...document.querySelectorAll('.tile')].map(t => [t.children[0].textContent, t.children[1].textContent])"
                    )
                )
                self.assertAlmostEqual(
                    amount(tiles["Emitted, with PUE"]),
                    days["total"]["co2e_g"] / 1e3,
                    delta=0.01 * days["total"]["co2e_g"] / 1e3,
                )
                self.assertAlmostEqual(
                    amount(tiles["Energy of the devices"]),
                    days["total"]["energy_kwh"],
                    delta=0.01 * days["total"]["energy_kwh"],
                )
                self.assertEqual(tiles["Jobs"].split()[0], str(days["total"]["jobs"]))
                users = page.value(CELLS % (TABLE % "'By user'"))
                self.assertEqual([row[0] for row in users], [OWNER])
                self.assertEqual(users[0][1], str(days["total"]["jobs"]))
                self.assertEqual([row[0] for row in page.value(CELLS % (TABLE % "'By account'"))], ["research"])
                by_day = page.value(CELLS % (TABLE % "'Emissions by day (UTC)'"))
                self.assertEqual(
                    [row[:2] for row in by_day[: len(days["rows"])]], [[r["key"], str(r["jobs"])] for r in days["rows"]]
                )
                text = page.value("document.body.innerText")
                for expected in (f"Only jobs with user {OWNER}.", "simulated GPUs", "counter"):
                    self.assertIn(expected, text)
                # Each chart is drawn, has a name, and has a table with the same figures next to it.
                self.assertGreaterEqual(page.value("document.querySelectorAll('canvas').length"), 2)
                self.assertTrue(page.value(DRAWN))
                paper = page.value("getComputedStyle(document.body).backgroundColor")
                self.assertEqual(paper, "rgb(16, 21, 19)" if dark else "rgb(245, 247, 245)")
                page.screenshot(shots / f"report-{name}.png")
                self.assertGreater((shots / f"report-{name}.png").stat().st_size, 10_000)

    # -- the past

    def test_backfill(self):
        (lost,) = self.slurm.sbatch(
            "-J", "unmetered", "--time=2", "--gres=gpu:2", "-p", "coast", script="sleep 3", user=OTHER
        )[:1]
        node = next(n for n in self.slurm.nodes if n.partition == "coast")
        self.carbon.stop_carbond(node)
        try:
            self.slurm.wait_for_end(lost)
        finally:
            for mark in (self.carbon.spool / node.name / "marks").iterdir():
                mark.unlink()
            for job in (self.carbon.spool / node.name / "jobs").iterdir():
                job.unlink()
            self.carbon.start_carbond(node)
        self.assertEqual(self.carbon.runs(lost), [])
        job = self.jobs["other"]
        self.slurm.run("sacctmgr", "-i", "modify", "job", "where", f"jobid={job}", "set", "AdminComment=lost")
        backfill = ("backfill", "-S", "now-1hour", "-E", "now")
        self.assertIn("to be estimated", self.carbon.scarbon(*backfill, "--dry-run").out)
        self.assertEqual(self.carbon.runs(lost), [])
        refused = self.carbon.scarbon(*backfill, user=OWNER, check=False)
        self.assertEqual(refused.status, 1)
        self.assertIn("403", refused.err)
        self.carbon.scarbon(*backfill)
        wait_until(lambda: "g" in self.carbon.comment(job)[0], 60, "summary that was lost")
        (run,) = wait_until(lambda: self.carbon.runs(lost), 30, "estimate in the ledger")
        watts = run["energy_mj"] / (run["end_ms"] - run["start_ms"])
        self.assertAlmostEqual(watts, 2 * 400, delta=1)
        summary = self.carbon.wait_for_summary(lost)[0]
        self.assertEqual(summary["method"], "estimated")
        self.carbon.scarbon(*backfill)
        self.assertEqual(len(self.carbon.runs(lost)), 1)

    # -- who sees what

    def test_others_see_nothing_and_operator_and_coordinator_all(self):
        job = self.jobs["other"]
        for user, sees in ((OWNER, True), (OTHER, False), (COORDINATOR, True), (OPERATOR, True), (None, True)):
            with self.subTest(user=user):
                credential = self.credential("GET", f"/v1/jobs?jobs={job}", user=user)
                status, answer = self.get(f"/v1/jobs?jobs={job}", credential)
                self.assertEqual((status, [run["job_id"] for run in answer["jobs"]]), (200, [job] if sees else []))
                said = self.carbon.scarbon(
                    "jobs", "-a", "-X", "-n", "-P", "-j", job, "-o", "JobID,Co2eG", user=user
                ).out
                self.assertEqual(bool(said), sees)
                rows = self.report("--by", "user", user=user)["rows"]
                self.assertEqual(OWNER in {row["key"] for row in rows}, sees)
                budgets = json.loads(self.carbon.scarbon("report", "--budgets", "--json", user=user).out)["budgets"]
                self.assertEqual("research" in {b["account"] for b in budgets}, sees and user != OWNER)

    def credential(self, method, target, body=b"", user=None, socket=None, lifetime=None):
        payload = f"{method} {target} {hashlib.sha256(body).hexdigest()}"
        command = ["munge", "-S", str(socket or self.cluster.accounting.munge_socket), "-s", payload]
        return self.slurm.run(*command, *(["-t", str(lifetime)] if lifetime else []), user=user).out.strip()

    def get(self, target, credential, method="GET", body=b"", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.carbon.port, timeout=30)
        try:
            connection.request(
                method, target, body=body, headers={"Authorization": f"MUNGE {credential}", **(headers or {})}
            )
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def assert_refused(self, target, credential, **keywords):
        status, answer = self.get(target, credential, **keywords)
        self.assertEqual(status, 401, answer)
        self.assertNotIn("jobs", answer)

    def test_a_spoofed_uid_is_refused(self):
        target = f"/v1/jobs?jobs={self.jobs['other']}"
        uid = self.slurm.run("id", "-u", OWNER).out.strip()
        # A caller's own claims, apart from the credential, are ignored.
        for claim in (f"{target}&uid={uid}", f"{target}&user={OWNER}"):
            status, answer = self.get(
                claim, self.credential("GET", claim, user=OTHER), headers={"X-Remote-User": OWNER, "X-Uid": uid}
            )
            self.assertEqual((status, answer["jobs"]), (200, []))
        # A credential with another uid in it is none: it is sealed with the cluster's key.
        own = self.credential("GET", target, user=OTHER)
        forged = own[: len(own) // 2] + ("A" if own[len(own) // 2] != "A" else "B") + own[len(own) // 2 + 1 :]
        self.assert_refused(target, forged)
        self.assert_refused(target, "MUNGE:AwQDAAA=:")
        record = b"[]"
        status, _ = self.get(
            "/v1/records", self.credential("POST", "/v1/records", record, user=OTHER), method="POST", body=record
        )
        self.assertEqual(status, 403)

    def test_a_replayed_credential_is_refused(self):
        target = f"/v1/jobs?jobs={self.jobs['other']}"
        credential = self.credential("GET", target, user=OWNER)
        self.assertEqual(self.get(target, credential)[0], 200)
        self.assert_refused(target, credential)
        fresh = self.credential("GET", target, user=OWNER)  # for another question, though never used
        self.assert_refused("/v1/jobs", fresh)

    def test_an_expired_credential_is_refused(self):
        target = "/v1/report"
        credential = self.credential("GET", target, user=OWNER, lifetime=1)
        time.sleep(3)
        self.assert_refused(target, credential)

    def test_a_credential_of_a_foreign_key_is_refused(self):
        home = self.cluster.root / "foreign"
        home.mkdir(mode=0o755)
        (home / "private").mkdir(mode=0o700)
        key, socket = home / "private" / "key", home / "socket"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self.cluster.daemons.start(
            "foreign munged",
            [
                "/usr/sbin/munged",
                "--foreground",
                f"--key-file={key}",
                f"--socket={socket}",
                f"--pid-file={home}/private/pid",
                f"--seed-file={home}/private/seed",
                f"--log-file={home}/private/log",
            ],
            home / "out",
            socket.exists,
        )
        target = "/v1/jobs"
        self.assert_refused(target, self.credential("GET", target, socket=socket))
        self.assert_refused(target, self.credential("GET", target, user=OWNER, socket=socket))
        self.cluster.daemons.end("foreign munged")


if __name__ == "__main__":
    unittest.main()
