"""Retrievals of configuration files: the command line's numbers, derivatives, evidence, other samplers."""

import itertools
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

import photosphere as ph

CONFIG = """
[grid]
range_cm = [2140.0, 2150.0]
points = 500
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
method = "table"
[parameters.T0]
start = 890.0
prior = { kind = "uniform", lower = 800.0, upper = 1000.0 }
[parameters.alpha]
start = 0.09
prior = { kind = "normal", mean = 0.1, sd = 0.02 }
[[data]]
file = "mock.txt"
[retrieval.sampler]
chains = 2
warmup = 50
draws = 60
seed = 1
"""

TRUTH = (900.0, 0.1)
NOISE = 3e4
# Instruments reach a few points beyond the data.
DATA = slice(10, -10)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("retrieval")
    (folder / "case.toml").write_text(CONFIG)
    grid = ph.Grid.from_wavenumber(2140.0, 2150.0, points=500)
    model = ph.Emission(
        grid,
        ph.Pressure(1e-5, 10, layers=20),
        {"CO": ph.CarbonMonoxide()},
        temperature_range=(500, 1500),
        method="table",
        device="cpu",
    )
    t = np.clip(TRUTH[0] * model.pressure.bar ** TRUTH[1], 500, 1500)
    flux = model(temperature=t, mmr={"CO": 0.01}, gravity=24785.773).flux
    noisy = flux + np.random.default_rng(0).normal(0, NOISE, len(flux))
    np.savetxt(
        folder / "mock.txt", np.column_stack([grid.wavenumber, noisy, np.full(len(flux), NOISE)])[DATA], fmt="%.17g"
    )
    return folder / "case.toml"


@pytest.fixture(scope="module")
def retrieval(path):
    return ph.Retrieval.from_toml(path, device="cpu")


