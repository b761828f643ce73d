# SPDX-License-Identifier: Apache-2.0
"""slurm-carbon beside others: a lua plugin before and after it in the chain, `sbatch --test-only`, and a user's later changes."""
import re
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
    options = {"day_seconds": 60}

    def submit(self, name, *options):
        self.carbon.wait_for_hour(13, 17)
        job, said = self.slurm.sbatch("--time=1", "--gres=gpu:1", "--carbon=defer", f"--job-name={name}", *options, script="sleep 1")
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
        wait_until(lambda: set(self.slurm.run("sinfo", "-N", "-h", "-o", "%T").out.split()) <= {"idle", "mixed"}, 60, "idle nodes")

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
        self.slurm.wait_for_end(job, 20)  # the plugin behind has the last word

    def test_a_mere_test_of_a_submission_leaves_nothing(self):
        before = self.slurm.run("squeue", "-h", "-t", "all", "-o", "%i").out
        self.carbon.wait_for_hour(13, 17)
        said = self.slurm.run("sbatch", "--test-only", "--time=1", "--gres=gpu:1", "--carbon=defer", "--wrap=true", user="games")
        self.assertIn("to start at ", said.err)
        self.assertEqual(self.slurm.run("squeue", "-h", "-t", "all", "-o", "%i").out, before)

    def test_a_users_later_changes_stand(self):
        job, said, shown = self.submit("changed")
        planned = shown["StartTime"]
        self.assertIn("carbon: deferred to", said)
        for change, key, value in (("TimeLimit=2", "TimeLimit", "00:02:00"), ("Partition=coast", "Partition", "coast"),
                                   ("NumCPUs=2", "NumCPUs", "2"), ("Name=other", "JobName", "other")):
            self.slurm.run("scontrol", "update", f"jobid={job}", change, user="games")
            changed = self.slurm.job(job)
            self.assertEqual(changed[key], value)
            self.assertEqual(changed["AdminComment"], shown["AdminComment"])
            self.assertEqual(changed["StartTime"], planned, "a change of something else is no wish to start at once")
        self.slurm.run("scontrol", "update", f"jobid={job}", "StartTime=now", user="games")
        self.slurm.wait_for_end(job, 20)


if __name__ == "__main__":
    unittest.main()
