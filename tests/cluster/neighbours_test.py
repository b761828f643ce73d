# SPDX-License-Identifier: Apache-2.0
"""slurm-carbon together with other features: a lua plugin before and after it in the chain, `sbatch --test-only`, a user's
later changes, limits on users and QOS, and Slurm's own preemption."""
import re
import time
import unittest

from harness.case import CarbonCase
from harness.processes import wait_until

LUA = """
function slurm_job_submit(job, parts, uid)
  if job.name == "to-the-coast" then job.partition = "coast" end
  if job.name == "at-once" then job.begin_time = 0 end
  if job.name == "noted" then job.admin_comment = "lua-was-here" end
  if job.name == "told" then slurm.log_user("lua: seen") end
  return slurm.SUCCESS
end
function slurm_job_modify(job, record, parts, uid)
  return slurm.SUCCESS
end
return slurm.SUCCESS
"""


class NeighboursTest(CarbonCase):
    options = {
        "day_seconds": 60,
        "settings": {("replan", "interval"): '"2s"'},
        "extra_lines": [
            "AccountingStorageEnforce=associations,limits,qos",
            "PreemptType=preempt/qos",
            "PreemptMode=REQUEUE",
        ],
    }

    def submit(self, name, *options):
        self.carbon.wait_for_hour(13, 17)
        job, said = self.slurm.sbatch(
            "--time=1", "--gres=gpu:1", "--carbon=defer", f"--job-name={name}", *options, script="sleep 1"
        )
        return job, said.err, self.slurm.job(job)

    def chain(self, plugins):
        """slurmctld with this list of plugins, and with carbon alone again at the test's end."""
        conf = self.slurm.etc / "slurm.conf.carbon"
        before = conf.read_text()
        self.addCleanup(self.restart)
        self.addCleanup(conf.write_text, before)
        conf.write_text(re.sub("(?m)^JobSubmitPlugins=.*$", f"JobSubmitPlugins={plugins}", before))
        (self.slurm.etc / "job_submit.lua").write_text(LUA)
        self.restart()

    def restart(self):
        self.slurm.daemons.end(f"{self.slurm.name}.slurmctld")
        self.slurm.start_slurmctld()
        wait_until(
            lambda: set(self.slurm.run("sinfo", "-N", "-h", "-o", "%T").out.split()) <= {"idle", "mixed"},
            60,
            "idle nodes",
        )

    def manage(self, *change):
        self.slurm.run("sacctmgr", "-i", "-Q", *change)

    def test_a_limit_on_submitted_jobs_counts_deferred_ones_as_any_other(self):
        self.manage("modify", "user", "news", "set", "MaxSubmitJobs=2")
        self.addCleanup(self.manage, "modify", "user", "news", "set", "MaxSubmitJobs=-1")
        self.addCleanup(self.slurm.run, "scancel", "--user", "news")
        self.carbon.wait_for_hour(13, 17)

        def ask(mode):
            options = ("--time=1", "--gres=gpu:1", f"--carbon={mode}")
            return self.slurm.sbatch(*options, script="true", user="news", check=False)

        jobs = [ask("defer") for _ in range(2)]
        for job, said in jobs:
            self.assertIsNotNone(job, said.err)
            self.assertIn("carbon: deferred to", said.err)
        for mode in ("defer", "off"):
            job, said = ask(mode)
            self.assertIsNone(job)
            self.assertIn("job submit limit", said.err)
        self.slurm.run("scancel", jobs[0][0], user="news")
        job, said = wait_until(lambda: (answer := ask("defer"))[0] and answer, 20, "room for another job")
        self.assertIn("carbon: deferred to", said.err)

    def test_a_job_does_not_go_where_a_qos_would_refuse_it(self):
        def ask():
            return self.slurm.sbatch("--time=1", "--gres=gpu:2", "--carbon=relocate", script="true", check=False)

        moved = "carbon: moved from inland to coast"
        wait_until(lambda: moved in ask()[1].err, 30, "job that is moved, as without the limit")
        self.manage("add", "qos", "tight", "flags=DenyOnLimit", "MaxTRESPerJob=gres/gpu=1")
        self.slurm.run("scontrol", "update", "PartitionName=coast", "QOS=tight")
        self.addCleanup(self.restart)
        alone = self.slurm.sbatch(
            "--time=1", "--gres=gpu:2", "--partition=coast", "--carbon=off", script="true", check=False
        )
        self.assertIsNone(alone[0], "or the limit is none")
        job, said = wait_until(
            lambda: (answer := ask())[0] and moved not in answer[1].err and answer,
            30,
            "snapshot that knows of the partition's QOS",
        )
        self.assertEqual(self.slurm.job(job)["Partition"], "inland")

    def test_a_job_that_slurm_preempts_is_left_to_slurm(self):
        self.manage("add", "qos", "urgent", "preempt=normal")
        self.manage("modify", "user", "news", "set", "qos+=urgent")
        self.carbon.wait_for_hour(13, 17)
        job, said = self.slurm.sbatch("--time=1", "--gres=gpu:4", "--carbon=defer", "--requeue", script="sleep 8")
        self.assertIn("carbon: deferred to", said.err)
        self.slurm.wait_for_state(job, ("RUNNING",), 60)
        urgent, _ = self.slurm.sbatch("--time=1", "--gres=gpu:1", "--qos=urgent", script="sleep 1", user="news")
        self.slurm.wait_for_end(urgent, 60)
        shown = self.slurm.wait_for_state(job, ("PENDING",), 30)
        self.assertEqual(shown["Restarts"], "1")
        rounds = self.carbon.log().count("\n")
        time.sleep(6)  # three rounds of re-planning
        later = self.slurm.job(job)
        for key in ("StartTime", "Partition", "Priority", "Nice", "AdminComment"):
            self.assertEqual(later[key], shown[key], key)
        self.assertNotIn(f"job={job} begin=", "\n".join(self.carbon.log().splitlines()[rounds:]))
        self.slurm.run("scontrol", "update", f"jobid={job}", "StartTime=now+3")
        self.assertEqual(self.slurm.wait_for_end(job, 60)["JobState"], "COMPLETED")

    def test_lua_before(self):
        self.chain("lua,carbon")
        job, said, shown = self.submit("to-the-coast")
        self.assertEqual(shown["Partition"], "coast")
        self.assertIn("home=coast", shown["AdminComment"], "decided for the partition that lua had chosen")
        self.slurm.run("scancel", job)
        job, said, shown = self.submit("noted")
        self.assertRegex(shown["AdminComment"], r"^lua-was-here carbon:mode=defer,")
        self.slurm.run("scancel", job)
        job, said, shown = self.submit("told")
        self.assertRegex(said, r"lua: seen\n(.*)carbon: deferred to ")
        self.slurm.run("scancel", job)

    def test_lua_after(self):
        self.chain("carbon,lua")
        job, said, shown = self.submit("plain")
        self.assertIn("carbon: deferred to", said)
        self.assertGreater(shown["StartTime"], shown["SubmitTime"])
        self.slurm.run("scancel", job)
        job, said, shown = self.submit("at-once")
        self.slurm.wait_for_end(job, 20)  # the plugin after ours has the last word

    def test_a_test_only_submission_leaves_nothing(self):
        before = self.slurm.run("squeue", "-h", "-t", "all", "-o", "%i").out
        self.carbon.wait_for_hour(13, 17)
        said = self.slurm.run(
            "sbatch", "--test-only", "--time=1", "--gres=gpu:1", "--carbon=defer", "--wrap=true", user="games"
        )
        self.assertIn("to start at ", said.err)
        self.assertEqual(self.slurm.run("squeue", "-h", "-t", "all", "-o", "%i").out, before)

    def test_a_users_later_changes_stand(self):
        job, said, shown = self.submit("changed")
        planned = shown["StartTime"]
        self.assertIn("carbon: deferred to", said)
        for change, key, value in (
            ("TimeLimit=2", "TimeLimit", "00:02:00"),
            ("Partition=coast", "Partition", "coast"),
            ("NumCPUs=2", "NumCPUs", "2"),
            ("Name=other", "JobName", "other"),
        ):
            self.slurm.run("scontrol", "update", f"jobid={job}", change, user="games")
            changed = self.slurm.job(job)
            self.assertEqual(changed[key], value)
            self.assertEqual(changed["AdminComment"], shown["AdminComment"])
            self.assertEqual(changed["StartTime"], planned, "a change of something else is no wish to start at once")
        self.slurm.run("scontrol", "update", f"jobid={job}", "StartTime=now", user="games")
        self.slurm.wait_for_end(job, 20)


if __name__ == "__main__":
    unittest.main()