def test_the_fit_is_that_of_the_command_line(retrieval, path, tmp_path):
    fit = retrieval.fit()
    subprocess.run(
        [sys.executable, "-m", "photosphere", "fit", str(path), "--out", str(tmp_path), "--device", "cpu"],
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert json.loads((tmp_path / "fit.json").read_text())["fit"]["parameters"] == fit.parameters.tolist()
    assert fit.converged and (np.abs(fit.parameters - TRUTH) < 5 * fit.standard_errors).all()
    assert fit.covariance.shape == (2, 2) and "T0" in str(fit)
    (predicted,) = retrieval.predict(fit.parameters)
    chi = ((predicted["data"] - predicted["model"]) / predicted["sigma"]) ** 2
    assert np.isclose(chi.sum(), fit.chi_square)


def test_likelihoods_have_gradients_and_priors_their_transforms(retrieval):
    x = np.array([905.0, 0.095])
    value, gradient = retrieval.log_likelihood(x, gradient=True)
    assert np.isclose(value, retrieval.log_likelihood(list(x)), rtol=1e-12)
    for i, h in enumerate((1e-3, 1e-6)):
        step = np.eye(2)[i] * h
        difference = (retrieval.log_likelihood(x + step) - retrieval.log_likelihood(x - step)) / (2 * h)
        assert np.isclose(gradient[i], difference, rtol=1e-5)
    assert np.isclose(retrieval.log_prior(x), -np.log(200) - 0.5 * 0.25**2 - np.log(0.02 * np.sqrt(2 * np.pi)))
    assert retrieval.log_prior([700.0, 0.1]) == -np.inf
    assert np.allclose(retrieval.prior_transform([0.25, 0.5]), [850.0, 0.1])
    for wrong, said in [([900.0], "number of parameters in x"), ([900.0, np.nan], "x of alpha")]:
        with pytest.raises(ValueError, match=said):
            retrieval.log_likelihood(wrong)
    with pytest.raises(ValueError, match="u of T0"):
        retrieval.prior_transform([1.5, 0.5])


def test_overrides_replace_keys(path):
    changed = ph.Retrieval.from_toml(
        path, device="cpu", overrides={"parameters.T0.start": 880.0, "species[0].mass_mixing_ratio": 1e-6}
    )
    assert changed.start.tolist() == [880.0, 0.09]
    assert changed.log_likelihood(TRUTH) < ph.Retrieval.from_toml(path, device="cpu").log_likelihood(TRUTH)
    again = pickle.loads(pickle.dumps(changed))
    assert again.log_likelihood(TRUTH) == changed.log_likelihood(TRUTH)
    for key, value, said in [
        ("grid.pints", 3, "pints"),
        ("species[4].name", "CO", "1 elements"),
        ("grid.points", "many", "grid.points"),
        ("grid.points", object(), "overrides"),
    ]:
        with pytest.raises(ValueError, match=said):
            ph.Retrieval.from_toml(path, device="cpu", overrides={key: value})


def test_posteriors_are_resumed_and_turned_into_arviz(retrieval, tmp_path):
    posterior = retrieval.sample(folder=tmp_path)
    again = retrieval.sample(folder=tmp_path, resume=True)
    assert np.array_equal(posterior.draws, again.draws) and posterior.draws.shape == (2, 60, 2)
    assert abs(posterior["T0"].mean() - TRUTH[0]) < 5 * posterior["T0"].std() and "T0" in str(posterior)
    assert (tmp_path / "trace.zarr").is_dir()
    with pytest.raises(KeyError, match="T9"):
        posterior["T9"]
    arviz = pytest.importorskip("arviz", reason="extra arviz")
    data = posterior.to_inference_data()
    assert (
        np.array_equal(data["posterior"]["T0"].values, posterior["T0"])
        and data["sample_stats"]["diverging"].dtype == bool
    )
    assert data["posterior"].attrs["inference_library"] == "photosphere"
    assert np.isclose(float(arviz.summary(data).loc["T0", "mean"]), posterior["T0"].mean(), rtol=1e-3)


def test_the_evidence_of_a_nested_sampler_is_that_of_a_sum_over_a_grid(retrieval):
    dynesty = pytest.importorskip("dynesty", reason="a sampler of one's own")

    def log_likelihood(x):
        try:
            return retrieval.log_likelihood(x)
        except ValueError:
            return -np.inf

    sampler = dynesty.NestedSampler(
        log_likelihood, retrieval.prior_transform, 2, nlive=100, rstate=np.random.default_rng(1)
    )
    sampler.run_nested(print_progress=False, dlogz=0.5)
    results = sampler.results
    # The same integral over the unit square: cells small against the posterior, about the best fit.
    fit = retrieval.fit()
    sd = fit.standard_errors
    axes = [np.linspace(p - 7 * s, p + 7 * s, 41) for p, s in zip(fit.parameters, sd)]
    terms = [retrieval.log_likelihood(x) + retrieval.log_prior(x) for x in itertools.product(*axes)]
    cell = np.prod([a[1] - a[0] for a in axes])
    exact = np.logaddexp.reduce(terms) + np.log(cell)
    assert abs(results.logz[-1] - exact) < 3 * max(results.logzerr[-1], 0.1)


def test_numpyro_agrees_with_the_own_sampler(retrieval, path):
    numpyro = pytest.importorskip("numpyro", reason="extra jax, and numpyro")
    import jax
    import jax.numpy as jnp
    from numpyro import distributions as dist
    from numpyro.infer import MCMC, NUTS

    from photosphere.jax import spectrum

    jax.config.update("jax_enable_x64", True)
    _, data, error = np.loadtxt(path.with_name("mock.txt")).T
    grid = ph.Grid.from_wavenumber(2140.0, 2150.0, points=500)
    pressure = ph.Pressure(1e-5, 10, layers=20)
    flux = spectrum(
        ph.Emission(
            grid, pressure, {"CO": ph.CarbonMonoxide()}, temperature_range=(500, 1500), method="table", device="cpu"
        )
    )

    def model():
        t0 = numpyro.sample("T0", dist.Uniform(800.0, 1000.0))
        alpha = numpyro.sample("alpha", dist.Normal(0.1, 0.02))
        t = jnp.clip(t0 * jnp.asarray(pressure.bar) ** alpha, 500.0, 1500.0)
        numpyro.sample(
            "y", dist.Normal(flux(temperature=t, mmr={"CO": 0.01}, gravity=24785.773)[DATA], error), obs=data
        )

    own = retrieval.sample(chains=2, warmup=100, draws=150)
    for forward in (True, False):
        start = {"T0": jnp.array(890.0), "alpha": jnp.array(0.09)}
        kernel = NUTS(
            model,
            forward_mode_differentiation=forward,
            dense_mass=True,
            init_strategy=numpyro.infer.init_to_value(values=start),
        )
        mcmc = MCMC(kernel, num_warmup=80, num_samples=120, progress_bar=False)
        mcmc.run(jax.random.PRNGKey(0))
        draws = mcmc.get_samples()
        for name in ("T0", "alpha"):
            a, b = np.asarray(draws[name]), own[name].ravel()
            # Effective draws are no fewer than a fifth of all.
            error_of_means = np.hypot(a.std() / np.sqrt(len(a) / 5), b.std() / np.sqrt(len(b) / 5))
            assert abs(a.mean() - b.mean()) < 3 * error_of_means and 0.5 < a.std() / b.std() < 2.0


def test_sampling_ends_with_an_exception_of_its_progress(retrieval):
    tasks = []

    def stop(task, done, total):
        tasks.append(task)
        if done > 0:
            raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        retrieval.sample(chains=1, warmup=2000, draws=2000, progress=stop)
    assert tasks[0].startswith("chain 1") and np.isfinite(retrieval.log_likelihood(TRUTH))


def test_devices_agree_with_the_cpu(path, device):
    lines = {"method.method": "lines"}
    here = ph.Retrieval.from_toml(path, device=device, overrides=lines)
    value, gradient = here.log_likelihood(TRUTH, gradient=True)
    exact, slopes = ph.Retrieval.from_toml(path, device="cpu", overrides=lines).log_likelihood(TRUTH, gradient=True)
    # Cross sections of a device are within 1e-3, as the CPU's are, and noise is larger than that.
    assert abs(value - exact) < 0.5 and np.abs(gradient - slopes).max() < 0.05 * np.abs(slopes).max()
