"""Choosing one expression for each of several targets so that together, with shared parts named, they are shortest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, product
from math import log2

from scrutable.program import Call, Expr, Let, Var, call, expr_bits, variables, walk
from scrutable.synthesis._base import Found

MOST_COMBINATIONS = 1024
_STATEMENT = 2.0  # what it costs to begin a named variable, see `program_bits`
PART = "part"


@dataclass(frozen=True, slots=True)
class Together:
    """Expressions for several targets with their shared parts named.

    Arguments:
        shared: named parts in the order they are needed; a later one may read an earlier one.
        exprs: for each target its expression, reading leaves and shared parts.
        whole: the same expressions with nothing named.
        bits: the length of all of it.
    """

    shared: tuple[Let, ...]
    exprs: Mapping[str, Expr]
    whole: Mapping[str, Expr]
    bits: float


def cheapest_together(candidates: Mapping[str, Sequence[Found]], *, scope: int) -> Together | None:
    """The choice of one candidate for each target with the least total; None when a target has no candidate.

    Arguments:
        candidates: as `search_many` returns them.
        scope: how many variables an expression could read.

    Cost: at most 1024 combinations of the shortest candidates. They are taken in order of a bound that no naming of
    parts can beat, each has its common parts factored out greedily, and no more are looked at once the bound is above
    the best total.
    """
    if not candidates or not all(candidates.values()):
        return None
    best: Together | None = None
    for bound, choice in sorted(_combinations(candidates, scope), key=lambda each: each[0]):
        if best is not None and bound >= best.bits:
            break
        exprs = {name: found.expr for name, found in zip(candidates, choice, strict=True)}
        together = share_parts(exprs, scope=scope)
        if best is None or together.bits < best.bits:
            best = together
    return best


def _combinations(candidates: Mapping[str, Sequence[Found]], scope: int) -> Iterator[tuple[float, tuple[Found, ...]]]:
    """Choices of one candidate for each target, each with the bits of its different parts, every part taken once."""
    share = max(1, int(MOST_COMBINATIONS ** (1 / len(candidates))))
    parts = {found.expr: _parts(found.expr, scope) for each in candidates.values() for found in each[:share]}
    for choice in product(*(each[:share] for each in candidates.values())):
        together: dict[Expr, float] = {}
        roots = 0.0
        for found in choice:
            roots += parts[found.expr][0]
            together |= parts[found.expr][1]
        yield roots + sum(together.values()), choice


def _parts(expr: Expr, scope: int) -> tuple[float, dict[Expr, float]]:
    """What an expression pays for itself if it is a leaf, and the bits of each of its calls less those of its calls."""
    if not isinstance(expr, Call):
        return expr_bits(expr, scope), {}
    nodes = {node for node in walk(expr) if isinstance(node, Call)}
    inside = {node: sum(expr_bits(arg, scope) for arg in node.args if isinstance(arg, Call)) for node in nodes}
    return 0.0, {node: expr_bits(node, scope) - inside[node] for node in nodes}


def share_parts(exprs: Mapping[str, Expr], *, scope: int) -> Together:
    """Name the parts that occur more than once where that makes the whole shorter, the greatest saving first."""
    current, lets = dict(exprs), []
    while True:
        part = _best_part([*current.values(), *(let.expr for let in lets)], scope + len(lets))
        if part is None:
            break
        name = _fresh(current.values(), lets)
        variable = Var(name, part.type)
        current = {key: _replaced(each, part, variable) for key, each in current.items()}
        lets = [Let(let.name, _replaced(let.expr, part, variable)) for let in lets]
        lets.insert(0, Let(name, part))
    ordered = _ordered(lets)
    bits = sum(expr_bits(each, scope + len(lets)) for each in current.values())
    bits += sum(_STATEMENT + expr_bits(let.expr, scope + place) for place, let in enumerate(ordered))
    return Together(tuple(ordered), current, dict(exprs), bits)


def _best_part(exprs: list[Expr], scope: int) -> Call | None:
    counts = Counter(node for expr in exprs for node in walk(expr) if isinstance(node, Call))
    best, most = None, 0.0
    for part, times in counts.items():
        if times > 1:
            bits = expr_bits(part, scope)
            saving = (times - 1) * bits - _STATEMENT - times * (1 + log2(scope + 1))
            if saving > most:
                best, most = part, saving
    return best


def _replaced(expr: Expr, part: Expr, variable: Var) -> Expr:
    if expr == part:
        return variable
    if isinstance(expr, Call):
        return call(expr.op, *(_replaced(arg, part, variable) for arg in expr.args), params=expr.params)
    return expr


def _fresh(exprs: Iterable[Expr], lets: list[Let]) -> str:
    """A name that nothing reads or defines yet."""
    used = {let.name for let in lets}.union(*(variables(each) for each in [*exprs, *(let.expr for let in lets)]))
    names = (PART if not place else f"{PART}{place + 1}" for place in count())
    return next(name for name in names if name not in used)


def _ordered(lets: list[Let]) -> list[Let]:
    """Each part after the parts it reads."""
    done: list[Let] = []
    waiting = list(lets)
    while waiting:
        names = {let.name for let in waiting}
        ready = next(let for let in waiting if not names & {n.name for n in walk(let.expr) if isinstance(n, Var)})
        done.append(ready)
        waiting.remove(ready)
    return done
