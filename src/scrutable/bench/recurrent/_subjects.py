"""What `bench recurrent` asks about: its cases, and the network and the truth that each stands for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scrutable.bench._base import Case, MissingNetwork
from scrutable.bench.recurrent._classifiers import language_named, reader_of
from scrutable.bench.recurrent._languages import LANGUAGES, Language
from scrutable.bench.recurrent._networks import network_of, task_named
from scrutable.bench.recurrent._outside import OUTSIDE
from scrutable.bench.recurrent._readers import KINDS
from scrutable.bench.recurrent._sequences import SequenceRule, SequenceTask
from scrutable.bench.recurrent._store import FOLDER, file_name
from scrutable.bench.recurrent._tasks import RECURRENT
from scrutable.network import Network

Sampler = Callable[[int, int, np.random.Generator], np.ndarray]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is explained, and what only the scorer knows.

    Arguments:
        network: as it is given to `explain`.
        rule: what it was trained on; None when there is nothing in it.
        sample: draws `(n, length)` inputs.
        length: T.
        details: further plain data for the row.
    """

    network: Network
    rule: SequenceRule | None
    sample: Sampler
    length: int
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def hidden(self) -> int:
        """The numbers in the network's state."""
        return self.network.width("hidden")


def task_cases(family: str, size: str, seed: int, folder: Path = FOLDER) -> list[Case]:
    """The 62 tasks, or with the family "outside" the rules that no method may be tuned on, for networks of one size."""
    tasks = OUTSIDE if family == "outside" else RECURRENT
    return [task_case(family, task, size, seed + i, folder) for i, task in enumerate(tasks)]


def language_cases(seed: int, folder: Path = FOLDER) -> list[Case]:
    """Every language read by every kind of layer."""
    pairs = [(language, kind) for language in LANGUAGES for kind in KINDS]
    return [task_case("language", language, kind, seed + i, folder) for i, (language, kind) in enumerate(pairs)]


def task_case(family: str, about: SequenceTask | Language, size: str, seed: int, folder: Path) -> Case:
    """Other weights are another case: a finished row never stands for a network that was trained again."""
    short = about.name.removeprefix(f"{family}/")
    key = f"{family}/{short}/{size}" if family == "language" else f"{family}/{short}"
    settings = {"task": about.name, "size": size, "weights": digest_of(folder / file_name(about.name, size, 0))}
    return Case(key, family, f"{short}: {about.said}", seed, settings)


def digest_of(path: Path) -> str | None:
    """Of the bytes of a file; None if there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else None


def needed(case: Case) -> tuple[str, str]:
    """The task and the size of the trained network that a case needs.

    Raises:
        MissingNetwork: it has not been trained.
    """
    name, size = case.settings["task"], case.settings["size"]
    if case.settings["weights"] is None:
        raise MissingNetwork(f"there is no trained network yet; try python bench/train_recurrent.py {name}")
    return name, size


def trained_subject(case: Case, folder: Path = FOLDER) -> Subject:
    """The network of a case of trained networks.

    Raises:
        MissingNetwork: it has not been trained.
        UserError: its file is damaged.
    """
    name, size = needed(case)
    language = case.family == "language"
    network = reader_of(name, size, folder=folder) if language else network_of(name, size, folder=folder)
    return subject_of(network, language_named(name) if language else task_named(name))


def subject_of(network: Network, about: SequenceTask | Language, details: Mapping[str, Any] | None = None) -> Subject:
    """A network and what it was trained on."""
    return Subject(network, about.rule, about.sample, about.length, details or {})
