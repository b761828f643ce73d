# SPDX-License-Identifier: Apache-2.0
"""A page in headless Chromium, driven through its debugging pipe: its log, its requests, its content."""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

from .processes import Failed

PROGRAMS = ("chromium-headless-shell", "chromium")


def browser_program():
    """None if there is none."""
    return next((found for found in map(shutil.which, PROGRAMS) if found), None)


class Page:
    """`with Page(url, width, height) as page:` loaded, with what it logged and asked for until then."""

    def __init__(self, url, width, height, dark=False):
        self.url, self.width, self.height, self.dark = url, width, height, dark
        self.errors, self.requests = [], []
        self.last_id, self.unread = 0, b""

    def __enter__(self):
        self.home = tempfile.mkdtemp(prefix="slurm-carbon-browser-")
        to_read, self.to_browser = os.pipe()
        self.from_browser, to_write = os.pipe()

        def hand_over():  # the browser reads at 3 and writes at 4
            high = [os.dup(to_read), os.dup(to_write)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [
                browser_program(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--remote-debugging-pipe",
                "--disable-background-networking",
                "--no-first-run",
                f"--user-data-dir={self.home}",
                "about:blank",
            ],
            preexec_fn=hand_over,
            close_fds=False,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "HOME": self.home, "LC_ALL": "C.UTF-8"},
        )
        os.close(to_read)
        os.close(to_write)
        try:
            target = self.ask("Target.createTarget", url="about:blank")["targetId"]
            self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.ask(f"{domain}.enable")
            self.ask(
                "Emulation.setDeviceMetricsOverride",
                width=self.width,
                height=self.height,
                deviceScaleFactor=1,
                mobile=self.width < 600,
            )
            scheme = "dark" if self.dark else "light"
            self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            self.loaded = False
            self.ask("Page.navigate", url=self.url)
            deadline = time.monotonic() + 60
            while not self.loaded:
                self.receive(deadline)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)  # its helpers write to its directory
        self.process.wait()
        os.close(self.to_browser)
        os.close(self.from_browser)
        # A helper in a process group of its own ends a moment later, when its pipe breaks.
        deadline = time.monotonic() + 10
        while os.path.exists(self.home) and time.monotonic() < deadline:
            shutil.rmtree(self.home, ignore_errors=True)
            time.sleep(0.1)

    session = None

    def ask(self, method, **parameters):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 60
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.last_id:
                if "error" in answer:
                    raise Failed(f"{method}: {answer['error']}")
                return answer["result"]

    def receive(self, deadline):
        """The next message; events are kept."""
        while b"\0" not in self.unread:
            if not select.select([self.from_browser], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Failed("no answer of the browser")
            data = os.read(self.from_browser, 1 << 20)
            if not data:
                raise Failed(f"the browser ended with status {self.process.poll()}")
            self.unread += data
        text, _, self.unread = self.unread.partition(b"\0")
        message = json.loads(text)
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Runtime.exceptionThrown" or (
            method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "assert")
        ):
            self.errors.append(parameters)
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(parameters)
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        return message

    def value(self, expression):
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def screenshot(self, file):
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(data))
