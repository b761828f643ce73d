# SPDX-License-Identifier: Apache-2.0
"""The RPM spec, as far as a Debian can tell: it is read, and packs what is built here by its own %install and file lists. That it builds
on a host of RPMs is not shown."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["CARBON_BUILD"])
SPEC = SOURCE / "packaging" / "rpm" / "slurm-carbon.spec"
EXPECTED = {
    "client": [
        "/usr/bin/scarbon",
        "/etc/slurm/plugstack.conf.d/carbon.conf",
        "spank_carbon.so",
        "spank_carbon_options.so",
        "examples/carbon.conf",
    ],
    "node": [
        "/usr/sbin/carbond",
        "/usr/sbin/carbon_mark",
        "/usr/lib/systemd/system/carbond.service",
        "/etc/sysconfig/carbond",
        "/var/spool/slurm-carbon",
    ],
    "controller": [
        "/usr/sbin/carbonctld",
        "/usr/lib/systemd/system/carbonctld.service",
        "/etc/sysconfig/carbonctld",
        "job_submit_carbon.so",
    ],
}


def run(*argv):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{argv}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


@unittest.skipUnless(shutil.which("rpmbuild"), "no rpmbuild here (Debian package rpm)")
class RpmTest(unittest.TestCase):
    def test_packs_what_is_built(self):
        top = pathlib.Path(tempfile.mkdtemp(prefix="slurm-carbon-rpm-"))
        self.addCleanup(shutil.rmtree, top)
        version = run("rpmspec", "-q", "--srpm", "--qf", "%{VERSION}", SPEC)
        self.assertIn(
            f"CARBON_VERSION={version}\n",
            (BUILD / "packaging" / "versions").read_text(),
            "the spec's Version is the project's",
        )
        tree = top / "BUILD" / f"slurm-carbon-{version}"
        (tree / "build").mkdir(parents=True)
        (tree / "build" / "release").symlink_to(BUILD)
        shutil.copy2(SOURCE / "LICENSE", tree)
        for step in ("-bi", "-bb"):
            run(
                "rpmbuild",
                step,
                "--short-circuit",
                "--nodeps",
                "--define",
                f"_topdir {top}",
                "--define",
                f"_tmppath {top}",
                "--define",
                "debug_package %{nil}",
                "--define",
                "_build_id_links none",
                "--define",
                "_binary_payload w1.gzdio",
                SPEC,
            )
        found = {path.name.split("-")[2]: path for path in (top / "RPMS").rglob("*.rpm")}
        self.assertEqual(set(found), set(EXPECTED))
        for component, wanted in EXPECTED.items():
            files = run("rpm", "-qpl", found[component]).split()
            for name in wanted:
                self.assertTrue(any(file.endswith(name) for file in files), f"{name} in {files}")
        self.assertIn("still_in_use", run("rpm", "-qp", "--scripts", found["controller"]))
        self.assertRegex(run("rpm", "-qp", "--requires", found["controller"]), r"slurm-slurmctld = \d+\.\d+\.\d+")
        unit = subprocess.run(
            f"rpm2cpio {found['node']} | cpio -i --quiet --to-stdout ./usr/lib/systemd/system/carbond.service",
            shell=True,
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        self.assertIn("/etc/sysconfig/carbond", unit)


if __name__ == "__main__":
    unittest.main()
