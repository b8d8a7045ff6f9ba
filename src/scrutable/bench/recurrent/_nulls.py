"""Recurrent networks in which there is nothing to find: ten forms of untrained cells at three scales of their weights.

They are not without rules: an untrained network that forgets within a few steps is a small machine, and saying so is
right. What would be wrong is a mechanism claimed for one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import final

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.bench._base import Case
from scrutable.bench.recurrent._cells import Cell, Shape, linears
from scrutable.bench.recurrent._networks import module_of, network_around, task_named
from scrutable.bench.recurrent._subjects import Subject, needed, subject_of
from scrutable.network import Integers, Network, Recurrent
from scrutable.network._controls import permuted, reinitialised
from scrutable.work import generator

LENGTH = 10
SPREAD = 2.0
GAIN = {"linear": 2.0, "relu": 2.0}
"""By how much recurrent weights are larger in networks of a large gain; `WIDE` for cells that are bounded."""
WIDE = 5.0
LOOK = 2_048
SCALES = ("as they start", "outputs of standard deviation 2", "a large recurrent gain")
PERMUTED = ("Add_Mod_3", "Div_3", "Sum_All")
"""Trained networks whose weights are shuffled within each tensor, one for each scale."""


@final
class LayerCell(nn.Module):
    """A cell of PyTorch's own and a linear readout. The two states of an LSTM are one vector."""

    def __init__(self, inner: nn.RNNCell | nn.GRUCell | nn.LSTMCell) -> None:
        super().__init__()
        self.inner = inner
        self.readout = nn.Linear(inner.hidden_size, 1)

    def forward(self, state: Tensor, x_t: Tensor) -> tuple[Tensor, Tensor]:
        """The state after one input `(n, channels)`, and the output then."""
        if isinstance(self.inner, nn.LSTMCell):
            parts = self.inner(x_t, tuple(state.chunk(2, dim=-1)))
            return torch.cat(parts, dim=-1), self.readout(parts[0])
        after = self.inner(x_t, state)
        return after, self.readout(after)


Made = Callable[[], Cell | LayerCell]
FORMS: tuple[tuple[str, Made, tuple[int, int]], ...] = (
    ("linear, 3 numbers", lambda: Cell(Shape(3, 0, 1, 1), 1, 1), (0, 9)),
    ("linear, 8 numbers", lambda: Cell(Shape(8, 0, 1, 1), 1, 1), (-10, 10)),
    ("relu, 4 numbers, one layer deep", lambda: Cell(Shape(4, 16, 2, 1), 1, 1), (0, 1)),
    ("relu, 8 numbers, two layers deep", lambda: Cell(Shape(8, 32, 2, 2), 1, 1), (0, 9)),
    ("relu, 12 numbers, three layers deep", lambda: Cell(Shape(12, 48, 3, 2), 1, 1), (-10, 10)),
    ("tanh, 4 numbers", lambda: LayerCell(nn.RNNCell(1, 4)), (0, 1)),
    ("tanh, 16 numbers", lambda: LayerCell(nn.RNNCell(1, 16)), (0, 4)),
    ("gru, 8 numbers", lambda: LayerCell(nn.GRUCell(1, 8)), (0, 2)),
    ("lstm, 8 numbers", lambda: LayerCell(nn.LSTMCell(1, 8)), (-3, 3)),
    ("permuted weights of a trained network", lambda: Cell(Shape(8, 32, 2, 2), 1, 1), (0, 2)),
)
"""Ten forms: in words, how one is made, and the ends of its inputs."""


def null_cases(seed: int) -> list[Case]:
    """Every form at every scale."""
    pairs = [(form, scale) for scale in range(len(SCALES)) for form in range(len(FORMS))]
    return [
        Case(
            f"null/{i:02}",
            "null",
            f"{FORMS[form][0]}, {SCALES[scale]}, {FORMS[form][2][0]}..{FORMS[form][2][1]}",
            seed + i,
            {"form": form, "scale": scale},
        )
        for i, (form, scale) in enumerate(pairs)
    ]


def changed_case(case: Case, change: str, seed: int) -> Case:
    """The trained network of a case with its weights "re-initialised", or "permuted" within each tensor."""
    settings = {**case.settings, "change": change}
    return Case(f"null/{change}/{case.settings['task']}", "null", f"{change} {case.settings['task']}", seed, settings)


def null_subject(case: Case) -> Subject:
    """The network of a case of this family."""
    return _changed(case) if "change" in case.settings else _untrained(case)


def _changed(case: Case) -> Subject:
    """Its outputs have a standard deviation of `SPREAD`: fresh weights as they start say nearly always the same."""
    name, size = needed(case)
    about = task_named(name)
    change = permuted if case.settings["change"] == "permuted" else reinitialised
    module = change(module_of(name, size), case.seed)
    assert isinstance(module, Recurrent)
    _spread(module, about.sample(LOOK, about.length, generator(case.seed, "bench", "scale")))
    return replace(subject_of(network_around(module.eval(), about), about), rule=None)


def _untrained(case: Case) -> Subject:
    form, scale = case.settings["form"], case.settings["scale"]
    _, make, (low, high) = FORMS[form]
    domain = Integers(low, high, length=LENGTH)
    module = _permuted(case.seed, scale) if form == len(FORMS) - 1 else _fresh(make, case.seed)
    x = domain.sample(LOOK, generator(case.seed, "bench", "scale"))
    if scale == 2:
        _widen(module)
    if scale:
        _spread(module, x)
    network = Network(module.eval(), inputs=domain, outputs=Integers(length=LENGTH))
    return Subject(network, None, lambda n, length, rng: domain.with_length(length).sample(n, rng), LENGTH)


def _fresh(make: Made, seed: int) -> Recurrent:
    """Weights as PyTorch draws them; its own random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        cell = make()
    return Recurrent(cell, torch.zeros(_hidden(cell)))


def _permuted(seed: int, scale: int) -> Recurrent:
    module, rng = module_of(PERMUTED[scale]), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in module.parameters():
            value.copy_(value.flatten()[torch.randperm(value.numel(), generator=rng)].view(value.shape))
    return module


def _hidden(cell: Cell | LayerCell) -> int:
    if isinstance(cell, LayerCell):
        return cell.inner.hidden_size * (2 if isinstance(cell.inner, nn.LSTMCell) else 1)
    return linears(cell.f)[-1].out_features


def _widen(module: Recurrent) -> None:
    """Make what the next state takes from the last larger."""
    cell = module.cell
    with torch.no_grad():
        if isinstance(cell, LayerCell):
            cell.inner.weight_hh.mul_(WIDE)
        elif isinstance(cell, Cell):
            layers = linears(cell.f)
            layers[0].weight[:, : _hidden(cell)] *= GAIN["linear" if len(layers) == 1 else "relu"]


def _spread(module: Recurrent, x: np.ndarray) -> None:
    """Give the outputs at T a standard deviation of `SPREAD`, by the readout alone."""
    cell = module.cell
    assert isinstance(cell, (Cell, LayerCell))
    last = cell.readout if isinstance(cell, LayerCell) else linears(cell.g)[-1]
    with torch.no_grad():
        given = torch.tensor(x if x.ndim == 3 else x[..., None], dtype=torch.float32)
        raw = module(given).double()
        factor = SPREAD / max(float(raw.std()), 1e-9)
        last.weight.mul_(factor)
        last.bias.mul_(factor)
