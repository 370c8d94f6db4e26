"""Line lists: where they lie and what is taken from them. Nothing is read before a model is made."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar, Mapping, Sequence, Union

Path = Union[str, "os.PathLike[str]"]
Broadener = Union[str, Mapping[str, float], "tuple[float, float]", None]
"""A gas (``"H2"``, ``"air"``, ``"self"``), mole fractions of several (``{"H2": 0.85, "He": 0.15}``), or the same width for all lines: half width at 296 K in
cm-1 bar-1 and temperature exponent."""


@dataclass(frozen=True)
class _List:
    """What every list has."""

    paths: tuple[str, ...]
    isotopologues: int | str | None = None
    broadener: Broadener = None
    default_width: tuple[float, float] | None = None
    partition: Path | None = None
    molar_mass: float | None = None
    allow_gaps: bool = False
    format: ClassVar[str]

    def _recipe(self) -> dict[str, object]:
        return {"format": self.format, **self.__dict__}


def _absolute(path: Path) -> str:
    return os.path.abspath(os.fspath(path))


class ExoMol(_List):
    """An ExoMol data set: a folder with ``.def``, ``.pf``, ``.states``, ``.trans`` and ``.broad`` files, compressed or not.

    Parameters
    ----------
    path : str or path
        The folder.
    broadener : str, dict or pair, optional
        Whose collisions broaden the lines, see :data:`Broadener`; the data set's default width if nothing is said.
    default_width : pair, optional
        Half width at 296 K in cm-1 bar-1 and temperature exponent, of lines that have none in the list.
    partition : path, optional
        Two columns, T in K and Q, in place of the data set's own.
    molar_mass : float, optional
        g mol-1, in place of the data set's own.
    allow_gaps : bool
        Whether transition files within the grid may be missing.
    """

    format = "exomol"

    def __init__(
        self,
        path: Path,
        *,
        broadener: Broadener = None,
        default_width: tuple[float, float] | None = None,
        partition: Path | None = None,
        molar_mass: float | None = None,
        allow_gaps: bool = False,
    ) -> None:
        super().__init__((_absolute(path),), None, broadener, default_width, _file(partition), molar_mass, allow_gaps)


class Hitran(_List):
    """HITRAN or HITEMP records of 160 characters: ``.par``, ``.par.bz2`` or ``.zip``.

    Parameters
    ----------
    paths : str, path, or several
        The files.
    isotopologues : int or "all", optional
        HITRAN's number, 1 (the most abundant) if nothing is said and the files hold several.
    broadener, default_width, partition, molar_mass
        As for :class:`ExoMol`; ``"air"`` and ``"self"`` are in every file, and air is taken if nothing is said.
    """

    format = "hitran"

    def __init__(
        self,
        paths: Path | Sequence[Path],
        *,
        isotopologues: int | str | None = None,
        broadener: Broadener = None,
        default_width: tuple[float, float] | None = None,
        partition: Path | None = None,
        molar_mass: float | None = None,
    ) -> None:
        several = (paths,) if isinstance(paths, (str, os.PathLike)) else tuple(paths)
        files = tuple(_absolute(path) for path in several)
        super().__init__(files, isotopologues, broadener, default_width, _file(partition), molar_mass, False)


class CarbonMonoxide(_List):
    """The list of carbon monoxide that is built in.

    Parameters
    ----------
    isotopologues : int or "all", optional
        HITRAN's number, 1 (12C-16O) to 6.
    broadener : str, dict or pair, optional
        ``"air"``, ``"H2"``, ``"He"``, a mixture of them, or a width, see :data:`Broadener`.
    partition, molar_mass
        As for :class:`ExoMol`.
    """

    format = "builtin"

    def __init__(
        self,
        *,
        isotopologues: int | str | None = None,
        broadener: Broadener = None,
        partition: Path | None = None,
        molar_mass: float | None = None,
    ) -> None:
        super().__init__((), isotopologues, broadener, None, _file(partition), molar_mass, False)


def _file(path: Path | None) -> str | None:
    return None if path is None else _absolute(path)
