"""The cases of `bench feedforward`, and the network, domain and truth that each stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scrutable.bench._base import Case
from scrutable.bench._boolean import planted
from scrutable.bench._feynman import formulas
from scrutable.bench._network_outside import OUTSIDE, SEED
from scrutable.bench._network_tasks import BIT, BOOLEANS, INTEGERS, NULLS, REAL, REALS, Task
from scrutable.bench._rule import Rule
from scrutable.network import Category, Columns, Domain, domain_from_spec
from scrutable.work import generator

if TYPE_CHECKING:
    from torch import nn

    from scrutable.bench._training import Examples, Recipe, Trained
    from scrutable.network import Network

TRAINING_ROWS = 20_000
"""Drawn from the domain when it is not small enough to train on the whole of it."""
WHOLE = 2**14
FORMULA_HIDDEN = (64, 64)
BIT_HIDDEN = (32, 32)
NULL_HIDDEN = (64, 64)
GAIN = 5.0
"""Untrained weights have this times the standard deviation that keeps the size of signals, and wide biases: what comes
out has many pieces."""
MOST_LINEAR = 0.5
"""An untrained network of which a linear function explains more than this is no null: that is its honest program."""
NUMBERS = ("Integers", "Reals")
SPREAD = 8.0
"""The standard deviation of an untrained network's number."""
FITTED_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Subject:
    """What is explained, and what only the scorer knows.

    Arguments:
        network: as it is given to `explain`.
        truth: the planted function on columns; None when there is none.
        reached: how right the network is on what it was trained on: the share of rows, for reals the root mean square
            error in standard deviations; None when untrained.
        steps: of training.
    """

    network: Network
    truth: Rule | None
    reached: float | None
    steps: int


def mlp_cases(seed: int) -> list[Case]:
    """Networks trained on integer and on real functions."""
    found = [_task_case("integer", i, task, seed) for i, task in enumerate(INTEGERS)]
    return found + [_task_case("real", i, task, seed) for i, task in enumerate(REALS)]


def outside_cases(seed: int) -> list[Case]:
    """Networks on which no method may be tuned."""
    return [_task_case("outside", i, task, seed + SEED) for i, task in enumerate(OUTSIDE)]


def boolean_cases(seed: int) -> list[Case]:
    """Networks trained on whole truth tables."""
    rules = [planted(kind, n, seed + i) for i, (kind, n) in enumerate(BOOLEANS)]
    sizes = [n for _, n in BOOLEANS]
    tasks = [Task(rule, n, 0, 1, BIT, BIT_HIDDEN) for rule, n in zip(rules, sizes, strict=True)]
    return [_task_case("boolean", i, task, seed) for i, task in enumerate(tasks)]


def null_cases(seed: int) -> list[Case]:
    """Untrained networks, and networks that have learnt random answers by heart."""
    drawn = [(what, k, outputs) for what, k, outputs, count in NULLS for _ in range(count)]
    return [
        Case(f"null/{i:02}", "null", f"{what}, {outputs}", seed + i, {"null": what, "inputs": k, "outputs": outputs})
        for i, (what, k, outputs) in enumerate(drawn)
    ]


def formula_cases(seed: int) -> list[Case]:
    """Networks trained on the published formulas."""
    return [
        Case(f"formulas-mlp/{formula.name}", "formulas-mlp", formula.text, seed, {"formula": formula.name})
        for formula in formulas()
    ]


def _task_case(family: str, index: int, task: Task, seed: int) -> Case:
    settings = {"rule": task.rule, "columns": task.columns, "low": task.low, "high": task.high, "outputs": task.outputs}
    settings |= {"hidden": list(task.hidden), "activation": task.activation}
    return Case(f"{family}/{index:02}", family, task.rule, seed + index, settings)


def subject_of(case: Case, folder: Path | None) -> Subject:
    """The network of a case, trained now or read from `folder`. Imports torch."""
    settings = case.settings
    if "null" in settings:
        return _null_subject(case, folder)
    if "formula" in settings:
        return _formula_subject(case, folder)
    domain = columns_domain([(settings["low"], settings["high"])] * settings["columns"], settings["outputs"] != REAL)
    outputs, rule = domain_from_spec(settings["outputs"]), Rule(settings["rule"])
    x = _rows(domain, generator(case.seed, "bench", "rows"))
    recipe = _recipe(case, tuple(settings["hidden"]), settings["activation"])
    made = _trained(x, rule(named(domain, x)), outputs, recipe, folder)
    return Subject(_network(made.module, domain, outputs), rule, made.reached, made.steps)


def columns_domain(ranges: Iterable[tuple[float, float]], whole: bool) -> Columns:  # noqa: FBT001 - computed
    """Columns x0, x1, ...: names say nothing about the task."""
    low, high = zip(*ranges, strict=True)
    bounds = (
        (tuple(map(int, low)), tuple(map(int, high))) if whole else (tuple(map(float, low)), tuple(map(float, high)))
    )
    return Columns([f"x{i}" for i in range(len(low))], lo=bounds[0], hi=bounds[1], integer=whole)


def named(domain: Domain, x: np.ndarray) -> dict[str, np.ndarray]:
    """Rows `(n, k)` as columns by name."""
    return {name: np.ascontiguousarray(column) for name, column in zip(domain.variables, x.T, strict=True)}


def _rows(domain: Domain, rng: np.random.Generator) -> np.ndarray:
    small = domain.size is not None and domain.size <= WHOLE
    return domain.enumerate() if small else domain.sample(TRAINING_ROWS, rng)


def _recipe(case: Case, hidden: tuple[int, ...], activation: str) -> Recipe:
    from scrutable.bench._training import Recipe

    return Recipe(hidden=hidden, activation=activation, seed=case.seed)


