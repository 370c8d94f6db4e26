#!/usr/bin/env python3
"""Makes the built-in table of partition sums, src/lines/tips/sums.txt, and tests/data/tips_sample.txt, a
sample of the published values that a test checks it against.

    pip install hitran-api numpy
    python scripts/tips.py [--finer FOLDER]

Source: TIPS-2021 (Gamache et al. 2021, JQSRT 271, 107713) as the package `hitran-api` (HITRAN's own Python interface) has it,
in steps of 10 K; for the isotopologues that HITRAN2024 added and TIPS-2021 does not have, TIPS-2025 (Gamache et al. 2025,
JQSRT 345, 109568). Atomic oxygen is in neither: its sum is that over the five levels of the ground configuration (NIST Atomic
Spectra Database), which is what HITRAN's Q(296 K) = 6.72 is.

`--finer FOLDER` names a folder of tables MOLECULE_AFGL.txt (T [K], Q) in steps of 5 K, taken in place of those of the package
where they are there: below 70 K steps of 10 K are coarse.

Of each table the script keeps the rows (knots) from which the program's own interpolation (src/lines/partition.rs: cubic
Hermite in ln T and ln Q, slopes of the quartic through five rows, limited to be monotone) gives back every other row to
TOLERANCE. It prints the worst of all values, the number of knots, and any difference between src/lines/isotopologues.rs and the
package's metadata.

Not run by the tests: its results are committed.
"""
import argparse
import contextlib
import io
import pathlib
import re

import numpy as np

with contextlib.redirect_stdout(io.StringIO()):
    import hapi

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOLERANCE = 1e-5
NUMBERS = "1234567890ABCDEFGHIJ"  # HITRAN's third column for isotopologues 1, 2, ... 10, 11, ...
# Degeneracy and energy [cm-1] of the levels 3P2, 3P1, 3P0, 1D2, 1S0 of 16O, and hc/k [cm K].
OXYGEN = [(5, 0.0), (3, 158.265), (1, 226.977), (5, 15867.862), (1, 33792.583)]
C2 = 1.438776877
HEADER = """\
# Total internal partition sums by HITRAN's numbers, made by scripts/tips.py.
# TIPS-2021 (Gamache et al. 2021, JQSRT 271, 107713); edition 2025: TIPS-2025 (Gamache et al. 2025, JQSRT 345, 109568);
# edition levels: over the levels of atomic oxygen (NIST Atomic Spectra Database).
# Columns: edition, molecule, isotopologue, then T [K] and Q by turns.
"""


def slopes(x, y):
    """d y / d x at every row, as src/lines/partition.rs has it."""
    n = len(x)
    secant = np.diff(y) / np.diff(x)
    result = np.empty(n)
    for i in range(n):
        first = min(max(i - 2, 0), max(n - 5, 0))
        xs, ys, at = x[first : first + 5], y[first : first + 5], i - first
        weight = [1 / np.prod([xs[k] - xs[j] for j in range(len(xs)) if j != k]) for k in range(len(xs))]
        free = sum(weight[j] / weight[at] * (ys[j] - ys[at]) / (xs[at] - xs[j]) for j in range(len(xs)) if j != at)
        beside = secant[max(i - 1, 0) : i + 1]
        if len(beside) == 2 and beside[0] * beside[1] <= 0:
            result[i] = 0
        else:
            sign = np.sign(beside[0])
            result[i] = sign * min(max(free * sign, 0), 3 * np.abs(beside).min())
    return result


def interpolate(knots_t, knots_q, t):
    """Q at t from a table, as src/lines/partition.rs has it."""
    x, y = np.log(knots_t), np.log(knots_q)
    m = slopes(x, y)
    i = np.clip(np.searchsorted(knots_t, t, side="right") - 1, 0, len(x) - 2)
    h = x[i + 1] - x[i]
    s = (np.log(t) - x[i]) / h
    rise = y[i + 1] - y[i]
    return np.exp(y[i] + s * rise + s * (1 - s) * ((m[i] * h - rise) * (1 - s) - (m[i + 1] * h - rise) * s))


