"""Spectra: the command line's bits, batches, arrays of any kind, threads, processes."""

import concurrent.futures
import gc
import multiprocessing
import pathlib
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import photosphere as ph
from conftest import LAYERS, ROOT, emission, run_python, transmission

EMISSION = """
[grid]
range_cm = [2080.0, 2120.0]
points = 1500
[atmosphere]
layers = 30
pressure_top_bar = 1e-5
pressure_bottom_bar = 10.0
gravity_cgs = 2478.5
[atmosphere.temperature]
kind = "isothermal"
temperature_k = 1234.5
[[species]]
name = "CO"
format = "hitran"
lines = "{lines}"
isotopologue = "all"
broadener = "self"
volume_mixing_ratio = 5e-4
[[species]]
name = "H2"
volume_mixing_ratio = 0.85
[continua]
rayleigh = ["H2"]
[[cloud]]
kind = "deck"
pressure_bar = 3.0
[[cloud]]
name = "haze"
kind = "power-law-haze"
opacity_cm2_g = 1e-3
exponent = 4.0
reference_um = 0.5
[transfer]
surface_temperature_k = 1500.0
streams = 4
[method]
temperature_range_k = [500.0, 2000.0]
"""

TRANSMISSION = """
[grid]
range_um = [2.32, 2.33]
sampling = 100000
[atmosphere]
layers = 40
pressure_top_bar = 1e-7
pressure_bottom_bar = 10.0
gravity_cgs = 1500.0
radius_cm = 8e9
reference_pressure_bar = 0.1
[atmosphere.temperature]
kind = "isothermal"
temperature_k = 1100.0
[[species]]
name = "CO"
format = "builtin"
broadener = { H2 = 0.85, He = 0.15 }
volume_mixing_ratio = 5e-4
[[species]]
name = "H2"
volume_mixing_ratio = 0.85
[continua]
rayleigh = ["H2"]
[[cloud]]
kind = "deck"
pressure_bar = 0.05
[transfer]
geometry = "transmission"
[method]
temperature_range_k = [500.0, 2000.0]
"""


