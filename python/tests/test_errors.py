"""What is refused, how it is said, and that models stay usable."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import photosphere as ph
from conftest import LAYERS, emission


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("temperature", np.ones(7), r"temperature: given an array of shape \[7\], required a number or an array of 20"),
        ("temperature", np.ones((LAYERS, 2)), "temperature: given an array of shape"),
        ("temperature", "hot", "temperature: given an array of type <U3, required a real number"),
        ("temperature", np.full(LAYERS, 1000 + 1j), "temperature: given an array of type complex128"),
        ("temperature", [[1.0], [1.0, 2.0]], "temperature: given list"),
        ("temperature", None, "temperature: given an array of type object"),
        ("temperature", np.full(LAYERS, np.nan), r"temperatures \[K\], layer 0: given NaN"),
        ("temperature", -5.0, r"temperatures \[K\], layer 0: given -5"),
        ("temperature", 5000.0, "5000"),
        ("gravity", -1.0, "gravity: given -1"),
        ("gravity", np.ones(3), "gravity: given an array of shape"),
        ("mean_molar_mass", 0.0, "mean molar masses"),
        ("vmr", {"H2": 0.8}, "CO: given mixing ratios of H2, required a mixing ratio of CO"),
        ("vmr", {"CO": 2.0, "H2": 0.8}, "volume mixing ratios of CO"),
        ("vmr", {"CO": np.ones(3), "H2": 0.8}, r'vmr\["CO"\]: given an array of shape'),
        ("mmr", {"CO": 0.1}, "CO.*: given given twice|given twice"),
        ("surface_temperature", np.ones(2), "surface_temperature: given an array of shape"),
        (
            "parameters",
            {"none": 1.0},
            "parameters: given none, required those of the model's opacities: deck.pressure_bar",
        ),
        ("parameters", {"deck.pressure_bar": -1.0}, "deck.pressure_bar"),
    ],
)
def test_bad_arguments_are_named(model, inputs, name, value, said):
    with pytest.raises(ValueError, match=said):
        model(**{**inputs, name: value})
    assert model(**inputs).flux.min() > 0


def test_bad_models_are_refused():
    grid, layers = ph.Grid.from_wavenumber(4290, 4300, points=50), ph.Pressure(1e-5, 10, layers=10)
    co = {"CO": ph.CarbonMonoxide()}
    for make, said in [
        (lambda: ph.Pressure(-1.0, 10), "0 < top < bottom"),
        (lambda: ph.Pressure(1e-5, 10, layers=1), "layers: given 1"),
        (lambda: ph.Grid.from_wavenumber(10, 5, points=3), "5"),
        (lambda: ph.Grid.from_wavenumber(5, 10), "points and sampling"),
        (lambda: ph.Grid.from_wavenumber(5, 10, sampling=-1), "sampling: given -1"),
        (lambda: ph.Grid.from_wavelength(1, 2, "parsec", points=3), "unit: given 'parsec'"),
        (lambda: ph.Emission(grid, layers, co, tolerance=3.0, device="cpu"), "tolerance"),
        (
            lambda: ph.Emission(grid, layers, co, method="quick", device="cpu"),
            "method: given quick, required one of auto",
        ),
        (lambda: ph.Emission(grid, layers, co, evaluations=0, device="cpu"), "evaluations: given 0"),
        (lambda: ph.Emission(grid, layers, co, temperature_range=(500, 100), device="cpu"), "500"),
        (lambda: ph.Emission(grid, layers, {}, device="cpu"), "nothing that absorbs"),
        (lambda: ph.Emission(grid, layers, {"CO": 3}, device="cpu"), "required a line list"),
        (
            lambda: ph.Emission(grid, layers, {"CO": ph.CarbonMonoxide(isotopologues=99)}, device="cpu"),
            "isotopologues: given 99",
        ),
        (
            lambda: ph.Emission(grid, layers, {"CO": ph.CarbonMonoxide(broadener={"H2": 0.5})}, device="cpu"),
            "broadener",
        ),
        (lambda: ph.Emission(grid, layers, co, continua=[ph.Rayleigh("Xe")], device="cpu"), "Xe"),
        (lambda: ph.Emission(grid, layers, co, continua=[7], device="cpu"), "continua: given 7"),
        (lambda: ph.Emission(7, layers, co, device="cpu"), "grid: given 7"),
        (lambda: ph.Emission(grid, layers, co, memory_budget="much", device="cpu"), "much"),
        (lambda: ph.Transmission(grid, layers, co, streams=4, device="cpu"), "streams"),
    ]:
        with pytest.raises(ValueError, match=said):
            make()


def test_files_and_devices_have_their_own_exceptions(tmp_path):
    grid, layers = ph.Grid.from_wavenumber(4290, 4300, points=50), ph.Pressure(1e-5, 10, layers=10)
    with pytest.raises(FileNotFoundError, match="none.par"):
        ph.Emission(grid, layers, {"CO": ph.Hitran(tmp_path / "none.par")}, device="cpu")
    (tmp_path / "bad.par").write_text("no records\n")
    with pytest.raises(OSError, match="bad.par, line 1"):
        ph.Emission(grid, layers, {"CO": ph.Hitran(tmp_path / "bad.par")}, device="cpu")
    with pytest.raises(OSError, match="none.cia"):
        ph.Emission(grid, layers, {}, continua=[ph.CIA(tmp_path / "none.cia")], device="cpu")
    with pytest.raises(ph.DeviceMissingError, match="no such device"):
        emission("no such device")
    assert issubclass(ph.DeviceMissingError, ph.DeviceError) and issubclass(ph.DeviceLostError, ph.DeviceError)


def test_too_little_memory_says_how_much_would_do(device, inputs):
    if device == "cpu":
        grid = ph.Grid.from_wavenumber(4290, 4300, points=1_000_000)
        model = ph.Emission(grid, ph.Pressure(1e-5, 10, layers=2), {}, surface=True, device="cpu")
        with pytest.raises(MemoryError, match="bytes needed for 1000000 spectra") as raised:
            model.batch(temperature=np.full(1_000_000, 1000.0), gravity=1.0, surface_temperature=1000.0)
        assert raised.value.needed == 8 * 10**12 > raised.value.limit
        return
    with pytest.raises(MemoryError, match="bytes needed") as raised:
        emission(device, memory_budget="10kB")
    assert raised.value.needed > raised.value.limit
    assert emission(device, memory_budget="auto")(**inputs).flux.min() > 0


def test_batches_that_do_not_go_together(model, inputs):
    t = np.full((3, LAYERS), 1000.0)
    with pytest.raises(ValueError, match=r'vmr\["CO"\]: given 2 spectra, required 3'):
        model.batch(temperature=t, vmr={"CO": [1e-4, 1e-4], "H2": 0.8}, gravity=2500.0)
    with pytest.raises(TypeError, match="pressure: no argument"):
        model.batch(temperature=t, vmr=inputs["vmr"], gravity=2500.0, pressure=1.0)
    with pytest.raises(TypeError, match="gravity: missing"):
        model.batch(temperature=t)


def band(nu, temperature, pressure, centre=4295.0):
    return 1e-3 * temperature * np.exp(-(((nu - centre) / 2.0) ** 2))


def slopes(nu, temperature, pressure, centre=4295.0):
    value = band(nu, temperature, pressure, centre)
    return value, {"temperature": value / temperature, "centre": value * (nu - centre) / 2.0}


def test_opacities_of_ones_own_have_derivatives(device, inputs):
    given = {**inputs, "parameters": {"band.centre": 4294.0}}
    results = []
    for function in (band, slopes):
        own = ph.Opacity("band", function, parameters={"centre": 4295.0}, resolution=5e4)
        model = emission(device, continua=[own])
        results.append(model.jacobian(wrt=("temperature", "band.centre"), **given))
    (flux, by_difference), (same, exact) = results
    assert np.array_equal(flux, same)
    for name in exact:
        # Central differences at steps of 0.004 cm-1 in a band of 2 cm-1.
        assert (
            np.abs(exact[name] - by_difference[name]).max()
            < (3e-5 if device == "cpu" else 1e-4) * np.abs(exact[name]).max()
        )
    assert np.abs(flux - emission(device, continua=[])(**inputs).flux).max() > 0.01 * flux.max()


def test_exceptions_of_opacities_come_back_and_models_stay_usable(device, inputs):
    wrong = {"raise": False}

    def moody(nu, temperature, pressure):
        if wrong["raise"]:
            raise ZeroDivisionError("no luck today")
        return np.full(nu.shape, 1e-4)

    model = emission(device, continua=[ph.Opacity("moody", moody)])
    before = model(**inputs).flux
    wrong["raise"] = True
    with pytest.raises(ZeroDivisionError, match="no luck today") as raised:
        model(**inputs)
    assert any(entry.name == "moody" for entry in raised.traceback)
    wrong["raise"] = False
    assert np.array_equal(model(**inputs).flux, before)
    for result, said in [
        (np.ones(7), "7 numbers"),
        (np.nan, "finite number of 0 or more"),
        (-1.0, "finite number of 0"),
        ((1.0, {"colour": 1.0}), "colour"),
    ]:
        bad = emission(device, continua=[ph.Opacity("bad", lambda nu, t, p, r=result: r)])
        with pytest.raises(ValueError, match=said):
            bad(**inputs)


def test_exceptions_of_progress_come_back(inputs, tmp_path):
    def stop(task, done, total):
        raise LookupError(task)

    from conftest import ROOT

    lines = {"CO": ph.Hitran(ROOT / "tests/data/co_three_isotopologues.par")}
    grid, layers = ph.Grid.from_wavenumber(2080, 2120, points=50), ph.Pressure(1e-5, 10, layers=10)
    with pytest.raises(LookupError):
        ph.Emission(grid, layers, lines, device="cpu", progress=stop, cache=False)
    calls = []
    ph.Emission(grid, layers, lines, device="cpu", progress=lambda *call: calls.append(call), cache=False)
    assert calls and all(isinstance(task, str) and done >= 0 for task, done, _ in calls)
    with pytest.raises(ValueError, match="progress"):
        ph.Emission(grid, layers, lines, device="cpu", progress=3)


def test_an_interrupt_works_within_a_second(device):
    grid = ph.Grid.from_wavenumber(4200, 4400, points=20_000)
    model = ph.Emission(
        grid,
        ph.Pressure(1e-5, 10, layers=100),
        {"CO": ph.CarbonMonoxide()},
        temperature_range=(500, 2500),
        device=device,
    )
    given = {"vmr": {"CO": 1e-3}, "gravity": 2000.0}
    sent = []

    def send():
        time.sleep(0.5)
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=send)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        model.batch(temperature=np.full((10_000, 1), 1000.0).repeat(100, axis=1), **given)
    assert time.perf_counter() - sent[0] < 1.0
    thread.join()
    assert model(temperature=1000.0, **given).flux.min() > 0