def choose(t, q):
    """Rows to keep: those at which the interpolation is worst are added until it is good everywhere."""
    kept = sorted({0, len(t) // 100, len(t) // 30, len(t) // 10, len(t) // 3, len(t) - 1})
    while True:
        error = np.abs(interpolate(t[kept], q[kept], t) / q - 1)
        if error.max() <= TOLERANCE:
            return kept, error.max()
        # One new knot in every interval that is not good: fewer rounds, nearly as few knots.
        new = set()
        for a, b in zip(kept, kept[1:]):
            inside = error[a + 1 : b]
            if len(inside) and inside.max() > TOLERANCE:
                new.add(a + 1 + int(np.argmax(inside)))
        worst = max(new, key=lambda i: error[i])
        kept = sorted(set(kept) | {i for i in new if error[i] >= 0.5 * error[worst]})


def thin(t, q, kept):
    """Rows that are not needed after all are left out again."""
    kept = list(kept)
    i = 1
    while i < len(kept) - 1:
        trial = kept[:i] + kept[i + 1 :]
        if np.abs(interpolate(t[trial], q[trial], t) / q - 1).max() <= TOLERANCE:
            kept = trial
        else:
            i += 1
    return kept


def check_isotopologues():
    source = (ROOT / "src/lines/isotopologues.rs").read_text()
    rows = re.findall(r"row\((\d+), \"([^\"]+)\", b'(.)', \"([^\"]*)\", \"([^\"]+)\", ([0-9.e-]+), ([0-9.]+)\)", source)
    ours = {(int(r[0]), NUMBERS.index(r[2]) + 1): (r[1], float(r[5]), float(r[6])) for r in rows}
    for key in sorted(set(ours) | set(hapi.ISO)):
        if key not in ours or key not in hapi.ISO:
            print(f"isotopologue {key}: only in {'isotopologues.rs' if key in ours else 'hitran-api'}: {ours.get(key, hapi.ISO.get(key))}")
            continue
        _, _, abundance, mass, molecule = hapi.ISO[key]
        ok = abs(ours[key][1] / abundance - 1) < 1e-4 and abs(ours[key][2] - mass) < 1e-4
        if not ok or ours[key][0].replace("+", "p") != molecule:
            print(f"isotopologue {key}: {ours[key]} in isotopologues.rs, {(molecule, abundance, mass)} in hitran-api")
    return {key: (r[1], r[3]) for r in rows for key in [(int(r[0]), NUMBERS.index(r[2]) + 1)]}


def published(key):
    """Edition, T [K] and Q of an isotopologue."""
    if key == (34, 1):
        t = np.concatenate([[1.0], np.arange(10.0, 5001.0, 10.0)])
        return "levels", t, sum(g * np.exp(-C2 * e / t) for g, e in OXYGEN)
    if key in hapi.TIPS_2021_ISOT_HASH:
        edition, t, q = "2021", hapi.TIPS_2021_ISOT_HASH, hapi.TIPS_2021_ISOQ_HASH
    else:
        edition, t, q = "2025", hapi.TIPS_2025_ISOT_HASH, hapi.TIPS_2025_ISOQ_HASH
    return edition, np.array(t[key], dtype=float), np.array(q[key], dtype=float)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--finer", type=pathlib.Path, help="folder of tables MOLECULE_AFGL.txt in steps of 5 K")
    finer = parser.parse_args().finer
    names = check_isotopologues()
    sums, sample, worst, count = HEADER, HEADER, 0.0, 0
    for key in sorted(hapi.ISO):
        edition, t, q = published(key)
        molecule, afgl = names.get(key, ("?", "?"))
        file = finer and finer / f"{molecule}_{afgl}.txt"
        if file and file.exists():
            t, q = np.loadtxt(file).T
        # Some published sums are zero or negative at 1 K.
        t, q = t[q > 0], q[q > 0]
        kept, _ = choose(t, q)
        kept = thin(t, q, kept)
        error = np.abs(interpolate(t[kept], q[kept], t) / q - 1).max()
        worst, count = max(worst, error), count + len(t)
        line = lambda rows: f"{edition} {key[0]} {NUMBERS[key[1] - 1]} " + " ".join(f"{t[i]:g} {q[i]:.10g}" for i in rows) + "\n"
        sums += line(kept)
        # Rows for the test, of those that the table left out, evenly spread over them.
        others = np.setdiff1d(np.arange(len(t)), kept)
        sample += line(sorted(set(others[np.linspace(0, len(others) - 1, 30).round().astype(int)])))
        print(f"{molecule} {afgl}: {len(t)} values, {len(kept)} knots, worst {error:.1e}")
    (ROOT / "src/lines/tips/sums.txt").write_text(sums)
    (ROOT / "tests/data/tips_sample.txt").write_text(sample)
    print(f"{len(hapi.ISO)} isotopologues, {count} published values, worst {worst:.1e}; {len(sums)} and {len(sample)} bytes")


if __name__ == "__main__":
    main()
