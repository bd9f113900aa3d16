#!/usr/bin/env python3
"""results: turns what test runners leave behind into one line a case, and the lines of all suites into a summary.

Usage: results.py meson SUITE TESTLOG.json     each Check case and each script of `meson test`
       results.py junit SUITE FILE.xml         each case of pytest
       results.py sites COUNT LOG              each seed of wakegate-site
       results.py summary [--strict] FOLDER    reads FOLDER/*.tsv; --strict counts skipped cases as failed

A line is: outcome, suite, case, reason, joined by tabs. The summary ends with `N passed, N failed, N skipped`.
"""
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

CHECK_LINE = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.M)
CHECK_CASE = re.compile(r"^[^\n]*?:([FE]):[^:\n]*:([^:\n]+):\d+: ([^\n]*)$", re.M)


def line(outcome, suite, case, reason=""):
    return "\t".join([outcome, suite, case, " ".join(reason.split())[:300]])


def check_cases(suite, name, output, counts):
    """Lines of a Check program: the failed ones by name, the passed ones by number."""
    ran, failures, errors = map(int, counts.groups())
    failed = CHECK_CASE.findall(output)
    for _, case, reason in failed:
        yield line("failed", suite, f"{name}: {case}", reason)
    for _ in range(failures + errors - len(failed)):
        yield line("failed", suite, name, "see the log")
    for number in range(ran - failures - errors):
        yield line("passed", suite, f"{name} #{number + 1}")


def meson_lines(suite, path):
    for text in pathlib.Path(path).read_text().splitlines():
        test = json.loads(text)
        output = test.get("stdout", "")
        name = test["name"].split("/")[-1].strip()
        result = test["result"]
        counts = CHECK_LINE.search(output)
        if counts and int(counts.group(1)):
            lines = list(check_cases(suite, name, output, counts))
            if result != "OK" and not any(found.startswith("failed") for found in lines):
                lines.append(line("failed", suite, name, test.get("stderr", "") or result))
            yield from lines
        elif result in ("OK", "EXPECTEDFAIL"):
            yield line("passed", suite, name)
        elif result == "SKIP":
            yield line("skipped", suite, name, output)
        else:
            yield line("failed", suite, name, (test.get("stderr", "") or output)[-300:] or result)


def junit_lines(suite, path):
    for case in xml.parse(path).iter("testcase"):
        name = f"{case.get('classname', '').split('.')[-1]}::{case.get('name')}"
        bad = next((case.find(tag) for tag in ("failure", "error") if case.find(tag) is not None), None)
        skipped = case.find("skipped")
        if bad is not None:
            yield line("failed", suite, name, bad.get("message", ""))
        elif skipped is not None:
            yield line("skipped", suite, name, skipped.get("message", ""))
        else:
            yield line("passed", suite, name)


def site_lines(count, path):
    """One case a seed; what ended without a word has failed too."""
    text = pathlib.Path(path).read_text()
    why = dict(re.findall(r"^seed (\d+) failed (.*)$", text, re.M))
    seeds = re.findall(r"^seed (\d+): ", text, re.M)
    for seed in seeds:
        yield line("failed" if seed in why else "passed", "sim", f"seed {seed}", why.get(seed, ""))
    for _ in range(int(count) - len(seeds)):
        yield line("failed", "sim", "a seed without a verdict", text[-300:])


def summary(folder, strict):
    rows = [text.split("\t") for path in sorted(pathlib.Path(folder).glob("*.tsv"))
            for text in path.read_text().splitlines()]
    if strict:
        rows = [["failed", suite, case, "skipped, but nothing may be missing here: " + reason]
                if outcome == "skipped" else [outcome, suite, case, reason] for outcome, suite, case, reason in rows]
    print(f"\n  {'suite':<14}{'passed':>8}{'failed':>8}{'skipped':>9}")
    for suite in dict.fromkeys(row[1] for row in rows):
        count = [sum(row[0] == outcome and row[1] == suite for row in rows)
                 for outcome in ("passed", "failed", "skipped")]
        print(f"  {suite:<14}{count[0]:>8}{count[1]:>8}{count[2]:>9}")
    for outcome, suite, case, reason in rows:
        if outcome != "passed":
            print(f"\n  {outcome}: {suite}: {case}\n      {reason}")
    total = {outcome: sum(row[0] == outcome for row in rows) for outcome in ("passed", "failed", "skipped")}
    print(f"\n{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] or not total["passed"] else 0


def main(arguments):
    if len(arguments) == 3 and arguments[0] in ("meson", "junit"):
        lines = meson_lines if arguments[0] == "meson" else junit_lines
        print("\n".join(lines(arguments[1], arguments[2])))
        return 0
    if len(arguments) == 3 and arguments[0] == "sites":
        print("\n".join(site_lines(*arguments[1:])))
        return 0
    if len(arguments) in (2, 3) and arguments[0] == "summary":
        return summary(arguments[-1], "--strict" in arguments)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
