# SPDX-License-Identifier: Apache-2.0
"""The simulated grid: intensities of two zones, by formula, for the `replay` feed. They are not those of a real grid.

INLAND burns coal and gas, most in the evening (19 h) and least in the morning (7 h). COAST lives on wind: every few days a storm
halves its intensity. Both in g/kWh, both the same in each call.
"""
import datetime
import math

FIRST_DAY = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)
DAYS = 28
EVENING_PEAK_HOUR = 19


def _daily(hour):
    return math.cos(2 * math.pi * (hour - EVENING_PEAK_HOUR) / 24)


def inland(day, hour):
    return 420 + 160 * _daily(hour) + 20 * math.sin(day)


def coast(day, hour):
    wind = 0.5 + 0.5 * math.sin(1.3 * (day + hour / 24))  # 0: calm, 1: storm
    return (230 + 60 * _daily(hour)) * (1 - 0.5 * wind)


ZONES = {"INLAND": inland, "COAST": coast}


def csv(hours_per_row):
    lines = ["datetime," + ",".join(ZONES)]
    for k in range(0, DAYS * 24, hours_per_row):
        day, hour = divmod(k, 24)
        at = FIRST_DAY + datetime.timedelta(hours=k)
        lines.append(f"{at:%Y-%m-%dT%H:%M:%SZ}," + ",".join(f"{zone(day, hour):.1f}" for zone in ZONES.values()))
    return "\n".join(lines) + "\n"
