# SPDX-License-Identifier: Apache-2.0
"""The scenario of ./demo: one user, three jobs, two sites. A day of the simulated grid takes one minute."""
import argparse
import pathlib
import pwd
import subprocess
import sys

from harness.cluster import Cluster
from harness.processes import Failed, wait_until

SIMULATED = "(simulated GPUs, simulated grid: a day a minute)"
JOB_SECONDS = 13  # of wall time: five hours of the simulated day
GRACE = 120


def narrate(text=""):
    print(text, flush=True)


def heading(text):
    narrate(f"\n== {text}  {SIMULATED}")


def free_user_name():
    for name in ["carbondemo"] + [f"carbondemo{k}" for k in range(2, 10)]:
        try:
            pwd.getpwnam(name)
        except KeyError:
            return name
    raise Failed(
        "the users carbondemo to carbondemo9 exist: stop the other demos, or remove these users with userdel(8)"
    )


class Story:
    def __init__(self, cluster, user):
        self.slurm = cluster.slurm
        self.carbon = cluster.carbon
        self.user = user

    def show(self, *argv):
        """Runs a command as the user and prints both."""
        name = pathlib.Path(argv[0]).name
        narrate(f"{self.user}$ " + " ".join([name, *(f"'{a}'" if " " in a else a for a in argv[1:])]))
        said = self.slurm.run(*argv, user=self.user)
        narrate((said.out + said.err).rstrip())

    def scarbon(self, *arguments):
        self.show(str(self.carbon.installed / "scarbon"), *arguments)

    def submit(self, name, *options):
        options = [f"--job-name={name}", *options, "--time=1"]
        job, said = self.slurm.sbatch(*options, script=f"sleep {JOB_SECONDS}", user=self.user)
        narrate(f"{self.user}$ sbatch {' '.join(options)} --wrap='sleep {JOB_SECONDS}'")
        narrate(f"{said.err}Submitted batch job {job}")
        return job

    def wait_for_both_sites(self):
        """A node that slurmctld does not know yet takes no job, and job_submit sends none there."""
        script = self.slurm.home(self.user) / "probe.sh"
        script.write_text("#!/bin/sh\n#SBATCH --carbon=relocate --gres=gpu:2 --time=1\n")
        script.chmod(0o644)
        wait_until(
            lambda: "moved from inland to coast" in self.carbon.scarbon("estimate", script, user=self.user).out,
            60,
            "relocation to the coast",
            pause=0.5,
        )

    def submit_all(self):
        self.wait_for_both_sites()
        heading("The grid now")
        self.scarbon("grid", "--window=0:15", "--within=1:00")
        heading("Three jobs, submitted to the site inland at the evening's peak")
        self.off = self.submit("small", "--carbon=off", "--gres=gpu:1")
        self.defer = self.submit("large", "--carbon=defer", "--gres=gpu:4")
        self.relocate = self.submit("movable", "--carbon=relocate", "--gres=gpu:2")
        self.jobs = [self.off, self.defer, self.relocate]
        self.slurm.wait_for_state(self.off, ["RUNNING", "COMPLETED"])
        self.slurm.wait_for_state(self.relocate, ["RUNNING", "COMPLETED"])
        heading("The queue: what may not wait runs, the large job waits for its begin time")
        self.show("squeue", "-o", "%.6i %.9P %.9j %.10T %.8b %.20S %R")

    def wait_for_summaries(self):
        for job in self.jobs:
            state = self.slurm.wait_for_end(job, GRACE)["JobState"]
            if state != "COMPLETED":
                raise Failed(f"job {job} ended as {state}")
        for job in self.jobs:
            self.carbon.wait_for_summary(job)

    def report(self):
        heading("Slurm's own accounting")
        self.show("sacct", "-X", "-o", "JobID,Partition,State,AdminComment%90")
        heading("Jobs")
        self.scarbon(
            "jobs",
            "-X",
            "-o",
            "JobID,JobName,Partition,State,Elapsed,EnergyKWh%10,AvgIntensity%12,Co2eG%8,CounterfactualG%15,"
            "SavedCo2eG%10,Method%13",
        )
        heading("Users")
        self.scarbon("report", "--by", "user")
        heading("The grid now")
        self.scarbon("grid", "--window=0:15", "--within=1:00")

    def verdict(self):
        """Exits with an error unless deferral and relocation have saved what they promised."""
        rows = self.carbon.scarbon(
            "jobs", "-X", "-P", "-n", "-o", "JobID,Partition,Co2eG,CounterfactualG", user=self.user
        ).out.splitlines()
        jobs = {
            int(job): (partition, float(grams), float(otherwise or 0))  # none: the job was not to be moved
            for job, partition, grams, otherwise in (row.split("|") for row in rows)
        }
        heading("Result")
        for name, job in (("deferred", self.defer), ("relocated", self.relocate)):
            partition, grams, otherwise = jobs[job]
            narrate(
                f"The {name} job emitted {grams:.2f} g CO2e in partition {partition}; had slurm-carbon not moved it, it "
                f"would have emitted {otherwise:.2f} g ({100 * (grams / otherwise - 1):+.0f} %)."
            )
            if not grams < otherwise:
                raise Failed(f"the {name} job saved nothing")
        if jobs[self.relocate][0] != "coast":
            raise Failed(f"the relocatable job ran in partition {jobs[self.relocate][0]} instead of coast")


