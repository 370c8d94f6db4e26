"""Quantities with astropy units, accepted where numbers are; without astropy, numbers alone."""

from __future__ import annotations

from typing import Any


def number(value: Any, unit: str) -> Any:
    """``value`` in ``unit`` if it is an astropy quantity, else as it is.

    Wavelengths and wavenumbers turn into each other.

    Raises
    ------
    ValueError
        A quantity of another kind.
    """
    if getattr(value, "unit", None) is None or not hasattr(value, "to_value"):
        return value
    from astropy import units

    try:
        return value.to_value(units.Unit(unit), equivalencies=units.spectral())
    except units.UnitConversionError as error:
        raise ValueError(f"quantity in {value.unit}, required {unit}: {error}") from error
