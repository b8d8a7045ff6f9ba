"""Why alignment maps are linear: one that can be anything aligns anything with anything.

A program says that the output is `(a > b) == (c > d)`. A map from a layer to coordinates and back is trained so that
exchanging eight coordinates exchanges `a > b`; no weight of the network is changed. An invertible network as the map
reaches this in a network that was never trained (Sutter, Minder, Hofmann & Pimentel, "The non-linear representation
dilemma", 2025, arXiv 2507.08802), and for any other variable as well: decoys tell. The library's own procedure is put
the same question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scrutable.bench._training import Examples, Recipe, mlp, trained
from scrutable.hypothesis import Hypothesis, p_value
from scrutable.network import Bits, Columns, Network
from scrutable.program import BOOL, INT, Input, Let, Program, Var, call
from scrutable.verify import Case, Interchange, Sample
from scrutable.work import Clock, generator, one_thread

DOMAIN = Columns(["a", "b", "c", "d"], lo=0, hi=9, integer=True)
HIDDEN, EXCHANGED, BLOCKS, WIDE = 64, 8, 3, 64
STEPS, BATCH, RATE, DECOYS, HALF = 300, 256, 3e-3, 19, 2000
Variable = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Aligned:
    """What a map achieved.

    Arguments:
        network, map: in words. agreement: on held-out pairs whose answer changes, of which there are `n`.
        decoys: the same for other variables. p: of the decoys; None where there are none.
        said: the verdict on the alignment.
    """

    network: str
    map: str
    agreement: float
    n: int
    decoys: tuple[float, ...]
    p: float | None
    said: str


def alignments(*, steps: int = STEPS, decoys: int = DECOYS) -> list[Aligned]:
    """An untrained network with an invertible map, and it and a trained one with the library's linear family.

    Cost: the training of a network and of some twenty maps, a minute or two on a quiet machine.
    """
    x = DOMAIN.sample(2 * HALF, generator(0, "flexible", "rows"))
    with one_thread():
        untrained = _untrained()
        anything = _by_anything("untrained", untrained, x, steps, decoys)
        return [anything, _by_library("untrained", untrained, x), _by_library("trained", _learnt(), x)]


def left(x: np.ndarray) -> np.ndarray:
    """The program's variable."""
    return x[:, 0] > x[:, 1]


def right(x: np.ndarray) -> np.ndarray:
    """The program's other variable."""
    return x[:, 2] > x[:, 3]


def decoys_of(count: int) -> list[Variable]:
    """Variables of the same kind that the program does not have: other columns, or the same shifted, compared."""
    others = [(i, j, shift) for shift in (0, 1, -1, 2, -2) for i, j in combinations(range(4), 2) if (i, j) != (0, 1)]
    return [partial(_compared, i, j, shift) for i, j, shift in others[:count]]


def _compared(i: int, j: int, shift: int, x: np.ndarray) -> np.ndarray:
    return x[:, i] > x[:, j] + shift


def program() -> Program:
    """`(a > b) == (c > d)`."""
    a, b, c, d = (Var(name, INT) for name in DOMAIN.variables)
    lets = (Let("left", call("lt", b, a)), Let("right", call("lt", d, c)))
    output = Let("output", call("eq", Var("left", BOOL), Var("right", BOOL)))
    return Program("equal", tuple(Input(name, INT) for name in DOMAIN.variables), (*lets, output), ("output",))


def _untrained() -> nn.Sequential:
    rng, module = generator(0, "flexible", "weights"), mlp((4, HIDDEN, HIDDEN, 1), "relu")
    with torch.no_grad():
        for layer in (each for each in module if isinstance(each, nn.Linear)):
            rows, columns = layer.weight.shape
            layer.weight.copy_(torch.tensor(rng.normal(0, np.sqrt(2 / columns), (rows, columns))))
            layer.bias.copy_(torch.tensor(rng.normal(0, 0.1, rows)))
        first = module[0]
        assert isinstance(first, nn.Linear)
        first.weight.div_(2.87)  # inputs of unit variance
        first.bias.sub_(4.5 * first.weight.sum(dim=1))
    return module


