"""Rewrite rules as data, by algebra, and the pass that applies them.

Each rule is an equation that holds for *every* value of its holes, negative numbers and zero included, under the total
meanings of the language (`x // 0 == 0`, `x % 0 == x`). A rule holds for whole numbers and truth values; with `reals` it
also holds, bit for bit up to the sign of zero, for every double including infinities and not-a-number. Rules are read
from left to right only. What follows from sums, products, lattices and comparisons being commutative, associative and
so on is not listed here; `_normal` knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from scrutable.program._egraph import EGraph
from scrutable.program._patterns import Apply, Condition, Match, Matcher, Pattern, build, pattern


@dataclass(frozen=True, slots=True)
class Rule:
    """`left` may be written as `right`.

    Arguments:
        left, right: patterns, see `_patterns`.
        reals: whether the holes may hold reals.
        when: what the literals must satisfy, given by hole name.
    """

    left: str
    right: str
    reals: bool = False
    when: Condition | None = None

    def __str__(self) -> str:
        return f"{self.left}  ->  {self.right}"


def _exact(*equations: tuple[str, str]) -> tuple[Rule, ...]:
    return tuple(Rule(left, right, reals=True) for left, right in equations)


def _whole(*equations: tuple[str, str]) -> tuple[Rule, ...]:
    return tuple(Rule(left, right) for left, right in equations)


RINGS = _exact(
    ("x + y", "y + x"),
    ("x * y", "y * x"),
    ("x + 0", "x"),
    ("x - 0", "x"),
    ("x * 1", "x"),
    ("x / 1", "x"),
    ("x * -1", "-x"),
    ("0 - x", "-x"),
    ("--x", "x"),
    ("x + -y", "x - y"),
    ("x - -y", "x + y"),
    ("-(x - y)", "y - x"),
    ("-x * y", "-(x * y)"),
    ("x + x", "2 * x"),
    ("abs(-x)", "abs(x)"),
    ("abs(abs(x))", "abs(x)"),
    ("floor(floor(x))", "floor(x)"),
    ("round(round(x))", "round(x)"),
    ("sign(sign(x))", "sign(x)"),
) + _whole(
    ("x // 1", "x"),
    ("x // -1", "-x"),
    ("floor(x)", "x"),
    ("round(x)", "x"),
    ("sign(x) * abs(x)", "x"),
    ("abs(x) * abs(y)", "abs(x * y)"),
)

DIVISION = (
    *_whole(
        ("x - x // y * y", "x % y"),
        ("x // y * y + x % y", "x"),
        ("x // 0", "0"),
        ("x % 0", "x"),
        ("0 // x", "0"),
        ("0 % x", "0"),
        ("x % 1", "0"),
        ("x % -1", "0"),
        ("x % y % y", "x % y"),
        ("x * y % y", "0"),
    ),
    Rule("x // k // m", "x // (k * m)", when=lambda v: v["m"] > 0 and v["k"] != 0),
    Rule("x % m // k", "x // k % (m // k)", when=lambda v: v["k"] > 0 and v["m"] > 0 and v["m"] % v["k"] == 0),
    Rule("x // k % n", "x % (k * n) // k", when=lambda v: v["k"] > 0 and v["n"] > 0),
    Rule("k * x % m", "k * (x % (m // k))", when=lambda v: v["k"] > 1 and v["m"] > 0 and v["m"] % v["k"] == 0),
    Rule("k * (x % n)", "k * x % (k * n)", when=lambda v: v["k"] > 0 and v["n"] > 0),
    Rule("k * x // m", "x // (m // k)", when=lambda v: v["k"] > 1 and v["m"] > 0 and v["m"] % v["k"] == 0),
)

LATTICES = (
    *_exact(("max(x, x)", "x"), ("min(x, x)", "x")),
    *_whole(
        ("max(x, y) + min(x, y)", "x + y"),
        ("max(x, y) * min(x, y)", "x * y"),
        ("max(x - y, 0) + y", "max(x, y)"),
        ("x - max(x - y, 0)", "min(x, y)"),
        ("max(x, y) - y", "max(x - y, 0)"),
        ("max(x, y) - min(x, y)", "abs(x - y)"),
        ("min(x, y) - y", "min(x - y, 0)"),
        ("max(x + z, y + z)", "max(x, y) + z"),
        ("min(x + z, y + z)", "min(x, y) + z"),
        ("max(x + z, z)", "max(x, 0) + z"),
        ("min(x + z, z)", "min(x, 0) + z"),
        ("max(-x, -y)", "-min(x, y)"),
        ("min(-x, -y)", "-max(x, y)"),
        ("max(x, -x)", "abs(x)"),
        ("min(x, -x)", "-abs(x)"),
        ("max(x, 0) - min(x, 0)", "abs(x)"),
        ("max(x, 0) + max(-x, 0)", "abs(x)"),
        ("max(x, 0) - max(-x, 0)", "x"),
    ),
)

TRUTH = _whole(
    ("not not c", "c"),
    ("not c or not d", "not (c and d)"),
    ("not c and not d", "not (c or d)"),
    ("c and (not c or d)", "c and d"),
    ("c or (not c and d)", "c or d"),
    ("(c and not d) or (not c and d)", "c ^ d"),
    ("(c or d) and not (c and d)", "c ^ d"),
    ("(c or d) and (not c or not d)", "c ^ d"),
    ("(c and d) or (not c and not d)", "c == d"),
    ("c != d", "c ^ d"),
    ("c ^ d", "c != d"),
    ("not (c ^ d)", "c == d"),
    ("not (c == d)", "c ^ d"),
    ("c == (not d)", "c ^ d"),
    ("c and (c ^ d)", "c and not d"),
    ("c or (c ^ d)", "c or d"),
    ("(c and d) or (c ^ d)", "c or d"),
    ("(c and d) ^ (c ^ d)", "c or d"),
)

COMPARISON = _exact(
    ("not (x == y)", "x != y"),
    ("not (x != y)", "x == y"),
    ("x < x", "False"),
) + _whole(
    ("x == x", "True"),
    ("x != x", "False"),
    ("x <= x", "True"),
    ("not (x < y)", "y <= x"),
    ("not (x <= y)", "y < x"),
    ("x < y or x == y", "x <= y"),
    ("x <= y and x != y", "x < y"),
    ("x <= y and y <= x", "x == y"),
    ("x < y or y < x", "x != y"),
    ("x < y or y <= x", "True"),
    ("x < y and y <= x", "False"),
    ("x < y and y < x", "False"),
    ("x < y and x != y", "x < y"),
    ("max(x, y) < z", "x < z and y < z"),
    ("x < z and y < z", "max(x, y) < z"),
    ("z < x and z < y", "z < min(x, y)"),
    ("x <= z and y <= z", "max(x, y) <= z"),
    ("z <= x and z <= y", "z <= min(x, y)"),
    ("x < z or y < z", "min(x, y) < z"),
    ("z < x or z < y", "z < max(x, y)"),
    ("x <= max(x, y)", "True"),
    ("min(x, y) <= x", "True"),
)

CHOICE = _exact(
    ("x if c else x", "x"),
    ("x if True else y", "x"),
    ("x if False else y", "y"),
    ("x if not c else y", "y if c else x"),
    ("x if c else (y if c else z)", "x if c else z"),
    ("(x if c else y) if c else z", "x if c else z"),
    ("(x if d else y) if c else y", "x if c and d else y"),
    ("(y if d else x) if c else y", "x if c and not d else y"),
    ("x if c else (x if d else y)", "x if c or d else y"),
    ("x if c else (y if d else x)", "y if not c and d else x"),
    ("x + z if c else y + z", "(x if c else y) + z"),
    ("x - z if c else y - z", "(x if c else y) - z"),
    ("z - x if c else z - y", "z - (x if c else y)"),
    ("x * z if c else y * z", "(x if c else y) * z"),
    ("x % z if c else y % z", "(x if c else y) % z"),
    ("x // z if c else y // z", "(x if c else y) // z"),
    ("-x if c else -y", "-(x if c else y)"),
    ("x if x < y else y", "min(y, x)"),
    ("y if x < y else x", "max(x, y)"),
) + _whole(
    ("x if x <= y else y", "min(x, y)"),
    ("y if x <= y else x", "max(x, y)"),
    ("x if x == y else y", "y"),
    ("y if x == y else x", "x"),
    ("x if x != y else y", "x"),
    ("x + z if c else z", "(x if c else 0) + z"),
    ("z if c else x + z", "(0 if c else x) + z"),
    ("z - x if c else z", "z - (x if c else 0)"),
    ("z if c else z - x", "z - (0 if c else x)"),
    ("(x if c else 0) + (0 if c else y)", "x if c else y"),
    ("x if x > 0 else -x", "abs(x)"),
    ("-x if x < 0 else x", "abs(x)"),
    ("True if c else d", "c or d"),
    ("d if c else False", "c and d"),
    ("d if c else True", "not c or d"),
    ("False if c else d", "not c and d"),
    ("d if c else not d", "c == d"),
    ("not d if c else d", "c ^ d"),
    ("1 if c else 0", "c"),
    ("0 if c else 1", "not c"),
    ("c * d", "c and d"),
    ("c + d - c * d", "c or d"),
    ("(c + d) % 2", "c ^ d"),
    ("1 - c", "not c"),
)

ALGEBRAS: dict[str, tuple[Rule, ...]] = {
    "rings": RINGS,
    "division": DIVISION,
    "lattices": LATTICES,
    "truth": TRUTH,
    "comparison": COMPARISON,
    "choice": CHOICE,
}
RULES: tuple[Rule, ...] = tuple(rule for rules in ALGEBRAS.values() for rule in rules)


Pass = Callable[[EGraph], Iterator[None]]


def rewriting(rules: Iterable[Rule] = RULES) -> Pass:
    """A pass over an e-graph that applies every rule wherever it matches, see `_egraph.saturate`."""
    heads: dict[str, list[tuple[Rule, Apply, Pattern]]] = {}
    for rule in rules:
        left = pattern(rule.left)
        assert isinstance(left, Apply)
        heads.setdefault(left.op, []).append((rule, left, pattern(rule.right)))
    done: set[tuple[Any, ...]] = set()

    def rewrite(graph: EGraph) -> Iterator[None]:
        matcher = Matcher(graph)
        todo: list[tuple[int, Pattern, Match]] = []
        for id_, op in matcher.heads:
            for rule, left, right in heads.get(op, ()):
                for found in matcher.find(left, id_, {}, reals=rule.reals):
                    key = (rule, id_, *found.values())
                    if key not in done and (rule.when is None or rule.when(matcher.literals(found))):
                        done.add(key)
                        todo.append((id_, right, found))
            yield
        for id_, right, found in todo:
            graph.merge(id_, lambda right=right, found=found: build(graph, right, found))
            yield

    return rewrite
