"""A plug-in for TauREx 3: opacities computed from line lists.

>>> from taurex.cache import OpacityCache                                                    # doctest: +SKIP
>>> from photosphere.taurex import LineOpacity                                               # doctest: +SKIP
>>> opacity = LineOpacity("CO", ph.CarbonMonoxide(broadener="H2"), grid, [500, 1000, 1500])    # doctest: +SKIP
>>> OpacityCache().add_opacity(opacity)                                                      # doctest: +SKIP

TauREx also finds those that are named in its ``GlobalCache()["photosphere_opacities"]``: a dictionary of the arguments of :class:`LineOpacity` by molecule.
"""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np
from taurex.cache import GlobalCache
from taurex.opacity.interpolateopacity import InterpolatingOpacity

from ._cross_sections import cross_sections
from ._grid import Grid
from ._lists import _List

__all__ = ["LineOpacity"]

SETTING = "photosphere_opacities"


class LineOpacity(InterpolatingOpacity):
    """Cross sections of a molecule from a line list, on a table of temperatures and pressures between which TauREx interpolates.

    Parameters
    ----------
    molecule : str
        Formula.
    lines : ExoMol, Hitran or CarbonMonoxide
        The list.
    grid : Grid
        Wavenumbers.
    temperature : array
        Temperatures of the table, K, ascending.
    pressure : array, optional
        Pressures of the table, Pa, ascending; every half decade from 0.1 Pa to 10 MPa if nothing is said.
    interpolation_mode : str
        ``"linear"`` or ``"exp"`` in temperature, as TauREx has it.
    **choices
        As for :func:`photosphere.cross_sections`.
    """

    def __init__(
        self,
        molecule: str,
        lines: _List,
        grid: Grid,
        temperature: Any,
        pressure: Any = None,
        interpolation_mode: str = "linear",
        **choices: Any,
    ) -> None:
        super().__init__(f"Photosphere:{molecule}", interpolation_mode)
        self._molecule, self._grid = molecule, grid
        self._temperature = _ascending("temperature", temperature)
        self._pressure = _ascending("pressure", np.logspace(-1, 7, 17) if pressure is None else pressure)
        # 1 bar is 1e5 Pa.
        self._table = cross_sections(
            grid, lines, self._temperature, self._pressure[:, np.newaxis] / 1e5, name=molecule, **choices
        ).astype(float)

    @classmethod
    def discover(cls) -> list[tuple[str, list[Any]]]:
        """Molecules that TauREx's cache names, with the arguments of their opacities."""
        named: Mapping[str, Mapping[str, Any]] = GlobalCache()[SETTING] or {}
        order = ("lines", "grid", "temperature", "pressure", "interpolation_mode")
        defaults = {"pressure": None, "interpolation_mode": "linear"}
        given = ((molecule, {**defaults, **arguments}) for molecule, arguments in named.items())
        return [(molecule, [molecule, *(arguments[key] for key in order)]) for molecule, arguments in given]

    @property
    def moleculeName(self) -> str:  # noqa: N802
        """Formula."""
        return self._molecule

    @property
    def wavenumberGrid(self) -> np.ndarray:  # noqa: N802
        """[nu], cm-1."""
        return self._grid.wavenumber

    @property
    def temperatureGrid(self) -> np.ndarray:  # noqa: N802
        """K."""
        return self._temperature

    @property
    def pressureGrid(self) -> np.ndarray:  # noqa: N802
        """Pa."""
        return self._pressure

    @property
    def xsecGrid(self) -> np.ndarray:  # noqa: N802
        """[pressure, temperature, nu], cm2 per molecule."""
        return self._table

    @property
    def resolution(self) -> float:
        """Mean distance of neighbouring points, cm-1."""
        return float(np.mean(np.diff(self._grid.wavenumber)))


def _ascending(name: str, values: Any) -> np.ndarray:
    values = np.atleast_1d(np.asarray(values, dtype=float))
    if values.ndim != 1 or values.size < 2 or not (np.diff(values) > 0).all() or not values[0] > 0:
        raise ValueError(f"{name}: given {values}, required two or more values above 0, ascending")
    return values
