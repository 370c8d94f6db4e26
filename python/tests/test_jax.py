"""Derivatives through JAX: its own checks, the model's Jacobian, all ways of asking."""

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="extra jax")
import jax.numpy as jnp
from jax.test_util import check_grads

from conftest import LAYERS, emission, transmission
from photosphere.jax import spectrum

jax.config.update("jax_enable_x64", True)


@pytest.fixture(scope="module")
def cpu():
    return emission("cpu")


@pytest.fixture(scope="module")
def function(cpu):
    flux = spectrum(cpu)

    def of(t, co, g):
        return flux(temperature=t, vmr={"CO": co, "H2": 0.85}, gravity=g) / 1e4

    return of


T = jnp.linspace(900.0, 1600.0, LAYERS)
X = (T, 5e-4, 2500.0)


def test_values_are_those_of_the_model(cpu, function):
    expected = cpu(temperature=np.asarray(T), vmr={"CO": 5e-4, "H2": 0.85}, gravity=2500.0).flux
    flux = spectrum(cpu)
    of = lambda t, co, g: flux(temperature=t, vmr={"CO": co, "H2": 0.85}, gravity=g)
    assert np.array_equal(of(*X), expected) and np.array_equal(jax.jit(of)(*X), expected)
    assert np.allclose(function(*X) * 1e4, expected, rtol=1e-14)


def test_check_grads_in_both_modes(function):
    # Parameters of order one, as differences want them.
    scaled = lambda t, co, g: function(T * t, 5e-4 * co, 2500.0 * g)
    check_grads(scaled, (1.0, 1.0, 1.0), order=1, modes=("fwd", "rev"), atol=1e-5, rtol=1e-5, eps=1e-4)
    check_grads(jax.jit(scaled), (1.0, 1.0, 1.0), order=1, modes=("fwd", "rev"), atol=1e-5, rtol=1e-5, eps=1e-4)


def test_jacobians_are_those_of_the_model(cpu, function):
    _, exact = cpu.jacobian(
        wrt=("temperature", "CO", "gravity"), temperature=np.asarray(T), vmr={"CO": 5e-4, "H2": 0.85}, gravity=2500.0
    )
    for ask in (
        jax.jacfwd,
        jax.jacrev,
        lambda f, argnums: jax.jit(jax.jacfwd(f, argnums)),
        lambda f, argnums: jax.jit(jax.jacrev(f, argnums)),
    ):
        t, co, g = ask(function, (0, 1, 2))(*X)
        for found, name in ((t.T, "temperature"), (co, "CO"), (g, "gravity")):
            assert np.abs(found * 1e4 - exact[name]).max() < 1e-10 * np.abs(exact[name]).max(), name


def test_gradients_of_objectives(function):
    data = function(T * 1.01, 5e-4, 2500.0)
    loss = lambda x: jnp.sum((function(T * x[0], 5e-4 * x[1], 2500.0) - data) ** 2)
    x = jnp.array([1.0, 1.1])
    by_reverse, by_forward = jax.grad(loss)(x), jax.jacfwd(loss)(x)
    assert np.allclose(by_reverse, by_forward, rtol=1e-9)
    value, gradient = jax.jit(jax.value_and_grad(loss))(x)
    assert np.allclose(gradient, by_reverse, rtol=1e-12) and np.isclose(value, loss(x))


def test_vmap_in_every_order(cpu, function):
    scales = jnp.array([1.0, 1.02, 0.97])
    one = lambda x: function(T * x, 5e-4, 2500.0)
    each = jnp.stack([one(x) for x in scales])
    assert np.array_equal(jax.vmap(one)(scales), each)
    assert np.array_equal(jax.jit(jax.vmap(one))(scales), each)
    assert np.array_equal(jax.vmap(jax.vmap(one))(scales[:, None]), each[:, None])
    slopes = jnp.stack([jax.grad(lambda x: one(x).sum())(x) for x in scales])
    assert np.allclose(jax.vmap(jax.grad(lambda x: one(x).sum()))(scales), slopes, rtol=1e-12)
    assert np.allclose(jax.grad(lambda s: jax.vmap(one)(s).sum())(scales), slopes, rtol=1e-12)
    assert np.allclose(jax.vmap(jax.jacfwd(one))(scales).sum(1), slopes, rtol=1e-9)
    assert np.allclose(jax.jacrev(jax.vmap(one))(scales).sum(1), jnp.diag(slopes), rtol=1e-9)
    assert np.allclose(jax.jacfwd(jax.vmap(one))(scales).sum(1), jnp.diag(slopes), rtol=1e-9)


def test_a_scan_over_spectra_has_gradients(function):
    def total(x):
        step = lambda sum, s: (sum + function(T * x * s, 5e-4, 2500.0).mean(), None)
        return jax.lax.scan(step, 0.0, jnp.array([1.0, 1.05]))[0]

    h = 1e-5
    assert np.isclose(jax.grad(total)(1.0), (total(1 + h) - total(1 - h)) / (2 * h), rtol=1e-6)


def test_transmission_with_parameters_of_clouds(seen):
    radius = spectrum(transmission("cpu"))
    given = {**seen, "parameters": {"haze.opacity_cm2_g": 1e-4}}
    reference = given.pop("reference_pressure")

    def of(scale):
        changed = {**given, "radius": given["radius"] * scale, "parameters": {"haze.opacity_cm2_g": 1e-4 * scale}}
        return radius(**changed, reference_pressure=reference) / 1e9

    check_grads(of, (1.0,), order=1, modes=("fwd", "rev"), atol=1e-5, rtol=1e-5, eps=1e-4)


def test_errors_of_the_model_come_back(function):
    with pytest.raises(Exception, match="5000|temperature"):
        jax.block_until_ready(function(T * 0 + 5000.0, 5e-4, 2500.0))
    assert np.isfinite(function(*X)).all()


def test_devices_give_float32(device):
    model = emission(device)
    flux = spectrum(model)
    f = lambda x: flux(temperature=T * x, vmr={"CO": 5e-4, "H2": 0.85}, gravity=2500.0).sum()
    forward, reverse = jax.jacfwd(f)(1.0), jax.grad(f)(1.0)
    assert np.isclose(forward, reverse, rtol=1e-9 if device == "cpu" else 1e-4)
