"""High-resolution molecular spectra of exoplanets and brown dwarfs, on any GPU and on the CPU.

>>> import photosphere as ph
>>> grid = ph.Grid.from_wavelength(2.30, 2.31, "um", sampling=1e5)
>>> model = ph.Emission(grid, ph.Pressure(1e-6, 100, layers=50), {"CO": ph.CarbonMonoxide(broadener="H2")},
...                     continua=[ph.Rayleigh("H2")], temperature_range=(300, 3000), device="cpu")
>>> s = model(temperature=1200.0, vmr={"CO": 5e-4, "H2": 0.85}, gravity=2500.0)
>>> s.flux.shape == s.wavenumber.shape
True

Units: wavenumbers in cm-1, temperatures in K from the top of the atmosphere down, pressures in bar, gravity in cm s-2, radii in cm; spectra are ``[nu]``, layers
come first: ``[layer, nu]``. Quantities of astropy are taken wherever numbers are.
"""

from . import _photosphere
from ._continua import CIA, CloudDeck, GreyHaze, Haze, HMinus, Opacity, PowerLawHaze, Rayleigh
from ._cross_sections import cross_sections
from ._grid import Grid, Pressure
from ._instrument import Instrument
from ._lists import CarbonMonoxide, ExoMol, Hitran
from ._model import Emission, Model, Plan, Transmission
from ._photosphere import DeviceError, DeviceLostError, DeviceMissingError, devices
from ._retrieval import Fit, Posterior, Retrieval
from ._spectrum import Spectrum

__version__: str = _photosphere.__version__

__all__ = [
    "CIA",
    "CarbonMonoxide",
    "CloudDeck",
    "DeviceError",
    "DeviceLostError",
    "DeviceMissingError",
    "Emission",
    "ExoMol",
    "Fit",
    "Grid",
    "GreyHaze",
    "HMinus",
    "Haze",
    "Hitran",
    "Instrument",
    "Model",
    "Opacity",
    "Plan",
    "Posterior",
    "PowerLawHaze",
    "Pressure",
    "Rayleigh",
    "Retrieval",
    "Spectrum",
    "Transmission",
    "cross_sections",
    "devices",
]
