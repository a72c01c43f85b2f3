"""Counts test cases in a result file of ctest; closes with "N passed, N failed, N skipped".

usage: count_tests.py RESULTS.xml

A program of Catch2 or unittest counts with each of its cases, any other one as a single case.
Exits with 1 if a case failed or none passed.
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


def main(path):
    tests = ElementTree.parse(path).getroot().iter("testcase")
    counts = {test.get("name"): count_of(test) for test in tests}
    total = sum(counts.values(), Count())
    for name, count in counts.items():
        if count.failed:
            print(f"failed: {name} ({count})")
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
