"""Every task of the suite, and the versions that each is compiled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from scrutable.bench.transformers import (
    _brackets,
    _counting,
    _fractions,
    _frequency,
    _lookups,
    _maps,
    _patterns,
    _rearranging,
    _shifts,
    _sorting,
)
from scrutable.bench.transformers._task import Task
from scrutable.compile import Compiled, Options, compile  # noqa: A004

MAPS: tuple[Task, ...] = _maps.TASKS
"""Tasks without attention, counted apart."""

TASKS: tuple[Task, ...] = tuple(
    task
    for family in (
        _counting,
        _sorting,
        _rearranging,
        _shifts,
        _brackets,
        _patterns,
        _fractions,
        _frequency,
        _lookups,
    )
    for task in family.TASKS
)
"""Tasks that need attention."""

VERSIONS: Mapping[str, Options] = {
    "plain": Options(),
    "rotated": Options(rotate=True),
    "dressed": Options(rotate=True, shared_heads=2, dead_heads=1),
    "noisy": Options(rotate=True, noise=0.001),
}


def compiled(task: Task, version: str, *, seed: int = 0) -> Compiled:
    """The network of a task; causal where the task is, except in the plain version of a task that needs no mask.

    Arguments:
        version: one of `VERSIONS`.
    """
    options = replace(VERSIONS[version], causal=task.causal and version != "plain")
    return compile(task.program(), task.inputs, options, seed=seed)
