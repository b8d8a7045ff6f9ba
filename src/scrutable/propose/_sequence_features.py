"""Sequences that a program could compute, as expressions with their values on the words at hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, final

import numpy as np

from scrutable.program import BOOL, INT, REAL, Expr, Seq, Type, Var, call, expr_bits

Kind = Literal["token", "place", "count", "share", "truth"]
KEY, QUERY, VALUE, TOKEN, PLACE, LENGTH = "key_token", "query_token", "value_token", "token", "position", "length"
"""What an expression reads: the input by the part it plays in attention, or at the position itself, and positions."""
TYPES: dict[str, Type] = {"token": INT, "place": INT, "count": INT, "share": REAL, "truth": BOOL}


@final
@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """A sequence.

    Arguments:
        kind: what its values are. expr: reads the names above and those of `parts`. values: `(n, length)`.
        parts: other features that it reads, by name. bits: of the expression, parts left out.
        closure: itself, its parts and theirs, by name, with the bits of each.
    """

    kind: Kind
    expr: Expr
    values: np.ndarray
    parts: tuple[Feature, ...] = ()
    bits: float = field(init=False)
    closure: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        own = expr_bits(self.expr, 4)
        object.__setattr__(self, "bits", own)
        object.__setattr__(self, "closure", {k: v for part in self.parts for k, v in part.closure.items()})
        self.closure[self.name] = own

    @property
    def name(self) -> str:
        """By which others read it; unique."""
        return f"part{id(self)}"

    @property
    def var(self) -> Var:
        """As others read it."""
        return Var(self.name, Seq(TYPES[self.kind]))

    @property
    def spread(self) -> bool:
        """Whether positions are read beyond its own: whether it or a part of it is attention."""
        return "select" in str(self.expr) or any(part.spread for part in self.parts)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A selector: which keys, `(n, queries, keys)`, and the features it reads."""

    expr: Expr
    keys: np.ndarray
    parts: tuple[Feature, ...] = ()


class Bank:
    """Features in the order in which they were made, each set of values once, the first and so the simplest one.

    Arguments:
        most: how many at most.
    """

    def __init__(self, *, most: int) -> None:
        self.features: list[Feature] = []
        self._most, self._known = most, set[bytes]()

    @property
    def full(self) -> bool:
        """Whether no more go in."""
        return len(self.features) >= self._most

    def add(self, feature: Feature) -> bool:
        """Whether it is new."""
        values = feature.values
        code = values.astype(np.float32 if values.dtype.kind == "f" else np.int8).tobytes()
        if self.full or code in self._known or (values == values.flat[0]).all():
            return False
        self._known.add(code)
        self.features.append(feature)
        return True

    def extend(self, features: Iterable[Feature]) -> list[Feature]:
        """Those that are new."""
        return [feature for feature in features if self.add(feature)]


def token_var(name: str) -> Var:
    """The input, or the positions, by one of the names above."""
    return Var(name, INT if name == LENGTH else Seq(INT))


def width(chosen: Chosen) -> Feature:
    """How many keys are selected."""
    return Feature("count", call("width", chosen.expr), chosen.keys.sum(-1), chosen.parts)


def share(chosen: Chosen, expr: Expr, values: np.ndarray) -> Feature:
    """The mean of a value over the selected keys; 0 where there are none."""
    count = chosen.keys.sum(-1)
    total = (chosen.keys * values[:, None, :]).sum(-1)
    mean = np.where(count > 0, total / np.maximum(1, count), 0.0)
    return Feature("share", call("aggregate", chosen.expr, expr, params=(0.0,)), mean, chosen.parts)


def picked(chosen: Chosen, feature: Feature, default: int) -> Feature:
    """The value of the first selected key."""
    some, first = chosen.keys.any(-1), chosen.keys.argmax(-1)
    moved = np.take_along_axis(feature.values.astype(np.int64), first, axis=1)
    inner = (*chosen.parts, *((feature,) if feature.expr != token_var(VALUE) else ()))
    expr = feature.expr if feature.expr == token_var(VALUE) else feature.var
    kind: Kind = feature.kind
    return Feature(kind, call("pick", chosen.expr, expr, params=(default,)), np.where(some, moved, default), inner)
