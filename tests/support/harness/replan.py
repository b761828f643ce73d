# SPDX-License-Identifier: Apache-2.0
"""Shared by the tests of re-planning: settings with rounds of seconds instead of minutes, and queries of a job's plan."""
import calendar
import re
import time

from .processes import wait_until

# A limit of one minute means six seconds of work; carbonctld reads forecast and queue every two seconds.
SETTINGS = {
    ("carbonctld", "publish_interval"): '"1s"',
    ("carbonctld", "snapshot_max_age"): '"20s"',
    ("carbonctld", "horizon"): '"1h"',
    ("placement", "max_delay"): '"10min"',
    ("placement", "expected_share_of_limit"): "0.1",
    ("replan", "interval"): '"2s"',
}


def unix(text):
    """Slurm's time (TZ=UTC here) in seconds of Unix time; None where it knows none."""
    try:
        return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return None


def plan_of(slurm, job_id):
    """slurm-carbon's part of the AdminComment, numbers as such; {} if there is none."""
    token = re.search(r"(?:^|\s)carbon:(\S*)", slurm.job(job_id)["AdminComment"])
    pairs = dict(pair.split("=", 1) for pair in token[1].split(",")) if token else {}
    return {key: int(value) if value.isdigit() else value for key, value in pairs.items()}


def begin_of(slurm, job_id):
    return unix(slurm.job(job_id)["EligibleTime"])


def started(slurm, job_id, seconds=200):
    """When the job started, once it has ended well."""
    slurm.wait_for_end(job_id, seconds)
    (row,) = wait_until(
        lambda: [r for r in slurm.sacct(job_id, "Start", "State") if r[1] == "COMPLETED"][:1],
        30,
        lambda: f"record of the job's end: {slurm.sacct(job_id, 'Start', 'State')}",
    )
    return unix(row[0])
