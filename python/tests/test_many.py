"""Grids of models on several processes."""

import numpy as np
import pytest

from conftest import emission


def flux(model, temperature, co):
    return model(temperature=temperature, vmr={"CO": co, "H2": 0.85}, gravity=2500.0).values


GRID = [(t, co) for t in np.linspace(900, 1500, 20) for co in np.logspace(-5, -3, 10)]


def test_two_hundred_models_on_a_dask_cluster_have_the_bits_of_one_process():
    distributed = pytest.importorskip("distributed", reason="dask")
    model = emission("cpu", method="table", temperature_range=(800, 1600))
    here = np.stack([flux(model, *x) for x in GRID])
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.wait_for_workers(2)
        # Sent once: each process opens the model again, with the same table from the cache.
        shared = client.scatter(model, broadcast=True)
        there = np.stack(client.gather([client.submit(flux, shared, *x, pure=False) for x in GRID]))
    assert np.array_equal(here, there)


def test_joblib_takes_models():
    joblib = pytest.importorskip("joblib", reason="joblib")
    model = emission("cpu")
    there = joblib.Parallel(n_jobs=2)(joblib.delayed(flux)(model, *x) for x in GRID[:6])
    assert np.array_equal(np.stack(there), np.stack([flux(model, *x) for x in GRID[:6]]))
