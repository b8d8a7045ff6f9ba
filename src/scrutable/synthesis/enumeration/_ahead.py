"""Computing and sifting blocks of candidates in two threads, while one of them also stores what is new.

Candidates of one cost are made of cheaper entries only, and are sifted by what is known of cheaper levels, so they do
not depend on each other. They arrive in the same order as without the thread: what is found does not depend on timing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from scrutable.synthesis.enumeration._bank import Bank, Sifted
from scrutable.synthesis.enumeration._levels import Block, Task, tasks

ALONE = 1 << 15
"""So many candidates of a level are computed in the same thread before a second one is worth its start."""
DEPTH = 6


@dataclass(frozen=True, slots=True)
class Prepared:
    """A block, the code of each of its candidates, and those that may be new."""

    block: Block
    codes: np.ndarray
    sifted: Sifted


def prepared_blocks(bank: Bank, cost: int) -> Generator[Prepared, None, None]:
    """The candidates that cost exactly `cost`. To be closed when it is left early."""
    source, seen = tasks(bank, cost), 0
    for task in source:
        each = _prepare(bank, task)
        if each is not None:
            yield each
            seen += len(each.codes)
        if seen >= ALONE:
            break
    yield from _ahead(bank, source)


def _prepare(bank: Bank, task: Task) -> Prepared | None:
    with np.errstate(all="ignore"):  # the setting belongs to a thread
        block = task()
        if block is None:
            return None
        store = bank.store(block.gives)
        codes = store.coder(block.values)
        return Prepared(block, codes, store.sift(block.values, codes))


@contextmanager
def beside(work: Callable[[], None], *, size: int) -> Iterator[None]:
    """Do some work on so many entries while the body of the `with` runs, or after it when they are few."""
    if size < ALONE:
        yield
        work()
        return
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(np.errstate(all="ignore")(work))
        yield
        done.result()


@dataclass(slots=True)
class _Waiting:
    """A block asked of the other thread, which this one may still do itself."""

    task: Task
    future: Future[Prepared | None]
    done: bool = False
    here: Prepared | None = None

    @property
    def ready(self) -> bool:
        return self.done or self.future.done()

    def taken(self, bank: Bank) -> bool:
        """Do it here unless that has been done or the other thread has begun; whether it was done now."""
        if self.done or not self.future.cancel():
            return False
        self.here, self.done = _prepare(bank, self.task), True
        return True

    def result(self) -> Prepared | None:
        return self.here if self.done else self.future.result()


def _ahead(bank: Bank, source: Iterator[Task]) -> Generator[Prepared, None, None]:
    """Both threads prepare blocks; this one does so whenever the block that is due is not ready."""
    first = next(source, None)
    if first is None:
        return
    source = chain((first,), source)
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[_Waiting] = deque()
        try:
            while True:
                for task in islice(source, DEPTH - len(waiting)):
                    waiting.append(_Waiting(task, pool.submit(_prepare, bank, task)))
                if not waiting:
                    return
                while not waiting[0].ready and any(each.taken(bank) for each in waiting):
                    pass
                ready = waiting.popleft().result()
                if ready is not None:
                    yield ready
        finally:
            for each in waiting:
                each.future.cancel()
