"""What absorbs and scatters besides lines: collisions, scattering by molecules, H-, clouds, hazes, and opacities of one's own."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Callable, ClassVar, Mapping, Sequence

from ._units import number


@dataclass(frozen=True)
class CIA:
    """Collision-induced absorption from a HITRAN CIA file. The partners are those that the file names, such as H2 and He; spectra have their mixing ratios.

    Parameters
    ----------
    file : path
        The file.
    clamp : bool
        At a temperature outside the table: take the table's nearest. Without it that is an error.
    """

    file: str
    clamp: bool = False
    kind: ClassVar[str] = "cia"

    def __post_init__(self) -> None:
        object.__setattr__(self, "file", os.path.abspath(os.fspath(self.file)))

    def _parameters(self) -> dict[str, float]:
        return {}


@dataclass(frozen=True)
class Rayleigh:
    """Rayleigh scattering by a gas: H2, He, N2, CO2, H2O, CH4, CO, O2 or H. Emission counts it as absorption."""

    gas: str
    kind: ClassVar[str] = "rayleigh"

    def _parameters(self) -> dict[str, float]:
        return {}


@dataclass(frozen=True)
class HMinus:
    """Bound-free and free-free absorption of H- (John 1988); spectra have mixing ratios of ``H`` and ``e-``."""

    kind: ClassVar[str] = "h-minus"

    def _parameters(self) -> dict[str, float]:
        return {}


def _values(name: str, **values: Any) -> dict[str, float]:
    return {f"{name}.{key}": float(value) for key, value in values.items() if value is not None}


@dataclass(frozen=True)
class CloudDeck:
    """A cloud that is opaque below a pressure: vertical optical depth 0.05 (P / pressure)^steepness.

    Parameters
    ----------
    pressure : float, optional
        bar. Spectra may give another, as parameter ``NAME.pressure_bar``.
    steepness : float, optional
        As sharp as a layer if nothing is said.
    name : str
        Tells several apart.
    """

    pressure: float | None = None
    steepness: float | None = None
    name: str = "deck"
    kind: ClassVar[str] = "deck"

    def _parameters(self) -> dict[str, float]:
        return _values(self.name, pressure_bar=number(self.pressure, "bar"))


@dataclass(frozen=True)
class GreyHaze:
    """The same opacity at all wavenumbers and in all layers.

    Parameters
    ----------
    opacity : float, optional
        cm2 per gram of gas. Spectra may give another, as parameter ``NAME.opacity_cm2_g``.
    name : str
        Tells several apart.
    """

    opacity: float | None = None
    name: str = "grey-haze"
    kind: ClassVar[str] = "grey-haze"

    def _parameters(self) -> dict[str, float]:
        return _values(self.name, opacity_cm2_g=number(self.opacity, "cm2 g-1"))


@dataclass(frozen=True)
class PowerLawHaze:
    """A haze with opacity (wavenumber / reference)^exponent per gram of gas; exponent 4 is Rayleigh's slope.

    Parameters
    ----------
    opacity : float
        cm2 g-1 at the reference, 0 if nothing is said. Spectra may give another, as parameter ``NAME.opacity_cm2_g``.
    exponent : float
        Spectra may give another, as parameter ``NAME.exponent``.
    reference : float
        Vacuum wavelength, um.
    name : str
        Tells several apart.
    """

    opacity: float = 0.0
    exponent: float = 4.0
    reference: float = 0.5
    name: str = "haze"
    kind: ClassVar[str] = "power-law-haze"

    @property
    def reference_cm(self) -> float:
        """The reference as a wavenumber, cm-1."""
        return 1e4 / float(number(self.reference, "um"))

    def _parameters(self) -> dict[str, float]:
        return _values(self.name, opacity_cm2_g=number(self.opacity, "cm2 g-1"), exponent=self.exponent)


Haze = PowerLawHaze


@dataclass(frozen=True)
class Opacity:
    """An opacity of one's own, from a Python function.

    Parameters
    ----------
    name : str
        For messages and reports.
    function : callable
        ``function(wavenumber, temperature, pressure, **parameters)`` gets an array [nu] in cm-1, a temperature in K, a pressure in bar, and gives coefficients
        [nu], 0 or more; or a pair of these and a dictionary of their derivatives [nu] by ``"temperature"`` and by parameters. Derivatives that it does not give
        are found by central differences, which calls it twice more for each. It is called by several threads, for one layer at a time.
    per : str, optional
        A species: the coefficients are cm2 per molecule of it. Without one they are cm2 per gram of gas.
    parameters : dict or sequence of str
        Names of its parameters, with values or without; spectra may give others, as ``NAME.PARAMETER``.
    resolution : float, optional
        It is evaluated at this resolution nu / d nu and interpolated in between, 500 if nothing is said; the grid's own is the most that is used.
    scattering : bool
        Whether it scatters.
    """

    name: str
    function: Callable[..., Any]
    per: str | None = None
    values: Mapping[str, float] | Sequence[str] = field(default_factory=dict)
    resolution: float | None = None
    scattering: bool = False
    kind: ClassVar[str] = "opacity"

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        *,
        per: str | None = None,
        parameters: Mapping[str, float] | Sequence[str] = (),
        resolution: float | None = None,
        scattering: bool = False,
    ) -> None:
        for key, value in {
            "name": name,
            "function": function,
            "per": per,
            "values": dict(parameters) if isinstance(parameters, Mapping) else tuple(parameters),
            "resolution": resolution,
            "scattering": scattering,
        }.items():
            object.__setattr__(self, key, value)

    @property
    def parameters(self) -> list[str]:
        """Names of its parameters."""
        return list(self.values)

    def _parameters(self) -> dict[str, float]:
        return _values(self.name, **self.values) if isinstance(self.values, Mapping) else {}
