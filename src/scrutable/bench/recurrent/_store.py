"""The trained recurrent networks that come with the library: compact files with their facts, and an index of all.

One safetensors file for each network; the facts are in its header, so that the index can always be made again from the
files, and processes that train side by side cannot lose each other's rows.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from scrutable.errors import UserError
from scrutable.hypothesis import read_as
from scrutable.work import write_atomically, write_json

FOLDER = Path(__file__).parent / "weights"
INDEX = "index.json"


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """What is known of a trained network.

    Arguments:
        task: its name. size: "small" or "generous"; for a classifier its type.
        seed: which of the networks of this task and size. start: the seed of the attempt that it comes from.
        longest: the length of the sequences that it was trained on in the end.
        form: what the module is made from: hidden, width, f_depth, g_depth.
        right, beyond: shares of outputs that are right at T and at 2T. whole, whole_beyond: shares of sequences with
            every output right. tested: sequences at each length.
        imperfect: something was wrong at T.
        attempts, steps, seconds: of training, all attempts together; processor time.
        bits: of each stored weight, 16 or 32.
        far: of a classifier that was trained on longer words: the share of outputs that are right at 5T; else None.
    """

    task: str
    size: str
    seed: int
    start: int
    longest: int
    form: dict[str, int]
    right: float
    whole: float
    beyond: float
    whole_beyond: float
    tested: int
    imperfect: bool
    attempts: int
    steps: int
    seconds: float
    bits: int
    far: float | None = None

    @property
    def file(self) -> str:
        """Its file name; the task's folder is part of it."""
        return file_name(self.task, self.size, self.seed)


def file_name(task: str, size: str, seed: int) -> str:
    """Where a network is kept, in the folder."""
    return f"{task.replace('/', '-')}.{size}.{seed}.safetensors"


def keep(weights: Mapping[str, Tensor], facts: NetworkFacts, folder: Path = FOLDER) -> None:
    """Write weights and facts, whole or not at all."""
    dtype = torch.float16 if facts.bits == 16 else torch.float32
    stored = {name: value.to(dtype).contiguous() for name, value in weights.items()}
    write_atomically(folder / facts.file, save(stored, metadata={"facts": json.dumps(asdict(facts))}))


def keep_better(module: nn.Module, made: NetworkFacts, folder: Path = FOLDER) -> NetworkFacts:
    """Write a network, unless the one that is there is at least as good. The facts of the one that is there then.

    The work on both is counted together, so that further training goes on with other seeds.
    """
    path = folder / made.file
    before = facts_in(path)
    if before is None:
        keep(module.state_dict(), made, folder)
        return made
    if (made.right, made.beyond) > (before.right, before.beyond):
        return _kept_with_work(module.state_dict(), made, before, folder)
    return _kept_with_work(load_file(path), before, made, folder)


def keep_further(
    module: nn.Module, before: NetworkFacts, found: Mapping[str, Any], *, steps: int, began: float, folder: Path
) -> NetworkFacts:
    """Write a network in place of the one that it was made from. Its facts, the work on both counted together.

    Arguments:
        found: the facts that are others now. steps: of the further training. began: when, in processor time.
    """
    spent = round(time.process_time() - began, 1)
    made = replace(before, **found, attempts=0, steps=steps, seconds=spent)
    return _kept_with_work(module.state_dict(), made, before, folder)


def _kept_with_work(
    weights: Mapping[str, Tensor], facts: NetworkFacts, other: NetworkFacts, folder: Path
) -> NetworkFacts:
    facts = replace(
        facts,
        attempts=facts.attempts + other.attempts,
        steps=facts.steps + other.steps,
        seconds=round(facts.seconds + other.seconds, 1),
    )
    keep(weights, facts, folder)
    return facts


def facts_in(path: Path) -> NetworkFacts | None:
    """The facts of a file; None if there is no such file, or it is damaged or of another version."""
    try:
        with safe_open(path, "pt") as file:
            return read_as(NetworkFacts, json.loads(file.metadata()["facts"]))
    except (OSError, SafetensorError, UserError, KeyError, TypeError, ValueError):
        return None


def facts_of(path: Path, name: str) -> NetworkFacts:
    """The facts of a network that has to be there; `name` is what it was trained on.

    Raises:
        UserError: it has not been trained, or its file is damaged.
    """
    facts = facts_in(path)
    if facts is None:
        raise UserError(f"got no trained network {path.name}; try python bench/train_recurrent.py {name}")
    return facts


def read_into(module: nn.Module, path: Path) -> nn.Module:
    """The module with the weights of a file, in single precision, for evaluation.

    Raises:
        UserError: the file does not fit.
    """
    try:
        module.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise UserError(f"got {path.name} that cannot be read as these weights; try training it again") from error
    return module.eval()


def kept(folder: Path = FOLDER) -> tuple[NetworkFacts, ...]:
    """The facts of every network in the folder, by file name."""
    found = (facts_in(path) for path in sorted(folder.glob("*.safetensors")))
    return tuple(facts for facts in found if facts is not None)


def write_index(folder: Path = FOLDER) -> None:
    """Write the index: the facts of every network, with its file."""
    write_json(folder / INDEX, [{"file": each.file, **asdict(each)} for each in kept(folder)])


def attempts_at(task: str, size: str, seed: int, folder: Path = FOLDER) -> int:
    """How many attempts have been made at a network: the next has that number."""
    facts = facts_in(folder / file_name(task, size, seed))
    return 0 if facts is None else facts.attempts
