"""Notebooks run as they stand."""

import pathlib
import runpy

import pytest

NOTEBOOKS = sorted((pathlib.Path(__file__).parents[1] / "notebooks").glob("*.py"))
NEEDS = {"classic_exercise": ["jax", "optax", "numpyro"], "own_sampler": ["dynesty"]}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(notebook):
    for module in NEEDS.get(notebook.stem, []):
        pytest.importorskip(module, reason=f"{module}, for {notebook.name}")
    runpy.run_path(str(notebook))


def test_there_are_notebooks():
    assert len(NOTEBOOKS) == 5 and set(NEEDS) <= {n.stem for n in NOTEBOOKS}
