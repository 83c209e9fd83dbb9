"""Sums up which lines and branches of engine/ a build with --coverage has run.

    coverage.py BUILD LIST [--missing[=FILE]]

What stands in a header, or is made many times by a macro, is added up by file,
line, function and branch: a line has run if one of its functions ran it;
branches count in each function by itself, so that of two handlers that one row
of a table makes, both must be seen going both ways.  The branches are gcov's,
without optimisation: each operand of && || ! in a condition has two, a switch
as many as it has targets; those of no C code (exceptions) don't occur.

LIST names the functions with lines or branches that never run, and why:

    FILE FUNCTION: REASON

A function that isn't in it, or has nothing to be in it for, is an error, and so
are shares below the bounds.  FUNCTION may be a pattern of the shell.
"""
import argparse
import collections
import fnmatch
import glob
import json
import os
import subprocess
import sys

ROOM = "engine"
BOUNDS = (95.0, 88.0)


class File:
    def __init__(self):
        self.calls = collections.Counter()       # (function): calls
        self.lines = collections.Counter()       # (number): runs
        self.functions = collections.defaultdict(set)    # of a line
        self.branches = collections.Counter()    # (number, function, nth)

    def missing(self):
        """Lines, (line, function) of branches, functions that never ran."""
        lines = {n for n, runs in self.lines.items() if runs == 0}
        functions = {f for f, runs in self.calls.items() if runs == 0}
        branches = collections.Counter(
            key[:2] for key, runs in self.branches.items() if runs == 0)
        return lines, branches, functions


def gcov(data):
    run = subprocess.run(["gcov", "--json-format", "--stdout",
                          "--branch-probabilities", data],
                         check=True, stdout=subprocess.PIPE)
    for line in run.stdout.splitlines():
        yield from json.loads(line)["files"]


def read(build):
    files = collections.defaultdict(File)
    for room in (ROOM, "tests/" + ROOM):         # a test may include a source
        for data in sorted(glob.glob(os.path.join(build, room, "*.gcda"))):
            for entry in gcov(data):
                name = os.path.normpath(entry["file"])
                if name.startswith(ROOM + "/") and (room == ROOM
                                                    or name.endswith(".c")):
                    read_lines(files[name], entry, os.path.basename(data))
    return files


# What is always inlined is no function to gcov: each that it is inlined into is
# counted, in the order of the code that `data` is of.
def read_lines(file, entry, data):
    for function in entry["functions"]:
        file.calls[function["name"]] += function["execution_count"]
    for line in entry["lines"]:
        number = line["line_number"]
        function = line.get("function_name", data)
        file.lines[number] += line["count"]
        file.functions[number].add(function)
        for nth, branch in enumerate(line["branches"]):
            file.branches[number, function, nth] += branch["count"]


def share(counter):
    return sum(1 for runs in counter.values() if runs), len(counter)


def percent(run, n):
    return 100.0 * run / n if n else 100.0


def print_row(name, row):
    print("%-25s" % name + "".join(
        "%7d of %5d %6.2f%%" % (*row[i:i + 2], percent(*row[i:i + 2]))
        for i in range(0, len(row), 2)))


def print_table(files):
    total = (0,) * 6
    print("%-25s%16s%23s%23s" % ("", "lines", "branches", "functions"))
    for name in sorted(files):
        file = files[name]
        row = share(file.lines) + share(file.branches) + share(file.calls)
        total = tuple(a + b for a, b in zip(total, row))
        print_row(name, row)
    print_row("total", total)
    return percent(*total[:2]), percent(*total[2:4])


def print_missing(name, file):
    with open(name) as f:
        source = f.read().split("\n")
    lines, branches, unused = file.missing()
    total = collections.Counter(key[0] for key in file.branches)
    for number in sorted(lines | {key[0] for key in branches}):
        functions = [f for n, f in branches if n == number]
        gone = sum(branches[number, f] for f in functions)
        print("%s:%d %s%d/%d %s: %s" % (
            name, number, "LINE " if number in lines else "", gone,
            total[number], ",".join(sorted(functions)[:4])
            or min(file.functions[number]), source[number - 1].strip()))
    for function in sorted(unused):
        print("%s: %s is never called" % (name, function))


def read_list(name):
    with open(name) as f:
        rows = [line for line in f if line.strip() and line[0] not in "# "]
    return [tuple(row.split(":")[0].split()) for row in rows]


def check_list(files, rows):
    """What is wrong with the list."""
    used, wrong = set(), []
    for name in sorted(files):
        lines, branches, functions = files[name].missing()
        functions |= {f for n in lines for f in files[name].functions[n]}
        for function in sorted(functions | {f for _, f in branches}):
            found = [row for row in rows if fnmatch.fnmatch(name, row[0])
                     and fnmatch.fnmatch(function, row[1])]
            used.update(found)
            if not found:
                wrong.append("%s %s: not listed" % (name, function))
    return wrong + ["%s %s: listed, but all of it ran" % row
                    for row in rows if row not in used]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("list")
    parser.add_argument("--missing", nargs="?", const="", metavar="FILE")
    options = parser.parse_args()
    files = read(options.build)
    if options.missing is not None:
        for name in sorted(files):
            if options.missing in name:
                print_missing(name, files[name])
        return 0
    shares = print_table(files)
    wrong = check_list(files, read_list(options.list))
    for what, got, bound in zip(("lines", "branches"), shares, BOUNDS):
        if got < bound:
            wrong.append("%s: less than %.0f%%" % (what, bound))
    for line in wrong:
        print("coverage:", line, file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
