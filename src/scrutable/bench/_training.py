"""Multi-layer perceptrons trained on planted functions: the same weights every time, kept on disk once trained.

One thread, one seed, AdamW with a one-cycle schedule on standardised numbers; the standardisation is folded into the
first and last layers afterwards, so that what is studied is a plain network on the numbers themselves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn import functional as F

from scrutable.work import write_atomically

Kind = Literal["integers", "bits", "labels", "reals"]
CHECK = 250
"""The error is looked at after so many steps."""


@dataclass(frozen=True, slots=True)
class Goal:
    """How far answers may be off: whole numbers at most so far everywhere, reals so many standard deviations in the
    root mean square. Labels and bits must all be right."""

    whole: float
    real: float


ENOUGH = Goal(whole=0.25, real=0.002)
"""With this a cycle ends early."""
GOOD = Goal(whole=0.5, real=0.006)
"""Short of this there is another cycle."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is made and trained.

    Arguments:
        hidden: the widths of the hidden layers. activation: "relu" or "tanh".
        steps: in one cycle of the learning rate. cycles: the most; another one only if the last left errors.
        batch: rows in a step; all of them when there are fewer.
    """

    hidden: tuple[int, ...] = (48, 48)
    activation: str = "relu"
    steps: int = 4000
    cycles: int = 3
    batch: int = 512
    rate: float = 1e-2
    decay: float = 1e-4
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Examples:
    """What a network is trained on.

    Arguments:
        x: `(n, k)` float64. y: `(n,)`: the right answers.
        kind: how they come out of the network: as a number to be rounded, a logit, one logit for each label, a number.
        classes: how many labels.
    """

    x: np.ndarray
    y: np.ndarray
    kind: Kind
    classes: int = 0

    @property
    def outputs(self) -> int:
        """How many numbers the network gives out."""
        return self.classes if self.kind == "labels" else 1


@dataclass(frozen=True, slots=True)
class Trained:
    """A network, the share of its training rows that it gets right (reals: its error in standard deviations), and the
    steps that took."""

    module: nn.Sequential
    reached: float
    steps: int


def mlp(sizes: tuple[int, ...], activation: str) -> nn.Sequential:
    """Linear layers with an activation between them."""
    layers: list[nn.Module] = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(before, after), nn.ReLU() if activation == "relu" else nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def trained(examples: Examples, recipe: Recipe, folder: Path | None) -> Trained:
    """The network trained by that recipe, read from `folder` if it was trained before (a damaged file is replaced).

    Cost: a few seconds of processor time; with three cycles up to a quarter of a minute.
    """
    path = None if folder is None else folder / f"{digest(examples, recipe)}.safetensors"
    kept = None if path is None else _read(path, examples, recipe)
    if kept is not None:
        return kept
    made = _train(examples, recipe)
    if path is not None:
        facts = {"reached": repr(made.reached), "steps": str(made.steps)}
        write_atomically(path, save(dict(made.module.state_dict()), metadata=facts))
    return made


def digest(examples: Examples, recipe: Recipe) -> str:
    """Of everything that the weights depend on."""
    parts = hashlib.sha256(json.dumps([asdict(recipe), examples.kind, examples.classes, 1]).encode())
    for array in (examples.x, examples.y):
        parts.update(np.ascontiguousarray(array).tobytes())
    return parts.hexdigest()[:24]


def _read(path: Path, examples: Examples, recipe: Recipe) -> Trained | None:
    from safetensors import safe_open

    module = _module(examples, recipe)
    try:
        content = path.read_bytes()
        with safe_open(path, "pt") as file:
            facts = file.metadata()
        module.load_state_dict(load(content))
        return Trained(module.eval(), float(facts["reached"]), int(facts["steps"]))
    except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError):
        return None


def _module(examples: Examples, recipe: Recipe) -> nn.Sequential:
    """The network before training. Leaves torch's own random state as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return mlp((examples.x.shape[1], *recipe.hidden, examples.outputs), recipe.activation)