def print_instructions(cluster, user):
    slurm = cluster.slurm
    stop = cluster.daemons.keep()
    narrate(
        f"""
The cluster stays up {SIMULATED}.
  use it:   export SLURM_CONF={slurm.conf} PATH=$PATH:{cluster.carbon.installed} TZ=UTC
            cd {slurm.home(user)}
            runuser -u {user} -- sbatch --carbon=auto --gres=gpu:2 --time=1 --wrap='sleep 10'
            squeue; sacct -X -a -o JobID,State,AdminComment%90; scarbon jobs -a -X; scarbon report
            scarbon grid --window=0:15 --within=1:00
            scarbon web      (a link to the page of the grid, the queue and the emissions)
  look at:  {slurm.etc} (configuration), {slurm.root}/log
  stop it:  kill {stop}      (ends all of it, removes {cluster.root} and the user {user})"""
    )


def main():
    parser = argparse.ArgumentParser(prog="./demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the cluster up and say how to use and stop it")
    keep = parser.parse_args().keep
    narrate(
        f"Starting munged, MariaDB, slurmdbd, slurmctld, a slurmd and a carbond per site, and carbonctld {SIMULATED}"
    )
    user = free_user_name()
    cluster = Cluster(name="demo", users=[user])
    for lines in cluster.carbon.sites.values():
        # A simulated GPU draws the same with and without a job: above idle there would be nothing to save.
        lines.append("powers_down = true  # Slurm powers idle nodes down, so all energy of a job counts")
    cluster.daemons.at_the_end(["userdel", user])
    subprocess.run(
        ["useradd", "--no-create-home", "--home-dir", "/nonexistent", "--no-log-init", "--shell", "/bin/bash", user],
        check=True,
    )
    with cluster:
        story = Story(cluster, user)
        story.submit_all()
        story.wait_for_summaries()
        story.report()
        story.verdict()
        narrate(
            "\nNothing here was measured. For real figures: GPU nodes need no setting, carbond finds NVIDIA's library by itself; for a real"
            "\ngrid name a provider in carbon.conf, such as gb-neso, which needs no key (slurm_conf/carbon.conf; docs/feeds.md)."
        )
        if keep:
            print_instructions(cluster, user)
    if not keep:
        narrate("\nAll that the demo started has ended; its directory and its user are removed.")


if __name__ == "__main__":
    try:
        main()
    except (Failed, subprocess.CalledProcessError) as failure:
        sys.exit(f"./demo: {failure}")
    except KeyboardInterrupt:
        sys.exit("./demo: interrupted; all that it started has ended")
