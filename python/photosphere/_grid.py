"""Wavenumbers and pressures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from . import _photosphere
from ._units import number

_PER_CM = {"um": 1e4, "micron": 1e4, "nm": 1e7, "angstrom": 1e8, "AA": 1e8}


def _length(value: Any, unit: str, name: str) -> float:
    """A wavelength in cm-1."""
    if getattr(value, "unit", None) is not None:
        return float(number(value, "cm-1"))
    if unit not in _PER_CM:
        raise ValueError(f"unit: given {unit!r}, required one of {', '.join(_PER_CM)}")
    if not value > 0:
        raise ValueError(f"{name}: given {value}, required a wavelength above 0")
    return _PER_CM[unit] / float(value)


@dataclass(frozen=True)
class Grid:
    """Wavenumbers at equal steps in ln(wavenumber); both ends are points.

    Made by :meth:`from_wavenumber` or :meth:`from_wavelength`.

    Attributes
    ----------
    lo, hi : float
        First and last point, cm-1.
    points : int
        Number of points.
    """

    lo: float
    hi: float
    points: int

    @classmethod
    def from_wavenumber(cls, lo: Any, hi: Any, *, points: int | None = None, sampling: float | None = None) -> Grid:
        """A grid from ``lo`` to ``hi`` cm-1 (or astropy quantities) with ``points`` points, or with the fewest whose sampling nu / d nu is at
        least ``sampling``.

        Raises
        ------
        ValueError
            Ends that are not 0 < lo < hi; fewer than 2 or more than 1e8 points; both or neither of ``points`` and ``sampling``.
        """
        lo, hi = float(number(lo, "cm-1")), float(number(hi, "cm-1"))
        nu = _photosphere.wavenumbers(lo, hi, points, sampling)
        grid = cls(lo, hi, len(nu))
        grid.__dict__["wavenumber"] = _constant(nu)
        return grid

    @classmethod
    def from_wavelength(
        cls, lo: Any, hi: Any, unit: str = "um", *, points: int | None = None, sampling: float | None = None
    ) -> Grid:
        """A grid between the vacuum wavelengths ``lo`` and ``hi``, in ``unit`` (um, nm, angstrom) or astropy quantities.

        Raises
        ------
        ValueError
            As :meth:`from_wavenumber`.
        """
        ends = _length(lo, unit, "lo"), _length(hi, unit, "hi")
        return cls.from_wavenumber(min(ends), max(ends), points=points, sampling=sampling)

    @cached_property
    def wavenumber(self) -> np.ndarray:
        """The points, cm-1, ascending; read-only."""
        return _constant(_photosphere.wavenumbers(self.lo, self.hi, self.points, None))

    @property
    def wavelength(self) -> np.ndarray:
        """The points as vacuum wavelengths, um, descending."""
        return 1e4 / self.wavenumber

    def __len__(self) -> int:
        return self.points

    def __getstate__(self) -> tuple[float, float, int]:
        return self.lo, self.hi, self.points

    def __setstate__(self, state: tuple[float, float, int]) -> None:
        self.__dict__.update(zip(("lo", "hi", "points"), state))


@dataclass(frozen=True)
class Pressure:
    """Layers at equal steps of ln P, counted from the top.

    Parameters
    ----------
    top, bottom : float or astropy quantity
        Pressure at the centre of the first and of the last layer, bar.
    layers : int
        Number of layers, 2 to 10 000.

    Raises
    ------
    ValueError
        Pressures that are not 0 < top < bottom, a number of layers out of range.
    """

    top: float
    bottom: float
    layers: int = 100

    def __post_init__(self) -> None:
        object.__setattr__(self, "top", float(number(self.top, "bar")))
        object.__setattr__(self, "bottom", float(number(self.bottom, "bar")))
        if not isinstance(self.layers, (int, np.integer)) or not 2 <= self.layers <= 10_000:
            raise ValueError(f"layers: given {self.layers}, required a whole number from 2 to 10000")
        object.__setattr__(self, "layers", int(self.layers))
        if not 0 < self.top < self.bottom:
            raise ValueError(f"pressures [bar]: given {self.top} to {self.bottom}, required 0 < top < bottom")
        _ = self.bar

    @cached_property
    def bar(self) -> np.ndarray:
        """Pressures at the layers' centres [layer], bar, from the top; read-only."""
        return _constant(_photosphere.pressures(self.top, self.bottom, self.layers))

    def __len__(self) -> int:
        return self.layers


def _constant(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
