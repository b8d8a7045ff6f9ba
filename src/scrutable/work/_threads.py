"""How many threads the numerical libraries use while we work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread each for BLAS, OpenMP and torch, and the old numbers back afterwards.

    The networks that can be explained are small: threads cost them more in waiting than they gain, two to four times
    the processor time on two cores. Work is spread over processes instead (`executor`).
    """
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch is not None else 0
    with threadpool_limits(limits=1):
        if torch is not None:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch is not None:
                torch.set_num_threads(before)
