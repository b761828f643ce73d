# SPDX-License-Identifier: Apache-2.0
"""Chromium driven by playwright-core (tests/web/browser.mjs), which npm installs into the build directory from the lock file."""
import json
import os
import select
import shutil
import subprocess

from .browser import browser_program
from .paths import build_directory, source_directory
from .processes import Failed

ROOM = source_directory() / "tests" / "web"
MODULES = build_directory() / "web_test"
PATIENCE = 90


def why_not():
    """What is missing for a test with a browser; None: nothing."""
    if browser_program() is None:
        return "no Chromium (Debian package chromium-headless-shell)"
    missing = [program for program in ("node", "npm") if not shutil.which(program)]
    if missing:
        return f"no {' and no '.join(missing)} (Debian packages nodejs, npm)"
    return install()


def install():
    """playwright-core as package-lock.json has it; what keeps npm from that, or None."""
    lock = (ROOM / "package-lock.json").read_bytes()
    kept = MODULES / "package-lock.json"
    if kept.exists() and kept.read_bytes() == lock and (MODULES / "node_modules").is_dir():
        return None
    MODULES.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOM / name, MODULES)
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=MODULES,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        kept.unlink()
        return f"npm ci failed: {done.stderr.strip().splitlines()[-1:]}"
    return None


class Browser:
    """`browser.ask("open", name="ada", url=..., width=..., height=...)`: one of the actions of browser.mjs."""

    def __enter__(self):
        self.process = subprocess.Popen(
            ["node", ROOM / "browser.mjs", browser_program()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "NODE_MODULES": str(MODULES)},
        )
        return self

    def __exit__(self, *_):
        self.process.stdin.close()  # then it closes its browser and ends
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def ask(self, action, **parameters):
        self.process.stdin.write(json.dumps({"do": action, **parameters}).encode() + b"\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            raise Failed(f"no answer of the browser to {action}")
        answer = json.loads(self.process.stdout.readline() or b'{"error": "the browser has ended"}')
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["value"]
