"""Cross sections as a plain sum over lines, made to check the program against: nothing here is shared with it.

    sigma(nu) = sum over lines of S(T) V(nu - c; s, gamma),  c = nu0 + delta P,
    S(T) = S(296) Q(296)/Q(T) exp(-c2 E (1/T - 1/296)) (1 - exp(-c2 nu0/T)) / (1 - exp(-c2 nu0/296))

(Rothman et al. 1998, JQSRT 60, 665, eq. A11), V the Voigt profile by scipy's Faddeeva function, s = c sqrt(kT/m)/c0 and
gamma = P sum over gases of x gamma_ref (296/T)^n + natural width. Units: cm-1, K, bar, cm/molecule, cm-1/bar, g/mol.

Readers: HITRAN's 160 characters (Rothman et al. 2005, JQSRT 96, 139, table 1) with the separated fields that HAPI's .header names, ExoMol's
.states, .trans, .pf, .def and .broad (Tennyson et al. 2016, J. Mol. Spectrosc. 327, 73), tables of partition sums of two columns.
"""
import json
import pathlib
import re
from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import wofz

C2 = 1.438776877  # hc/k [cm K]
LIGHT = 2.99792458e10  # [cm/s]
BOLTZMANN = 1.380649e-16  # [erg/K]
AMU = 1.66053906660e-24  # [g]
ATM = 1.01325  # [bar]
NUMBERS = "1234567890AB"  # HITRAN's third column for isotopologues 1, 2, ... 10, 11, 12
# Molar masses [g/mol] of HITRAN's molparam.txt, (molecule, isotopologue); of others where hitran-api is installed.
MASSES = {
    (5, 1): 27.994915, (5, 2): 28.998270, (5, 3): 29.999161, (5, 4): 28.999130, (5, 5): 31.002516, (5, 6): 30.002485,
    (1, 1): 18.010565, (1, 2): 20.014811, (1, 3): 19.014780, (1, 4): 19.016740,
}  # fmt: skip


@dataclass
class Lines:
    """Lines of one isotopologue."""

    mass: float  # g/mol
    q: object  # partition sum as a function of T
    nu: np.ndarray
    strength: np.ndarray  # at 296 K
    energy: np.ndarray  # lower level, cm-1
    natural: np.ndarray  # half width, cm-1
    shift: np.ndarray  # cm-1/bar
    widths: list = field(default_factory=list)  # of (mole fraction, gamma [cm-1/bar], n), arrays over the lines

    def of(self, keep):
        part = lambda a: np.asarray(a)[keep]
        widths = [(x, part(g), part(n)) for x, g, n in self.widths]
        return Lines(self.mass, self.q, *map(part, (self.nu, self.strength, self.energy, self.natural, self.shift)), widths)


def spline(t, q):
    """Q between rows: a cubic spline in ln T, ln Q."""
    t, q = np.asarray(t, float), np.asarray(q, float)
    t, q = t[q > 0], q[q > 0]
    through = CubicSpline(np.log(t), np.log(q))
    return lambda at: float(np.exp(through(np.log(at))))


def two_columns(path):
    table = np.loadtxt(path, usecols=(0, 1))
    return spline(*table.T)


def tips(molecule, isotopologue):
    """TIPS-2021 (Gamache et al. 2021, JQSRT 271, 107713) as the package hitran-api has it."""
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()):
        import hapi
    key = (molecule, isotopologue)
    return spline(hapi.TIPS_2021_ISOT_HASH[key], hapi.TIPS_2021_ISOQ_HASH[key])


def mass_of(molecule, isotopologue):
    if (molecule, isotopologue) in MASSES:
        return MASSES[molecule, isotopologue]
    import hapi

    return hapi.ISO[molecule, isotopologue][3]


def hitran(path, gases=(("air", 1.0),), isotopologue=None, partition=None):
    """Lines of a file, one item for each isotopologue; `gases` of (name, mole fraction); `partition`: table in place of TIPS."""
    path = pathlib.Path(path)
    header = path.with_suffix(".header")
    extra = [name.lower() for name in json.loads(header.read_text()).get("extra", [])] if header.exists() else []
    columns = {"gamma_air": (35, 40), "n_air": (55, 59), "delta_air": (59, 67), "gamma_self": (40, 45)}
    rows = {}
    for text in path.read_text().splitlines():
        number = lambda a, b: float(text[a:b])
        key = (int(text[0:2]), NUMBERS.index(text[2]) + 1)
        if isotopologue and key[1] != isotopologue:
            continue
        fields = {name: text[a:b] for name, (a, b) in columns.items()}
        fields.update(zip(extra, text[160:].split(",")[1:]))
        value = lambda name, default: float(fields[name]) if fields.get(name, "").strip(" #") else default
        n_air = value("n_air", 0.5)
        widths = [v for g, _ in gases for v in (value(f"gamma_{g}", np.nan) / ATM, value(f"n_{g}", n_air))]
        shift = sum(x * value(f"delta_{g}", 0.0) for g, x in gases) / ATM
        row = [number(3, 15), number(15, 25), number(45, 55), number(25, 35) / (4 * np.pi * LIGHT), shift, *widths]
        rows.setdefault(key, []).append(row)
    lists = []
    for key, row in sorted(rows.items()):
        c = np.array(row).T
        widths = [(x, c[5 + 2 * i], c[6 + 2 * i]) for i, (_, x) in enumerate(gases)]
        lists.append(Lines(mass_of(*key), two_columns(partition) if partition else tips(*key), *c[:5], widths))
    return lists


