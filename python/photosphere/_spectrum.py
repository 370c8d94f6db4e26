"""A spectrum with what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._model import Model


class Spectrum:
    """What a model computed.

    Attributes
    ----------
    values : numpy.ndarray
        [nu]; float64 from the CPU, float32 from a device. Emission: flux at the top, erg s-1 cm-2 / cm-1, also called ``flux``. Transmission: radius of the planet,
        cm, also called ``radius``.
    """

    __slots__ = ("values", "_model", "_inputs")

    def __init__(self, values: np.ndarray, model: Model, inputs: dict[str, Any]) -> None:
        self.values, self._model, self._inputs = values, model, inputs

    @property
    def wavenumber(self) -> np.ndarray:
        """[nu], cm-1."""
        return self._model.grid.wavenumber

    @property
    def wavelength(self) -> np.ndarray:
        """[nu], vacuum, um."""
        return self._model.grid.wavelength

    @property
    def flux(self) -> np.ndarray:
        """[nu], erg s-1 cm-2 / cm-1.

        Raises
        ------
        AttributeError
            The spectrum is one of transmission.
        """
        return self._of("flux")

    @property
    def radius(self) -> np.ndarray:
        """[nu], cm.

        Raises
        ------
        AttributeError
            The spectrum is one of emission.
        """
        return self._of("radius")

    def _of(self, quantity: str) -> np.ndarray:
        if self._model.quantity != quantity:
            raise AttributeError(f"{quantity}: this spectrum has a {self._model.quantity}")
        return self.values

    def depth(self, star_radius: float) -> np.ndarray:
        """Transit depth (radius / ``star_radius``)^2 [nu]; the star's radius in cm."""
        from ._units import number

        return (self.radius.astype(float) / float(number(star_radius, "cm"))) ** 2

    @property
    def unit(self) -> str:
        """Unit of the values."""
        return self._model.unit

    @property
    def metadata(self) -> dict[str, Any]:
        """Version, device, opacities, accuracy, and what the spectrum was computed for."""
        return {**self._model.metadata, "inputs": {k: v for k, v in self._inputs.items() if v is not None}}

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype, copy=bool(copy)) if copy else np.asarray(self.values, dtype=dtype)

    def __repr__(self) -> str:
        return (
            f"<{self._model.quantity} [{len(self)}] {self.unit}, {self._model.grid.lo} to {self._model.grid.hi} cm-1>"
        )

    def to_quantity(self) -> Any:
        """The values as an astropy quantity."""
        from astropy import units

        return units.Quantity(self.values, units.Unit(_ASTROPY[self._model.quantity]))

    def to_xarray(self) -> Any:
        """An ``xarray.DataArray`` over wavenumber, with units and provenance."""
        from .convert import data_array

        return data_array(self)

    def plot(self, ax: Any = None, **line: Any) -> Any:
        """Draws the spectrum with matplotlib; gives the axes."""
        from matplotlib import pyplot

        ax = pyplot.gca() if ax is None else ax
        ax.plot(self.wavenumber, self.values, **{"linewidth": 0.5, **line})
        ax.set_xlabel("wavenumber [cm$^{-1}$]")
        ax.set_ylabel(f"{self._model.quantity} [{self.unit}]")
        return ax


_ASTROPY = {"flux": "erg s-1 cm-2 / cm-1", "radius": "cm"}
