# SPDX-License-Identifier: Apache-2.0
"""carbonctld's web page in a real Chromium on a real cluster: logins and links, each view shows what Slurm lets its reader see,
it refreshes itself, and it can be read on a phone, in dark mode and without a mouse."""
import http.client
import json
import math
import unittest

from harness.case import CarbonCase
from harness.paths import build_directory
from harness.processes import wait_until
from harness.replan import SETTINGS
from harness.web import Browser, why_not

OWNER, OTHER, LEADER = "games", "news", "mail"
HOUR = 3600
WIDE, PHONE = (1280, 900), (390, 844)
VIEWS = {"grid": "Grid", "queue": "Queue", "emissions": "Emissions", "feeds": "Feeds"}
PROXY_SECRET = "0123456789abcdef"
# What would have to be scrolled to the side to be read, other than a table's own frame.
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def waves(phase):
    """Two days by the hour, dirtiest now, greenest in six hours."""
    return [(HOUR * k, round(250 + 150 * math.cos(2 * math.pi * (k + phase) / 12), 1)) for k in range(49)]


class WebTest(CarbonCase):
    options = {
        "users": (OWNER, OTHER, LEADER),
        "partitions": {"inland": 1, "coast": 1},
        "settings": {
            **SETTINGS,
            ("carbonctld", "horizon"): '"48h"',
            ("placement", "max_delay"): '"24h"',
            ("placement", "expected_share_of_limit"): "1.0",
            ("web", "user_header"): '"X-Remote-User"',
        },
        "carbon_lines": ["[[budget]]", 'account = "research"', "co2e_kg = 1", ""],
        "forecast": waves(0),
        "extra_lines": ["PrivateData=jobs,usage"],
        "dbd_lines": ["PrivateData=jobs,usage"],
    }

    @classmethod
    def setUpClass(cls):
        missing = why_not()
        if missing:
            raise unittest.SkipTest(missing)
        super().setUpClass()
        slurm, carbon = cls.slurm, cls.carbon
        secrets = slurm.etc / "carbon-secrets.conf"
        secrets.write_text(f'proxy = "{PROXY_SECRET}"\n')
        secrets.chmod(0o600)
        slurm.run("sacctmgr", "-i", "-Q", "add", "coordinator", "account=research", f"names={LEADER}")
        carbon.forecast({"inland": waves(0), "coast": waves(2)})
        carbon.stop_carbonctld()
        carbon.start_carbonctld()
        cls.done = slurm.sbatch("-J", "done", "--time=1", "--gres=gpu:1", "--carbon=off", script="sleep 3", user=OWNER)[
            0
        ]
        cls.running = slurm.sbatch(
            "-J", "running", "--time=50", "--gres=gpu:2", "--carbon=off", script="sleep 600", user=OTHER
        )[0]
        cls.deferred = slurm.sbatch(
            "-J", "training", "--time=60", "--gres=gpu:3", "--carbon=auto", script="sleep 1", user=OWNER
        )[0]
        slurm.wait_for_end(cls.done)
        carbon.wait_for_summary(cls.done)
        cls.addClassCleanup(slurm.run, "scancel", cls.running, cls.deferred)
        cls.base = f"http://127.0.0.1:{carbon.port}"
        cls.browser = Browser().__enter__()
        cls.addClassCleanup(cls.browser.__exit__)
        print("Chromium", cls.browser.ask("version"), flush=True)
        cls.shots = build_directory() / "screenshots"
        cls.shots.mkdir(exist_ok=True)

    def link(self, user):
        return self.carbon.scarbon("web", "-q", user=user).out.strip()

    def open(self, name, user, size=WIDE, dark=False):
        """A page of its own, logged in by a link, at the grid."""
        width, height = size
        self.browser.ask("open", name=name, url=self.link(user), width=width, height=height, dark=dark)
        self.addCleanup(self.browser.ask, "close", name=name)
        self.see(name, "#view[data-updated]", "")

    def see(self, name, selector, text):
        self.browser.ask("see", name=name, selector=selector, text=text)

    def text(self, name, selector):
        return self.browser.ask("text", name=name, selector=selector)

    def go(self, name, view):
        self.browser.ask("click", name=name, role="link", label=VIEWS[view])
        self.see(name, "nav a[aria-current=page]", VIEWS[view])

    def shot(self, name, file):
        self.browser.ask("screenshot", name=name, file=str(self.shots / f"page-{file}.png"))

    def raw(self, path, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.carbon.port, timeout=30)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    def tearDown(self):
        problems = self.browser.ask("errors")
        expected = getattr(self, "expected", ())
        self.assertEqual([p for p in problems if not any(e in p for e in expected)], [])
        self.assertEqual([url for url in self.browser.ask("requests") if not url.startswith(self.base + "/")], [])

    # -- the views

    def test_each_view(self):
        self.open("leader", LEADER)
        self.see("leader", ".site h2", "inland")
        self.assertRegex(self.text("leader", ".site .now"), r"^400\s+gCO₂e/kWh, (forecast|measured)$")
        self.assertEqual(self.browser.ask("count", name="leader", selector=".site canvas"), 2)
        self.see("leader", ".head p", "1 job runs on GPUs, 1 is deferred")
        # Something is drawn, and what it shows stands beside it for those who do not see it.
        self.assertTrue(
            self.browser.ask(
                "value",
                name="leader",
                expression="""[...document.querySelectorAll('canvas')].every(c =>
            c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0))""",
            )
        )
        self.assertIn(
            'img "Carbon intensity of inland: 400 now', self.browser.ask("aria", name="leader", selector=".site")
        )
        self.shot("leader", "grid")
        self.go("leader", "queue")
        self.see("leader", "table", "training")
        table = self.text("leader", "table")
        for expected in (str(self.deferred), OWNER, "research", "auto:"):
            self.assertIn(expected, table)
        self.see("leader", "section", "Running jobs")
        self.see("leader", "table", OTHER)
        self.browser.ask("fill", name="leader", selector="#filter", text="nobody's")
        self.see("leader", ".card p", "No deferred job waits.")
        self.browser.ask("fill", name="leader", selector="#filter", text=f"train {OWNER}")
        self.see("leader", "table", "training")
        self.browser.ask("fill", name="leader", selector="#filter", text="")
        self.shot("leader", "queue")
        self.go("leader", "emissions")
        (run,) = self.carbon.runs(self.done)
        self.see("leader", "section", "By user")
        self.see("leader", "td", OWNER)
        shown = self.text("leader", ".tile:nth-child(1) dd")
        self.assertAlmostEqual(
            float(shown.split()[0]), run["energy_mj"] / 3.6e6, delta=0.005 * run["energy_mj"] / 3.6e6
        )
        self.see("leader", "td", "research")
        self.shot("leader", "emissions")
        self.go("leader", "feeds")
        self.see("leader", "td", "csv")
        self.see("leader", ".tile", "slurmctld")
        self.assertEqual(self.browser.ask("count", name="leader", selector=".badge.bad"), 0)
        self.shot("leader", "feeds")

    def test_it_refreshes_itself(self):
        self.open("live", OWNER)
        self.go("live", "queue")
        self.see("live", "table", "training")
        new = self.slurm.sbatch(
            "-J", "newcomer", "--time=60", "--gres=gpu:1", "--carbon=defer", script="sleep 1", user=OWNER
        )[0]
        self.see("live", "table", "newcomer")
        self.slurm.run("scancel", new)
        wait_until(lambda: "newcomer" not in self.text("live", "table"), 60, "row of a cancelled job to go", pause=0.5)

    # -- who sees what

    def test_no_user_sees_another_s_jobs(self):
        self.open("other", OTHER)
        self.see("other", "footer", "PrivateData")
        self.go("other", "queue")
        self.see("other", "table", "running")
        page = self.browser.ask("value", name="other", expression="document.body.innerText")
        self.assertNotIn("training", page)
        self.assertNotIn(OWNER, page)
        self.go("other", "emissions")
        self.see("other", ".card", "By user")
        self.assertNotIn(OWNER, self.browser.ask("value", name="other", expression="document.body.innerText"))
        # What the browser could ask for by hand is the same.
        for path in ("v1/queue", "v1/jobs", "v1/report?by=user", "v1/report?by=account"):
            said = self.browser.ask("value", name="other", expression=f"fetch('{path}').then(r => r.text())")
            self.assertNotIn(OWNER, said)
            self.assertNotIn("training", said)
        written = self.browser.ask(
            "value", name="other", expression="fetch('v1/records', {method: 'POST', body: '[]'}).then(r => r.status)"
        )
        minted = self.browser.ask(
            "value", name="other", expression="fetch('v1/web/links', {method: 'POST', body: ''}).then(r => r.status)"
        )
        self.assertEqual((written, minted), (401, 401))
        self.expected = ("401",)
        self.open("owner", OWNER)
        self.go("owner", "emissions")
        self.see("owner", "td", OWNER)

    def test_a_link_logs_in_once(self):
        link = self.link(OWNER)
        self.assertIn("/#link=", link)
        self.browser.ask("open", name="first", url=link, width=800, height=600)
        self.see("first", "#user", OWNER)
        self.assertEqual(self.browser.ask("value", name="first", expression="location.hash"), "")
        (cookie,) = self.browser.ask("cookies", name="first")
        self.assertEqual((cookie["httpOnly"], cookie["sameSite"]), (True, "Strict"))
        self.browser.ask("open", name="again", url=link, width=800, height=600)
        self.see("again", "h1", "Log in")
        self.see("again", "#notice", "this link has been used")
        self.expected = ("403", "401")
        # Logged out, the session is over in every tab of that browser.
        self.browser.ask("open", name="tab", url=self.base, width=800, height=600, cookies_of="first")
        self.see("tab", "#user", OWNER)
        self.browser.ask("click", name="first", role="button", label="Log out")
        self.see("first", "#notice", "You are logged out.")
        self.browser.ask("go", name="tab", url=self.base + "/")
        self.see("tab", "h1", "Log in")
        for page in ("first", "again"):
            self.browser.ask("close", name=page)

    def test_without_a_login_there_is_the_page_and_nothing_else(self):
        page, _ = self.raw("/")
        policy = page.getheader("Content-Security-Policy")
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(self.raw("/v1/queue")[0].status, 401)
        self.assertEqual(self.raw("/v1/queue", Cookie="slurm_carbon=" + "0" * 64)[0].status, 401)
        self.assertEqual(self.raw("/web/../etc/passwd")[0].status, 401)

    def test_a_reverse_proxy_says_who_it_is(self):
        def who(**headers):
            answer, body = self.raw("/v1/whoami", **headers)
            return json.loads(body)["user"] if answer.status == 200 else answer.status

        secret = {"X-Slurm-Carbon-Proxy": PROXY_SECRET}
        self.assertEqual(who(**secret, **{"X-Remote-User": OTHER}), OTHER)
        self.assertEqual(who(**{"X-Remote-User": OTHER}), 401)
        self.assertEqual(who(**{"X-Slurm-Carbon-Proxy": "wrong", "X-Remote-User": OTHER}), 401)
        self.assertEqual(who(**secret, **{"X-Remote-User": "root"}), 401)
        self.assertEqual(who(**secret, **{"X-Remote-User": "no such user"}), 401)
        self.assertEqual(who(**secret, **{"X-Remote-User": OTHER, "Sec-Fetch-Site": "cross-site"}), 401)
        self.assertEqual(
            who(**secret, **{"X-Remote-User": OWNER, "x-remote-user": OTHER}), 401
        )  # a client's own beside the proxy's

    # -- how it can be read

    def test_on_a_phone_and_in_the_dark(self):
        self.open("phone", LEADER, PHONE, dark=True)
        for view in VIEWS:
            self.go("phone", view)
            self.see("phone", "#view h1", "")
            self.assertFalse(self.browser.ask("value", name="phone", expression=TOO_WIDE), view)
            self.shot("phone", f"{view}-phone-dark")
        paper = self.browser.ask(
            "value",
            name="phone",
            expression="getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)",
        )
        self.assertLess(max(paper), 60)
        self.open("dark", LEADER, dark=True)
        self.shot("dark", "grid-dark")

    def test_without_a_mouse(self):
        self.open("keys", LEADER)
        seen = []
        while len(seen) < 40:
            self.browser.ask("press", name="keys", key="Tab")
            tag, label, outline = self.browser.ask("focused", name="keys")
            if tag == "body":
                break
            self.assertNotEqual(outline, "none", label)
            seen.append(label.split("\n")[0])
        for stop in ("Skip to the figures", *VIEWS.values(), "Log out", "Show as a table"):
            self.assertIn(stop, seen)
        self.browser.ask("go", name="keys", url=self.base + "/#grid")
        self.browser.ask("value", name="keys", expression="document.querySelector('nav a[href=\"#queue\"]').focus()")
        self.browser.ask("press", name="keys", key="Enter")
        self.see("keys", "h1", "The queue")
        self.assertEqual(self.browser.ask("focused", name="keys")[0], "main")
        self.go("keys", "grid")
        self.see("keys", ".site summary", "Show as a table")
        self.browser.ask("value", name="keys", expression="document.querySelector('.site summary').focus()")
        self.browser.ask("press", name="keys", key="Enter")
        labels = self.browser.ask("aria", name="keys", selector=".site")
        self.assertIn("table", labels)
        self.assertIn("GPUs running", labels)


if __name__ == "__main__":
    unittest.main()
