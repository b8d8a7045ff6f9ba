"""Functions of one argument with one or two inner constants, on grids coarse enough to scan and fine enough to refine.

A grid holds starting values in units of the argument's range: neighbours differ so little that Gauss-Newton steps lead
from the nearest one to what is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scrutable.program import Expr, call, const
from scrutable.synthesis.formula._products import Product

STEEPEST = 30.0
FINE, COARSE = 14, 9

Constants = Sequence[float]


@dataclass(frozen=True, slots=True)
class Family:
    """A function with inner constants.

    Arguments:
        name: tells families apart.
        values: of arguments `(n,)` and constants, `(n,)`; not finite where it has no value.
        grid: starting constants for an argument's smallest and largest value; none where it does not apply.
        written: the function of an argument, as a product.
        constants: how many there are.
    """

    name: str
    values: Callable[[np.ndarray, Constants], np.ndarray]
    grid: Callable[[float, float], list[tuple[float, ...]]]
    written: Callable[[Product, Constants], Product]
    constants: int = 1


def _of(op: str, inside: Callable[[Product, Constants], Expr]) -> Callable[[Product, Constants], Product]:
    return lambda u, c: Product.of({call(op, inside(u, c)): 1})


def _stretched(u: Product, c: Constants) -> Expr:
    return u.expr(const(float(c[0])))


def _moved(u: Product, c: Constants) -> Expr:
    return call("add", _stretched(u, c), const(float(c[1])))


def _plus(u: Product, c: Constants) -> Expr:
    return call("add", u.expr(), const(float(c[0])))


def _minus(u: Product, c: Constants) -> Expr:
    return call("sub", const(float(c[0])), u.expr())


def _rates(low: float, high: float, *, signs: tuple[int, ...] = (1, -1), least: float = 0.5) -> list[tuple[float, ...]]:
    """Scales by which the argument's range becomes a fraction of one up to a few."""
    sizes = np.geomspace(least, 12.0, FINE) / (high - low)
    return [(float(s * b),) for b in sizes for s in signs if b * max(abs(low), abs(high)) < STEEPEST]


def _squares(low: float, high: float) -> list[tuple[float, ...]]:
    return [(float(b),) for b in np.geomspace(0.3, 30.0, FINE) / max(low * low, high * high)]


def _waves(low: float, high: float) -> list[tuple[float, ...]]:
    turns = np.concatenate([np.arange(0.8, 8.0, 0.6), np.arange(8.0, 26.0, 0.9)])
    return [(float(t),) for t in turns / (high - low)]


def _phased(low: float, high: float) -> list[tuple[float, ...]]:
    return [(b, p * np.pi / 4) for (b,) in _waves(low, high) for p in (1, 3)]


def _above(low: float, high: float) -> list[tuple[float, ...]]:
    """Offsets that leave the argument positive."""
    return [(float(d - low),) for d in (high - low) * np.geomspace(0.02, 3.0, COARSE)]


def _beyond(low: float, high: float) -> list[tuple[float, ...]]:
    """Bounds above every argument."""
    return [(float(d + high),) for d in (high - low) * np.geomspace(0.02, 3.0, COARSE)]


def _steps(low: float, high: float) -> list[tuple[float, ...]]:
    spread = high - low
    places = low + spread * np.array([0.15, 0.3, 0.5, 0.7, 0.85])
    return [(float(b), float(-b * at)) for b in np.array([2.0, 4.0, 8.0, 16.0]) / spread for at in places]


def _powers(low: float, high: float) -> list[tuple[float, ...]]:
    if low <= 0 or high / low > 1e6:
        return []
    return [(p,) for p in (-2.75, -2.3, -1.75, -1.3, -0.75, -0.3, 0.25, 0.7, 1.3, 1.7, 2.3, 2.7, 3.3)]


def _inner(low: float, high: float) -> list[tuple[float, ...]]:
    return [(float(at),) for at in low + (high - low) * np.linspace(0.08, 0.92, FINE)]


FAMILIES: tuple[Family, ...] = (
    Family("exp", lambda u, c: np.exp(c[0] * u), _rates, _of("exp", _stretched)),
    Family("sin", lambda u, c: np.sin(c[0] * u), _waves, _of("sin", _stretched)),
    Family("cos", lambda u, c: np.cos(c[0] * u), _waves, _of("cos", _stretched)),
    Family("wave", lambda u, c: np.sin(c[0] * u + c[1]), _phased, _of("sin", _moved), 2),
    Family(
        "bell",
        lambda u, c: np.exp(-c[0] * u * u),
        _squares,
        lambda u, c: Product.of({call("exp", u.raised(2).expr(const(-float(c[0])))): 1}),
    ),
    Family("log", lambda u, c: np.log(u + c[0]), _above, _of("log", _plus)),
    Family("log down", lambda u, c: np.log(c[0] - u), _beyond, _of("log", _minus)),
    Family("root", lambda u, c: np.sqrt(u + c[0]), _above, _of("sqrt", _plus)),
    Family("root down", lambda u, c: np.sqrt(c[0] - u), _beyond, _of("sqrt", _minus)),
    Family("inverse", lambda u, c: 1 / (u + c[0]), _above, lambda u, c: Product.of({_plus(u, c): -1})),
    Family("inverse down", lambda u, c: 1 / (c[0] - u), _beyond, lambda u, c: Product.of({_minus(u, c): -1})),
    Family(
        "peak",
        lambda u, c: 1 / (u * u + c[0]),
        lambda low, high: [(1 / b,) for (b,) in _squares(low, high)],
        lambda u, c: Product.of({_plus(u.raised(2), c): -1}),
    ),
    Family(
        "tanh",
        lambda u, c: np.tanh(c[0] * u),
        lambda low, high: _rates(low, high, signs=(1,), least=0.8),
        _of("tanh", _stretched),
    ),
    Family("step", lambda u, c: np.tanh(c[0] * u + c[1]), _steps, _of("tanh", _moved), 2),
    Family(
        "power",
        lambda u, c: u ** c[0],
        _powers,
        lambda u, c: Product.of({call("exp", call("mul", const(float(c[0])), call("log", u.expr()))): 1}),
    ),
    Family(
        "larger",
        lambda u, c: np.maximum(u, c[0]),
        _inner,
        lambda u, c: Product.of({call("max", u.expr(), const(float(c[0]))): 1}),
    ),
    Family(
        "smaller",
        lambda u, c: np.minimum(u, c[0]),
        _inner,
        lambda u, c: Product.of({call("min", u.expr(), const(float(c[0]))): 1}),
    ),
    Family(
        "distance",
        lambda u, c: np.abs(u - c[0]),
        _inner,
        lambda u, c: Product.of({call("abs", call("sub", u.expr(), const(float(c[0])))): 1}),
    ),
)
