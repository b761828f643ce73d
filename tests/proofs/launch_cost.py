#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Launch overhead of spank_carbon.so: the time of `srun true`, with and without the plugin in plugstack.conf, one after
the other on one cluster. Prints median and 99th percentile of both. Not a test: nothing here asserts a time.

  tests/proofs/launch_cost.py [--launches 200]"""
import argparse
import statistics
import time

from harness.cluster import Cluster


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--launches", type=int, default=200, help="of each kind")
    options = parser.parse_args()
    with Cluster(partitions={"inland": 1}) as cluster:
        slurm = cluster.slurm
        conf = slurm.etc / "plugstack.conf.d" / "carbon.conf"
        lines = {"with": conf.read_text(), "without": "# nothing\n"}
        times = {"with": [], "without": []}
        for k in range(2 * options.launches):
            kind = ("with", "without")[k % 2]
            conf.write_text(lines[kind])
            start = time.monotonic()
            slurm.run("srun", "--time=1", "--gres=gpu:1", "true")
            times[kind].append((time.monotonic() - start) * 1000)
        for kind, values in times.items():
            print(
                f"{kind:8} the plugin: {len(values)} launches, median {statistics.median(values):.1f} ms, "
                f"99th percentile {percentile(values, 0.99):.1f} ms"
            )
        print(
            f"added: median {statistics.median(times['with']) - statistics.median(times['without']):.1f} ms, "
            f"99th percentile {percentile(times['with'], 0.99) - percentile(times['without'], 0.99):.1f} ms"
        )


if __name__ == "__main__":
    main()
