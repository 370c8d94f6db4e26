"""What a spectrograph records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np

from . import _photosphere
from ._grid import Grid
from ._units import number


@dataclass(frozen=True, eq=False)
class Instrument:
    """A linear map from a spectrum on a grid to data points: rotation, response, Doppler shift, sampling, calibration.

    Parameters
    ----------
    resolving_power : float, optional
        R of a Gaussian response, whose full width at half maximum is 1/R in ln(wavenumber).
    radial_velocity : float
        km s-1, positive away from us.
    v_sin_i : float, optional
        Rotation, km s-1, with limb darkening ``u1``, ``u2``.
    response : pair of arrays, optional
        Velocities in km s-1 and weights, in place of ``resolving_power``.
    scale, offset : float
        Applied last.
    continuum : sequence of float
        Coefficients of Chebyshev polynomials from the first on.

    Examples
    --------
    >>> observed = Instrument(resolving_power=1e5).on(grid, data_wavenumber)   # doctest: +SKIP
    >>> y = observed(spectrum)                                               # doctest: +SKIP
    """

    resolving_power: float | None = None
    radial_velocity: float = 0.0
    v_sin_i: float | None = None
    u1: float = 0.0
    u2: float = 0.0
    response: tuple[Any, Any] | None = None
    scale: float = 1.0
    offset: float = 0.0
    continuum: Sequence[float] = ()

    def on(self, grid: Grid, at: Any) -> Observed:
        """The map from ``grid`` to data points ``at``: wavenumbers [point] in cm-1, or the ends of bins [point, 2].

        Raises
        ------
        ValueError
            A number out of range; a grid that does not hold the data and what the instrument reaches beyond them: the message has the range that would do.
        """
        return Observed(self, grid, np.asarray(number(at, "cm-1"), dtype=float))


class Observed:
    """An :class:`Instrument` between a grid and data points."""

    def __init__(self, instrument: Instrument, grid: Grid, at: np.ndarray) -> None:
        self.instrument, self.grid, self.at = instrument, grid, at
        speed = "km s-1"
        response = instrument.response
        if response is not None:
            response = [np.asarray(part, dtype=float).tolist() for part in response]
        v_sin_i = instrument.v_sin_i
        self._operator = _photosphere.Instrument(
            (grid.lo, grid.hi, grid.points),
            at,
            instrument.resolving_power,
            response,
            None if v_sin_i is None else float(number(v_sin_i, speed)),
            instrument.u1,
            instrument.u2,
            float(number(instrument.radial_velocity, speed)),
            instrument.scale,
            instrument.offset,
            list(instrument.continuum),
        )

    def __reduce__(self) -> Any:
        return Observed, (self.instrument, self.grid, self.at)

    def __call__(self, spectrum: Any) -> np.ndarray:
        """What is recorded [point] of a spectrum [nu]."""
        return self._operator.apply(np.asarray(spectrum))

    def jvp(self, tangents: Any) -> np.ndarray:
        """The linear part, without the offset: [point] of a tangent [nu], [column, point] of columns [column, nu]."""
        tangents = np.asarray(tangents)
        if tangents.ndim == 1:
            return self._operator.tangents(tangents[np.newaxis])[:, 0]
        return self._operator.tangents(tangents).T

    def transpose(self, weights: Any) -> np.ndarray:
        """The transpose of the linear part: weights of the data points [point] to weights of the grid points [nu]."""
        return self._operator.transpose(weights)
