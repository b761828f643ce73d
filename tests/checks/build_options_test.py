# SPDX-License-Identifier: Apache-2.0
"""The build as packagers use it: Slurm in a prefix of its own beside another one in /usr, and a part of the programs alone.

Debian's own files of Slurm are laid into the prefix, with a mark in the header.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MARK = "CARBON_TEST_PREFIX"


def multiarch():
    return subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True, check=True).stdout.strip()


def configure(build, *options):
    return subprocess.run(
        ["cmake", "-G", "Ninja", "-S", SOURCE, "-B", build, "-DCMAKE_CXX_FLAGS=-O0", *options],
        capture_output=True,
        text=True,
    )


def cache(build):
    return (build / "CMakeCache.txt").read_text()


class BuildTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="carbon_build.")))
        self.build = self.directory / "build"
        self.prefix = self.directory / "slurm"

    def install_slurm(self, libraries="lib", version=None):
        """Headers and library of this machine's Slurm in self.prefix."""
        shutil.copytree("/usr/include/slurm", self.prefix / "include" / "slurm")
        header = self.prefix / "include" / "slurm" / "slurm.h"
        header.write_text(f"#define {MARK} 1\n" + header.read_text())
        if version:
            header = self.prefix / "include" / "slurm" / "slurm_version.h"
            header.write_text(re.sub(r"0x[0-9a-f]{6}", version, header.read_text()))
        directory = self.prefix / libraries
        directory.mkdir(parents=True)
        for library in pathlib.Path("/usr/lib", multiarch()).glob("libslurm.so*"):
            shutil.copy2(library, directory, follow_symlinks=False)

    def test_slurm_in_a_prefix_is_used_though_another_is_in_usr(self):
        for libraries in ("lib", "lib64", f"lib/{multiarch()}"):
            with self.subTest(libraries=libraries):
                self.install_slurm(libraries)
                done = configure(self.build, f"-DSLURM_ROOT={self.prefix}", "-DCARBON_BUILD_TESTS=OFF")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(f"Slurm_INCLUDE_DIR:PATH={self.prefix}/include\n", cache(self.build))
                self.assertIn(f"Slurm_LIBRARY:FILEPATH={self.prefix}/{libraries}/libslurm.so\n", cache(self.build))
                self.assertIn(f"CARBON_SLURM_PLUGIN_DIR:PATH={self.prefix}/{libraries}/slurm\n", cache(self.build))
                shutil.rmtree(self.prefix)
                shutil.rmtree(self.build)

    def test_what_includes_slurm_is_compiled_with_the_prefix(self):
        self.install_slurm()
        self.assertEqual(
            configure(self.build, "-DCARBON_BUILD_TESTS=OFF", f"-DSLURM_PREFIX={self.prefix}").returncode, 0
        )
        commands = subprocess.run(
            ["ninja", "-C", self.build, "-t", "commands", "carbonctld", "job_submit_carbon", "spank_carbon"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        using = [line for line in commands.splitlines() if f"-isystem {self.prefix}/include" in line]
        self.assertGreaterEqual(len(using), 4 + 2 + 4, "the four files that talk libslurm, and both plugins'")
        self.assertIn(f"-Wl,-rpath,{self.prefix}/lib", commands)
        for file in ("slurm/slurm_api.cpp", "plugin/job_description.cpp", "plugin/spank_plugin.cpp"):
            line = next(line for line in using if line.rstrip().endswith(file))
            preprocess = re.sub(r" -o \S+", "", line).replace(" -c ", " -E ")
            done = subprocess.run(preprocess, shell=True, cwd=self.build, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            headers = set(re.findall(r'"(/[^"]*/include/slurm/[a-z_]+\.h)"', done.stdout))
            self.assertTrue(headers, file)
            self.assertEqual({header for header in headers if not header.startswith(str(self.prefix))}, set(), file)

    def test_header_and_library_of_different_versions_are_refused(self):
        self.install_slurm(version="0x170b04")
        done = configure(self.build, "-DCARBON_BUILD_TESTS=OFF", f"-DSLURM_ROOT={self.prefix}")
        self.assertNotEqual(done.returncode, 0)
        said = " ".join(done.stderr.split())
        self.assertRegex(said, r"headers in \S+ are of Slurm 23\.11\.4, but \S+libslurm\.so is of [0-9]{2}\.[0-9]{2}\.")
        self.assertIn("Set SLURM_ROOT", said)

    def test_a_prefix_without_slurm_is_refused_though_one_is_in_usr(self):
        done = configure(self.build, "-DCARBON_BUILD_TESTS=OFF", f"-DSLURM_ROOT={self.directory}/nothing")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("set SLURM_ROOT to its prefix", " ".join(done.stderr.split()))

    def test_a_nodes_part_asks_for_no_database_no_texts_and_no_page(self):
        done = configure(
            self.build,
            "-DCARBON_BUILD_NODE=ON",
            "-DCARBON_BUILD_CONTROLLER=OFF",
            "-DCARBON_BUILD_CLI=OFF",
            "-DCMAKE_DISABLE_FIND_PACKAGE_Soci=ON",
            "-DCMAKE_DISABLE_FIND_PACKAGE_Gettext=ON",
            "-DCMAKE_DISABLE_FIND_PACKAGE_pugixml=ON",
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("Soci", "MARIADB", "GETTEXT", "CHART_JS", "XGETTEXT", "GTest"):
            self.assertNotRegex(cache(self.build), rf"(?m)^{name}\w*:(FILEPATH|PATH|INTERNAL)=/")
        targets = subprocess.run(
            ["ninja", "-C", self.build, "-t", "targets", "all"], capture_output=True, text=True, check=True
        ).stdout
        for program in ("bin/carbond:", "bin/carbon_mark:", "lib/spank_carbon.so:"):
            self.assertIn(program, targets)
        for program in ("bin/carbonctld:", "bin/scarbon:", "lib/job_submit_carbon.so:"):
            self.assertNotIn(program, targets)

    def test_a_ledger_without_mariadb_can_be_configured(self):
        done = configure(
            self.build,
            "-DCARBON_MARIADB=OFF",
            "-DCARBON_BUILD_NODE=OFF",
            "-DCARBON_BUILD_CLI=OFF",
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotRegex(cache(self.build), r"(?m)^(MARIADB_FOUND|Soci_mysql_LIBRARY)")


if __name__ == "__main__":
    os.environ.pop("SLURM_ROOT", None)
    unittest.main()
