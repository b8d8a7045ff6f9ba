"""The suite of programs on sequences: each means what Python says, and compiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scrutable.bench.transformers._catalogue import MAPS, TASKS, VERSIONS, compiled
from scrutable.bench.transformers._task import Task
from scrutable.program import Call, Let, Program, walk

EVERY = (*MAPS, *TASKS)
ATTENTION = {"select", "shift", "length", "count", "pick", "aggregate", "width", "last"}
BY_HAND: dict[str, Callable[[list[int]], list[Any]]] = {
    "histogram": lambda x: [x.count(t) for t in x],
    "sorted_tokens": sorted,
    "sorted_down": lambda x: sorted(x, reverse=True),
    "dense_rank": lambda x: [sorted(set(x)).index(t) for t in x],
    "largest_so_far": lambda x: [max(x[: i + 1]) for i in range(len(x))],
    "reversed_tokens": lambda x: x[::-1],
    "palindrome": lambda x: [x == x[::-1]] * len(x),
    "rotated": lambda x: [x[-1], *x[:-1]],
    "following": lambda x: [*x[1:], -1],
    "parity": lambda x: [x[: i + 1].count(1) % 2 == 1 for i in range(len(x))],
    "distinct_so_far": lambda x: [len(set(x[: i + 1])) for i in range(len(x))],
    "most_frequent": lambda x: [Counter(x).most_common(1)[0][0]] * len(x),
    "mean_so_far": lambda x: [sum(x[: i + 1]) / (i + 1) for i in range(len(x))],
    "above_average": lambda x: [t > sum(x) / len(x) for t in x],
    "balanced": lambda x: [_balanced(x)] * len(x),
    "induction": lambda x: [next((x[j + 1] for j in range(i) if x[j] == t), 3) for i, t in enumerate(x)],
    "two_hops": lambda x: [x[x[t]] if t < len(x) and x[t] < len(x) else 4 for t in x],
}


def _balanced(x: list[int]) -> bool:
    open_ = 0
    for token in x:
        open_ += {0: 1, 1: -1}.get(token, 0)
        if open_ < 0:
            return False
    return open_ == 0


def words(task: Task, n: int = 40) -> np.ndarray:
    return task.inputs.sample(n, np.random.default_rng(0))


def operators(program: Program) -> set[str]:
    lets = [statement for statement in program.statements if isinstance(statement, Let)]
    return {node.op for let in lets for node in walk(let.expr) if isinstance(node, Call)}


def test_the_suite_is_large_and_varied() -> None:
    assert len(TASKS) >= 60 and len({task.family for task in TASKS}) == 9
    assert len({task.name for task in EVERY}) == len(EVERY)


@pytest.mark.parametrize("task", EVERY, ids=lambda task: task.name)
def test_each_program_is_what_its_function_does(task: Task) -> None:
    program = task.program()
    assert bool(operators(program) & ATTENTION) == (task in TASKS)
    assert program.summary
    for length in (1, task.length):
        x = words(task)[:, :length]
        wanted = [task.function(row) for row in x.tolist()]
        np.testing.assert_allclose(program(x).astype(float), np.asarray(wanted, dtype=float), rtol=1e-12)


@pytest.mark.parametrize("name", BY_HAND)
def test_programs_do_what_they_are_called(name: str) -> None:
    task = next(task for task in TASKS if task.name == name)
    for row in words(task).tolist():
        assert np.allclose(task.function(row), BY_HAND[name](row))


@pytest.mark.parametrize("version", ["plain", "dressed"])
@pytest.mark.parametrize("task", EVERY[::9], ids=lambda task: task.name)
def test_a_part_of_the_suite_compiles_exactly(task: Task, version: str) -> None:
    made = compiled(task, version)
    assert made.agreement.exact and made.agreement.exhaustive


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("task", EVERY, ids=lambda task: task.name)
def test_the_whole_suite_compiles(task: Task, version: str) -> None:
    made = compiled(task, version)
    assert made.undisturbed.exact and made.undisturbed.exhaustive
    assert made.agreement.exact or VERSIONS[version].noise
