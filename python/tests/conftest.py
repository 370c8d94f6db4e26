"""What the tests share: small models, and the devices to run them on."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import photosphere as ph

# The project, whose example data and pages are used.
ROOT = pathlib.Path(os.environ.get("PHOTOSPHERE_ROOT") or pathlib.Path(__file__).resolve().parents[2])
LAYERS = 20


def all_devices():
    """The CPU and the first adapter; or those that the variable PHOTOSPHERE_PYTHON_DEVICES names, separated by commas."""
    named = os.environ.get("PHOTOSPHERE_PYTHON_DEVICES")
    if named:
        return named.split(",")
    return ["cpu", *[d["name"] for d in ph.devices() if d["name"] != "cpu"][:1]]


DEVICES = all_devices()


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Tests have a cache of their own."""
    os.environ["PHOTOSPHERE_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(params=DEVICES, scope="session")
def device(request):
    return request.param


def emission(device="cpu", **more):
    grid = ph.Grid.from_wavenumber(4290.0, 4300.0, points=400)
    choices = {"continua": [ph.Rayleigh("H2"), ph.CloudDeck(5.0)], "temperature_range": (500, 2500), **more}
    return ph.Emission(
        grid,
        ph.Pressure(1e-5, 10.0, layers=LAYERS),
        {"CO": ph.CarbonMonoxide(broadener="H2")},
        device=device,
        **choices,
    )


def transmission(device="cpu", **more):
    grid = ph.Grid.from_wavenumber(4290.0, 4300.0, points=300)
    choices = {"continua": [ph.Rayleigh("H2"), ph.Haze(1e-4)], "temperature_range": (500, 2500), **more}
    return ph.Transmission(
        grid, ph.Pressure(1e-6, 1.0, layers=LAYERS), {"CO": ph.CarbonMonoxide()}, device=device, **choices
    )


@pytest.fixture
def inputs():
    return {
        "temperature": np.linspace(900.0, 1600.0, LAYERS),
        "vmr": {"CO": 5e-4, "H2": np.full(LAYERS, 0.85)},
        "gravity": 2500.0,
    }


@pytest.fixture
def seen():
    """Inputs of a transmission spectrum."""
    return {
        "temperature": np.linspace(900.0, 1300.0, LAYERS),
        "vmr": {"CO": 5e-4, "H2": 0.85},
        "gravity": 1500.0,
        "radius": 8e9,
        "reference_pressure": 0.1,
    }


@pytest.fixture(scope="session")
def model(device):
    return emission(device)


def run_python(code, *, check=True, **environment):
    """Another interpreter; its standard output."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, env={**os.environ, **environment}
    )
    assert not check or done.returncode == 0, done.stderr
    return done
