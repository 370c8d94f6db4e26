# %% [markdown]
# # Bring your own sampler
#
# A configuration file as a likelihood with a prior transform: what nested samplers such as dynesty take. Needs `pip install dynesty`.

# %%
import pathlib
import tempfile

import numpy as np
from dynesty import NestedSampler

import photosphere as ph

folder = pathlib.Path(tempfile.mkdtemp())
(folder / "case.toml").write_text("""
[grid]
range_cm = [2140.0, 2150.0]
points = 300
[atmosphere]
layers = 20
pressure_top_bar = 1e-5
pressure_bottom_bar = 10.0
gravity_cgs = 24785.773
[atmosphere.temperature]
kind = "power-law"
temperature_1bar_k = "T0"
alpha = "alpha"
clip_k = [500.0, 1500.0]
[[species]]
name = "CO"
format = "builtin"
mass_mixing_ratio = 0.01
[method]
temperature_range_k = [500.0, 1500.0]
[parameters.T0]
start = 890.0
prior = { kind = "uniform", lower = 800.0, upper = 1000.0 }
[parameters.alpha]
start = 0.09
prior = { kind = "uniform", lower = 0.05, upper = 0.15 }
[[data]]
file = "mock.txt"
""")

# %% [markdown]
# The mock: a spectrum at 900 K and 0.1 with noise.

# %%
grid = ph.Grid.from_wavenumber(2140.0, 2150.0, points=300)
layers = ph.Pressure(1e-5, 10.0, layers=20)
model = ph.Emission(grid, layers, {"CO": ph.CarbonMonoxide()}, temperature_range=(500, 1500), device="cpu")
flux = model(temperature=np.clip(900.0 * layers.bar**0.1, 500, 1500), mmr={"CO": 0.01}, gravity=24785.773).flux
noise = 3e4
rows = np.column_stack([grid.wavenumber, flux + np.random.default_rng(0).normal(0, noise, 300), np.full(300, noise)])
np.savetxt(folder / "mock.txt", rows[10:-10])

# %%
retrieval = ph.Retrieval.from_toml(folder / "case.toml", device="cpu")
print(retrieval.fit())
sampler = NestedSampler(
    retrieval.log_likelihood, retrieval.prior_transform, len(retrieval.names), nlive=80, rstate=np.random.default_rng(1)
)
sampler.run_nested(print_progress=False, dlogz=0.5)
print("ln evidence:", sampler.results.logz[-1], "+-", sampler.results.logzerr[-1])
