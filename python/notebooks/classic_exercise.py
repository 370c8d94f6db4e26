# %% [markdown]
# # The classic exercise
#
# Temperature at 1 bar and its exponent from a noisy emission spectrum of carbon monoxide: the objective, its derivatives by JAX, AdamW by optax, NUTS by numpyro.
# Needs `pip install "photosphere[jax]" optax numpyro`.

# %%
import jax
import jax.numpy as jnp
import numpy as np
import optax

import photosphere as ph
from photosphere.jax import spectrum

jax.config.update("jax_enable_x64", True)

grid = ph.Grid.from_wavenumber(2140.0, 2150.0, points=1000)
layers = ph.Pressure(1e-5, 10.0, layers=40)
model = ph.Emission(
    grid, layers, {"CO": ph.CarbonMonoxide()}, temperature_range=(500, 1500), method="table", device="cpu"
)
flux = spectrum(model)
pressure = jnp.asarray(layers.bar)


def f(x):
    """The spectrum at x = (T0 / 1000 K, alpha)."""
    temperature = jnp.clip(1000.0 * x[0] * pressure ** x[1], 500.0, 1500.0)
    return flux(temperature=temperature, mmr={"CO": 0.01}, gravity=24785.773)


# %% [markdown]
# A mock spectrum at 900 K and 0.1.

# %%
truth, noise = jnp.array([0.9, 0.1]), 1000.0
data = f(truth) + noise * jnp.asarray(np.random.default_rng(1).normal(size=len(grid)))


def objective(x):
    return jnp.mean(((f(x) - data) / noise) ** 2)


# %% [markdown]
# Two parameters: forward derivatives are the cheaper ones. Both modes agree.

# %%
x = jnp.array([0.8, 0.08])
forward, reverse = jax.jacfwd(objective)(x), jax.grad(objective)(x)
print(forward, reverse)
assert np.allclose(forward, reverse, rtol=1e-8)

# %% [markdown]
# AdamW, with its trajectory.

# %%
optimizer = optax.adamw(learning_rate=optax.cosine_decay_schedule(5e-3, 150), weight_decay=0.0)
state, trajectory = optimizer.init(x), [x]
for _ in range(150):
    update, state = optimizer.update(jax.jacfwd(objective)(x), state, x)
    x = optax.apply_updates(x, update)
    trajectory.append(x)
print("AdamW:", x, "objective:", objective(x))
# Temperature and exponent go together: what is well known is the spectrum.
assert objective(x) < 1.01 * objective(truth) and np.allclose(x, truth, atol=1e-2)

# %% [markdown]
# The posterior by numpyro: temperature, exponent and noise. `forward_mode_differentiation=True` suits few parameters; without it gradients are by reverse mode.

# %%
import numpyro
from numpyro import distributions as dist
from numpyro.infer import MCMC, NUTS, init_to_value


def posterior():
    t = numpyro.sample("T0", dist.Uniform(800.0, 1000.0))
    alpha = numpyro.sample("alpha", dist.Uniform(0.05, 0.15))
    sigma = numpyro.sample("sigma", dist.Exponential(0.001))
    numpyro.sample("y", dist.Normal(f(jnp.array([t / 1000.0, alpha])), sigma), obs=data)


start = init_to_value(values={"T0": 1000.0 * x[0], "alpha": x[1], "sigma": noise})
for forward in (True, False):
    kernel = NUTS(posterior, forward_mode_differentiation=forward, dense_mass=True, init_strategy=start)
    mcmc = MCMC(kernel, num_warmup=60, num_samples=60, progress_bar=False)
    mcmc.run(jax.random.PRNGKey(0))
    draws = mcmc.get_samples()
    print({name: (float(d.mean()), float(d.std())) for name, d in draws.items()})
    assert abs(draws["T0"].mean() - 900.0) < 5 * draws["T0"].std()