def _learnt() -> nn.Sequential:
    x = DOMAIN.sample(20_000, generator(0, "flexible", "training"))
    examples = Examples(x.astype(float), (left(x) == right(x)).astype(np.int64), "bits")
    return trained(examples, Recipe(hidden=(HIDDEN, HIDDEN)), None).module


def _by_library(name: str, module: nn.Sequential, x: np.ndarray) -> Aligned:
    network = Network(module, inputs=DOMAIN, outputs=Bits(threshold=0.0))
    rows = Sample(x, network.predict(x))
    case = Case(network, Hypothesis(program()), rows.rows(slice(0, HALF)), rows.rows(slice(HALF, None)), 0, Clock(600))
    results = {result.name: result for result in Interchange().apply(case)}
    main, control = results["interchange"], results.get("guard.decoy_variables")
    nulls = () if control is None or control.value is None else tuple(dict(control.details)["nulls"])
    said = "aligned" if main.passed and control is not None and control.passed else f"rejected: {main.reason}"
    p = None if control is None else control.value
    return Aligned(name, "linear, the library's", main.value or 0.0, main.n, nulls, p, said)


def _by_anything(name: str, module: nn.Sequential, x: np.ndarray, steps: int, decoys: int) -> Aligned:
    agreement, n = _trained_map(module, left, x, steps, seed=0)
    nulls = tuple(_trained_map(module, other, x, steps, seed=1)[0] for other in decoys_of(decoys))
    p = p_value(agreement, list(nulls))
    said = "rejected: decoys do as well" if p > 0.05 else "aligned"
    return Aligned(name, "invertible network", agreement, n, nulls, p, said)


class _Invertible(nn.Module):
    """Additive coupling layers (Dinh, Krueger & Bengio, "NICE", 2014)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.parts = nn.ModuleList(
            nn.Sequential(nn.Linear(half, WIDE), nn.ReLU(), nn.Linear(WIDE, half)) for _ in range(2 * BLOCKS)
        )

    def forward(self, h: Tensor) -> Tensor:
        """Coordinates of activations `(n, width)`."""
        one, two = h.chunk(2, dim=1)
        for i, part in enumerate(self.parts):
            one, two = (one + part(two), two) if i % 2 == 0 else (one, two + part(one))
        return torch.cat([one, two], dim=1)

    def back(self, z: Tensor) -> Tensor:
        """Activations with these coordinates."""
        one, two = z.chunk(2, dim=1)
        for i, part in reversed(list(enumerate(self.parts))):
            one, two = (one - part(two), two) if i % 2 == 0 else (one, two - part(one))
        return torch.cat([one, two], dim=1)


def _trained_map(
    module: nn.Sequential, variable: Variable, x: np.ndarray, steps: int, *, seed: int
) -> tuple[float, int]:
    """Agreement on held-out disjoint pairs whose answer changes, and how many these are. What changes the answer is the
    variable alone, because the other one stays the base's."""
    rng = generator(seed, "flexible", "map")
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        turn = _Invertible(HIDDEN)
    front, rest = module[:2].requires_grad_(False), module[2:].requires_grad_(False)
    h = front(torch.tensor(x, dtype=torch.float32))
    optimiser = torch.optim.Adam(turn.parameters(), lr=RATE)
    for _ in range(steps):
        base, source = rng.integers(0, HALF, size=(2, BATCH))
        wanted = torch.tensor(variable(x[source]) == right(x[base]), dtype=torch.float32)
        loss = F.binary_cross_entropy_with_logits(_exchanged(turn, rest, h, base, source), wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    base, source = rng.permutation(np.arange(HALF, len(x))).reshape(2, -1)
    with torch.no_grad():
        said = _exchanged(turn, rest, h, base, source).numpy() > 0
    changed = variable(x[source]) != variable(x[base])
    return float((said == (variable(x[source]) == right(x[base])))[changed].mean()), int(changed.sum())


def _exchanged(turn: _Invertible, rest: nn.Module, h: Tensor, base: np.ndarray, source: np.ndarray) -> Tensor:
    """The raw output on the bases with the first coordinates of the sources."""
    own, other = turn(h[base]), turn(h[source])
    return rest(turn.back(torch.cat([other[:, :EXCHANGED], own[:, EXCHANGED:]], dim=1)))[:, 0]
