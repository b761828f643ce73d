# SPDX-License-Identifier: Apache-2.0
"""A complete Slurm on loopback with its own directory and ports, for the tests and for ./demo."""
