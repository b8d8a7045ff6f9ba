"""Independent work items, on one process or several."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
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
    """Local processes, by joblib. Items and results are pickled between our own processes only.

    A function that cannot be sent to another process is run in this one.
    """

    jobs: int

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """See `Executor.map`."""
        import cloudpickle
        from joblib import Parallel, delayed

        try:
            sent = _Sent(cloudpickle.dumps(function), (*sys.path, str(Path.cwd())))
        except Exception:  # whatever a user's own objects raise when they are pickled
            return Here().map(function, items)
        results: Any = Parallel(n_jobs=self.jobs, return_as="generator")(delayed(sent)(item) for item in items)
        return iter(results)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A pickled function, and where the modules it comes from were found: a network's class may live in any folder."""

    pickled: bytes
    paths: tuple[str, ...]

    def __call__(self, item: Any) -> Any:
        sys.path.extend(path for path in self.paths if path not in sys.path)
        return _received(self.pickled)(item)


@lru_cache(maxsize=1)
def _received(pickled: bytes) -> Callable[[Any], Any]:
    import cloudpickle

    return cloudpickle.loads(pickled)


def executor(jobs: int) -> Executor:
    """The executor for `jobs` local processes; 1 stays in this one.

    Raises:
        UserError: fewer than one job.
    """
    if jobs < 1:
        raise UserError(f"got {jobs} jobs, expected at least 1")
    return Here() if jobs == 1 else Processes(jobs)
