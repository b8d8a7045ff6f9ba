"""What a benchmark is made of: suites list cases, and running one case gives one row."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scrutable.errors import UserError
from scrutable.hypothesis import plain

MISSING = "not trained"
"""The verdict of a case whose network is not there. Such rows are shown, counted apart and not kept."""


class MissingNetwork(UserError):
    """What a case asks about is not there; raised by `Suite.run`."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question of a benchmark, as plain data.

    Arguments:
        key: unique within the suite, such as "integer/07".
        family: the cases that are counted together.
        task: the planted truth in words. It is for tables; no method is shown it.
        seed: for everything that is drawn for this case.
        settings: what the suite makes the question from. Plain data: text, numbers, lists and dictionaries.
    """

    key: str
    family: str
    task: str
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Of everything in the case: another digest is another question."""
        return hashlib.sha256(json.dumps(plain(self), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one case, as plain data.

    Arguments:
        key, family, task: of the case.
        program: the program found, as text; None when there is none.
        bits: its length.
        agreement: the share of fresh inputs on which the program gives what was asked for (a table's truth, a network's
            answer); None when there is no program.
        verdict: in one or two words.
        seconds: of wall-clock time, the making of the question left out.
        nulls: description lengths in bits of what a program has to beat, by name: lookup, linear, tree.
        solved: whether the answer is right, by the rule of the family.
        why: the reason, in one sentence.
        marks: further yes-or-no outcomes that are counted for each family.
        columns: further columns of the family's table, by title.
        details: further plain data.
    """

    key: str
    family: str
    task: str
    program: str | None
    bits: float | None
    agreement: float | None
    verdict: str
    seconds: float
    nulls: Mapping[str, float]
    solved: bool
    why: str
    marks: Mapping[str, bool] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


class Suite(ABC):
    """A benchmark. Leaves are final; nothing is implemented here. Suites travel to other processes: they are small."""

    name: str

    @abstractmethod
    def cases(self, seed: int) -> tuple[Case, ...]:
        """Every case, in the order of the table. The same seed gives the same cases."""

    @abstractmethod
    def run(self, case: Case, *, budget: float) -> Row:
        """Put one question to the methods, with `budget` seconds, and score the answer.

        Raises:
            MissingNetwork: the network that the case asks about has not been trained.
        """
