"""Objects of other packages: quantities, xarray, pictures."""

import json

import numpy as np
import pytest

import photosphere as ph
from conftest import LAYERS, emission


def test_quantities_are_taken_at_the_edge(inputs):
    units = pytest.importorskip("astropy.units", reason="extra astropy")
    model = emission("cpu")
    reference = model(**inputs).flux
    given = {**inputs, "temperature": inputs["temperature"] * units.K, "gravity": 25.0 * units.m / units.s**2}
    assert np.allclose(model(**given).flux, reference, rtol=1e-13)
    grid = ph.Grid.from_wavelength(2.3 * units.um, 2310 * units.nm, points=10)
    assert np.isclose(grid.lo, 1e4 / 2.31) and np.isclose(grid.hi, 1e4 / 2.3)
    assert ph.Pressure(10 * units.Pa, 1e6 * units.Pa, layers=5) == ph.Pressure(1e-4, 10.0, layers=5)
    with pytest.raises(ValueError, match="required K"):
        model(**{**inputs, "temperature": 1000 * units.m})
    quantity = model(**inputs).to_quantity()
    assert np.allclose(quantity.to_value("W m-2 / cm-1"), reference * 1e-3)


def test_xarray_has_units_and_provenance(inputs):
    pytest.importorskip("xarray", reason="extra xarray")
    s = emission("cpu")(**inputs)
    array = s.to_xarray()
    assert array.name == "flux" and np.array_equal(array.values, s.flux) and array.attrs["units"] == s.unit
    assert array.wavenumber.attrs["units"] == "cm-1"
    assert array.attrs["photosphere"] == ph.__version__ and json.loads(array.attrs["inputs"])["gravity"] == 2500.0
    assert len(json.loads(array.attrs["inputs"])["temperature"]) == LAYERS and "CarbonMonoxide" in array.attrs["model"]


def test_spectra_are_drawn(inputs):
    matplotlib = pytest.importorskip("matplotlib", reason="extra plot")
    matplotlib.use("Agg")
    ax = emission("cpu")(**inputs).plot()
    assert ax.get_xlabel().startswith("wavenumber") and len(ax.lines) == 1
