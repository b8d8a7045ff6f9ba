"""Two programs that add modulo a prime on circles: one multiplies points of a circle, the other one averages them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from scrutable.program import INT, Array, Const, Expr, Input, Let, Program, Seq, Var, call

BETWEEN, TURNED = "between", "turned"
HALVED = round(math.sqrt(0.5), 4)

Meeting = Callable[["Writing", Expr, Expr], Expr]
"""From the points of two tokens on circles, `(2, frequencies)` each, to those of the answer."""


class Writing:
    """A program as it grows."""

    def __init__(self) -> None:
        self.lets: list[Let] = []

    def let(self, name: str, expr: Expr) -> Var:
        """A named variable."""
        self.lets.append(Let(name, expr))
        return Var(name, expr.type)


def on_circles(inputs: tuple[Input, ...], prime: int, weights: Mapping[int, float], meeting: Meeting) -> Program:
    """The program that puts both tokens on a circle for each frequency, brings the points together and scores every
    remainder by how well it agrees with them.

    Arguments:
        inputs: one sequence of two tokens, or two numbers.
        weights: of each frequency in the scores, the largest 1.
        meeting: how the points of the two tokens become one of the answer.
    """
    writing = Writing()
    frequencies = Const(tuple(weights), Array((len(weights),), INT))
    points = [
        _point(writing, name, token, frequencies, prime) for name, token in zip("ab", _tokens(inputs), strict=True)
    ]
    turned = writing.let(TURNED, meeting(writing, *points))
    remainders = Const(tuple(range(prime)), Array((prime,), INT))
    angle = writing.let("angle", call("mul", _turn(prime), remainders))
    scores = writing.let("scores", _scores(turned, angle, weights))
    writing.let("answer", call("argmax", scores))
    return Program("network", inputs, tuple(writing.lets), ("answer",))


def multiplied(_: Writing, a: Expr, b: Expr) -> Expr:
    """The clock: the angle of the product of two points is the sum of their angles."""
    (cos_a, sin_a), (cos_b, sin_b) = _parts(a), _parts(b)
    return call("stack", cos_a * cos_b - sin_a * sin_b, sin_a * cos_b + cos_a * sin_b)


def averaged(writing: Writing, a: Expr, b: Expr) -> Expr:
    """The pizza: the sum of two points lies at half the sum of their angles, nearer the centre the farther they are
    apart; the differences of absolute values double the angle."""
    across, up = _parts(writing.let(BETWEEN, a + b))
    return call(
        "stack", call("abs", across) - call("abs", up), HALVED * (call("abs", across + up) - call("abs", across - up))
    )


def _tokens(inputs: tuple[Input, ...]) -> tuple[Expr, Expr]:
    """The two tokens as numbers."""
    first = Var(inputs[0].name, inputs[0].type)
    if isinstance(first.type, Seq):
        before = call("shift", first, params=(1, 0))
        return call("last", before, params=(0,)), call("last", first, params=(0,))
    return first, Var(inputs[1].name, inputs[1].type)


def _point(writing: Writing, name: str, token: Expr, frequencies: Expr, prime: int) -> Expr:
    angle = writing.let(f"angle_{name}", call("mul", frequencies, call("mul", _turn(prime), token)))
    return writing.let(f"point_{name}", call("stack", call("cos", angle), call("sin", angle)))


def _parts(point: Expr) -> tuple[Expr, Expr]:
    return call("index", point, params=(0,)), call("index", point, params=(1,))


def _scores(turned: Expr, angle: Expr, weights: Mapping[int, float]) -> Expr:
    total: Expr | None = None
    for place, (frequency, weight) in enumerate(weights.items()):
        across, up = (call("index", turned, params=(row, place)) for row in (0, 1))
        wound = angle if frequency == 1 else call("mul", frequency, angle)
        term = across * call("cos", wound) + up * call("sin", wound)
        term = term if weight == 1 else call("mul", weight, term)
        total = term if total is None else total + term
    assert total is not None
    return total


def _turn(prime: int) -> float:
    """The angle from one number to the next once around, in radians."""
    return round(2 * math.pi / prime, 12)
