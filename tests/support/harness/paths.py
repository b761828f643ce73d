# SPDX-License-Identifier: Apache-2.0
"""Paths of the sources and the programs."""
import os
import pathlib


def source_directory():
    return pathlib.Path(__file__).resolve().parents[3]


def build_directory():
    """$CARBON_BUILD, or the release build."""
    return pathlib.Path(os.environ.get("CARBON_BUILD") or source_directory() / "build" / "release")
