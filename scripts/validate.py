#!/usr/bin/env python3
"""Compares cross sections of the program with an independent sum over lines (scripts/line_sum.py).

    pip install numpy scipy hitran-api
    cargo build --release
    python scripts/validate.py target/release/photosphere [--device NAME] [--method NAME] [--data FOLDER] [--only KIND] [--brief]

Every case is a small input made here (lists from seeds, in a temporary folder) or the sample of three isotopologues of CO in
tests/data; with `--data`, also samples of HITRAN and ExoMol as published: FOLDER/hitran/CO_2000-2300.par and FOLDER/exomol. For
each temperature and pressure the table has the median, the 99th percentile and the largest of |program / sum - 1| over points of the grid.
With `--brief` there is one row for each kind: the worst of its temperatures and pressures.
Devices: the CPU and, unless `--device` names others, lavapipe (`llvmpipe`).

Exit code 1 if a 99th percentile exceeds 2e-3 or a case is refused. Not run by the tests.
"""
import argparse
import bz2
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import line_sum

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 2e-3
POINTS = 2500  # at which the sum is made
CHI = [(3.0, 1.0), (10.0, 0.4), (30.0, 0.08), (120.0, 0.01)]
# Temperatures of the tables of Barklem & Collet (2016, A&A 588, A96), of those from 5 to 5000 K that are few.
COARSE = [5, 7, 10, 15, 20, 30, 50, 70, 100, 130, 170, 200, 250, 300, 500, 700, 1000, 1300, 1700, 2000, 3000, 4000, 5000]


class Refused(Exception):
    """The program did not compute a case."""


class Case:
    """A kind, the program's options, and what the sum takes."""

    def __init__(self, kind, options, lists, span, at, points=20001, **profile):
        self.kind, self.options, self.lists = kind, [str(o) for o in options], lists
        self.span, self.at, self.points, self.profile = span, at, points, profile


def record(nu, strength, a, air, own, energy, n, delta, isotopologue=1):
    """A HITRAN record of CO."""
    head = f" 5{isotopologue}{nu:12.6f}{strength:10.3E}{a:10.3E}" + f"{air:.4f}"[1:]
    return (head + f"{own:5.3f}{energy:10.4f}{n:4.2f}{delta:8.5f}").ljust(160)


def hitran_file(path, count, span, seed, extra=(), strongest=-19.0):
    """Random lines in `span`; the separated fields of `extra` (names) are random too, in HAPI's layout."""
    rng = np.random.default_rng(seed)
    rows = []
    for nu in np.sort(rng.uniform(*span, count)):
        strength, a = 10 ** rng.uniform(strongest - 5, strongest), 10 ** rng.uniform(-1, 2)
        row = record(nu, strength, a, rng.uniform(0.04, 0.09), rng.uniform(0.05, 0.1), rng.uniform(0, 4000),
                     rng.uniform(0.5, 0.8), rng.uniform(-0.009, 0.004))  # fmt: skip
        low = {"gamma": 0.04, "n": 0.3, "delta": -0.008}
        wide = {"gamma": 0.06, "n": 0.5, "delta": 0.01}
        kind = [name.split("_")[0] for name in extra]
        rows.append(row + "".join(f",{low[k] + wide[k] * rng.random():.4f}" for k in kind))
    path.write_text("\n".join(rows) + "\n")
    if extra:
        names = "molec_id local_iso_id nu sw a gamma_air gamma_self elower n_air delta_air global".split()
        formats = "%2d %1d %12.6f %10.3E %10.3E %5.4f %5.3f %10.4f %4.2f %8.6f %93s".split()
        position = dict(zip(names, (0, 2, 3, 15, 25, 35, 40, 45, 55, 59, 67)))
        text = {"order": names, "format": dict(zip(names, formats)), "position": position, "extra": list(extra), "extra_separator": ","}
        path.with_suffix(".header").write_text(json.dumps(text))
    return path


