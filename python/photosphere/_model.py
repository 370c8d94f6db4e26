"""Models: made ready once, then one call for each spectrum."""

from __future__ import annotations

import json
import operator
import os
from typing import Any, Callable, Mapping, Sequence

import numpy as np

from . import _photosphere
from ._grid import Grid, Pressure
from ._lists import _List
from ._progress import Progress, callback
from ._spectrum import Spectrum
from ._units import number

__all__ = ["Emission", "Model", "Plan", "Transmission", "options"]

MEAN_MOLAR_MASS = 2.33
"""g mol-1, of hydrogen and helium in solar proportions: the mean molar mass of the gas if nothing is said."""


def options(
    *,
    temperature_range: tuple[float, float] = (100.0, 3000.0),
    tolerance: float = 1e-3,
    method: str = "auto",
    evaluations: int = 1,
    device: str = "auto",
    memory_budget: str | int | float = "auto",
    cache: Any = None,
    line_margin: float | None = None,
    natural_width: bool = True,
    pressure_shift: bool = False,
    wing_cutoff: float | None = None,
    subtract_pedestal: bool = False,
    chi: Any = None,
) -> dict[str, Any]:
    """Choices of models and cross sections, as they are handed to the library."""
    lo, hi = (float(number(t, "K")) for t in temperature_range)
    return {
        "temperature_range": (lo, hi),
        "tolerance": float(tolerance),
        "method": method,
        "evaluations": _count(evaluations),
        "device": device,
        "memory_budget": str(memory_budget),
        "cache": None if cache is None or cache is False else os.fspath(cache),
        "cached": cache is not False,
        "line_margin": None if line_margin is None else float(number(line_margin, "cm-1")),
        "natural_width": bool(natural_width),
        "pressure_shift": bool(pressure_shift),
        "wing_cutoff": None if wing_cutoff is None else float(number(wing_cutoff, "cm-1")),
        "subtract_pedestal": bool(subtract_pedestal),
        "chi": None if chi is None else os.fspath(chi),
    }


def _count(evaluations: Any) -> int:
    try:
        count = operator.index(evaluations)
    except TypeError:
        count = 0
    if not 1 <= count < 1 << 32:
        raise ValueError(f"evaluations: given {evaluations!r}, required a whole number of spectra, 1 or more")
    return count


