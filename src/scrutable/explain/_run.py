"""What one run of `explain` carries along: data splits, clock, finished work, and who is told what happens."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from scrutable.errors import UserError
from scrutable.explain._study import Attempt
from scrutable.network import Network
from scrutable.propose import Proposer
from scrutable.work import Clock, Executor, Journal, flat_rows, generator

MOST_ROWS = 8192
FEWEST_ROWS = 8
SEARCH_SHARE = 0.35
Listener = Callable[[Attempt], None]


@dataclass(frozen=True, slots=True)
class Data:
    """Inputs, what the network answers, and which rows may be used for what.

    Arguments:
        inputs, outputs: distinct rows, `(n, ...)`.
        find: rows a proposer may look at. test: rows kept back.
        labels: what a person says the answers should be, or None. Never shown to a proposer.
        source: where the inputs came from, in words. given: how many rows came in.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    find: np.ndarray
    test: np.ndarray
    labels: np.ndarray | None
    source: str
    given: int

    @property
    def sha256(self) -> str:
        """Of the inputs, in order."""
        return hashlib.sha256(np.ascontiguousarray(self.inputs).tobytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Run:
    """One run: everything the steps of the pipeline share.

    Arguments:
        also: proposers beyond the usual ones. reserved: seconds beyond the clock that are kept for the circuit.
    """

    network: Network
    data: Data
    clock: Clock
    seed: int
    journal: Journal
    executor: Executor
    listener: Listener
    also: tuple[Proposer, ...] = ()
    reserved: float = 0.0
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def search_seconds(self) -> float:
        """The time the search may take: the rest is for tests and controls."""
        return self.clock.seconds * SEARCH_SHARE

    def note(self, step: str, what: str, outcome: str, seconds: float) -> None:
        """Record one attempt and tell the listener."""
        attempt = Attempt(step, what, outcome, round(seconds, 3))
        self.attempts.append(attempt)
        self.listener(attempt)


def prepare_data(network: Network, data: Any, labels: Any, seed: int) -> Data:
    """Check, deduplicate and split the data; without any, enumerate or sample the input domain.

    Raises:
        UserError: every reason why the data do not fit the network, or too few distinct rows.
    """
    rng = generator(seed, "data")
    if data is None and labels is not None:
        raise UserError("got labels without data, expected the inputs they belong to; try giving data as well")
    if data is None:
        inputs, source = _from_domain(network, rng)
    else:
        inputs, source = np.asarray(data), "given"
        reasons = network.inputs.problems(inputs)
        if reasons:
            raise UserError.of(reasons)
    kept = _distinct_rows(inputs)
    if len(kept) < FEWEST_ROWS:
        raise UserError(
            f"got {len(kept)} distinct rows of data, expected at least {FEWEST_ROWS}: half are kept back for testing"
        )
    order = rng.permutation(kept)[:MOST_ROWS]
    half = (len(order) + 1) // 2
    chosen = inputs[order]
    wanted = None if labels is None else _checked_labels(labels, len(inputs))[order]
    rows = np.arange(len(order))
    return Data(chosen, network.predict(chosen), rows[:half], rows[half:], wanted, source, len(inputs))


def _from_domain(network: Network, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    size = network.inputs.size
    if size is not None and size <= MOST_ROWS:
        return network.inputs.enumerate(), "every input of the domain"
    return network.inputs.sample(MOST_ROWS, rng), "sampled from the input domain"


def _distinct_rows(inputs: np.ndarray) -> np.ndarray:
    flat = np.ascontiguousarray(flat_rows(inputs))
    return np.sort(np.unique(flat, axis=0, return_index=True)[1])


def _checked_labels(labels: Any, n: int) -> np.ndarray:
    array = np.asarray(labels)
    if len(array) != n:
        raise UserError(f"got {len(array)} labels for {n} rows of data, expected one for each row")
    return array


def identity_of(network: Network, data: Data, seed: int, seconds: float, also: Sequence[Proposer] = ()) -> str:
    """What a run is about: finished work of another run is not taken over."""
    facts = network.facts
    return "/".join(
        [
            facts.sha256 or facts.name,
            facts.inputs,
            facts.outputs,
            data.sha256,
            str(seed),
            f"{seconds:g}",
            *(each.name for each in also),
        ]
    )


def environment() -> dict[str, str]:
    """Versions that matter for running the study again."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for package in ("scrutable", "numpy", "torch", "scikit-learn"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def journal_for(out: str | Path | None, identity: str, *, resume: bool) -> Journal:
    """The journal of a run that writes to `out`; a run that does not resume starts with an empty one."""
    journal = Journal(None if out is None else Path(out) / ".work", identity)
    if not resume:
        journal.clear()
    return journal


def python_call() -> str:
    """The command of a run that was not started from the command line."""
    return f"scrutable.explain(...) from Python {sys.version_info.major}.{sys.version_info.minor}"