def _train(examples: Examples, recipe: Recipe) -> Trained:
    scale = _Scale.of(examples)
    lesson = _Lesson(scale.inputs(examples.x), scale.answers(examples), examples.kind, scale.spread)
    module = _module(examples, recipe)
    rng = torch.Generator().manual_seed(recipe.seed)
    steps = 0
    for _ in range(recipe.cycles):
        for nothing_left in _cycle(module, lesson, recipe, rng):
            steps += CHECK
            if nothing_left:
                break
        if lesson.learnt(module, GOOD):
            break
    scale.fold_into(module)
    return Trained(module.eval(), _reached(module, examples), steps)


def _cycle(module: nn.Module, lesson: _Lesson, recipe: Recipe, rng: torch.Generator) -> Iterator[bool]:
    """One cycle of the learning rate; after every `CHECK` steps, whether nothing is left to learn."""
    x, y = lesson.x, lesson.y
    optimiser = torch.optim.AdamW(module.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=recipe.rate, total_steps=recipe.steps)
    for step in range(1, recipe.steps + 1):
        rows = torch.randint(0, len(x), (recipe.batch,), generator=rng) if len(x) > recipe.batch else slice(None)
        loss = _loss(module(x[rows]), y[rows], lesson.kind)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % CHECK == 0:
            yield lesson.learnt(module, ENOUGH)


def _loss(raw: Tensor, y: Tensor, kind: Kind) -> Tensor:
    if kind == "labels":
        return F.cross_entropy(raw, y)
    if kind == "bits":
        return F.binary_cross_entropy_with_logits(raw[:, 0], y)
    return F.mse_loss(raw[:, 0], y)


@dataclass(frozen=True, slots=True)
class _Lesson:
    """Standardised examples; `spread` is what one unit of a number stands for."""

    x: Tensor
    y: Tensor
    kind: Kind
    spread: float

    def learnt(self, module: nn.Module, goal: Goal) -> bool:
        """Whether the answers are as right as `goal` says."""
        with torch.no_grad():
            raw = module(self.x)
        if self.kind == "labels":
            return bool((raw.argmax(-1) == self.y).all())
        if self.kind == "bits":
            return bool(((raw[:, 0] > 0) == (self.y > 0.5)).all())
        error = raw[:, 0] - self.y
        if self.kind == "integers":
            return float(error.abs().max()) * self.spread < goal.whole
        return float(error.square().mean().sqrt()) < goal.real


def _reached(module: nn.Module, examples: Examples) -> float:
    """The share of rows that is right; for reals the root mean square error in standard deviations."""
    with torch.no_grad():
        raw = module(torch.tensor(examples.x, dtype=torch.float32)).double().numpy()
    y = examples.y
    if examples.kind == "labels":
        return float((raw.argmax(-1) == y).mean())
    if examples.kind == "bits":
        return float(((raw[:, 0] > 0) == (y > 0.5)).mean())
    if examples.kind == "integers":
        return float((np.rint(raw[:, 0]) == y).mean())
    return float(np.sqrt(np.mean((raw[:, 0] - y) ** 2)) / (y.std() or 1.0))


@dataclass(frozen=True, slots=True)
class _Scale:
    """Columns to zero mean and unit variance, numbers to be predicted too."""

    centre: np.ndarray
    width: np.ndarray
    mean: float
    spread: float

    @staticmethod
    def of(examples: Examples) -> _Scale:
        number = examples.kind in ("integers", "reals")
        spread = float(examples.y.std()) or 1.0
        width = examples.x.std(axis=0)
        return _Scale(
            examples.x.mean(axis=0),
            np.where(width > 0, width, 1.0),
            float(examples.y.mean()) if number else 0.0,
            spread if number else 1.0,
        )

    def inputs(self, x: np.ndarray) -> Tensor:
        return torch.tensor((x - self.centre) / self.width, dtype=torch.float32)

    def answers(self, examples: Examples) -> Tensor:
        if examples.kind == "labels":
            return torch.tensor(examples.y, dtype=torch.int64)
        return torch.tensor((examples.y - self.mean) / self.spread, dtype=torch.float32)

    def fold_into(self, module: nn.Sequential) -> None:
        """Make the network work on the numbers themselves."""
        first, last = module[0], module[-1]
        assert isinstance(first, nn.Linear)
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            first.weight.div_(torch.tensor(self.width, dtype=torch.float32))
            first.bias.sub_(first.weight @ torch.tensor(self.centre, dtype=torch.float32))
            last.weight.mul_(self.spread)
            last.bias.mul_(self.spread).add_(self.mean)
