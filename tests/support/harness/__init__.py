# SPDX-License-Identifier: Apache-2.0
"""A whole Slurm on loopback, in a directory and on ports of its own: for the tests here and for ./demo."""
