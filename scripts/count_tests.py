"""Counts test cases in result files of ctest; closes with "N passed, N failed, N skipped".

usage: count_tests.py [NAME=]RESULTS.xml…

A program of Catch2 or unittest counts with each of its cases, any other one as a single case. Where
files have names, a line for each says what it adds. Exits with 1 if a case failed, or none of a file
passed.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def catch2_cases(output):
    """The cases that Catch2's last line tells of; None where there is no such line."""
    if match := re.search(r"^All tests passed \(.* in (\d+) test cases?\)", output, re.MULTILINE):
        return Count(passed=int(match[1]))
    if match := re.search(r"^test cases:\s*(\d+) \|(.*)$", output, re.MULTILINE):
        passed = re.search(r"(\d+) passed", match[2])
        passed = int(passed[1]) if passed else 0
        return Count(passed=passed, failed=int(match[1]) - passed)
    return None


def unittest_cases(output):
    """The cases that unittest's last lines tell of; None where there are no such lines."""
    match = re.search(r"^Ran (\d+) tests? in .*\n\n(OK|FAILED)(?: \((.*)\))?$", output, re.MULTILINE)
    if not match:
        return None
    kinds = dict(part.split("=") for part in (match[3] or "").split(", ") if part)
    failed = int(kinds.get("failures", 0)) + int(kinds.get("errors", 0))
    skipped = int(kinds.get("skipped", 0))
    return Count(int(match[1]) - failed - skipped, failed, skipped)


def count_of(test):
    """What one <testcase> of ctest stands for."""
    status = test.get("status")
    if status in ("notrun", "disabled"):
        skipped = test.find("skipped")
        reason = skipped.get("message", "") if skipped is not None else ""
        wanted = status == "disabled" or reason.startswith("SKIP_")
        return Count(skipped=1) if wanted else Count(failed=1)  # e.g. its program is not there
    output = test.findtext("system-out") or ""
    count = catch2_cases(output) or unittest_cases(output)
    if status == "run":
        return count or Count(passed=1)
    if count and count.failed:
        return count
    return Count(passed=count.passed if count else 0, failed=1)  # e.g. it timed out or crashed


def count_file(path):
    """The sum of a file's cases; names those tests that failed. A file that is not there is a failure."""
    try:
        tests = list(ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        print(f"failed: {path} cannot be read: {error}")
        return Count(failed=1)
    total = Count()
    for test in tests:
        count = count_of(test)
        if count.failed:
            print(f"failed: {test.get('name')} ({count})")
        total += count
    return total


def main(*files):
    counts = []
    for name, _, path in (str(file).rpartition("=") for file in files):
        counts.append((name, count_file(path)))
    for name, count in counts:
        if name:
            print(f"{name}: {count}")
    total = sum((count for _, count in counts), Count())
    print(total)
    return 1 if total.failed or not all(count.passed for _, count in counts) else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
