#!/usr/bin/python3
"""That tools/test_report names what failed and shows the end of what it said, also of a build and of a part cut off."""
import os
import subprocess
import tempfile
import unittest

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "test_report")
JUNIT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite>
<testcase name="quick" time="0.1" status="run"><system-out>fine</system-out></testcase>
<testcase name="on a small machine" time="0" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>
<testcase name="db: 1 &lt; 2" time="7.6" status="fail"><failure message=""/><system-out>{said}</system-out></testcase>
<testcase name="without a server" time="0" status="notrun"><skipped message="Fixture dependency failed"/></testcase>
</testsuite>"""


class Report(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory(prefix="kith-report-")
        self.addCleanup(made.cleanup)
        self.folder = made.name

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def report(self, *parts):
        return subprocess.run([TOOL, self.folder, *parts], stdout=subprocess.PIPE, text=True, check=True).stdout

    def test_failed_tests_are_named_with_the_end_of_their_output(self):
        self.write("release.xml", JUNIT.format(said="\n".join(f"line {number}." for number in range(100))))
        said = self.report("release=8")
        self.assertIn("-- release: db: 1 < 2\nline 85.\n", said)
        self.assertIn("line 99.", said)
        self.assertNotIn("line 84.", said)
        self.assertIn("FAILED:\n  release: db: 1 < 2\n  release: without a server\n", said)
        self.assertIn("release, slowest: db: 1 < 2 8 s, quick 0 s", said)
        self.assertNotIn("-- release, which", said)

    def test_a_build_that_failed_shows_its_error(self):
        self.write("clang.log", "\n".join(["[1/2] one", "FAILED: two.o", "clang++ two.cpp", "two.cpp:1: error: no", "[2/2] x"]))
        self.assertIn("-- clang, which failed without a failed test\nFAILED: two.o\ntwo.cpp:1: error: no\n", self.report("clang=1"))

    def test_a_part_that_was_cut_off_shows_its_end(self):
        self.write("asan.xml", "<testsuite><testcase")
        self.write("asan.log", "begun\nKilled\n")
        self.assertIn("-- asan, which failed without a failed test\nbegun\nKilled\n", self.report("asan=137"))

    def test_nothing_is_said_of_what_passed(self):
        self.write("lint.log", "FAILED: is a word in here\n")
        self.assertEqual(self.report("lint=0").strip(), "")


if __name__ == "__main__":
    unittest.main()
