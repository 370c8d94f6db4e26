#!/usr/bin/env python3
"""Makes the right values of the cases in tests/data/cases, by an independent sum over lines (scripts/line_sum.py).

    pip install numpy scipy hitran-api
    python scripts/case_values.py

Each `right*.txt` has the program's arguments in its first line, and below rows of a grid point and the cross section there
[cm2/molecule] for each T:P of `--at`. tests/suite/cases.rs runs the program with these arguments and compares. docs/validation.md tells what
the cases are.

Not run by the tests: its results are committed.
"""
import pathlib
import shutil
import tempfile

import numpy as np

import line_sum

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests/data/cases"


def write(folder, name, options, lists, span, points, at, wanted=None, **profile):
    """Values at `wanted` grid points, or at a dozen that are spread evenly and the highest for each T:P."""
    nu = span[0] * (span[1] / span[0]) ** (np.arange(points) / (points - 1))
    values = [line_sum.cross_section(lists, nu, t, p, **profile) for t, p in at]
    if wanted is None:
        wanted = sorted({*np.linspace(0, points - 1, 12).astype(int), *(int(v.argmax()) for v in values)})
    pairs = ",".join(f"{t:g}:{p:g}" for t, p in at)
    text = f"# {options} --range {span[0]}:{span[1]} --points {points} --at {pairs}\n"
    text += "# point, cross sections [cm2/molecule]; made by scripts/case_values.py\n"
    text += "".join(f"{i} " + " ".join(f"{v[i]:.6e}" for v in values) + "\n" for i in wanted)
    (FOLDER / folder / name).write_text(text)


def exomol(folder, data_set, name, span, points, at, options="", broad=None, **profile):
    path = FOLDER / folder / data_set
    gases = []
    with tempfile.TemporaryDirectory() as scratch:
        if broad:
            # Beside the set in a copy: the test puts it there too.
            path = shutil.copytree(path, pathlib.Path(scratch) / "set")
            shutil.copy(FOLDER / folder / broad, path / "23Na-1H__H2.broad")
            gases, options = [("H2", 1.0)], "--broadener h2"
        lists = line_sum.exomol(path, gases)
    write(folder, name, f"--format exomol --lines {data_set} {options}".strip(), lists, span, points, at, **profile)


def hitran(folder, file, name, span, points, at, options="", isotopologue=None, gases=(("air", 1.0),), change=None, wanted=None):
    lists = line_sum.hitran(FOLDER / folder / file, gases, isotopologue)
    if change:
        lists = change(lists)
    write(folder, name, f"--format hitran --lines {file} {options}".strip(), lists, span, points, at, wanted=wanted)


def known_energies(lists):
    return [lines.of(lines.energy >= 0) for lines in lists]


def filled(lists):
    """gamma_self in place of gamma_air 0, and 0.07 cm-1/bar and n = 0.5 in place of both."""
    (own,) = line_sum.hitran(FOLDER / "14-no-width/co.par", [("self", 1.0)])
    (_, gamma, n), = lists[0].widths
    bare = gamma == 0
    gamma[bare], n[bare] = own.widths[0][1][bare], own.widths[0][2][bare]
    bare = gamma == 0
    gamma[bare], n[bare] = 0.07, 0.5
    return lists


def main():
    exomol("01-positions", "cah", "right.txt", (14685, 14702), 20001, [(2000.0, 0.01)])
    exomol("03-superseded", "nah", "right.txt", (1000, 1015), 15001, [(300.0, 0.01), (1500.0, 0.1)])
    low = [(1500.0, 1e-6), (1500.0, 1e-4)]
    exomol("05-natural-width", "nah", "right.txt", (22000, 22040), 60001, low)
    exomol("05-natural-width", "nah", "right-without.txt", (22000, 22040), 60001, low, "--no-natural-width", natural=False)
    hitran("06-partition", "h2o.par", "right.txt", (2010, 2030), 5000, [(150.0, 0.01), (400.0, 0.1), (850.0, 0.1), (2500.0, 0.1)],
           "--partition q_coarse.txt")  # fmt: skip
    at, nu = [(1000.0, 10.0), (296.0, 1.0)], 2001 * (2299 / 2001) ** (np.array([52000, 54000]) / 60000)
    hitran("07-range", "co.par", "right-wide.txt", (2001, 2299), 60001, at, wanted=range(52000, 54001, 125))
    hitran("07-range", "co.par", "right-narrow.txt", tuple(float(x) for x in nu), 2001, at, wanted=range(0, 2001, 125))
    one = [(296.0, 0.1)]
    hitran("08-losses", "unknown_energy.par", "right-known.txt", (2100, 2150), 2000, one, change=known_energies)
    hitran("08-losses", "three_isotopologues.par", "right-all.txt", (2100, 2150), 2000, one, "--isotopologue all")
    hitran("08-losses", "three_isotopologues.par", "right-first.txt", (2100, 2150), 2000, one, isotopologue=1)
    for recipe in ("m0", "m1", "j", "jj", "a0m0"):
        exomol("09-recipes", "nah", f"right-{recipe}.txt", (999, 1031), 4000, [(300.0, 0.1)], broad=f"{recipe}.broad")
    for i in (1, 2, 3, 4):
        hitran("10-isotopologues", "h2o.par", f"right-{i}.txt", (9905, 9998), 2000, [(296.0, 1.0)], f"--isotopologue {i}", i)
    hitran("12-extra-columns", "CO.data", "right.txt", (2090, 2120), 2000, one)
    hitran("12-extra-columns", "with_header/CO.data", "right-h2.txt", (2090, 2120), 2000, one, "--broadener h2", gases=[("h2", 1.0)])
    hitran("14-no-width", "co.par", "right.txt", (2100, 2150), 2000, one, change=filled)


if __name__ == "__main__":
    main()
