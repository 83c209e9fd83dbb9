"""Writes engine/iops_pairs.h: the pairs of operations that are most common.

    pairs.py BUILD ROWS

The votes are cast by programs that do what plugins do: the exports of the
corpus by what they execute (two thirds of the votes), the example plugins by
what stands in their code.  A program divides its votes among its pairs by their
share.  The kernels of bench-engine don't vote, they are the judges.
"""
import collections
import glob
import re
import subprocess
import sys

HEAD = '''/* The pairs of operations that have a handler of their own, a row each; made
 * by tests/bench/pairs.py, which says how they are chosen. */
#ifndef WE_IOPS_PAIRS_H
#define WE_IOPS_PAIRS_H

/* row(kind of the first, kind of the second, first, second).  S is straight and
 * B a branch, as in interp_steps.h; T has a handler that is jumped to. */
'''
BRANCH = re.compile(r"BR$|BR_IF_|BR_UNLESS_|BRN?_[IF]\d")
TAIL = re.compile(r"CALL|RETURN|BR_TABLE")
FAMILY = re.compile(r"[IF](32|64)_|GLOBAL_[GS]ET(a|_S|_A)?$|SUM$|MOV2?$"
                    r"|CONST|SELECT_[SA]$")
NOT = re.compile(r"I32_ATOMIC|I64_ATOMIC|I\d+X|.*_G$")


def kind(name):
    """None: an operation that pairs can't have."""
    if BRANCH.match(name):
        return "B"
    if TAIL.match(name):
        return "T"
    return "S" if FAMILY.match(name) and not NOT.match(name) else None


def count(program, *arguments):
    """Pair -> its share of all instructions."""
    out = subprocess.run([program, *arguments], check=True, text=True,
                         capture_output=True).stdout
    counts = collections.Counter()
    for line in out.splitlines():
        n, first, second = line.split()
        counts[first, second] += int(n)
    total = sum(counts.values())
    return {pair: n / total for pair, n in counts.items()}


def modules(build, folder):
    return sorted(glob.glob(f"{build}/{folder}/*.wasm"))


def exports(build, path):
    """The functions that take a number of rounds."""
    out = subprocess.run([build + "/sluice", "check", path], check=True,
                         text=True, capture_output=True).stdout
    return re.findall(r'"(\w+)"  func \(param i32\) \(result i64\)', out)


def main():
    build, rows = sys.argv[1], int(sys.argv[2])
    program = build + "/tests/bench/pairs"
    executed = [count(program, path, name, "5")
                for path in modules(build, "tests/bench/corpus")
                for name in exports(build, path)]
    plugins = [count(program, path)
               for path in modules(build, "plugins/*")]
    votes = collections.Counter()
    for programs, weight in (executed, 2), (plugins, 1):
        for shares in programs:
            for (first, second), share in shares.items():
                a, b = kind(first), kind(second)
                if a in ("S", "B") and first != "BR" and b is not None:
                    votes[first, second] += weight * share / len(programs)
    best = sorted(pair for pair, _ in votes.most_common(rows))
    lines = ["#define WE_PAIRS(row)"] + [
        f"    row({kind(a)}, {kind(b)}, {a}, {b})" for a, b in best]
    print(HEAD + " \\\n".join(line.ljust(77) for line in lines).rstrip()
          + "\n\n#endif")


if __name__ == "__main__":
    main()
