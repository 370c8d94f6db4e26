# %% [markdown]
# # A first spectrum
#
# Thermal emission of a hot Jupiter with carbon monoxide; no file is needed, since the line list is built in.

# %%
import numpy as np

import photosphere as ph

grid = ph.Grid.from_wavelength(2.30, 2.31, "um", sampling=2e5)
layers = ph.Pressure(1e-6, 100.0, layers=50)
model = ph.Emission(
    grid,
    layers,
    {"CO": ph.CarbonMonoxide(broadener={"H2": 0.85, "He": 0.15})},
    continua=[ph.Rayleigh("H2"), ph.CloudDeck()],
    temperature_range=(300, 3000),
)
print(model)
print(model.plan())

# %% [markdown]
# Temperatures are in K, one for each layer, from the top down; mixing ratios are by volume.

# %%
atmosphere = {
    "temperature": np.clip(1200.0 * layers.bar**0.1, 300, 3000),
    "vmr": {"CO": 5e-4, "H2": 0.85, "He": 0.149},
    "gravity": 2500.0,
    "parameters": {"deck.pressure_bar": 30.0},
}
s = model(**atmosphere)
print(s, s.metadata["device"])
assert s.flux.shape == s.wavenumber.shape

# %% [markdown]
# Many at once, and how the spectrum changes with what it depends on.

# %%
many = model.batch(
    temperature=atmosphere["temperature"] + np.array([[0.0], [50.0], [100.0]]),
    vmr={"CO": 5e-4, "H2": 0.85, "He": 0.149},
    gravity=2500.0,
    parameters=atmosphere["parameters"],
)
assert many.shape == (3, len(grid))

flux, by = model.jacobian(**atmosphere, wrt=("temperature", "CO", "gravity"))
print({name: derivative.shape for name, derivative in by.items()})

# %% [markdown]
# What a spectrograph of R = 100 000 would record, and the same for the derivatives.

# %%
nu = np.linspace(grid.lo + 2, grid.hi - 2, 300)
observed = ph.Instrument(resolving_power=1e5, v_sin_i=5.0, radial_velocity=10.0).on(grid, nu)
print(observed(flux).shape, observed.jvp(by["temperature"]).shape)
