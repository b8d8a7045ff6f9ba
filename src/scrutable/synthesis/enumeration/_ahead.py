"""Computing the next blocks of candidates in a second thread while the last ones are looked up.

Candidates of one cost are made of cheaper entries only, so they do not depend on each other. They arrive in the same
order as without the thread: what is found does not depend on timing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from scrutable.synthesis.enumeration._bank import Bank
from scrutable.synthesis.enumeration._levels import Block, blocks

ALONE = 1 << 15
"""So many candidates of a level are computed in the same thread before a second one is worth its start."""
DEPTH = 3

Coded = tuple[Block, np.ndarray]


def coded_blocks(bank: Bank, cost: int) -> Generator[Coded, None, None]:
    """As `blocks`, with the code of every candidate. To be closed when it is left early."""
    source = _coded(bank, cost)
    seen = 0
    for each in source:
        yield each
        seen += len(each[1])
        if seen >= ALONE:
            break
    yield from _ahead(source)


def _coded(bank: Bank, cost: int) -> Generator[Coded, None, None]:
    for block in blocks(bank, cost):
        yield block, bank.store(block.gives).coder(block.values)


def _ahead(source: Generator[Coded, None, None]) -> Generator[Coded, None, None]:
    def step() -> Coded | None:
        with np.errstate(all="ignore"):  # the setting belongs to a thread
            return next(source, None)

    first = next(source, None)
    if first is None:
        return
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[Future[Coded | None]] = deque(pool.submit(step) for _ in range(DEPTH))
        try:
            yield first
            while (ready := waiting.popleft().result()) is not None:
                waiting.append(pool.submit(step))
                yield ready
        finally:
            for each in waiting:
                each.cancel()
