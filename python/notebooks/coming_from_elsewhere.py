# %% [markdown]
# # Coming from ExoJAX, petitRADTRANS, TauREx
#
# | here | ExoJAX | petitRADTRANS | TauREx |
# |---|---|---|---|
# | `Grid.from_wavenumber(lo, hi, points=n)` | `wavenumber_grid(lo, hi, n, xsmode=...)` | `wavelength_boundaries` in um | the opacities' grid |
# | `ExoMol(path)`, `Hitran(path)` | `MdbExomol`, `MdbHitemp` | opacity tables | cross-section files |
# | `cross_sections(grid, lines, T, P)` | `OpaPremodit(...).xsvector(T, P)` | tables | `opacity.opacity(T, P)`, P in Pa |
# | `Emission(grid, Pressure(...), species)` | `ArtEmisPure` with `opacity_profile_xs` | `Radtrans` | `EmissionModel` |
# | `Transmission(...)` | `ArtTransPure` | `Radtrans` | `TransmissionModel` |
# | `temperature` [layer], top first | `Tarr`, top first | `temperatures`, top first | bottom first |
# | `vmr={"CO": x}` or `mmr={"CO": x}` | `mmr` or `vmr` | `mass_fractions` | `ConstantGas` (volume) |
# | `mean_molar_mass`, g/mol | `mmw` | `mean_molar_masses` | from the chemistry |
# | `gravity`, cm/s2 | `gravity` | `reference_gravity` | from the planet |
# | `Instrument(...).on(grid, nu)` | `SopRotation`, `SopInstProfile` | after the computation | binners |
# | `tolerance=1e-3` | `dit_grid_resolution`, `nstitch` | resolution of the tables | that of the tables |
# | `photosphere.jax.spectrum(model)` | the model itself | none | none |
# | `memory_budget="2GiB"` | `jax` environment variables | none | none |
#
# Names are those of the versions of the time of writing. There is no choice of numerical grids: one tolerance stands for them.

# %%
import numpy as np

import photosphere as ph

# A profile from below, as TauREx has it, is turned over.
layers = ph.Pressure(1e-5, 10.0, layers=20)
from_below = np.linspace(1600.0, 900.0, 20)
grid = ph.Grid.from_wavenumber(4290.0, 4295.0, points=200)
model = ph.Emission(grid, layers, {"CO": ph.CarbonMonoxide()}, temperature_range=(500, 2500))
s = model(temperature=from_below[::-1], mmr={"CO": 1e-3}, gravity=2500.0, mean_molar_mass=2.33)

# Per wavelength, W m-2 um-1: F_lambda = F_nu nu^2 / 1e4 with erg s-1 cm-2 -> 1e-3 W m-2.
per_micrometre = s.flux * s.wavenumber**2 * 1e-4 * 1e-3
print(per_micrometre[:3])
