"""Independent work items, on one process or several."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from scrutable.errors import UserError

T = TypeVar("T")
R = TypeVar("R")


class Executor(ABC):
    """Runs a function over items and yields the results in order."""

    @abstractmethod
    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """`function` of every item, in the order of the items."""


@dataclass(frozen=True, slots=True)
class Here(Executor):
    """One item after the other in this process, each only when it is asked for."""

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """See `Executor.map`."""
        return (function(item) for item in items)


@dataclass(frozen=True, slots=True)
class Processes(Executor):
    """Local processes, by joblib. Items and results are pickled between our own processes only."""

    jobs: int

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """See `Executor.map`."""
        from joblib import Parallel, delayed

        results: Any = Parallel(n_jobs=self.jobs, return_as="generator")(delayed(function)(item) for item in items)
        return iter(results)


def executor(jobs: int) -> Executor:
    """The executor for `jobs` local processes; 1 stays in this one.

    Raises:
        UserError: fewer than one job.
    """
    if jobs < 1:
        raise UserError(f"got {jobs} jobs, expected at least 1")
    return Here() if jobs == 1 else Processes(jobs)
