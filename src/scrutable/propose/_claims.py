"""How near a program for real outputs comes to its network, everywhere it can be asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import ceil, floor, log2, log10

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.hypothesis import COARSEST, Alignment, Hypothesis, Provenance
from scrutable.network import Network
from scrutable.program import Program
from scrutable.propose._base import Problem
from scrutable.synthesis import INDEPENDENT

INSIDE = 0.99
"""The largest claim, as a share of the coarsest one worth testing: the spread is measured on other rows there."""
ABOVE = 1.5
LEAST = 0.96
QUANTILES = (0.96, 0.98, 0.99, 0.995, 0.999)
ROW_BITS = 24.0
CLIMBS = 6
TOP = 40
EACH = 8
MOST_CORNERS = 256


@dataclass(frozen=True, slots=True)
class Claim:
    """What may be said of a program.

    Arguments:
        within: how far it may be from the network. exact: whether it was nowhere seen to be farther.
        worst: the largest difference seen.
    """

    within: float
    exact: bool
    worst: float


@dataclass(frozen=True)
class Bounds:
    """The box of inputs: `(d,)` each."""

    lo: np.ndarray
    hi: np.ndarray

    @staticmethod
    def of(network: Network, like: np.ndarray) -> Bounds:
        """The declared ends of each input, and those of the data `(n, d)` where an end is open."""
        d = like.shape[1]
        ranges = network.inputs.ranges
        ranges = ranges * d if len(ranges) == 1 else ranges
        lo = [low if r.lo is None else float(r.lo) for r, low in zip(ranges, like.min(axis=0), strict=True)]
        hi = [high if r.hi is None else float(r.hi) for r, high in zip(ranges, like.max(axis=0), strict=True)]
        return Bounds(np.array(lo), np.array(hi))

    def clip(self, x: np.ndarray) -> np.ndarray:
        """The rows put back into the box."""
        return np.clip(x, self.lo, self.hi)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Uniform rows, `(n, d)`."""
        return rng.uniform(self.lo, self.hi, (n, len(self.lo)))

    def edges(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Rows that uniform sampling hardly draws: corners, equal entries, entries at the ends, in the middle and at
        zero. About `2 n` and the corners, at most 256 of them."""
        d = len(self.lo)
        shares = np.array(list(product((0.0, 1.0), repeat=d))) if d <= 8 else rng.integers(0, 2, (MOST_CORNERS, d))
        corners = self.lo + shares * (self.hi - self.lo)
        equal = np.repeat(self.lo[0] + rng.random((n, 1)) * (self.hi[0] - self.lo[0]), d, axis=1)
        special = np.stack([self.lo, self.hi, (self.lo + self.hi) / 2, np.zeros(d)])
        mixed = np.where(rng.random((n, d)) < 0.5, special[rng.integers(0, 4, (n, d)), np.arange(d)], self.draw(n, rng))
        return self.clip(np.concatenate([corners, equal, mixed]))


def claimed(
    program: Program, network: Network, data: np.ndarray, *, bounds: Bounds, spread: float, rng: np.random.Generator
) -> Claim | None:
    """The claim that suits a program: what it holds everywhere asked, else what it holds nearly everywhere; None where
    neither is worth saying.

    Arguments:
        data: `(n, d)`, rows in hand. spread: the standard deviation of the outputs there.

    Further rows are asked about: edges of the box, and those reached by climbing from the worst.
    """
    usual = miss(program, network, np.concatenate([data, bounds.draw(len(data), rng)]))
    if not np.isfinite(usual).all():
        return None
    worst = max(float(usual.max()), _worst(program, network, data, bounds, rng))
    limit = rounded_down(INSIDE * COARSEST * spread)
    if worst <= limit:
        return Claim(min(rounded_up(max(ABOVE * worst, 1e-9 * spread)), limit), exact=True, worst=worst)
    n = len(data)
    options = []
    for quantile in QUANTILES:
        within = rounded_up(max(1.05 * float(np.quantile(usual, quantile)), 1e-9 * spread))
        right = min(float((usual <= within).mean()), float((usual[:n] <= within).mean()))
        if within <= limit and right >= LEAST:
            options.append((INDEPENDENT * log2(within / spread) + n * (1 - right) * ROW_BITS, within))
    return Claim(min(options)[1], exact=False, worst=worst) if options else None


def spread_of(problem: Problem) -> float:
    """The standard deviation of the outputs in hand."""
    return float(np.std(np.concatenate([problem.counter_outputs, problem.outputs]).astype(np.float64)))


def stated(
    program: Program,
    claim: Claim,
    problem: Problem,
    *,
    name: str,
    sources: tuple[str, ...],
    alignment: Alignment | None = None,
) -> Hypothesis:
    """The hypothesis that makes a claim, by the proposer `name`."""
    settings = {"mode": "exact" if claim.exact else "approximate"}
    notes = () if claim.exact else (f"up to {claim.worst:.2g} from the network somewhere in the domain",)
    provenance = Provenance(name, settings, problem.seed, sources)
    return Hypothesis(program, alignment or Alignment(), provenance, notes=notes, within=claim.within)


def miss(program: Program, network: Network, x: np.ndarray) -> np.ndarray:
    """How far program and network are apart, `(n,)`; infinite where the program has no answer."""
    raw = network.predict(shaped(network, x)).reshape(len(x), -1)
    try:
        said = np.asarray(program(shaped(network, x)), dtype=np.float64).reshape(len(x), -1)
    except (ScrutableError, ValueError):
        return np.full(len(x), np.inf)
    return np.abs(np.broadcast_to(said, raw.shape) - raw).max(axis=1)


def shaped(network: Network, x: np.ndarray) -> np.ndarray:
    """Rows `(n, d)` in the layout of the network's inputs."""
    return x.reshape(len(x), *network.inputs.shape)


def _worst(program: Program, network: Network, data: np.ndarray, bounds: Bounds, rng: np.random.Generator) -> float:
    """The largest difference found by climbing from edges and the worst rows by random steps, first longer ones."""
    x = np.concatenate([bounds.edges(256, rng), data])
    far = miss(program, network, x)
    for step in np.geomspace(0.1, 0.002, CLIMBS):
        top = np.argsort(-far, kind="stable")[:TOP]
        moves = rng.normal(size=(EACH, TOP, len(bounds.lo)))[:, : len(top)] * step * (bounds.hi - bounds.lo)
        around = bounds.clip((x[top] + moves).reshape(-1, len(bounds.lo)))
        x, far = np.concatenate([x[top], around]), np.concatenate([far[top], miss(program, network, around)])
    return float(far.max())


def rounded_up(value: float) -> float:
    """The first number of two digits from `value` on; `value` is not below zero."""
    return _rounded(value, lambda steps: ceil(steps - 1e-9))


def rounded_down(value: float) -> float:
    """The last number of two digits up to `value`, which is not below zero."""
    return _rounded(value, lambda steps: floor(steps + 1e-9))


def _rounded(value: float, whole: Callable[[float], int]) -> float:
    if not value > 0:
        return 0.0
    unit = 10.0 ** (floor(log10(value)) - 1)
    return float(f"{whole(value / unit) * unit:.2g}")