def command_line(tmp_path, text, device, name):
    (tmp_path / "case.toml").write_text(text)
    arguments = ["spectrum", str(tmp_path / "case.toml"), "--out", str(tmp_path / "out"), "--device", device]
    done = subprocess.run(
        [sys.executable, "-m", "photosphere", *arguments], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return np.load(tmp_path / "out/wavenumber.npy"), np.load(tmp_path / "out" / name)


def test_emission_has_the_bits_of_the_command_line(tmp_path, device):
    lines = ROOT / "tests/data/co_three_isotopologues.par"
    nu, flux = command_line(tmp_path, EMISSION.replace("{lines}", str(lines)), device, "flux.npy")
    model = ph.Emission(
        ph.Grid.from_wavenumber(2080.0, 2120.0, points=1500),
        ph.Pressure(1e-5, 10.0, layers=30),
        {"CO": ph.Hitran(lines, isotopologues="all", broadener="self")},
        continua=[ph.CloudDeck(3.0), ph.Haze(1e-3), ph.Rayleigh("H2")],
        temperature_range=(500, 2000),
        surface=True,
        streams=4,
        device=device,
    )
    s = model(temperature=1234.5, vmr={"CO": 5e-4, "H2": 0.85}, gravity=2478.5, surface_temperature=1500.0)
    assert s.flux.dtype == flux.dtype and np.array_equal(s.flux, flux) and np.array_equal(s.wavenumber, nu)


def test_transmission_has_the_bits_of_the_command_line(tmp_path, device):
    nu, radius = command_line(tmp_path, TRANSMISSION, device, "radius.npy")
    model = ph.Transmission(
        ph.Grid.from_wavelength(2.32, 2.33, sampling=1e5),
        ph.Pressure(1e-7, 10.0, layers=40),
        {"CO": ph.CarbonMonoxide(broadener={"H2": 0.85, "He": 0.15})},
        continua=[ph.Rayleigh("H2"), ph.CloudDeck(0.05)],
        temperature_range=(500, 2000),
        device=device,
    )
    s = model(temperature=1100.0, vmr={"CO": 5e-4, "H2": 0.85}, gravity=1500.0, radius=8e9, reference_pressure=0.1)
    assert np.array_equal(s.wavenumber, nu) and np.array_equal(s.radius.astype(float), radius)


def test_cross_sections_have_the_bits_of_the_command_line(tmp_path, device):
    at = [(500.0, 1e-3), (1000.0, 1.0)]
    out = tmp_path / "co.npy"
    arguments = [
        "cross-section",
        "--format",
        "builtin",
        "--range",
        "2100:2110",
        "--points",
        "800",
        "--at",
        "500:1e-3,1000:1",
        "--temperature-range",
        "500:1000",
        "--device",
        device,
        "--out",
        str(out),
    ]
    subprocess.run([sys.executable, "-m", "photosphere", *arguments], check=True, capture_output=True, timeout=300)
    grid = ph.Grid.from_wavenumber(2100, 2110, points=800)
    t, p = np.array(at).T
    xs = ph.cross_sections(grid, ph.CarbonMonoxide(), t, p, device=device)
    assert xs.shape == (2, 800) and np.array_equal(xs, np.load(out))
    both = ph.cross_sections(grid, ph.CarbonMonoxide(), t[:, None], p, device=device)
    assert both.shape == (2, 2, 800)


def test_batches_are_single_spectra(model, inputs):
    t = np.stack([inputs["temperature"] + d for d in (0.0, 10.0, 20.0)])
    many = {
        "temperature": t,
        "gravity": [2500.0, 2600.0, 2700.0],
        "vmr": {"CO": np.array([1e-4, 2e-4, 3e-4]), "H2": np.full((1, LAYERS), 0.85)},
    }
    batch = model.batch(**many)
    for k, row in enumerate(batch):
        one = model(temperature=t[k], gravity=2500.0 + 100 * k, vmr={"CO": (k + 1) * 1e-4, "H2": 0.85})
        assert np.array_equal(one.flux, row)


def test_arrays_of_any_kind_are_taken(model, inputs):
    reference = model(**inputs).flux
    t = inputs["temperature"]
    wide = np.zeros((LAYERS, 3))
    wide[:, 1] = t
    read_only = t.copy()
    read_only.flags.writeable = False
    for same in (wide[:, 1], read_only, t[::-1].copy()[::-1], list(t), np.asfortranarray(t)):
        assert np.array_equal(model(**{**inputs, "temperature": same}).flux, reference)
    whole = np.arange(900, 900 + 10 * LAYERS, 10)
    by_type = [
        model(**{**inputs, "temperature": whole.astype(kind)}).flux for kind in ("int64", "float32", "float64", ">f8")
    ]
    assert all(np.array_equal(flux, by_type[0]) for flux in by_type)


def test_threads_share_a_model(model, inputs):
    reference = {g: model(**{**inputs, "gravity": g}).flux for g in (2000.0, 2500.0, 3000.0)}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        futures = [(g, pool.submit(model, **{**inputs, "gravity": g})) for _ in range(5) for g in reference]
        assert all(np.array_equal(f.result().flux, reference[g]) for g, f in futures)


def test_other_threads_go_on_meanwhile(inputs):
    grid = ph.Grid.from_wavenumber(4200, 4400, points=100_000)
    big = ph.Emission(
        grid,
        ph.Pressure(1e-5, 10, layers=LAYERS),
        {"CO": ph.CarbonMonoxide()},
        temperature_range=(500, 2500),
        device="cpu",
    )
    done, counted = threading.Event(), 0
    thread = threading.Thread(target=lambda: (big(**inputs), done.set()))
    thread.start()
    while not done.wait(0.001):
        counted += 1
    thread.join()
    assert counted > 3


def test_pickled_models_give_the_same_bits(model, inputs):
    again = pickle.loads(pickle.dumps(model))
    assert type(again) is type(model) and np.array_equal(again(**inputs).flux, model(**inputs).flux)
    grid = pickle.loads(pickle.dumps(model.grid))
    assert np.array_equal(grid.wavenumber, model.grid.wavenumber)


def compute(model, inputs):
    return model(**inputs).values


def test_spawned_processes_give_the_same_bits(model, inputs):
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for values in pool.map(compute, [model] * 3, [inputs] * 3):
            assert np.array_equal(values, model(**inputs).values)


def test_a_forked_process_is_refused_and_says_what_to_do(device):
    code = f"""
import multiprocessing, sys
sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})
import photosphere as ph
from conftest import emission
model = emission({device!r})
given = dict(temperature=1000.0, vmr={{"CO": 1e-4, "H2": 0.8}}, gravity=2000.0)
model(**given)
def child(queue):
    try:
        model(**given)
        queue.put("computed")
    except ph.DeviceError as error:
        queue.put(str(error))
context = multiprocessing.get_context("fork")
queue = context.Queue()
process = context.Process(target=child, args=(queue,))
process.start()
print(queue.get(timeout=60))
process.join(10)
assert model(**given).flux.min() > 0
"""
    said = run_python(code, PHOTOSPHERE_PYTHON_DEVICES=device).stdout
    assert "forked" in said and "spawn" in said


def test_results_know_what_they_are(model, inputs):
    s = model(**inputs)
    assert s.unit == "erg s-1 cm-2 / cm-1" and len(s) == len(model.grid) and np.asarray(s) is s.values
    metadata = s.metadata
    assert metadata["opacities"] == ["CO", "Rayleigh H2", "deck"] and metadata["inputs"]["gravity"] == 2500.0
    assert metadata["photosphere"] == ph.__version__
    with pytest.raises(AttributeError, match="flux"):
        _ = s.radius
    assert model.report["layers"] == LAYERS and "emission" in str([n["text"] for n in model.notes])
    plan = model.plan()
    assert plan["points"] == len(model.grid) and plan["host_bytes"] > 0 and "peak" in str(plan)


def test_memory_is_given_back(device, inputs):
    model = emission(device)
    model(**inputs)
    spectra = model.device_bytes
    model.jacobian(**inputs)
    model.vjp(**inputs)[1](np.ones(len(model.grid)))
    assert (spectra > 0, model.device_bytes > spectra) == ((False, False) if device == "cpu" else (True, True))
    model.close()
    assert model.device_bytes == 0


def test_closed_models_say_so(inputs, device):
    with emission(device) as model:
        model(**inputs)
    with pytest.raises(ValueError, match="model: given closed"):
        model(**inputs)


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def test_calls_leave_nothing_behind(model, inputs):
    def calls(count):
        for _ in range(count):
            model(**inputs)
            model.batch(temperature=np.full((2, LAYERS), 1000.0), vmr=inputs["vmr"] | {"H2": 0.8}, gravity=2500.0)
        model.jacobian(wrt=("CO",), **inputs)
        gc.collect()

    # A list of 400 points takes 3 kB: 150 calls that kept theirs would be 1.4 MB of results alone.
    calls(100)
    before = resident()
    calls(150)
    assert resident() - before < 1 << 20


def test_transmission_needs_a_radius(device, seen):
    model = transmission(device)
    assert model(**seen).radius.min() > 7.9e9
    with pytest.raises(ValueError, match="radius"):
        model(**{**seen, "radius": None})


CONTINUA = """
[grid]
range_cm = [1200.0, 1800.0]
points = 900
[atmosphere]
layers = 15
pressure_top_bar = 1e-3
pressure_bottom_bar = 50.0
gravity_cgs = 900.0
radius_cm = 7e9
mean_molecular_weight = 20.0
[atmosphere.temperature]
kind = "isothermal"
temperature_k = 320.0
[[species]]
name = "O2"
volume_mixing_ratio = 0.5
[[species]]
name = "H"
volume_mixing_ratio = 0.1
[[species]]
name = "e-"
volume_mixing_ratio = 1e-9
[[cia]]
file = "{cia}"
pair = ["O2", "O2"]
temperature = "clamp"
[continua]
rayleigh = ["O2"]
h_minus = true
[[cloud]]
kind = "grey-haze"
opacity_cm2_g = 1e-4
[transfer]
surface_temperature_k = 400.0
"""


def test_continua_have_the_bits_of_the_command_line(tmp_path, device):
    cia = ROOT / "tests/data/cases/04-cia/o2o2_2024.cia"
    _, flux = command_line(tmp_path, CONTINUA.replace("{cia}", str(cia)), device, "flux.npy")
    model = ph.Emission(
        ph.Grid.from_wavenumber(1200.0, 1800.0, points=900),
        ph.Pressure(1e-3, 50.0, layers=15),
        continua=[ph.GreyHaze(1e-4), ph.HMinus(), ph.Rayleigh("O2"), ph.CIA(cia, clamp=True)],
        temperature_range=(320, 320),
        surface=True,
        device=device,
    )
    given = {
        "temperature": 320.0,
        "vmr": {"O2": 0.5, "H": 0.1, "e-": 1e-9},
        "gravity": 900.0,
        "radius": 7e9,
        "mean_molar_mass": 20.0,
        "surface_temperature": 400.0,
    }
    assert np.array_equal(model(**given).flux, flux)
    assert model.opacities == ["O2-O2", "Rayleigh O2", "H-", "grey-haze"]
    with pytest.raises(ValueError, match="O2"):
        model(**{**given, "vmr": {"H": 0.1, "e-": 1e-9}})
    with pytest.raises(ValueError, match="surface"):
        model(**{**given, "surface_temperature": None})


EXOMOL = """
[grid]
range_cm = [1000.0, 1010.0]
points = 500
[atmosphere]
layers = 12
pressure_top_bar = 1e-4
pressure_bottom_bar = 1.0
gravity_cgs = 1000.0
[atmosphere.temperature]
kind = "isothermal"
temperature_k = 1500.0
[[species]]
name = "NaH"
format = "exomol"
lines = "{lines}"
default_width = { half_width_cm_bar = 0.06, temperature_exponent = 0.4 }
mass_mixing_ratio = 1e-3
[transfer]
surface_temperature_k = 2000.0
[method]
temperature_range_k = [1000.0, 1800.0]
wings = { cutoff_cm = 25.0 }
"""


def test_exomol_data_sets_have_the_bits_of_the_command_line(tmp_path, device):
    folder = ROOT / "tests/data/cases/05-natural-width/nah"
    _, flux = command_line(tmp_path, EXOMOL.replace("{lines}", str(folder)), device, "flux.npy")
    model = ph.Emission(
        ph.Grid.from_wavenumber(1000.0, 1010.0, points=500),
        ph.Pressure(1e-4, 1.0, layers=12),
        {"NaH": ph.ExoMol(folder, default_width=(0.06, 0.4))},
        temperature_range=(1000, 1800),
        wing_cutoff=25.0,
        surface=True,
        device=device,
    )
    s = model(temperature=1500.0, mmr={"NaH": 1e-3}, gravity=1000.0, surface_temperature=2000.0)
    assert np.array_equal(s.flux, flux) and np.ptp(s.flux) > 0


def test_ten_thousand_calls_leave_memory_flat(inputs):
    model = emission("cpu", method="table")
    for _ in range(500):
        model(**inputs)
    before = resident()
    for _ in range(10_000):
        model(**inputs)
    # Their results would be 32 MB.
    assert resident() - before < 1 << 20
