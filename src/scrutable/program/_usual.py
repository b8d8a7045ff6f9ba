"""Where an intervention asks a program for what no input brings about: such cases test no claim about a network.

`pick` takes the first of several selected keys; where inputs never select several of different values, a network may do
anything with several. The same holds for a number of selected keys that never occurs, such as none where each position
selects itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.program._expr import Call, walk
from scrutable.program._program import Let, Program, Setting

READERS = ("width", "pick", "aggregate")
EVERYWHERE = 0.5
"""How often a variable is exchanged at all positions, and not at one."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """What happens to the selectors of a program, outside loops, on usual inputs.

    Arguments:
        probe: the program with the arguments of all that reads selectors as further variables.
        counts: how many selected keys occur, for each; whether there are any, for what reads values of them.
        several: for each, whether keys of different values are selected together.
    """

    probe: Program
    readers: tuple[Call, ...]
    counts: tuple[np.ndarray, ...]
    several: tuple[bool, ...]

    @staticmethod
    def of(program: Program, x: np.ndarray) -> Usual:
        """Of a program on inputs `(n, ...)`. Cost: one run of the program."""
        lets = (each for each in program.statements if isinstance(each, Let))
        nodes = dict.fromkeys(node for let in lets for node in walk(let.expr))
        readers = tuple(node for node in nodes if isinstance(node, Call) and node.op in READERS)
        added = (Let(_named(at, k), arg) for at, node in enumerate(readers) for k, arg in enumerate(node.args))
        probe = Program(program.name, program.inputs, (*program.statements, *added), program.outputs)
        seen = list(_selected(probe, readers, x, {}))
        counts, several = (np.unique(count) for count, _ in seen), (bool(more.any()) for _, more in seen)
        return Usual(probe, readers, tuple(counts), tuple(several))

    def covers(self, x: np.ndarray, set: Mapping[str, Setting]) -> np.ndarray:  # noqa: A002 - as in `run`
        """For which inputs all that happens with variables set does also happen without, `(n,)`."""
        fine = np.ones(len(x), bool)
        found = _selected(self.probe, self.readers, x, set)
        for (count, more), known, several in zip(found, self.counts, self.several, strict=True):
            fine &= np.isin(count, known).all(-1) & (several | ~more)
        return fine


def varying(values: np.ndarray) -> np.ndarray:
    """The positions at which a variable is not the same on all inputs, `(length,)`: elsewhere it carries nothing.

    Arguments:
        values: `(n, length, ...)`.
    """
    differs = values != values[:1]
    return differs.any(axis=(0, *range(2, values.ndim)))


def exchanged_at(varies: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Where values are exchanged, `(count, length)`: half of the time at one position, which says that each lives at
    its own place, half of the time at all, which leaves together what only occurs together.

    Arguments:
        varies: `(length,)`, the positions that there are to exchange, one at least; see `varying`.
    """
    steps = np.flatnonzero(varies)
    one = np.arange(len(varies)) == steps[rng.integers(0, len(steps), size=count)][:, None]
    return (one | (rng.random(count) < EVERYWHERE)[:, None]) & varies


def _selected(
    probe: Program,
    readers: tuple[Call, ...],
    x: np.ndarray,
    set: Mapping[str, Setting],  # noqa: A002 - as in `run`
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each reader the number of keys by query, `(n, length)`, or whether there are any, and whether a query of
    `pick` selects different values, `(n,)`."""
    run = probe.run(x, set=set) if readers else {}
    for at, node in enumerate(readers):
        selected = np.asarray(run[_named(at, 0)])
        count = selected.sum(-1)
        if node.op != "pick":
            yield (count if node.op == "width" else count > 0), np.zeros(len(x), bool)
        else:
            yield count > 0, _differ(selected, np.asarray(run[_named(at, 1)], float))


def _named(at: int, argument: int) -> str:
    return f"argument_{argument}_of_reader_{at}"


def _differ(selected: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Whether a query selects different values, `(n,)`."""
    values = values[:, None, :] if values.ndim == 2 else values[:, None, None]
    least, most = np.where(selected, values, np.inf).min(-1), np.where(selected, values, -np.inf).max(-1)
    return (least < most).any(-1)