def exomol_set(folder, origin, a, seed, lifetimes=True, four=True, broad=()):
    """A band of a rotor from `origin` [cm-1]: P, Q and R lines with Einstein coefficients about `a` [1/s]. Term values were "measured" (up to
    0.3 cm-1 off) after column 4 of the transitions had been written; half of the transitions have three columns if `four` is false."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    highest = 30
    states, computed = [], {}
    for upper in (0, 1):
        for j in range(highest + 1):
            energy = upper * origin + (1.9 - 0.05 * upper) * j * (j + 1)
            number = 1 + j + upper * (highest + 1)
            computed[number] = energy
            measured = energy + rng.uniform(-0.3, 0.3)
            tau = 10 ** rng.uniform(-3, -2) if not upper else 1 / (a * rng.uniform(1, 8))
            states.append((number, max(measured, 0.0), 2 * j + 1, j, tau))
    transitions = []
    for j in range(highest + 1):
        for step in (-1, 0, 1):
            if 0 <= j + step <= highest:
                up, low = 2 + highest + j + step, 1 + j
                row = f"{up} {low} {a * rng.uniform(0.05, 1.0):.4e}"
                if four or rng.random() < 0.5:
                    row += f" {computed[up] - computed[low]:.6f}"
                transitions.append(row)
    stem = folder / "12C-16O__MADE"
    write = lambda end, text: pathlib.Path(f"{stem}{end}").write_text(text)
    write(".states", "".join(f"{n:8d} {e:12.6f} {g:4d} {j:4d} {tau:.4e} x\n" for n, e, g, j, tau in states))
    write(".trans", "\n".join(transitions) + "\n")
    t = np.arange(1.0, 4001.0)
    q = sum(g * np.exp(-line_sum.C2 * e / t) for _, e, g, _, _ in states)
    write(".pf", "".join(f"{a:.1f} {b:.8g}\n" for a, b in zip(t, q)))
    write(".def", "EXOMOL.def # ID\n12C-16O # Iso-slug\nMADE # Isotopologue dataset name\n27.9949 # Isotopologue mass (Da) and (kg)\n"
          f"{int(lifetimes)} # Lifetime availability (1=yes, 0=no)\n"
          "0.0700 # Default value of Lorentzian half-width for all lines (in cm-1/bar)\n"
          "0.500 # Default value of temperature exponent for all lines\n")  # fmt: skip
    for label, rows in broad:
        (folder / f"12C-16O__{label}.broad").write_text("".join(rows))
    return folder


def unpacked(source, target):
    """A published data set with its files as plain text."""
    target.mkdir()
    for file in [*source.iterdir()]:
        name, data = file.name, file.read_bytes()
        if name.endswith(".bz2"):
            name, data = name[:-4], bz2.decompress(data)
        (target / name.replace("__04300-04400.trans", ".trans")).write_bytes(data)
    return target


def cases(folder, data):
    """All cases; inputs are written to `folder`."""
    table = folder / "chi.txt"
    table.write_text("".join(f"{d} {chi}\n" for d, chi in CHI))
    hitran = lambda path, *more: ["--format", "hitran", "--lines", path, *more]
    exomol = lambda path, *more: ["--format", "exomol", "--lines", path, *more]
    usual = [(296.0, 1e-3), (700.0, 0.1), (1500.0, 5.0)]

    path = hitran_file(folder / "one.par", 150, (2100.0, 2200.0), 1)
    lists, span = line_sum.hitran(path), (2120.0, 2180.0)
    yield Case("HITRAN, plain", hitran(path), lists, span, usual)
    yield Case("HITRAN, self", hitran(path, "--broadener", "self"), line_sum.hitran(path, [("self", 1.0)]), span, usual)
    yield Case("HITRAN, no natural width", hitran(path, "--no-natural-width"), lists, span, [(296.0, 1e-8)], natural=False)
    yield Case("HITRAN, natural width (A)", hitran(path), lists, span, [(296.0, 1e-8), (1500.0, 1e-6)])
    yield Case("pressure shift", hitran(path, "--pressure-shift"), lists, span, [*usual, (296.0, 1.0)], shift=True)
    yield Case("cutoff 25 cm-1", hitran(path, "--wing-cutoff", 25), lists, span, usual, cutoff=25.0)
    yield Case("cutoff 25 cm-1, no pedestal", hitran(path, "--wing-cutoff", 25, "--subtract-pedestal"), lists, span, usual,
               cutoff=25.0, pedestal=True)  # fmt: skip
    yield Case("cutoff 4 cm-1", hitran(path, "--wing-cutoff", 4), lists, span, usual, cutoff=4.0)
    yield Case("chi factor", hitran(path, "--chi", table), lists, span, usual, chi=CHI)
    yield Case("chi, cutoff, shift", hitran(path, "--chi", table, "--wing-cutoff", 50, "--pressure-shift"), lists, span,
               usual, chi=CHI, cutoff=50.0, shift=True)  # fmt: skip

    names = ["gamma_h2", "n_h2", "delta_h2", "gamma_he", "n_he", "delta_he"]
    path = hitran_file(folder / "two.data", 150, (2100.0, 2200.0), 2, names)
    mixture = [("h2", 0.85), ("he", 0.15)]
    yield Case("HITRAN, 85 % H2, 15 % He", hitran(path, "--broadener", "H2=0.85,He=0.15"), line_sum.hitran(path, mixture), span, usual)
    yield Case("the same with shifts", hitran(path, "--broadener", "H2=0.85,He=0.15", "--pressure-shift"),
               line_sum.hitran(path, mixture), span, usual, shift=True)  # fmt: skip
    yield Case("HITRAN, He", hitran(path, "--broadener", "he"), line_sum.hitran(path, [("he", 1.0)]), span, usual)

    path = ROOT / "tests/data/co_three_isotopologues.par"
    three = line_sum.hitran(path)
    assert len(three) == 3
    yield Case("all of three isotopologues", hitran(path, "--isotopologue", "all"), three, (2095.0, 2155.0), usual)
    yield Case("the third of them", hitran(path, "--isotopologue", 3), three[2:], (2095.0, 2155.0), usual)

    far = hitran_file(folder / "far.par", 60, (1200.0, 1800.0), 3, strongest=-18.0)
    far.write_text(far.read_text() + hitran_file(folder / "near.par", 5, (2130.0, 2170.0), 4, strongest=-24.0).read_text()
                   + hitran_file(folder / "above.par", 60, (2500.0, 4000.0), 5, strongest=-18.0).read_text())  # fmt: skip
    yield Case("lines far outside the grid", hitran(far), line_sum.hitran(far), span, usual)
    yield Case("the same on a narrow grid", hitran(far), line_sum.hitran(far), (2149.0, 2151.0), usual, points=3001)

    coarse = folder / "coarse.txt"
    dense = line_sum.tips(5, 1)
    coarse.write_text("".join(f"{t} {dense(t):.8g}\n" for t in COARSE))
    path = folder / "one.par"
    yield Case("23 rows of a partition sum", hitran(path, "--partition", coarse), lists, span, [(150.0, 0.01), (400.0, 0.1), (850.0, 0.1), (2500.0, 1.0)])

    visible = exomol_set(folder / "visible", 21900.0, 3e6, 6)
    low = [(1500.0, 1e-6), (1500.0, 1e-4), (800.0, 1e-2)]
    wide = (21850.0, 21920.0)
    yield Case("ExoMol, lifetimes", exomol(visible), line_sum.exomol(visible), wide, low, points=60001)
    visible = exomol_set(folder / "visible_a", 21900.0, 3e6, 7, lifetimes=False)
    yield Case("ExoMol, natural width from A", exomol(visible), line_sum.exomol(visible), wide, low, points=60001)
    yield Case("ExoMol, no natural width", exomol(visible, "--no-natural-width"), line_sum.exomol(visible), wide, low[:1],
               points=60001, natural=False)  # fmt: skip
    a0 = [f"a0 {0.08 - 0.001 * j:.4f} {0.7 - 0.005 * j:.3f} {j}\n" for j in range(20)]
    m0 = [f"m0 {0.05 - 0.0007 * m:.4f} 0.400 {m}\n" for m in range(1, 25)]
    bands = exomol_set(folder / "infrared", 2143.0, 30.0, 8, four=False, broad=[("H2", a0), ("He", m0)])
    span = (2110.0, 2180.0)
    yield Case("ExoMol, measured levels", exomol(bands), line_sum.exomol(bands), span, usual)
    gases = [("H2", 0.85), ("He", 0.15)]
    yield Case("ExoMol, 85 % H2, 15 % He", exomol(bands, "--broadener", "H2=0.85,He=0.15"), line_sum.exomol(bands, gases), span, usual)
    yield Case("ExoMol, H2 (a0)", exomol(bands, "--broadener", "h2"), line_sum.exomol(bands, [("H2", 1.0)]), span, usual)

    if data:
        path = data / "hitran/CO_2000-2300.par"
        yield Case("HITRAN's CO, all", hitran(path, "--isotopologue", "all"), line_sum.hitran(path), (2001.0, 2299.0), usual, points=100001)
        yield Case("HITRAN's CO, cutoff 25 cm-1", hitran(path, "--isotopologue", "all", "--wing-cutoff", 25), line_sum.hitran(path),
                   (2001.0, 2299.0), usual, points=100001, cutoff=25.0)  # fmt: skip
        for name in ("CO/12C-16O", "H2O/1H2-16O"):
            source = data / "exomol" / name / "SAMPLE"
            plain = unpacked(source, folder / name.split("/")[0])
            yield Case(f"ExoMol's {name.split('/')[0]}, H2 and He", exomol(source, "--broadener", "H2=0.85,He=0.15"),
                       line_sum.exomol(plain, gases), (4330.0, 4362.0), usual, points=40001)  # fmt: skip


def run(program, case, device, folder, more):
    """The program's cross sections."""
    out = folder / "result.npy"
    at = ",".join(f"{t:g}:{p:g}" for t, p in case.at)
    command = [program, "cross-section", "--no-cache", "--device", device, *case.options, *more, "--range", f"{case.span[0]}:{case.span[1]}",
               "--points", str(case.points), "--at", at, "--out", str(out)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"{' '.join(command)}\nexit code {done.returncode}\n{done.stdout}{done.stderr}")
    return np.load(out).astype(float)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path, help="the program `photosphere`")
    parser.add_argument("--device", action="append", help="as the program takes it; may be repeated")
    parser.add_argument("--data", type=pathlib.Path, help="folder with samples of HITRAN and ExoMol")
    parser.add_argument("--method", help="as the program takes it")
    parser.add_argument("--only", default="", help="kinds that contain this")
    parser.add_argument("--brief", action="store_true", help="one row for each kind")
    arguments = parser.parse_args()
    program, devices = str(arguments.program.resolve()), arguments.device or ["cpu", "llvmpipe"]
    more = ["--method", arguments.method] if arguments.method else []
    bad, refused, worst = 0, 0, 0.0
    heads = ["kind", "T:P"] if arguments.brief else ["kind", "T [K]", "P [bar]", "device", "p50", "p99", "max"]
    heads += [f"{d}: p50, p99, max" for d in devices if arguments.brief]
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for case in cases(folder, arguments.data and arguments.data.resolve()):
            if arguments.only not in case.kind:
                continue
            lo, hi = case.span
            chosen = np.unique(np.linspace(0, case.points - 1, POINTS).astype(int))
            nu = lo * (hi / lo) ** (chosen / (case.points - 1))
            sums = [line_sum.cross_section(case.lists, nu, t, p, **case.profile) for t, p in case.at]
            row = [case.kind, ", ".join(f"{t:g}:{p:g}" for t, p in case.at)]
            for device in devices:
                try:
                    ours = run(program, case, device, folder, more)
                except Refused as why:
                    print(f"{case.kind}, {device}: refused: {why}", file=sys.stderr)
                    row.append("refused")
                    refused += 1
                    continue
                errors = np.array([np.abs(v[chosen] / right - 1) for v, right in zip(ours, sums)])
                figures = np.array([[np.median(e), np.quantile(e, 0.99), e.max()] for e in errors])
                bad, worst = bad + int((figures[:, 1] > LIMIT).sum()), max(worst, figures[:, 1].max())
                text = lambda f: [f"{f[0]:.1e}", f"{f[1]:.1e}" + (" **above 2e-3**" if f[1] > LIMIT else ""), f"{f[2]:.1e}"]
                row.append(", ".join(text(figures.max(axis=0))))
                for (t, p), f in zip(case.at, figures):
                    if not arguments.brief:
                        print(f"| {case.kind} | {t:g} | {p:g} | {device} | " + " | ".join(text(f)) + " |", flush=True)
            if arguments.brief:
                print("| " + " | ".join(row) + " |", flush=True)
    print(f"\nworst 99th percentile {worst:.1e}; {bad} above {LIMIT:g}, {refused} cases refused")
    return 1 if bad or refused else 0


if __name__ == "__main__":
    sys.exit(main())
