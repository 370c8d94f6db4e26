"""Retrievals of configuration files: likelihood, priors, fits, posteriors."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any, Mapping

import numpy as np

from . import _photosphere
from ._progress import Progress, callback


def _toml(value: Any) -> str:
    """A value as TOML text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (np.floating, np.integer)):
        value = value.item()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (str, os.PathLike)):
        return json.dumps(os.fspath(value))
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(str(k))} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    raise ValueError(
        f"overrides: given {value!r}, required numbers, text, true or false, lists and dictionaries of them"
    )


class Retrieval:
    """Likelihood and priors of a configuration file with ``[parameters]`` and ``[[data]]``; made by :meth:`from_toml`.

    Attributes
    ----------
    names : list of str
        Parameters, in the order of every ``x``.
    labels : list of str
        The same as tables and figures have them.
    start : numpy.ndarray
        [parameter], the start values.
    """

    def __init__(self, path: Any, overrides: Mapping[str, Any], device: str, progress: Progress) -> None:
        self._recipe = (os.path.abspath(os.fspath(path)), dict(overrides), device)
        pairs = [(key, _toml(value)) for key, value in overrides.items()]
        self._retrieval = _photosphere.Retrieval(self._recipe[0], pairs, device, callback(progress))
        self.names: list[str] = self._retrieval.names
        self.labels: list[str] = self._retrieval.labels
        self.start: np.ndarray = self._retrieval.start

    @classmethod
    def from_toml(
        cls, path: Any, *, overrides: Mapping[str, Any] | None = None, device: str = "auto", progress: Progress = None
    ) -> Retrieval:
        """Opens a configuration file.

        Parameters
        ----------
        path : path
            The file; paths within it are relative to its folder.
        overrides : dict, optional
            Values in place of the file's, by dotted key: ``{"grid.points": 2000, "species[0].mass_mixing_ratio": 1e-3}``.
        device : str
            ``"auto"``, ``"cpu"``, or part of a name that :func:`devices` gives.

        Raises
        ------
        ValueError
            A key that is unknown, missing or wrong; the message names it.
        OSError
            Files that cannot be read.
        """
        return cls(path, overrides or {}, device, progress)

    def __reduce__(self) -> Any:
        return Retrieval, (*self._recipe, None)

    def log_likelihood(self, x: Any, gradient: bool = False) -> float | tuple[float, np.ndarray]:
        """ln L at ``x`` [parameter]; with ``gradient`` also its derivatives [parameter].

        Raises
        ------
        ValueError
            Parameters that the model refuses, such as temperatures outside the declared range.
        """
        if gradient:
            return self._retrieval.log_likelihood_and_gradient(x)
        return self._retrieval.log_likelihood(x)

    def log_prior(self, x: Any, gradient: bool = False) -> float | tuple[float, np.ndarray]:
        """ln of the prior density at ``x`` [parameter], minus infinity outside its support; with ``gradient`` also its derivatives [parameter]."""
        value, slopes = self._retrieval.log_prior(x)
        return (value, slopes) if gradient else value

    def prior_transform(self, u: Any) -> np.ndarray:
        """Parameters [parameter] from a point ``u`` of the unit cube, as nested samplers want it."""
        return self._retrieval.prior_transform(u)

    def predict(self, x: Any) -> list[dict[str, Any]]:
        """What the instruments record at ``x``: of each data set ``name``, ``wavenumber``, ``data``, ``model``, ``sigma``."""
        keys = ("name", "wavenumber", "data", "model", "sigma")
        return [dict(zip(keys, row)) for row in self._retrieval.predict(x)]

    @property
    def notes(self) -> list[dict[str, Any]]:
        """What a user must be told of lists and opacities."""
        return json.loads(self._retrieval.notes())

    def fit(self, progress: Progress = None) -> Fit:
        """The best parameters, by the method of ``[retrieval.fit]``."""
        given = json.loads(self._retrieval.fit(callback(progress)))
        fit = given["fit"]
        n = len(fit["names"])
        covariance = fit["covariance"]
        return Fit(
            names=fit["names"],
            parameters=np.array(fit["parameters"]),
            covariance=None if covariance is None else np.array(covariance).reshape(n, n),
            standard_errors=None if covariance is None else np.array(fit["standard_errors"]),
            chi_square=fit["chi_square"],
            converged=fit["converged"],
            report=fit,
            text=given["text"],
        )

    def sample(
        self,
        *,
        chains: int | None = None,
        warmup: int | None = None,
        draws: int | None = None,
        seed: int | None = None,
        folder: Any = None,
        resume: bool = False,
        progress: Progress = None,
    ) -> Posterior:
        """Draws from the posterior by NUTS.

        Parameters
        ----------
        chains, warmup, draws, seed : int, optional
            As ``[retrieval.sampler]`` has them if nothing is said.
        folder : path, optional
            Chains are kept in it while they run, and the draws are written to ``trace.zarr`` in it.
        resume : bool
            Go on from what the folder keeps, with the same bits.
        """
        folder = None if folder is None else os.path.abspath(os.fspath(folder))
        draws_, text = self._retrieval.sample(chains, warmup, draws, seed, folder, resume, callback(progress))
        about = json.loads(text)
        return Posterior(draws=draws_, source=self._recipe[0], **{k: about[k] for k in _ABOUT})


_ABOUT = ("names", "statistics", "evaluations", "summary", "warnings", "text")


@dataclass(frozen=True, eq=False)
class Fit:
    """Best parameters with their uncertainties; prints as a table.

    Attributes
    ----------
    parameters, standard_errors : numpy.ndarray
        [parameter]; errors are ``None`` where the curvature gives none.
    covariance : numpy.ndarray
        [parameter, parameter].
    """

    names: list[str]
    parameters: np.ndarray
    covariance: np.ndarray | None
    standard_errors: np.ndarray | None
    chi_square: float | None
    converged: bool
    report: dict[str, Any] = field(repr=False)
    text: str = field(repr=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws; prints as a table.

    Attributes
    ----------
    draws : numpy.ndarray
        [chain, draw, parameter].
    statistics : list
        Of each chain and draw, what the sampler says of it: ``lp``, ``diverging``, ``n_steps``, ...
    summary : dict
        Mean, standard deviation, interval, R-hat and effective sample sizes of each parameter, and what there is of divergences.
    warnings : list of str
        What speaks against trusting the draws.
    """

    names: list[str]
    draws: np.ndarray
    statistics: list[list[dict[str, Any]]] = field(repr=False)
    evaluations: list[int]
    summary: dict[str, Any] = field(repr=False)
    warnings: list[str]
    text: str = field(repr=False)
    source: str

    def __getitem__(self, name: str) -> np.ndarray:
        """Draws [chain, draw] of a parameter."""
        if name not in self.names:
            raise KeyError(f"{name}: required one of {', '.join(self.names)}")
        return self.draws[..., self.names.index(name)]

    def __str__(self) -> str:
        return self.text

    def to_inference_data(self) -> Any:
        """An ArviZ object with the groups ``posterior`` and ``sample_stats``, and provenance."""
        from .convert import inference_data

        return inference_data(self)
