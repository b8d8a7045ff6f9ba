"""Running programs on arrays, all rows at once, with interventions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scrutable.program._arrange import arrange
from scrutable.program._check import variable_types
from scrutable.program._operators._base import promoted
from scrutable.program._program import Program, Setting
from scrutable.program._runner import Runner


def run(program: Program, x: Any, set: Mapping[str, Setting | Any] | None = None) -> dict[str, Any]:  # noqa: A002
    """The value of every variable of `program` for data `x`, under the interventions `set`.

    Scalars are `(n,)`, sequences `(n, L)`, selectors `(n, query, key)`, arrays `(n, *shape)`; the variables of a scan
    are sequences. NumPy in, NumPy out; torch in, torch out. A variable that is set keeps its value for everything that
    reads it: a state that is set at step t has that value after step t.

    Raises:
        UserError: data of the wrong shape or type, or an intervention that does not fit.
        ProgramError: an integer left the 64-bit range, sequences of unequal lengths met, or floor got NaN.
    """
    runner = Runner.of(program, x, set or {})
    return {name: runner.value(name) for name in variable_types(program)}


def outputs(program: Program, x: Any, set: Mapping[str, Setting | Any] | None = None) -> Any:  # noqa: A002
    """The outputs of `program` for data `x`, set as in `run`; several outputs are stacked on a new last axis."""
    runner = Runner.of(program, x, set or {})
    values = [runner.value(name) for name in program.outputs]
    return values[0] if len(values) == 1 else runner.xp.stack(promoted(runner.xp, values), -1)


def examples(program: Program, x: Any) -> tuple[tuple[Any, Any], ...]:
    """Pairs (row of data, output) as nested tuples of plain numbers, for each row of `x`.

    Rows with a number that is not finite are left out: Python has no literal for it.
    """
    xp, _, arrays = arrange(x, program.inputs)
    runner = Runner.of(program, x, {})
    inputs = [xp.numpy(arrays[entry.name]).tolist() for entry in program.inputs]
    answers = [xp.numpy(runner.value(name)).tolist() for name in program.outputs]
    pairs = zip(_rows(inputs), _rows(answers), strict=True)
    return tuple((row, answer) for row, answer in pairs if _finite(row) and _finite(answer))


def _rows(columns: list[Any]) -> list[Any]:
    return [_merged(parts) for parts in zip(*columns, strict=True)]


def _merged(parts: Sequence[Any]) -> Any:
    """Nested tuples of the leaves of several nested lists of one shape; of a single one, the nest itself."""
    if isinstance(parts[0], list):
        return tuple(_merged(items) for items in zip(*parts, strict=True))
    return parts[0] if len(parts) == 1 else tuple(parts)


def _finite(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_finite, value))
    return bool(np.isfinite(value))
