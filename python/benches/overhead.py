"""Overhead of calls from Python: seconds seen by the caller beside those that the library took for the spectra themselves.

    python python/benches/overhead.py [--check]

A state of 100 layers with four species, by tables and on few wavenumbers, so that the computation does not hide the call; and a batch of 100 spectra of usual size. With ``--check`` it
fails where a call takes 60 microseconds more than the library, or a batch 1.02 times the library's time.
"""

import statistics
import sys
import time

import numpy as np

import photosphere as ph

CALL_MICROSECONDS, BATCH_RATIO = 60.0, 1.02


def model(points, method="auto"):
    return ph.Emission(
        ph.Grid.from_wavenumber(4290.0, 4300.0, points=points),
        ph.Pressure(1e-6, 100.0, layers=100),
        {"CO": ph.CarbonMonoxide(broadener="H2")},
        continua=[ph.Rayleigh("H2"), ph.CloudDeck(10.0)],
        temperature_range=(500, 3000),
        method=method,
        device="cpu",
    )


def single():
    """Median microseconds outside the library's own time."""
    m = model(50, "table")
    layers = m.pressure.layers
    t = np.linspace(800.0, 2000.0, layers)
    vmr = {"H2O": np.full(layers, 5e-4), "CO": np.full(layers, 5e-4), "H2": 0.85, "He": 0.149}
    outside, inside = [], []
    for _ in range(2000):
        start = time.perf_counter()
        m(temperature=t, vmr=vmr, gravity=2500.0)
        outside.append(time.perf_counter() - start)
        inside.append(m._model.last_seconds())
    extra = statistics.median(o - i for o, i in zip(outside, inside))
    print(
        f"call: {1e6 * statistics.median(outside):.1f} us seen, {1e6 * statistics.median(inside):.1f} us in the library, {1e6 * extra:.1f} us beside it"
    )
    return 1e6 * extra


def batch():
    """Ratio of a batch's time to the library's own for its spectra; the least of three."""
    m = model(5000)
    t = np.linspace(800.0, 2000.0, 100) + np.arange(100)[:, np.newaxis]
    ratios = []
    for _ in range(3):
        start = time.perf_counter()
        m.batch(temperature=t, vmr={"CO": 5e-4, "H2": 0.85}, gravity=2500.0)
        seen = time.perf_counter() - start
        ratios.append(seen / m._model.last_seconds())
        print(
            f"batch of 100: {seen:.3f} s seen, {m._model.last_seconds():.3f} s in the library, ratio {ratios[-1]:.4f}"
        )
    return min(ratios)


if __name__ == "__main__":
    extra, ratio = single(), batch()
    if "--check" in sys.argv and (extra > CALL_MICROSECONDS or ratio > BATCH_RATIO):
        sys.exit(f"too slow: {extra:.1f} us a call, ratio {ratio:.4f}; at most {CALL_MICROSECONDS} and {BATCH_RATIO}")