class Model:
    """What :class:`Emission` and :class:`Transmission` have in common.

    Parameters
    ----------
    grid : Grid
        Wavenumbers.
    pressure : Pressure
        Layers, from the top.
    species : dict
        Line lists by species: ``{"H2O": ExoMol(...), "CO": CarbonMonoxide()}``; the names are those under which spectra give mixing ratios.
    continua : sequence
        :class:`CIA`, :class:`Rayleigh`, :class:`HMinus`, :class:`CloudDeck`, :class:`GreyHaze`, :class:`PowerLawHaze`, :class:`Opacity`.
    temperature_range : pair
        Temperatures that spectra may have, K. The narrower, the faster.
    tolerance : float
        Relative error aimed at in the cross sections, 1e-7 to 0.1.
    method : str
        ``"auto"``, ``"lines"``, ``"density"``, or ``"table"`` for many spectra on the same pressures.
    evaluations : int
        Spectra that are expected of the model: what ``"auto"`` weighs the making of a table against. Say 5000 for a sampler.
    device : str
        ``"auto"``, ``"cpu"``, or part of a name that :func:`devices` gives.
    memory_budget : str, int or float
        Device memory that may be used: ``"auto"``, ``"exact"``, ``"2GiB"``, bytes, or a fraction.
    cache : path or False, optional
        Folder of line-shape densities, tables and kernels; the system's own if nothing is said, none with ``False``.
    line_margin, natural_width, pressure_shift, wing_cutoff, subtract_pedestal, chi
        As ``[method]`` of a configuration has them.
    progress : bool or callable, optional
        ``True`` for a bar while lists are read, or a function of (task, done, total).

    Raises
    ------
    ValueError
        Values that are out of range or do not go together; the message names the argument.
    OSError
        Files that cannot be read or are not what their format requires.
    MemoryError
        No plan fits the device or the host; ``needed`` and ``limit`` of the exception are bytes.
    DeviceMissingError, DeviceLostError, DeviceError
        The device.
    """

    quantity: str
    unit: str
    _transmission: bool

    def __init__(
        self,
        grid: Grid,
        pressure: Pressure,
        species: Mapping[str, _List] | None = None,
        *,
        continua: Sequence[Any] = (),
        progress: Progress = None,
        streams: int | None = None,
        surface: bool = False,
        **choices: Any,
    ) -> None:
        if not isinstance(grid, Grid):
            raise ValueError(f"grid: given {grid!r}, required a Grid")
        if not isinstance(pressure, Pressure):
            raise ValueError(f"pressure: given {pressure!r}, required a Pressure")
        self._recipe = {
            "grid": grid,
            "pressure": pressure,
            "species": dict(species or {}),
            "continua": tuple(continua),
            "streams": streams,
            "surface": surface,
            **choices,
        }
        self.grid, self.pressure = grid, pressure
        self._parameters: dict[str, float] = {}
        for part in continua:
            self._parameters.update(getattr(part, "_parameters", dict)())
        self._model = _photosphere.Model(
            (grid.lo, grid.hi, grid.points),
            (pressure.top, pressure.bottom, pressure.layers),
            self._transmission,
            streams,
            surface,
            list(self._recipe["species"].items()),
            list(continua),
            options(**choices),
            callback(progress),
        )
        name, api, precision = self._model.device()
        self.device = f"{name}, {api}, {precision}"

    # Pickled as a recipe: elsewhere the model is opened again, from the same cache.
    def __reduce__(self) -> Any:
        return _again, (type(self), self._recipe)

    def _inputs(self, batch: bool, given: dict[str, Any]) -> _photosphere.Inputs:
        parameters = given["parameters"]
        if parameters:
            unknown = [name for name in parameters if name not in self._known]
            if unknown:
                known = ", ".join(sorted(self._known)) or "none"
                raise ValueError(f"parameters: given {unknown[0]}, required those of the model's opacities: {known}")
            parameters = {**self._parameters, **parameters}
        else:
            parameters = self._parameters
        surface, radius, reference = given["surface_temperature"], given["radius"], given["reference_pressure"]
        return _photosphere.Inputs(
            self.pressure.layers,
            batch,
            number(given["temperature"], "K"),
            number(given["gravity"], "cm s-2"),
            number(given["mean_molar_mass"], "g mol-1"),
            given["vmr"] or {},
            given["mmr"] or {},
            None if surface is None else number(surface, "K"),
            None if radius is None else number(radius, "cm"),
            None if reference is None else float(number(reference, "bar")),
            parameters,
        )

    @property
    def _known(self) -> set[str]:
        """Names of the parameters of opacities."""
        names = set(self._parameters)
        for part in self._recipe["continua"]:
            own = {"deck": ["pressure_bar"], "grey-haze": ["opacity_cm2_g"]}.get(part.kind, [])
            own = part.parameters if part.kind == "opacity" else own
            names.update(f"{part.name}.{key}" for key in own)
        return names

    def __call__(
        self,
        *,
        temperature: Any,
        gravity: Any,
        vmr: Mapping[str, Any] | None = None,
        mmr: Mapping[str, Any] | None = None,
        mean_molar_mass: Any = MEAN_MOLAR_MASS,
        surface_temperature: Any = None,
        radius: Any = None,
        reference_pressure: Any = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> Spectrum:
        """One spectrum.

        Parameters
        ----------
        temperature : float or array [layer]
            K, from the top.
        gravity : float or array [layer]
            cm s-2; with a radius that at the reference level.
        vmr, mmr : dict
            Mixing ratios by species, by volume and by mass: floats or arrays [layer].
        mean_molar_mass : float or array [layer]
            Of the whole gas, g mol-1.
        surface_temperature : float, optional
            Of a black surface below the lowest layer, K, where the model has one.
        radius : float, optional
            At the reference level, cm. Transmission needs it; in emission gravity then falls with height.
        reference_pressure : float, optional
            Of the level at which radius and gravity hold, bar; the bottom if nothing is said.
        parameters : dict, optional
            Of clouds, hazes and opacities of one's own, such as ``{"deck.pressure_bar": 0.1}``.

        Any of these may be astropy quantities, NumPy arrays of any real type and layout, or what NumPy makes arrays of.

        Raises
        ------
        ValueError
            A wrong shape or type, values that no atmosphere has, a species that an opacity asks for and that is missing, temperatures outside the declared range.
        """
        given = {
            "temperature": temperature,
            "gravity": gravity,
            "vmr": vmr,
            "mmr": mmr,
            "mean_molar_mass": mean_molar_mass,
            "surface_temperature": surface_temperature,
            "radius": radius,
            "reference_pressure": reference_pressure,
            "parameters": parameters,
        }
        return Spectrum(self._model.spectrum(self._inputs(False, given)), self, given)

    def batch(self, **inputs: Any) -> np.ndarray:
        """Many spectra in one call: [spectrum, nu].

        The arguments are those of a single spectrum. The first axis of every array is the spectrum, of the same length or 1: temperatures are [spectrum, layer], a
        mixing ratio is a number, [spectrum] or [spectrum, layer].

        Raises
        ------
        ValueError
            As for a single spectrum; numbers of spectra that differ.
        """
        return self._model.spectrum(self._inputs(True, _complete(inputs)))

    def jacobian(
        self, *, wrt: Sequence[str] = ("temperature",), **inputs: Any
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """A spectrum [nu] and its derivatives by the arguments in ``wrt``.

        Parameters
        ----------
        wrt : sequence of str
            ``"temperature"``, ``"gravity"``, ``"mean_molar_mass"``, ``"radius"``, ``"surface_temperature"``, names of species and of parameters. Of those
            only what was given.

        Returns
        -------
        values, derivatives
            Derivatives by name: [nu] by a single number, [layer, nu] by an array.
        """
        inputs_ = self._inputs(False, _complete(inputs))
        wrt = _names(wrt)
        values, jacobian = self._model.jacobian(inputs_, list(wrt))
        return values, {name: part for name, part in _split(inputs_, wrt, jacobian)}

    def jvp(self, *, tangents: Mapping[str, Any], **inputs: Any) -> tuple[np.ndarray, np.ndarray]:
        """A spectrum [nu] and its derivative [nu] along a direction: ``tangents`` has the changes of arguments by name, each of the argument's shape."""
        inputs_ = self._inputs(False, _complete(inputs))
        sizes = {name: (size, scalar) for name, size, scalar in inputs_.names()}
        rows = []
        for name, tangent in tangents.items():
            size, _ = sizes.get(name, (None, None))
            row = np.ravel(np.asarray(tangent, dtype=float))
            if size is not None and row.size != size:
                raise ValueError(f"tangents[{name!r}]: given {row.size} numbers, required {size}")
            rows.append(row)
        direction = np.concatenate(rows) if rows else np.empty(0)
        values, along = self._model.jacobian(inputs_, list(tangents), direction)
        return values, along[0]

    def vjp(
        self, *, wrt: Sequence[str] | None = None, **inputs: Any
    ) -> tuple[np.ndarray, Callable[[Any], dict[str, np.ndarray]]]:
        """A spectrum [nu], and a function from weights [nu] to the derivatives of their sum with the spectrum.

        ``wrt`` as for :meth:`jacobian`; all that was given if nothing is said. The function also takes several rows of weights [row, nu]; its results then have
        rows as well.
        """
        inputs_ = self._inputs(False, _complete(inputs))
        wrt = _names(wrt) if wrt is not None else tuple(name for name, _, _ in inputs_.names())
        values = self._model.spectrum(inputs_)

        def pull(weights: Any) -> dict[str, np.ndarray]:
            product = self._model.product(inputs_, list(wrt), weights)
            several = np.ndim(weights) == 2
            parts = _split(inputs_, wrt, product.T)
            return {name: (part.T if several else part[..., 0])[()] for name, part in parts}

        return values, pull

    def plan(self) -> Plan:
        """What a spectrum takes: bytes by stage, and on a device how it is cut. Nothing is computed."""
        return Plan(json.loads(self._model.plan()))

    @property
    def report(self) -> dict[str, Any]:
        """What was done so far, and how: lines used, error budget, bytes, seconds, and notes of what was lost or left out."""
        return json.loads(self._model.report())

    @property
    def notes(self) -> list[dict[str, Any]]:
        """What a user must be told of lists and opacities: ``about``, ``text``, ``strength_share``."""
        return self.report["notes"]

    @property
    def opacities(self) -> list[str]:
        """Names of what absorbs or scatters."""
        return self._model.opacities()

    @property
    def metadata(self) -> dict[str, Any]:
        """Version, device, quantity and unit, opacities, and what the model was made from."""
        return {
            "photosphere": _photosphere.__version__,
            "device": self.device,
            "quantity": self.quantity,
            "unit": self.unit,
            "opacities": self.opacities,
            "model": {name: value for name, value in self._recipe.items() if value is not None},
        }

    @property
    def device_bytes(self) -> int:
        """Bytes allocated on this model's device at present; 0 on the CPU."""
        return self._model.device_bytes()

    def close(self) -> None:
        """Gives device memory back now; the model computes no more. Dropping the model does the same."""
        self._model.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        grid, layers = self.grid, self.pressure.layers
        return f"<{type(self).__name__}: {', '.join(self.opacities)}; {grid.points} points from {grid.lo} to {grid.hi} cm-1, {layers} layers; {self.device}>"


class Emission(Model):
    """Thermal emission: the flux at the top of the atmosphere, erg s-1 cm-2 / cm-1. Parameters as :class:`Model`, and

    Parameters
    ----------
    streams : int, optional
        An even number, 2 to 64, 8 if nothing is said; half of them go up.
    surface : bool
        Whether there is a black surface below the lowest layer; spectra then give ``surface_temperature``.
    """

    quantity, unit, _transmission = "flux", "erg s-1 cm-2 / cm-1", False


class Transmission(Model):
    """Transmission: the radius of the planet in front of its star, cm. Parameters as :class:`Model`; spectra give ``radius``."""

    quantity, unit, _transmission = "radius", "cm", True


class Plan(dict):
    """What a spectrum takes; prints as a table."""

    def __str__(self) -> str:
        rows = [f"{'stage':<24}{'host bytes':>16}{'device bytes':>16}"]
        for stage in self["stages"]:
            name = stage["stage"] if isinstance(stage["stage"], str) else json.dumps(stage["stage"])
            rows.append(f"{name:<24}{stage['host']['peak']:>16}{stage['device']['peak']:>16}")
        rows.append(f"{'peak':<24}{self['host_bytes']:>16}{self['device_bytes']:>16}")
        return "\n".join(rows)


def _again(cls: type[Model], recipe: dict[str, Any]) -> Model:
    """A model from its recipe."""
    return cls(**recipe)


_DEFAULTS: dict[str, Any] = {
    "vmr": None,
    "mmr": None,
    "mean_molar_mass": MEAN_MOLAR_MASS,
    "surface_temperature": None,
    "radius": None,
    "reference_pressure": None,
    "parameters": None,
}


def _complete(inputs: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a spectrum with those that were not given."""
    for name in ("temperature", "gravity"):
        if name not in inputs:
            raise TypeError(f"{name}: missing; required a number or an array")
    unknown = inputs.keys() - _DEFAULTS.keys() - {"temperature", "gravity"}
    if unknown:
        known = ", ".join(["temperature", "gravity", *_DEFAULTS])
        raise TypeError(f"{min(unknown)}: no argument of a spectrum; known are {known}")
    return {**_DEFAULTS, **inputs}


def _names(wrt: Sequence[str] | str) -> tuple[str, ...]:
    return (wrt,) if isinstance(wrt, str) else tuple(wrt)


def _split(inputs: _photosphere.Inputs, wrt: Sequence[str], rows: np.ndarray) -> Any:
    """The rows of each name: one without an axis where it is a single number."""
    sizes = {name: (size, scalar) for name, size, scalar in inputs.names()}
    first = 0
    for name in wrt:
        size, scalar = sizes[name]
        part = rows[first : first + size]
        yield name, part[0] if scalar else part
        first += size
