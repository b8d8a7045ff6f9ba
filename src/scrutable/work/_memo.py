"""Work done once and shared: proposers of one study find each other's intermediate results here."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")


class Memo:
    """Results by key. One memo belongs to one search; nothing is global."""

    def __init__(self) -> None:
        self._results: dict[Hashable, object] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The result stored under `key`, made on first use."""
        if key not in self._results:
            self._results[key] = make()
        return self._results[key]  # type: ignore[return-value]
