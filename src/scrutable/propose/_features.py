"""What an output may depend on: the inputs of a row, or those of the last few steps of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scrutable.errors import UserError
from scrutable.program import Array, Expr, Seq, Var, call
from scrutable.propose._inputs import leaf_columns, program_inputs
from scrutable.work import generator

if TYPE_CHECKING:
    from scrutable.propose._base import Problem

LONGEST_WINDOW = 4
REPEATED = 0.25
"""A window is believed to determine the output when so many rows repeat an earlier key."""
MISTAKEN = 0.01
"""The share of the answers that may be mistakes, where no window determines all of them."""
QUERIES = 256
FEW = 4
MOST_LEAVES = 12


@dataclass(frozen=True, slots=True)
class Features:
    """Leaves for a search.

    Arguments:
        exprs: for each leaf the program expression it stands for.
        window: how many earlier steps are read; None when the data are not sequences.
        inputs: the input variables of the data.
    """

    exprs: dict[str, Expr]
    window: int | None

    def columns(self, problem: Problem, x: np.ndarray) -> dict[str, np.ndarray]:
        """The leaves' values, one row for each item or each step."""
        data = leaf_columns(problem.network.inputs, x)
        if self.window is None:
            return _entries(data)
        return {
            _lagged(name, back): _back(values, back).ravel()
            for back in range(self.window + 1)
            for name, values in data.items()
        }


def flat_targets(problem: Problem, y: np.ndarray) -> dict[str, np.ndarray]:
    """Output columns, one row for each item or each step."""
    axes = 2 if problem.network.inputs.is_sequence else 1
    y = np.asarray(y)
    if y.ndim == axes:
        return {"output": y.ravel()}
    return {f"output{i}": y[..., i].ravel() for i in range(y.shape[-1])}


def plain_features(problem: Problem) -> Features:
    """The inputs themselves."""
    return Features({each.name: Var(each.name, each.type) for each in program_inputs(problem.network.inputs)}, None)


def block_features(problem: Problem) -> Features:
    """The entries of an array input one by one, `x_0`, `x_1` and so on."""
    exprs: dict[str, Expr] = {}
    for each in program_inputs(problem.network.inputs):
        assert isinstance(each.type, Array)
        whole = Var(each.name, each.type)
        exprs |= {_entry(each.name, at): call("index", whole, params=at) for at in np.ndindex(each.type.shape)}
    return Features(exprs, None)


def window_features(problem: Problem) -> Features | None:
    """The shortest window of the last inputs that determines the outputs, up to four steps back; None if none does.

    Data whose keys hardly repeat say nothing, so the network is also asked about sequences over four values. Where no
    window determines every output, one that determines nearly all will do: networks make mistakes.
    """
    batches = [_together(problem), _narrow(problem)]
    for tolerance in (0.0, MISTAKEN):
        for window in range(LONGEST_WINDOW + 1):
            if (window + 1) * len(program_inputs(problem.network.inputs)) > MOST_LEAVES:
                break
            features = Features(_lags(problem, window), window)
            if _determined(features, problem, batches, tolerance):
                return features
    return None


def _determined(
    features: Features, problem: Problem, batches: list[tuple[np.ndarray, np.ndarray]], tolerance: float
) -> bool:
    """Whether keys repeat in one of the batches at least, and meet one answer in all of them."""
    repeated = 0.0
    for x, y in batches:
        wrong, share = _dependence(features.columns(problem, x), flat_targets(problem, y))
        if wrong > tolerance:
            return False
        repeated = max(repeated, share)
    return repeated >= REPEATED


def _entries(data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Columns `(n,)` as they are, arrays `(n, *shape)` taken apart."""
    return {
        _entry(name, at): values[(slice(None), *at)]
        for name, values in data.items()
        for at in np.ndindex(values.shape[1:])
    }


def _entry(name: str, at: tuple[int, ...]) -> str:
    return "_".join([name, *map(str, at)])


def _lags(problem: Problem, window: int) -> dict[str, Expr]:
    exprs: dict[str, Expr] = {}
    for back in range(window + 1):
        for each in program_inputs(problem.network.inputs):
            variable = Var(each.name, each.type)
            assert isinstance(each.type, Seq)
            exprs[_lagged(each.name, back)] = call("shift", variable, params=(back, 0)) if back else variable
    return exprs


def _lagged(name: str, back: int) -> str:
    return f"{name}_{back}_ago" if back else name


def _back(values: np.ndarray, back: int) -> np.ndarray:
    result = np.zeros_like(values)
    result[:, back:] = values[:, : values.shape[1] - back] if back else values
    return result


def _together(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    x = np.concatenate([problem.counter_inputs, problem.inputs])
    return x, np.concatenate([problem.counter_outputs, problem.outputs])


def _narrow(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Sequences over at most four values of the data, and the network's answers."""
    rng = generator(problem.seed, "enumeration", "narrow")
    values = rng.permutation(np.unique(problem.inputs))[:FEW]
    shape = (QUERIES, *problem.inputs.shape[1:])
    x = values[rng.integers(0, len(values), shape)]
    try:
        return x, problem.network.predict(x)
    except UserError:
        return problem.inputs, problem.outputs


def _dependence(leaves: dict[str, np.ndarray], targets: dict[str, np.ndarray]) -> tuple[float, float]:
    """The shares of rows whose targets are not the usual ones of equal leaves, and that repeat an earlier row."""
    usual, distinct = agreeing(groups(list(leaves.values())), groups(list(targets.values())))
    rows = max(len(usual), 1)
    return int((~usual).sum()) / rows, 1 - distinct / rows


def agreeing(codes: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, int]:
    """Which rows get the usual answer of their key, `(n,)`, and how many keys there are.

    Arguments:
        codes, answers: a number for each row's key and for its answer, `(n,)` each, answers from 0. Of those equally
            usual the smallest counts.
    """
    keys, place = np.unique(codes, return_inverse=True)
    width = int(answers.max(initial=0)) + 1
    pairs, count = np.unique(place.reshape(-1) * width + answers, return_counts=True)
    key, answer = pairs // width, pairs % width
    best = np.lexsort((answer, -count, key))
    usual = answer[best[np.unique(key[best], return_index=True)[1]]]
    return usual[place.reshape(-1)] == answers, len(keys)


def groups(columns: Sequence[np.ndarray]) -> np.ndarray:
    """A number for each row, equal for equal rows."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        _, place = np.unique(column, return_inverse=True)
        _, codes = np.unique(codes * (int(place.max()) + 1) + place, return_inverse=True)
    return codes
