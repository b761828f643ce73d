# SPDX-License-Identifier: Apache-2.0
"""Runs actions on a cluster at given times, while the test continues."""
import threading
import time


class Schedule:
    """`events`: (seconds from when it is entered, what is called then), one after the other in a thread of their own. It is left when
    all have happened, or one has failed: `failure`."""

    def __init__(self, events):
        self.events = sorted(events, key=lambda event: event[0])
        self.done = 0
        self.failure = None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        begun = time.monotonic()
        try:
            for at, event in self.events:
                time.sleep(max(0.0, begun + at - time.monotonic()))
                event()
                self.done += 1
        except Exception as bad:  # pylint: disable=broad-except
            self.failure = bad

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()