def broad(path):
    """Rows of a .broad file: code -> {quantum numbers: (gamma, n)}."""
    table = {}
    for row in map(str.split, path.read_text().splitlines()):
        code = {"j": "a0", "jj": "a1"}.get(row[0], row[0])
        table.setdefault(code, {})[tuple(map(float, row[3:]))] = (float(row[1]), float(row[2]))
    return table


def row_of(table, j, j_upper, default):
    """The width of a line: m1, m0, a1 or a0 in this order; beyond the table its last row."""
    m = {1: j + 1, -1: -j, 0: j}.get(j_upper - j, np.nan)
    for code, key in (("m1", (m,)), ("m0", (abs(m),)), ("a1", (j, j_upper)), ("a0", (j,))):
        if key in table.get(code, {}):
            return table[code][key]
    for code, key in (("m1", m), ("m0", abs(m)), ("a0", j)):
        numbers = [k[0] for k in table.get(code, {})]
        if numbers and key > max(numbers):
            return table[code][(max(numbers),)]
        if numbers and key < min(numbers):
            return table[code][(min(numbers),)]
    return default


def exomol(folder, gases=()):
    """Lines of a data set in plain text; `gases` of (label of .broad, mole fraction), none for the default width."""
    folder = pathlib.Path(folder)
    states_file = next(folder.glob("*.states"))
    stem = states_file.name[: -len(".states")]
    definition = (folder / f"{stem}.def").read_text()
    entry = lambda words: re.search(r"^\s*([0-9.]+)[^#\n]*#\s*" + words, definition, re.M | re.I)
    default = (float(entry("Default value of Lorentzian")[1]), float(entry("Default value of temperature")[1]))
    lifetimes = (found := entry("Lifetime avail")) and found[1] == "1"
    states = {row[0]: row for row in map(str.split, states_file.read_text().splitlines())}
    q = two_columns(folder / f"{stem}.pf")
    tables = [broad(next(folder.glob(f"*__{label}.broad"))) for label, _ in gases]
    rows = []
    for file in sorted(folder.glob(f"{stem}.trans")):
        for upper, lower, a, *_ in map(str.split, file.read_text().splitlines()):
            u, l, a = states[upper], states[lower], float(a)
            nu, energy = float(u[1]) - float(l[1]), float(l[1])
            if lifetimes:
                natural = sum(1 / (4 * np.pi * LIGHT * float(s[4])) for s in (u, l))
            else:
                natural = a / (4 * np.pi * LIGHT)
            strength = float(u[2]) * a / (8 * np.pi * LIGHT * nu**2) / q(296.0) * np.exp(-C2 * energy / 296.0)
            strength *= -np.expm1(-C2 * nu / 296.0)
            widths = [v for t in tables for v in row_of(t, float(l[3]), float(u[3]), default)] or list(default)
            rows.append([nu, strength, energy, natural, 0.0, *widths])
    c = np.array(rows).T
    fractions = [x for _, x in gases] or [1.0]
    widths = [(x, c[5 + 2 * i], c[6 + 2 * i]) for i, x in enumerate(fractions)]
    return [Lines(float(entry("Isotopologue mass")[1]), q, *c[:5], widths)]


def chi_factor(rows, distance):
    """ln chi linear between rows, 1 before the first, constant after the last."""
    d, chi = np.array(rows).T
    return np.exp(np.interp(distance, d, np.log(chi)))


def cross_section(lists, nu, t, p, natural=True, shift=False, cutoff=None, pedestal=False, chi=None):
    """sigma [cm2/molecule] at wavenumbers `nu`, temperature `t` and pressure `p`."""
    total = np.zeros_like(nu)
    for lines in lists:
        boltzmann = np.exp(-C2 * lines.energy * (1 / t - 1 / 296.0))
        emission = np.expm1(-C2 * lines.nu / t) / np.expm1(-C2 * lines.nu / 296.0)
        strength = lines.strength * lines.q(296.0) / lines.q(t) * boltzmann * emission
        gamma = p * sum(x * g * (296.0 / t) ** n for x, g, n in lines.widths) + (lines.natural if natural else 0.0)
        centre = lines.nu + (lines.shift * p if shift else 0.0)
        sigma = centre * np.sqrt(BOLTZMANN * t / (lines.mass * AMU)) / LIGHT
        voigt = lambda d, s, g: wofz((d + 1j * g) / (np.sqrt(2) * s)).real / (np.sqrt(2 * np.pi) * s)
        for i in np.flatnonzero(strength):
            distance = np.abs(nu - centre[i])
            profile = voigt(distance, sigma[i], gamma[i])
            if chi is not None:
                profile = profile * chi_factor(chi, distance)
            if cutoff is not None:
                if pedestal:
                    profile = profile - voigt(cutoff, sigma[i], gamma[i])
                profile = np.where(distance <= cutoff, profile, 0.0)
            total += strength[i] * profile
    return total
