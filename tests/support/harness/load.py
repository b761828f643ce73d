# SPDX-License-Identifier: Apache-2.0
"""A load of jobs, each with a maximum delay, played against a cluster whose daemons are killed meanwhile."""
import dataclasses
import random
import time

from .processes import wait_until
from .replan import unix
from .schedule import Schedule
from .slurm import FINISHED

TOLERANCE = 60
DIRTY, GREEN = 400, 100


def waves(period, green):
    """A forecast of an hour: `green` seconds of little carbon in each `period`."""
    return [
        (at, value)
        for start in range(0, 3600, period)
        for at, value in ((start, DIRTY), (start + period - green, GREEN))
    ]


@dataclasses.dataclass
class Job:
    arrival: float  # seconds after the start of the load
    partition: str
    gpus: int
    seconds: int
    cap: int  # seconds
    job_id: int = 0
    deferred: bool = False
    submit: int = 0
    start: int = 0
    allocated: int = 0  # seconds, of all runs
    state: str = ""
    requeued: int = 0  # how often Slurm ended a run and queued the job again

    @property
    def wait(self):
        """Until its first start: Slurm lets a requeued job wait for two minutes, with or without slurm-carbon."""
        return self.start - self.submit


def make_load(count, span, partitions, caps, seconds, seed=1, gpus=(1, 1, 2, 4)):
    """`count` jobs that arrive over `span` seconds; run times from the pair `seconds`."""
    chance = random.Random(seed)
    return [
        Job(
            span * k / count,
            chance.choice(partitions),
            chance.choice(gpus),
            chance.randint(*seconds),
            chance.choice(caps),
        )
        for k in range(count)
    ]


def offered(load, gpus):
    """Offered load: GPU seconds of work, divided by those of `gpus` over the time in which the work arrives."""
    span = max(job.arrival for job in load)
    return sum(job.gpus * job.seconds for job in load) / (gpus * span)


def allocated(load, gpus):
    """The same by the time for which GPUs were allocated: a start and an end take Slurm seconds."""
    span = max(job.arrival for job in load)
    return sum(job.gpus * job.allocated for job in load) / (gpus * span)


def submit(slurm, job, carbon):
    options = ["--time=1", f"--partition={job.partition}", f"--gres=gpu:{job.gpus}"]
    if carbon:
        options += ["--carbon=defer", f"--carbon-max-delay=0:{job.cap}"]
    for _ in range(60):  # slurmctld may be down
        job.job_id, said = slurm.sbatch(*options, script=f"sleep {job.seconds}", check=False)
        if job.job_id:
            job.deferred = "carbon: deferred to" in said.err
            return
        time.sleep(1)
    raise RuntimeError(f"not accepted: {said.err}")


def play(slurm, load, carbon):
    """Submits each job when it is due, waits until all have ended, and fills in their times from Slurm's accounting."""
    begun = time.monotonic()
    for job in load:
        time.sleep(max(0.0, begun + job.arrival - time.monotonic()))
        submit(slurm, job, carbon)
    patience = max(job.cap for job in load) + 240
    ids = ",".join(str(job.job_id) for job in load)

    def runs():
        said = slurm.run(
            "sacct", "-X", "-D", "-P", "-n", "-j", ids, "-o", "JobIDRaw,Submit,Start,State,ElapsedRaw", check=False
        ).out
        of_job = {job.job_id: [] for job in load}
        for line in said.splitlines():
            job_id, *row = line.split("|")
            of_job[int(job_id)].append(row)
        return of_job

    def ended(rows):
        return bool(rows) and rows[-1][2].split()[0] in FINISHED

    def over():
        known = runs()
        return known if all(ended(rows) for rows in known.values()) else None

    known = wait_until(
        over, patience, lambda: f"end of {[rows for rows in runs().values() if not ended(rows)]}", pause=2
    )
    for job in load:
        rows = known[job.job_id]
        begun = [row for row in rows if unix(row[1])]
        job.submit, job.state, job.requeued = unix(rows[0][0]), rows[-1][2], len(begun) - 1
        job.start = unix(begun[0][1]) if begun else 0
        job.allocated = sum(int(row[3]) for row in begun)


class Disturbance(Schedule):
    """carbonctld killed `kills` times and slurmctld restarted `restarts` times, at random over `span` seconds."""

    def __init__(self, cluster, kills, restarts, span, seed=2):
        chance = random.Random(seed)
        times = sorted(chance.uniform(2, span) for _ in range(kills + restarts))
        restarted = set(chance.sample(range(len(times)), restarts))
        self.cluster = cluster
        self.killed = self.restarted = 0
        super().__init__((at, self.restart if k in restarted else self.kill) for k, at in enumerate(times))

    def restart(self):
        self.cluster.slurm.restart_slurmctld()
        self.restarted += 1

    def kill(self):
        self.cluster.carbon.stop_carbonctld(signal_number=9)
        self.killed += 1
        self.cluster.carbon.start_carbonctld()


def broken(load, bound):
    """The jobs that did not run, or started later than bound(job) seconds after their submission."""
    return [job for job in load if job.state != "COMPLETED" or job.wait > bound(job)]
