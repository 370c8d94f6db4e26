# %% [markdown]
# # Transmission with clouds
#
# The radius of a warm Jupiter in front of its star: carbon monoxide over a haze and a cloud deck.

# %%
import numpy as np

import photosphere as ph

grid = ph.Grid.from_wavelength(2.30, 2.32, "um", sampling=5e4)
model = ph.Transmission(
    grid,
    ph.Pressure(1e-8, 10.0, layers=60),
    {"CO": ph.CarbonMonoxide(broadener="H2")},
    continua=[ph.Rayleigh("H2"), ph.CloudDeck(1.0), ph.Haze(1e-3, exponent=4.0, reference=0.5)],
    temperature_range=(500, 2500),
)
planet = {
    "temperature": 1100.0,
    "vmr": {"CO": 5e-4, "H2": 0.85, "He": 0.149},
    "gravity": 1080.0,
    "radius": 8.58e9,
    "reference_pressure": 0.1,
}
clear = model(**planet)
cloudy = model(**planet, parameters={"deck.pressure_bar": 1e-3})
SUN_CM = 6.957e10
print("transit depth, clear:", clear.depth(SUN_CM).min(), "to", clear.depth(SUN_CM).max())
print("transit depth, cloudy:", cloudy.depth(SUN_CM).min(), "to", cloudy.depth(SUN_CM).max())
# A deck hides the lower ends of the spectrum.
assert np.ptp(cloudy.radius) < np.ptp(clear.radius)

# %% [markdown]
# Derivatives by the radius, by the pressure of the deck, and by the slope of the haze.

# %%
_, by = model.jacobian(
    **planet, parameters={"deck.pressure_bar": 1e-3}, wrt=("radius", "deck.pressure_bar", "haze.exponent")
)
print({name: float(abs(d).max()) for name, d in by.items()})
