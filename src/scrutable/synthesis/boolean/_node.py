"""Formulas as trees over numbered variables: how they are built, what they say, what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrutable.program import Expr, call, const
from scrutable.program._bits import integer_bits
from scrutable.synthesis.boolean._space import Space

_CALL, _LEAF, _LITERAL = 5.6, 1.0, 3.1
_CONVERSION = 6.0


@dataclass(frozen=True, slots=True)
class Node:
    """A formula.

    Arguments:
        op: "variable", "constant", "not", "and", "or", "xor", "if" or "count".
        args: the parts; of an "if" the condition and the two answers.
        value: the number of a variable, or the truth of a constant.
        test: of a "count", what is asked of the weighted sum of the parts.
    """

    op: str
    args: tuple[Node, ...] = ()
    value: int = 0
    test: CountTest | None = None


@dataclass(frozen=True, slots=True)
class CountTest:
    """A question about a weighted sum of truth values: is it one of `values`?

    Arguments:
        weights: one whole number for each part.
        kind: "least" (at least `values[0]`), "most" (at most), "equal" (equal to it), "apart" (not equal to it),
            "modulo" (leaves the remainder `values[0]` on division by `values[1]`) or "among" (any of `values`).
    """

    weights: tuple[int, ...]
    kind: str
    values: tuple[int, ...]

    def holds(self, total: np.ndarray) -> np.ndarray:
        """Where the answer is yes."""
        first = self.values[0]
        match self.kind:
            case "least":
                return total >= first
            case "most":
                return total <= first
            case "equal":
                return total == first
            case "apart":
                return total != first
            case "modulo":
                return total % self.values[1] == first
        return np.isin(total, self.values)


FALSE, TRUE = Node("constant", value=0), Node("constant", value=1)


def variable(k: int) -> Node:
    """The variable of that number."""
    return Node("variable", value=k)


def literal(k: int, *, positive: bool) -> Node:
    """A variable, or its negation."""
    return variable(k) if positive else Node("not", (variable(k),))


def negated(node: Node) -> Node:
    """The negation, with as few calls as possible."""
    match node.op:
        case "constant":
            return FALSE if node.value else TRUE
        case "not":
            return node.args[0]
        case "count":
            return _turned_count(node)
        case "xor" if any(part.op == "not" for part in node.args):
            place = next(place for place, part in enumerate(node.args) if part.op == "not")
            return Node("xor", (*node.args[:place], node.args[place].args[0], *node.args[place + 1 :]))
        case "if" if all(part.op in ("not", "if", "and", "or") for part in node.args[1:]):
            return Node("if", (node.args[0], negated(node.args[1]), negated(node.args[2])))
        case "and" | "or" if 2 * sum(map(_turns_well, node.args)) > len(node.args):
            return (disjunction if node.op == "and" else conjunction)(map(negated, node.args))
    return Node("not", (node,))


def _turns_well(node: Node) -> bool:
    return node.op in ("not", "count") or (node.op == "xor" and any(part.op == "not" for part in node.args))


def _turned_count(node: Node) -> Node:
    test = node.test
    assert test is not None
    other = {"least": ("most", -1), "most": ("least", 1), "equal": ("apart", 0), "apart": ("equal", 0)}.get(test.kind)
    if other is None:
        return Node("not", (node,))
    return Node("count", node.args, test=CountTest(test.weights, other[0], (test.values[0] + other[1],)))


def conjunction(parts: Iterable[Node]) -> Node:
    """All of the parts."""
    return _joined("and", parts, TRUE, FALSE)


def disjunction(parts: Iterable[Node]) -> Node:
    """Any of the parts."""
    return _joined("or", parts, FALSE, TRUE)


def _joined(op: str, parts: Iterable[Node], neutral: Node, absorbing: Node) -> Node:
    flat: list[Node] = []
    for part in parts:
        if part == absorbing:
            return absorbing
        if part != neutral:
            flat += [each for each in (part.args if part.op == op else (part,)) if each not in flat]
    turned = [part for part in flat if part.op == "not"]
    if len(turned) > 1:
        inner = "or" if op == "and" else "and"
        flat = [part for part in flat if part.op != "not"]
        flat.append(Node("not", (Node(inner, tuple(part.args[0] for part in turned)),)))
    return neutral if not flat else flat[0] if len(flat) == 1 else Node(op, tuple(flat))


def parity(parts: Iterable[Node]) -> Node:
    """Whether an odd number of the parts holds."""
    flat: list[Node] = []
    flipped = False
    for part in parts:
        for each in part.args if part.op == "xor" else (part,):
            if each.op == "constant":
                flipped ^= bool(each.value)
            elif each.op == "not":
                flipped ^= True
                flat.append(each.args[0])
            else:
                flat.append(each)
    node = FALSE if not flat else flat[0] if len(flat) == 1 else Node("xor", tuple(flat))
    return negated(node) if flipped else node


def choice(condition: Node, yes: Node, no: Node) -> Node:
    """`yes` where the condition holds, else `no`."""
    if condition.op == "not":
        condition, yes, no = condition.args[0], no, yes
    if yes == no:
        return yes
    if yes == TRUE:
        return disjunction((condition, no))
    if yes == FALSE:
        return conjunction((negated(condition), no))
    if no == TRUE:
        return disjunction((negated(condition), yes))
    if no == FALSE:
        return conjunction((condition, yes))
    if yes == negated(no):
        return parity((condition, no))
    return Node("if", (condition, yes, no))


def count(parts: Sequence[Node], test: CountTest) -> Node:
    """A question about the weighted sum of the parts; negations are taken into the weights, most of them positive."""
    weights, kept, moved = [], [], 0
    for weight, part in zip(test.weights, parts, strict=True):
        turned = part.op == "not"
        weights.append(-weight if turned else weight)
        kept.append(part.args[0] if turned else part)
        moved += weight if turned else 0
    sign = -1 if 2 * sum(weight < 0 for weight in weights) > len(weights) else 1
    kind = test.kind if sign > 0 else {"least": "most", "most": "least"}.get(test.kind, test.kind)
    if kind == "modulo":
        first, modulus = test.values
        values = (sign * (first - moved) % modulus, modulus)
    else:
        values = tuple(sorted(sign * (value - moved) for value in test.values))
    return Node("count", tuple(kept), test=CountTest(tuple(sign * weight for weight in weights), kind, values))


def rows_of(node: Node, where: Space, leaves: Sequence[int]) -> int:
    """The rows on which a formula holds, given those on which each variable does."""
    if node.op == "variable":
        return leaves[node.value]
    if node.op == "constant":
        return where.full if node.value else 0
    parts = [rows_of(part, where, leaves) for part in node.args]
    return combined(node, where, parts)


def combined(node: Node, where: Space, parts: Sequence[int]) -> int:
    """The rows on which a call holds, given those of its parts."""
    match node.op:
        case "not":
            return where.full ^ parts[0]
        case "if":
            return parts[0] & parts[1] | (where.full ^ parts[0]) & parts[2]
        case "count":
            assert node.test is not None
            arrays = (where.array(part).astype(np.int64) for part in parts)
            total = sum(w * array for w, array in zip(node.test.weights, arrays, strict=True))
            return where.packed(node.test.holds(np.asarray(total)))
    result = parts[0]
    for part in parts[1:]:
        result = result & part if node.op == "and" else result | part if node.op == "or" else result ^ part
    return result


def nodes(node: Node) -> Iterator[Node]:
    """Every node, parts after the calls that use them."""
    yield node
    for part in node.args:
        yield from nodes(part)


def replaced(node: Node, leaves: Sequence[Node]) -> Node:
    """The formula with each variable exchanged for the formula at its number."""
    if node.op == "variable":
        return leaves[node.value]
    if node.op == "constant":
        return node
    return rebuilt(node, [replaced(part, leaves) for part in node.args])


def rebuilt(node: Node, parts: Sequence[Node]) -> Node:
    """The same call of other parts, tidied."""
    match node.op:
        case "not":
            return negated(parts[0])
        case "and":
            return conjunction(parts)
        case "or":
            return disjunction(parts)
        case "xor":
            return parity(parts)
        case "if":
            return choice(*parts)
    assert node.test is not None
    if any(part.op == "constant" for part in parts):
        return Node("count", tuple(parts), test=node.test)
    return count(parts, node.test)


def price(node: Node, weights: Sequence[float]) -> tuple[float, float]:
    """How many variables a formula reads, each counted with its weight wherever it occurs, and about how many bits."""
    if node.op == "variable":
        weight = weights[node.value]
        return weight, weight * (_LEAF + np.log2(max(len(weights), 1)))
    if node.op == "constant":
        return 0.0, _LITERAL
    prices = [price(part, weights) for part in node.args]
    return sum(p[0] for p in prices), sum(p[1] for p in prices) + _own_bits(node)


def _own_bits(node: Node) -> float:
    size = len(node.args)
    if node.op in ("not", "if"):
        return _CALL
    if node.op == "xor":
        return _CALL * (size - 1)
    if node.op in ("and", "or"):
        return _CALL + integer_bits(size - 2)
    assert node.test is not None
    scaled = sum(_CALL + _LITERAL + integer_bits(abs(w)) for w in node.test.weights if abs(w) != 1)
    first = _CALL + _LITERAL + integer_bits(node.test.values[0])
    return first + scaled + (_CALL + _CONVERSION) * size


def expression(node: Node, leaves: Sequence[Expr], numbers: Sequence[Expr]) -> Expr:
    """The formula in the program language.

    Arguments:
        leaves: a Bool expression for each variable. numbers: for each the same as something that can be added up.
    """
    if node.op == "variable":
        return leaves[node.value]
    if node.op == "constant":
        return const(bool(node.value))
    if node.op == "count":
        return _count_expression(node, leaves, numbers)
    parts = [expression(part, leaves, numbers) for part in node.args]
    if node.op != "xor":
        return call(node.op, *parts)
    result = parts[0]
    for part in parts[1:]:
        result = call("xor", result, part)
    return result


def _count_expression(node: Node, leaves: Sequence[Expr], numbers: Sequence[Expr]) -> Expr:
    test = node.test
    assert test is not None
    total: Any = None
    ordered = sorted(zip(test.weights, node.args, strict=True), key=lambda each: each[0] < 0)
    for weight, part in ordered:
        value = numbers[part.value] if part.op == "variable" else expression(part, leaves, numbers)
        term = value if abs(weight) == 1 else call("mul", abs(weight), value)
        if total is None:
            total = term if weight > 0 else call("neg", term)
        else:
            total = call("add" if weight > 0 else "sub", total, term)
    first = test.values[0]
    match test.kind:
        case "least":
            return call("le", first, total)
        case "most":
            return call("le", total, first)
        case "equal":
            return call("eq", total, first)
        case "apart":
            return call("ne", total, first)
        case "modulo":
            return call("eq", call("mod", total, test.values[1]), first)
    rows = tuple(((value,), True) for value in test.values)
    return call("table", total, params=(rows, False))
