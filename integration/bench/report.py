"""What all benchmarks print: the machine, tables, and one JSON line per figure."""

import json
import math
import os
import platform
import statistics
import subprocess


FEWEST_FOR_P99 = 100  # of fewer values it would be the greatest


def percentile(values, share):
    """The value that `share` (0..1) of all values do not exceed, nearest rank; the median of an even number is the mean of
    the two in the middle."""
    ordered = sorted(values)
    if share == 0.5:
        return statistics.median(ordered)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def percentiles(values):
    """Name -> value: the median, and the 99th where there are enough."""
    found = {"p50": round(percentile(values, 0.50), 3)}
    if len(values) >= FEWEST_FOR_P99:
        found["p99"] = round(percentile(values, 0.99), 3)
    return found


def machine():
    """What the figures depend on; the load is that of the last minute."""

    def first(command):
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
            return answer.stdout.strip().splitlines()[0]
        except (OSError, IndexError):
            return "?"

    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "haproxy": first(["haproxy", "-v"]).partition("version ")[2].partition(" ")[0],
        "zookeeper": first(["dpkg-query", "-W", "-f=${Version}", "zookeeper"]),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def number(value):
    """As many digits as say something."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{3 if abs(value) < 1 else 2 if abs(value) < 100 else 1}f}"


def cell(row):
    """The median, and half of what lies between the least and the greatest value."""
    half = (row["max"] - row["min"]) / 2
    return number(row["p50"]) + (f" ±{number(float(f'{half:.2g}'))}" if half else "")


def common_unit(rows):
    units = {row["unit"] for row in rows}
    return units.pop() if len(units) == 1 else ""


class Report:
    """Collects figures, prints them as a table and as one JSON line each. Made before anything is measured, as it notes
    how busy the machine is."""

    def __init__(self, bench):
        self.bench = bench
        self.machine = machine()
        self.rows = []
        self._stated = False

    def add(self, figure, values, unit="ms", **more):
        """`values`: one for each time that it was measured."""
        self.rows.append(
            {
                "bench": self.bench,
                "figure": figure,
                "unit": unit,
                "n": len(values),
                **percentiles(values),
                "min": round(min(values), 3),
                "max": round(max(values), 3),
                **more,
            }
        )
        return self.rows[-1]

    def row(self, figure):
        return next(row for row in self.rows if row["figure"] == figure)

    def print_machine(self):
        """Above the first table; later ones do nothing."""
        if not self._stated:
            print(
                "machine: {cpu}, {cores} cores, Linux {kernel}, HAProxy {haproxy}, ZooKeeper {zookeeper}, load at the "
                "start {load}\n".format(**self.machine)
            )
        self._stated = True

    def print_table(self, *extras, rows=None):
        """One line for each figure. `extras`: of further columns the title and the key that holds the value."""
        self.print_machine()
        rows = self.rows if rows is None else rows
        first = max(len(row["figure"]) for row in rows)
        columns = ("p50", "p99", "min", "max", "n")
        titles = "".join(f"{title:>13}" for title, _ in extras)
        print(f"{'':<{first}}{'unit':>8}" + "".join(f"{key:>10}" for key in columns) + titles)
        for row in rows:
            values = "".join(f"{number(row[key]) if key in row else '':>10}" for key in columns)
            more = "".join(f"{row[key]:>13.2f}" if key in row else f"{'':>13}" for _, key in extras)
            print(f"{row['figure']:<{first}}{row['unit']:>8}{values}{more}".rstrip())

    def print_matrix(self, lines, columns, name="{line}: {column}", title=""):
        """The figures that are called as `name` says: the median of each, and half its range. Lines and columns without
        any are left out."""
        self.print_machine()
        by_name = {row["figure"]: row for row in self.rows}
        places = [(line, column) for line in lines for column in columns]
        found = {place: by_name.get(name.format(line=place[0], column=place[1])) for place in places}
        lines = [line for line in lines if any(found[line, column] for column in columns)]
        columns = [column for column in columns if any(found[line, column] for line in lines)]

        def label(key, at):
            unit = common_unit([row for place, row in found.items() if place[at] == key and row])
            return f"{key} {unit}".rstrip()

        table = [[title, *(label(column, 1) for column in columns)]]
        for line in lines:
            cells = (found[line, column] for column in columns)
            table.append([label(line, 0), *(cell(row) if row else "" for row in cells)])
        first, *widths = (max(map(len, texts)) for texts in zip(*table))
        for line, *texts in table:
            print(f"{line:<{first}}" + "".join(f"{text:>{width + 3}}" for text, width in zip(texts, widths)))

    def print_json(self, **more):
        for row in [*self.rows, {"bench": self.bench, "machine": self.machine, **more}]:
            print(json.dumps(row))