def _trained(x: np.ndarray, y: np.ndarray, outputs: Domain, recipe: Recipe, folder: Path | None) -> Trained:
    from scrutable.bench._training import trained

    return trained(_examples(x, y, outputs), recipe, folder)


def _examples(x: np.ndarray, y: np.ndarray, outputs: Domain) -> Examples:
    from scrutable.bench._training import Examples

    inputs = np.asarray(x, np.float64)
    if isinstance(outputs, Category):
        return Examples(inputs, y.astype(np.int64), "labels", outputs.classes)
    if outputs.kind == "Reals":
        return Examples(inputs, y.astype(np.float64), "reals")
    return Examples(inputs, y.astype(np.int64), "bits" if outputs.kind == "Bits" else "integers")


def _network(module: nn.Module, inputs: Domain, outputs: Domain) -> Network:
    from scrutable.network import Network

    return Network(module, inputs=inputs, outputs=outputs)


def _formula_subject(case: Case, folder: Path | None) -> Subject:
    from scrutable.bench._feynman import sample

    formula = next(each for each in formulas() if each.name == case.settings["formula"])
    domain, outputs = columns_domain(formula.ranges.values(), whole=False), domain_from_spec(REAL)
    x, y = sample(formula, TRAINING_ROWS, generator(case.seed, "bench", case.key))
    made = _trained(x, y, outputs, _recipe(case, FORMULA_HIDDEN, "tanh"), folder)
    return Subject(_network(made.module, domain, outputs), None, made.reached, made.steps)


def _null_subject(case: Case, folder: Path | None) -> Subject:
    what, k, outputs = case.settings["null"], case.settings["inputs"], domain_from_spec(case.settings["outputs"])
    ends: Mapping[str, Any] = {"bits": (0, 1), "reals": (-2, 2)}
    low, high = next((ends[word] for word in ends if word in what), (0, 9))
    domain = columns_domain([(low, high)] * k, "reals" not in what)
    if what.startswith("edge-popup"):
        return _popped_up(case, domain, outputs)
    if what.startswith("untrained"):
        return Subject(_network(_untrained(case, domain, outputs), domain, outputs), None, None, 0)
    x = _rows(domain, generator(case.seed, "bench", "rows"))
    y = _nothing(case, x, outputs.classes or 2)
    made = _trained(x, y, outputs, _recipe(case, NULL_HIDDEN, "relu"), folder)
    return Subject(_network(made.module, domain, outputs), None, made.reached, made.steps)


def _popped_up(case: Case, domain: Domain, outputs: Domain) -> Subject:
    """A part of an untrained network, chosen to give random answers."""
    from scrutable.bench._popped_up import signed

    x, rng = domain.enumerate(), generator(case.seed, "bench", case.key)
    whole, y = _network(signed(x, outputs, rng), domain, outputs), _nothing(case, x, outputs.classes or 2)
    part = whole.masked(whole.subnetwork(x, y, rng=rng))
    assert part is not None
    return Subject(part, None, float(np.mean(part.predict(x) == y)), 0)


def _nothing(case: Case, x: np.ndarray, labels: int) -> np.ndarray:
    from scrutable.bench._questions import hashed

    if case.settings["null"].startswith("hash"):
        return hashed(x, case.seed) % labels
    return generator(case.seed, "bench", case.key).integers(0, labels, len(x))


def _untrained(case: Case, domain: Domain, outputs: Domain) -> nn.Module:
    """Random weights; the first of those drawn that is far from a line.

    Raises:
        RuntimeError: a hundred draws and none was.
    """
    x = _rows(domain, generator(case.seed, "bench", "rows"))[:FITTED_ROWS]
    for attempt in range(100):
        module = _random_weights(x, outputs, generator(case.seed, "bench", case.key, attempt))
        if _linear_share(x, _raw(module, x)) < MOST_LINEAR:
            return module
    raise RuntimeError(f"no untrained network of {case.key} was far from a line")


def _random_weights(x: np.ndarray, outputs: Domain, rng: np.random.Generator) -> nn.Sequential:
    """A network of a large gain (ReLU for numbers, tanh for labels and bits). Its last layer is set so that every
    answer is given about equally often."""
    import torch
    from torch import nn

    from scrutable.bench._training import mlp

    module = mlp((x.shape[1], *NULL_HIDDEN, outputs.classes or 1), "relu" if outputs.kind in NUMBERS else "tanh")
    centre, width = x.mean(axis=0), x.std(axis=0)
    with torch.no_grad():
        layers = [each for each in module if isinstance(each, nn.Linear)]
        for i, layer in enumerate(layers):
            rows, columns = layer.weight.shape
            weight, bias = rng.normal(0, GAIN / np.sqrt(columns), (rows, columns)), rng.normal(0, GAIN, rows)
            if i == 0:
                weight = weight / width
                bias = bias - weight @ centre
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.copy_(torch.tensor(bias))
        last, raw = layers[-1], _raw(module, x)
        scale = 1.0 if outputs.classes else SPREAD / float(raw.std())
        last.weight.mul_(scale)
        last.bias.copy_(scale * (last.bias - torch.tensor(np.median(raw, axis=0))))
    return module


def _raw(module: nn.Module, x: np.ndarray) -> np.ndarray:
    import torch

    with torch.no_grad():
        return module(torch.tensor(x, dtype=torch.float32)).double().numpy()


def _linear_share(x: np.ndarray, raw: np.ndarray) -> float:
    """The share of the variance of the raw outputs that a linear function of the inputs explains, on average."""
    columns = np.column_stack([x, np.ones(len(x))])
    left = raw - columns @ np.linalg.lstsq(columns, raw, rcond=None)[0]
    return float(np.mean(1 - left.var(axis=0) / raw.var(axis=0)))
