"""The trained transformers that come with the library: one compact file each, with its facts in the header."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import nn

from scrutable.bench.trained._form import Form
from scrutable.bench.trained._module import made
from scrutable.bench.trained._tasks import lesson
from scrutable.errors import UserError
from scrutable.hypothesis import read_as
from scrutable.network import Network
from scrutable.work import write_atomically

FOLDER = Path(__file__).parent / "weights"
ABLE = 0.99
"""Networks that answer this share rightly do their task."""


@final
@dataclass(frozen=True, slots=True)
class TrainedFacts:
    """What is known of a trained transformer.

    Arguments:
        task: its name. kind: the name of its form. form: the form itself. seed: of weights and words.
        right: the share of single answers that are right at the task's length, with the weights as they are stored.
        longer: the same at twice that length; None where the network takes no longer words.
        steps, seconds: of training, in processor time.
    """

    task: str
    kind: str
    form: Form
    seed: int
    right: float
    longer: float | None
    steps: int
    seconds: float

    @property
    def name(self) -> str:
        """Of the network."""
        return f"{self.task}.{self.kind}.{self.seed}"

    @property
    def able(self) -> bool:
        """Whether it does its task."""
        return self.right >= ABLE

    @property
    def general(self) -> bool:
        """Whether it also does it at twice the length."""
        return self.longer is not None and self.longer >= ABLE


def path_of(task: str, kind: str, seed: int) -> Path:
    """Where a network is kept."""
    return FOLDER / f"{task}.{kind}.{seed}.safetensors"


def keep(module: nn.Module, facts: TrainedFacts) -> None:
    """Write weights, in half precision, and facts, whole or not at all."""
    stored = {name: value.half().contiguous() for name, value in module.state_dict().items()}
    path = path_of(facts.task, facts.kind, facts.seed)
    write_atomically(path, save(stored, metadata={"facts": json.dumps(asdict(facts))}))


def facts_in(path: Path) -> TrainedFacts | None:
    """The facts of a file; None if there is no such file, or it is damaged or of another version."""
    try:
        with safe_open(path, "pt") as file:
            return read_as(TrainedFacts, json.loads(file.metadata()["facts"]))
    except (OSError, SafetensorError, UserError, KeyError, TypeError, ValueError):
        return None


def kept() -> tuple[TrainedFacts, ...]:
    """The facts of every network there is, by name."""
    found = (facts_in(path) for path in sorted(FOLDER.glob("*.safetensors")))
    return tuple(facts for facts in found if facts is not None)


def blank(facts: TrainedFacts, seed: int) -> nn.Module:
    """A module of the same form with fresh weights."""
    task = lesson(facts.task)
    return made(facts.form, tokens=task.task.tokens, answers=task.answers, length=task.task.length, seed=seed)


def module_of(facts: TrainedFacts) -> nn.Module:
    """The trained module, in single precision, for evaluation.

    Raises:
        UserError: its file cannot be read.
    """
    module, path = blank(facts, 0), path_of(facts.task, facts.kind, facts.seed)
    try:
        module.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise UserError(f"got {path.name} that cannot be read as these weights; try training it again") from error
    return module.eval()


def network_of(facts: TrainedFacts, module: nn.Module | None = None) -> Network:
    """The trained network, or another module of its form as a network; its name says nothing of the task."""
    task = lesson(facts.task)
    return Network(module or module_of(facts), inputs=task.inputs, outputs=task.outputs, name="transformer")
