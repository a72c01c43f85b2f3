"""Laws of scripts/count_tests.py: no failure is lost on the way to the last line."""

import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import count_tests


def testcase(status, output="", skipped=None):
    reason = f'<skipped message="{skipped}"/>' if skipped else ""
    return f'<testcase name="case" status="{status}">{reason}<system-out>{escape(output)}</system-out></testcase>'


def lines_of(**files):
    """What is printed, and the exit status, for files of these testcases."""
    with tempfile.TemporaryDirectory() as folder:
        words = []
        for name, testcases in files.items():
            path = Path(folder) / f"{name}.xml"
            if testcases is not None:
                path.write_text(f"<testsuite>{''.join(testcases)}</testsuite>", encoding="utf-8")
            words.append(f"{name}={path}")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            status = count_tests.main(*words)
    return printed.getvalue().splitlines(), status


def count(*testcases):
    """The last line and the exit status for these results."""
    lines, status = lines_of(all=testcases)
    return lines[-1], status


class CountTests(unittest.TestCase):
    def test_cases_of_all_programs_are_summed(self):
        catch2 = testcase("run", "All tests passed (39 assertions in 12 test cases)\n")
        single = testcase("run", "All tests passed (1 assertion in 1 test case)\n")
        python = testcase("run", "Ran 5 tests in 0.1s\n\nOK (skipped=2)\n")
        self.assertEqual(count(catch2, single, python), ("16 passed, 0 failed, 2 skipped", 0))

    def test_failed_cases_are_counted_one_by_one(self):
        catch2 = testcase("fail", "test cases: 10 | 7 passed | 3 failed\nassertions: 20 | 17 passed | 3 failed\n")
        none_passed = testcase("fail", "test cases: 1 | 1 failed\n")
        python = testcase("fail", "Ran 5 tests in 0.1s\n\nFAILED (failures=1, errors=1)\n")
        self.assertEqual(count(catch2, none_passed, python), ("10 passed, 6 failed, 0 skipped", 1))

    def test_a_program_that_crashed_or_timed_out_is_a_failure(self):
        self.assertEqual(count(testcase("fail", "")), ("0 passed, 1 failed, 0 skipped", 1))
        at_exit = testcase("fail", "All tests passed (2 assertions in 2 test cases)\n")
        self.assertEqual(count(at_exit), ("2 passed, 1 failed, 0 skipped", 1))

    def test_what_could_not_start_failed_and_what_declined_was_skipped(self):
        passed = testcase("run", "any words")
        missing = testcase("notrun", skipped="Unable to find executable")
        declined = testcase("notrun", skipped="SKIP_RETURN_CODE=77")
        disabled = testcase("disabled", skipped="Disabled")
        self.assertEqual(count(passed, missing), ("1 passed, 1 failed, 0 skipped", 1))
        self.assertEqual(count(passed, declined, disabled), ("1 passed, 0 failed, 2 skipped", 0))

    def test_a_run_without_a_passed_test_does_not_pass(self):
        self.assertEqual(count(), ("0 passed, 0 failed, 0 skipped", 1))

    def test_files_are_named_one_by_one_and_summed(self):
        passed, failed = testcase("run", "any words"), testcase("fail", "")
        lines, status = lines_of(main=[passed, passed], asan=[passed, failed])
        self.assertEqual(lines[-3:], ["main: 2 passed, 0 failed, 0 skipped", "asan: 1 passed, 1 failed, 0 skipped",
                                      "3 passed, 1 failed, 0 skipped"])
        self.assertEqual(status, 1)

    def test_a_file_without_results_does_not_pass(self):
        passed = testcase("run", "any words")
        self.assertEqual(lines_of(main=[passed], asan=[])[1], 1)
        lines, status = lines_of(main=[passed], asan=None)
        self.assertEqual((lines[-1], status), ("1 passed, 1 failed, 0 skipped", 1))


if __name__ == "__main__":
    unittest.main()
