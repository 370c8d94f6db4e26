"""Objects of xarray and ArviZ, with units and provenance."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _photosphere

if TYPE_CHECKING:
    from ._retrieval import Posterior
    from ._spectrum import Spectrum


def _text(value: Any) -> str:
    """Provenance as text: what no JSON has is written as it prints, arrays as lists."""
    return json.dumps(value, default=lambda v: v.tolist() if isinstance(v, np.ndarray) else repr(v))


def data_array(spectrum: Spectrum) -> Any:
    """A spectrum as ``xarray.DataArray`` over ``wavenumber``; ``attrs`` have its unit, version, device, and how it was made as JSON."""
    import xarray

    metadata = spectrum.metadata
    return xarray.DataArray(
        spectrum.values,
        dims=("wavenumber",),
        coords={
            "wavenumber": ("wavenumber", spectrum.wavenumber, {"units": "cm-1"}),
            "wavelength": ("wavenumber", spectrum.wavelength, {"units": "um"}),
        },
        name=metadata["quantity"],
        attrs={
            "units": spectrum.unit,
            "photosphere": metadata["photosphere"],
            "device": metadata["device"],
            "model": _text(metadata["model"]),
            "inputs": _text(metadata["inputs"]),
        },
    )


def inference_data(posterior: Posterior) -> Any:
    """Draws as an ArviZ object."""
    import arviz

    names = posterior.statistics[0][0].keys() if posterior.statistics and posterior.statistics[0] else ()
    statistics = {name: np.array([[draw[name] for draw in chain] for chain in posterior.statistics]) for name in names}
    attributes = {
        "inference_library": "photosphere",
        "inference_library_version": _photosphere.__version__,
        "source": posterior.source,
    }
    groups = {
        "posterior": {name: posterior[name] for name in posterior.names},
        "sample_stats": statistics,
    }
    # Before version 1 each group is an argument of its own.
    apart = "posterior" in inspect.signature(arviz.from_dict).parameters
    made = arviz.from_dict(**groups) if apart else arviz.from_dict(groups)
    made["posterior"].attrs.update(attributes)
    return made
