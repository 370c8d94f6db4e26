"""The plug-in for TauREx."""

import numpy as np
import pytest

taurex = pytest.importorskip("taurex", reason="extra taurex")
from importlib.metadata import entry_points

from taurex.cache import GlobalCache, OpacityCache
from taurex.chemistry import ConstantGas, TaurexChemistry
from taurex.contributions import AbsorptionContribution
from taurex.model import TransmissionModel
from taurex.planet import Planet
from taurex.pressure import SimplePressureProfile
from taurex.stellar import BlackbodyStar
from taurex.temperature import Isothermal

import photosphere as ph
from photosphere.taurex import SETTING, LineOpacity

GRID = ph.Grid.from_wavenumber(4280.0, 4300.0, points=500)
CO = ph.CarbonMonoxide(broadener="H2")


@pytest.fixture(autouse=True)
def clean():
    OpacityCache().clear_cache()
    yield
    GlobalCache()[SETTING] = None
    OpacityCache().clear_cache()


def forward():
    gases = TaurexChemistry(fill_gases=["H2", "He"], ratio=0.17)
    gases.addGas(ConstantGas("CO", 5e-4))
    model = TransmissionModel(
        planet=Planet(0.6, 1.2),
        star=BlackbodyStar(5800, 1.0),
        temperature_profile=Isothermal(1100.0),
        pressure_profile=SimplePressureProfile(40, 1e-1, 1e6),
        chemistry=gases,
    )
    model.add_contribution(AbsorptionContribution())
    model.build()
    return model.model()[:2]


def test_cross_sections_are_photospheres_in_square_metres():
    opacity = LineOpacity("CO", CO, GRID, [1000.0, 1200.0], [1e3, 1e5], device="cpu")
    exact = ph.cross_sections(GRID, CO, 1000.0, 1.0, temperature_range=(1000, 1200), device="cpu")
    assert np.allclose(opacity.opacity(1000.0, 1e5), exact * 1e-4, rtol=1e-12)
    with pytest.raises(ValueError, match="temperature"):
        LineOpacity("CO", CO, GRID, [1000.0], [1e3, 1e5])


def test_it_is_found_by_its_entry_point_and_makes_a_spectrum():
    assert [e.load() for e in entry_points(group="taurex.plugins") if e.name == "photosphere"]
    GlobalCache()[SETTING] = {"CO": {"lines": CO, "grid": GRID, "temperature": [1000.0, 1100.0, 1200.0]}}
    assert LineOpacity.discover()[0][0] == "CO"
    OpacityCache().add_opacity(LineOpacity("CO", CO, GRID, [1000.0, 1100.0, 1200.0], device="cpu"))
    nu, depth = forward()
    assert nu.shape == depth.shape == (500,) and np.isfinite(depth).all()
    # Lines stand out: the planet is larger in them.
    assert depth.max() / depth.min() > 1.02
