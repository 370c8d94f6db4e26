"""Cross sections alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _photosphere
from ._grid import Grid
from ._lists import _List
from ._model import options
from ._progress import Progress, callback
from ._units import number


def cross_sections(
    grid: Grid,
    lines: _List,
    temperature: Any,
    pressure: Any,
    *,
    name: str = "CO",
    progress: Progress = None,
    **choices: Any,
) -> np.ndarray:
    """Cross sections of a line list, cm2 per molecule.

    Parameters
    ----------
    grid : Grid
        Wavenumbers.
    lines : ExoMol, Hitran or CarbonMonoxide
        The list.
    temperature, pressure : float or array
        K and bar; they are broadcast against each other.
    name : str
        What the list is of, where it is not carbon monoxide: a formula is compared with what the files hold.
    temperature_range, tolerance, method, device, ...
        As for :class:`Model`; the temperature range is that of the temperatures if nothing is said.

    Returns
    -------
    numpy.ndarray
        [..., nu] with the shape of temperature and pressure first; float64 from the CPU, float32 from a device.

    Raises
    ------
    ValueError, OSError, MemoryError, DeviceError
        As for :class:`Model`.
    """
    t, p = np.broadcast_arrays(
        np.asarray(number(temperature, "K"), dtype=float), np.asarray(number(pressure, "bar"), dtype=float)
    )
    if t.size == 0:
        raise ValueError("temperature and pressure: given none, required one or more")
    choices.setdefault("temperature_range", (float(t.min()), float(t.max())))
    at = list(zip(t.ravel().tolist(), p.ravel().tolist()))
    values, _ = _photosphere.cross_sections(
        (grid.lo, grid.hi, grid.points), name, lines, at, options(**choices), callback(progress)
    )
    return values.reshape(*t.shape, grid.points)
