"""Derivatives: against differences, forward against reverse."""

import numpy as np
import pytest

import photosphere as ph
from conftest import LAYERS, emission, transmission


def tolerance(device, cpu, single):
    return cpu if device == "cpu" else single


def test_jacobians_are_those_of_differences():
    """float64 alone: differences of float32 spectra have no digits."""
    model = emission("cpu")
    given = {
        "temperature": np.linspace(900, 1600, LAYERS),
        "vmr": {"CO": 5e-4, "H2": np.full(LAYERS, 0.85)},
        "gravity": 2500.0,
        "mean_molar_mass": 2.3,
        "parameters": {"deck.pressure_bar": 4.0},
    }
    wrt = ("temperature", "CO", "H2", "gravity", "mean_molar_mass", "deck.pressure_bar")
    flux, jacobian = model.jacobian(wrt=wrt, **given)
    assert np.allclose(flux, model(**given).flux, rtol=1e-12)
    assert jacobian["temperature"].shape == (LAYERS, len(flux)) and jacobian["gravity"].shape == flux.shape

    def changed(name, change, layer=None):
        import copy

        g = copy.deepcopy(given)
        place = g["vmr"] if name in g["vmr"] else g["parameters"] if name in g["parameters"] else g
        value = np.array(place[name], dtype=float)
        value[layer if layer is not None else ...] *= 1 + change
        place[name] = value if value.ndim else float(value)
        return model(**g).flux, value if value.ndim else float(value)

    for name, layer in [
        ("temperature", 5),
        ("temperature", 15),
        ("CO", None),
        ("H2", 10),
        ("gravity", None),
        ("mean_molar_mass", None),
        ("deck.pressure_bar", None),
    ]:
        h = 1e-5
        (up, x_up), (down, x_down) = changed(name, h, layer), changed(name, -h, layer)
        step = np.asarray(x_up - x_down)[layer] if layer is not None else x_up - x_down
        difference = (up - down) / step
        exact = jacobian[name] if layer is None else jacobian[name][layer]
        assert np.abs(exact - difference).max() < 1e-5 * np.abs(difference).max(), name


def test_transmission_by_radius_and_reference_gravity(seen):
    model = transmission("cpu")
    _, jacobian = model.jacobian(
        wrt=("radius", "gravity", "temperature", "haze.opacity_cm2_g", "haze.exponent"), **seen
    )
    for name in ("radius", "gravity"):
        h = 1e-6 * seen[name]
        difference = (
            model(**{**seen, name: seen[name] + h}).radius - model(**{**seen, name: seen[name] - h}).radius
        ) / (2 * h)
        assert np.abs(jacobian[name] - difference).max() < 1e-5 * np.abs(difference).max(), name
    t = seen["temperature"]
    h = np.zeros(LAYERS)
    h[8] = 1e-3
    difference = (
        model(**{**seen, "temperature": t + h}).radius - model(**{**seen, "temperature": t - h}).radius
    ) / 2e-3
    assert np.abs(jacobian["temperature"][8] - difference).max() < 1e-5 * np.abs(difference).max()


@pytest.mark.parametrize("kind", ["emission", "transmission"])
def test_products_are_those_of_the_jacobian(device, kind, inputs, seen):
    model, given = (emission(device), inputs) if kind == "emission" else (transmission(device), seen)
    _, pull = model.vjp(**given)
    names = [n for n in pull(np.ones(len(model.grid)))]
    assert {"temperature", "CO", "H2", "gravity", "mean_molar_mass"} <= set(names)
    values, jacobian = model.jacobian(wrt=names, **given)
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(3, len(values)))
    several = pull(weights)
    one = pull(weights[1])
    for name in names:
        exact = np.tensordot(weights, jacobian[name], axes=(1, -1))
        scale = np.abs(weights).max() * np.abs(jacobian[name]).max() * np.sqrt(len(values))
        assert several[name].shape == exact.shape == (3, *np.shape(one[name]))
        assert np.abs(several[name] - exact).max() < tolerance(device, 1e-11, 3e-5) * scale, name
        assert np.allclose(several[name][1], one[name], rtol=tolerance(device, 1e-12, 1e-5), atol=1e-12 * scale)


def test_directions_are_combinations_of_columns(model, inputs, device):
    _, jacobian = model.jacobian(wrt=("temperature", "CO"), **inputs)
    rng = np.random.default_rng(2)
    tangents = {"temperature": rng.normal(size=LAYERS), "CO": 1e-4}
    _, along = model.jvp(tangents=tangents, **inputs)
    expected = tangents["temperature"] @ jacobian["temperature"] + 1e-4 * jacobian["CO"]
    assert np.abs(along - expected).max() < tolerance(device, 1e-11, 1e-5) * np.abs(expected).max()


def test_names_that_were_not_given_are_refused(model, inputs):
    with pytest.raises(ValueError, match="wrt: given radius, required names of what was given: temperature, CO"):
        model.jacobian(wrt=("radius",), **inputs)
    with pytest.raises(ValueError, match="twice"):
        model.jacobian(wrt=("CO", "CO"), **inputs)
    with pytest.raises(ValueError, match="weights"):
        model.vjp(**inputs)[1](np.ones(3))
    with pytest.raises(ValueError, match="weights"):
        model.vjp(**inputs)[1](np.full(len(model.grid), np.nan))


def test_instruments_and_their_transposes():
    grid = ph.Grid.from_wavenumber(4290, 4310, sampling=3e5)
    at = np.linspace(4293, 4307, 50)
    instrument = ph.Instrument(
        resolving_power=3e4, radial_velocity=12.0, v_sin_i=5.0, u1=0.3, scale=1.5, offset=2.0, continuum=[0.1]
    )
    observed = instrument.on(grid, at)
    flat = observed(np.ones(len(grid)))
    assert flat.shape == (50,) and np.allclose(flat, 1.5 * (1 + 0.1 * np.linspace(-1, 1, 50)) + 2.0, rtol=1e-12)
    rng = np.random.default_rng(3)
    f, w = rng.normal(size=len(grid)), rng.normal(size=50)
    assert np.isclose(w @ observed.jvp(f), observed.transpose(w) @ f, rtol=1e-10)
    assert np.allclose(observed.jvp(np.stack([f, 2 * f]))[1], 2 * (observed(f) - 2.0), rtol=1e-12)
    with pytest.raises(ValueError, match="range of the model's grid"):
        instrument.on(grid, [4289.0])
    with pytest.raises(ValueError, match="spectrum"):
        observed(np.ones(7))
