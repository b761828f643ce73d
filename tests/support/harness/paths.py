# SPDX-License-Identifier: Apache-2.0
"""Where the sources and the programs are."""
import os
import pathlib


def source_directory():
    return pathlib.Path(__file__).resolve().parents[3]


def build_directory():
    """$CARBON_BUILD, or the release build."""
    return pathlib.Path(os.environ.get("CARBON_BUILD") or source_directory() / "build" / "release")
