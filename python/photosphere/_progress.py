"""Progress in terminals and notebooks."""

from __future__ import annotations

from typing import Callable, Optional, Union

Callback = Callable[[str, int, Optional[int]], object]
Progress = Union[bool, None, Callback]
"""``True`` for a bar (by tqdm, if it is installed), ``None`` for none, or a function of (task, done, total), where ``total`` may be unknown."""


def callback(progress: Progress) -> Callback | None:
    """The function to call, if any."""
    if progress is None or progress is False:
        return None
    if progress is True:
        return _Bar()
    if not callable(progress):
        raise ValueError(f"progress: given {progress!r}, required True, None or a function of (task, done, total)")
    return progress


class _Bar:
    """One bar for the task at hand."""

    def __init__(self) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            self._make = None
        else:
            self._make = tqdm
        self._task, self._bar = None, None

    def __call__(self, task: str, done: int, total: int | None) -> None:
        if self._make is None:
            return self._print(task, done, total)
        if self._bar is None or task != self._task:
            self._task, self._bar = task, self._make(total=total, desc=task)
        self._bar.update(done - self._bar.n)
        if total is not None and done >= total:
            self._bar.close()
            self._bar = None
        return None

    @staticmethod
    def _print(task: str, done: int, total: int | None) -> None:
        part = f"{100 * done / total:3.0f} %" if total else f"{done}"
        print(f"\r{task}: {part}", end="\n" if total is not None and done >= total else "", flush=True)
