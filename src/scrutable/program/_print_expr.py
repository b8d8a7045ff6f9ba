"""Spelling expressions as Python: operators lifted over sequences and arrays become comprehensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from scrutable.program._expr import Call, Const, Expr, Var, call, variables
from scrutable.program._operators import ADD, COMPARE, RESERVED, TERNARY, Spelled, operator, spelled_literal, wrap
from scrutable.program._operators._base import INT_MIN, infix
from scrutable.program._types import Array, Bool, Int, Real, Selector, Seq, Type, scalar_of

_INLINE_ROWS = 3
_INLINE_LITERAL = 60
_ELEMENT_NAMES = {"aggregate": "mean", "pick": "picked", "width": "width", "position": "position"}
_INDEX_NAMES = ("t", "i", "k", "position")


@dataclass(slots=True)
class Constants:
    """The tables and long literals that are printed above the function, by name."""

    taken: set[str]
    texts: dict[str, str] = field(default_factory=dict)

    def name_for(self, text: str, wish: str) -> str:
        """The name of the constant `text`; equal ones share a name."""
        for name, known in self.texts.items():
            if known == text:
                return name
        name = fresh(wish.upper(), self.taken)
        self.taken.add(name)
        self.texts[name] = text
        return name


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean in one place of the printed function.

    Arguments:
        names: program variable -> its Python name here.
        finals: scan variable -> (the name that holds its last value, the default that it has without a step).
        taken: Python names that a new name may not hide.
        constants: shared by the whole function.
        wish: what a constant met here should be called.
    """

    names: Mapping[str, str]
    finals: Mapping[str, tuple[str, Any]]
    taken: frozenset[str]
    constants: Constants
    wish: str = "TABLE"

    def with_names(self, names: Mapping[str, str]) -> Scope:
        """The same place with more names."""
        return replace(self, names={**self.names, **names}, taken=self.taken | set(names.values()))


def fresh(wish: str, taken: frozenset[str] | set[str]) -> str:
    """`wish`, or else `wish_2`, `wish_3`, ...: the first that is not taken."""
    name, count = wish, 1
    while name in taken or name in RESERVED:
        count += 1
        name = f"{wish}_{count}"
    return name


def spell(expr: Expr, scope: Scope) -> Spelled:
    """The Python of an expression."""
    if isinstance(expr, Var):
        return Spelled(scope.names[expr.name])
    if isinstance(expr, Const):
        return _spell_const(expr, scope)
    assert isinstance(expr, Call)
    if isinstance(expr.type, Selector):
        return _spell_selector(expr, scope)
    if isinstance(expr.type, Seq) and operator(expr.op).lift != "none":
        return Spelled(f"[{_clauses(expr, scope)}]")
    if isinstance(expr.type, Array) and operator(expr.op).lift == "element":
        return Spelled(f"[{_clauses(expr, scope)}]")
    special = _SPECIAL.get(expr.op)
    spelled = special(expr, scope) if special else None
    return spelled or operator(expr.op).spelling([spell(arg, scope) for arg in expr.args], expr.params)


def text(expr: Expr, scope: Scope) -> str:
    """The Python of an expression, without its precedence."""
    return spell(expr, scope).text


def expression_text(expr: Expr) -> str:
    """The Python of an expression on its own, every variable under its own name."""
    names = variables(expr)
    return text(expr, Scope({name: name for name in names}, {}, names, Constants(set(names))))


def _spell_selector(expr: Call, scope: Scope) -> Spelled:
    entry = operator(expr.op)
    spelling = entry.selector_spelling if entry.lift != "none" else entry.spelling
    assert spelling is not None
    return spelling([spell(arg, scope) for arg in expr.args], expr.params)


def _spell_const(expr: Const, scope: Scope) -> Spelled:
    if not isinstance(expr.value, tuple):
        return spelled_literal(expr.value)
    shown = value_text(expr.value)
    if len(shown) <= _INLINE_LITERAL:
        return Spelled(shown)
    return Spelled(scope.constants.name_for(shown, scope.wish.lower().removesuffix("table") + "values"))


def value_text(value: Any) -> str:
    """Plain nested data as Python: lists and literals."""
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(value_text, value))}]"
    if isinstance(value, float) and not isfinite(value):
        return {"nan": "math.nan", "inf": "math.inf"}.get(repr(value), "-math.inf")
    return repr(value)


def loop_clause(pairs: Sequence[tuple[str, Expr]], scope: Scope) -> str:
    """`x_t in x`, `x_t, y_t in zip(x, y)` or `t, x_t in enumerate(x)`, for names and the sequences they run over."""
    index = next((i for i, (_, s) in enumerate(pairs) if isinstance(s, Call) and s.op == "position"), None)
    rest = [pair for i, pair in enumerate(pairs) if i != index]
    names = ", ".join(name for name, _ in rest)
    sequences = ", ".join(text(sequence, scope) for _, sequence in rest)
    if len(rest) > 1:
        sequences = f"zip({sequences})"
    if index is None:
        return f"{names} in {sequences}"
    name, position = pairs[index]
    if not rest:
        assert isinstance(position, Call)
        return f"{name} in range(len({text(position.args[0], scope)}))"
    return f"{name}, {f'({names})' if len(rest) > 1 else names} in enumerate({sequences})"


def _clauses(expr: Expr, scope: Scope) -> str:
    """The inside of the comprehension that spells a lifted call: `x_t + 1 for x_t in x`."""
    axis = "sequence" if isinstance(expr.type, Seq) else "array"
    leaves: dict[str, tuple[str, Expr]] = {}
    item = _peel(expr, axis, leaves, scope)
    pairs = list(leaves.values())
    inner = scope.with_names({name: name for name, _ in pairs})
    return f"{text(item, inner)} for {loop_clause(pairs, scope)}"


def _peel(expr: Expr, axis: str, leaves: dict[str, tuple[str, Expr]], scope: Scope) -> Expr:
    """`expr` for one element of its outermost axis; what it reads element by element goes into `leaves`."""
    kind = Seq if axis == "sequence" else Array
    if not isinstance(expr.type, kind):
        return expr
    if isinstance(expr, Call):
        lift = operator(expr.op).lift
        if lift == "element" or (lift == "sequence" and axis == "sequence"):
            return call(expr.op, *(_peel(arg, axis, leaves, scope) for arg in expr.args), params=expr.params)
    key = repr(expr)
    if key not in leaves:
        taken = scope.taken | {name for name, _ in leaves.values()}
        leaves[key] = (_element_name(expr, axis, scope, taken), expr)
    return Var(leaves[key][0], _element_type(expr.type))


def _element_type(type_: Type) -> Type:
    if isinstance(type_, Array):
        return Array(type_.shape[1:], type_.item) if len(type_.shape) > 1 else type_.item
    assert isinstance(type_, Seq)
    return type_.item


def _element_name(expr: Expr, axis: str, scope: Scope, taken: frozenset[str]) -> str:
    base = "value"
    if isinstance(expr, Var):
        base = expr.name
    elif isinstance(expr, Call):
        base = _ELEMENT_NAMES.get(expr.op, base)
        if expr.op == "position":
            return next((name for name in _INDEX_NAMES if name not in taken), None) or fresh("position", taken)
        if expr.op == "shift" and isinstance(expr.args[0], Var):
            return fresh(f"{expr.args[0].name}_{'before' if expr.params[0] >= 0 else 'after'}", taken)
    if axis == "sequence":
        return fresh(f"{base}_t", taken)
    return fresh(f"{base}j" if base.endswith("_i") else f"{base}_i", taken)


def _spell_table(expr: Call, scope: Scope) -> Spelled:
    rows, default = expr.params
    keys = [repr(key[0] if len(key) == 1 else key) for key, _ in rows]
    spelled = [spell(arg, scope) for arg in expr.args]
    if rows and _is_membership(expr):
        table = _kept(f"{{{', '.join(keys)}}}", len(rows), scope)
        return Spelled(f"{_key_text(spelled, COMPARE + 1)} in {table}", COMPARE)
    values = [repr(value) for _, value in rows]
    items = ", ".join(f"{key}: {value}" for key, value in zip(keys, values, strict=True))
    return Spelled(f"{_kept(f'{{{items}}}', len(rows), scope)}.get({_key_text(spelled, TERNARY)}, {default!r})")


def _kept(shown: str, rows: int, scope: Scope) -> str:
    """A small table where it is used, a larger one by the name of a constant."""
    return shown if rows <= _INLINE_ROWS else scope.constants.name_for(shown, scope.wish)


def _is_membership(expr: Call) -> bool:
    rows, default = expr.params
    return default is False and all(value is True for _, value in rows)


def _key_text(spelled: Sequence[Spelled], least: int) -> str:
    return wrap(spelled[0], least) if len(spelled) == 1 else f"({', '.join(part.text for part in spelled)})"


def _spell_order(symbol: str, mirrored: str) -> Callable[[Call, Scope], Spelled]:
    """A comparison; a literal goes to the right."""

    def spelling(expr: Call, scope: Scope) -> Spelled:
        left, right = expr.args
        if isinstance(left, Const) and not isinstance(right, Const):
            return infix(mirrored, COMPARE)([spell(right, scope), spell(left, scope)], ())
        return infix(symbol, COMPARE)([spell(left, scope), spell(right, scope)], ())

    return spelling


def _spell_not(expr: Call, scope: Scope) -> Spelled | None:
    """`not x in table` is written `x not in table`."""
    (arg,) = expr.args
    if not (isinstance(arg, Call) and arg.op == "table" and arg.params[0] and _is_membership(arg)):
        return None
    value, table = spell(arg, scope).text.rsplit(" in ", 1)
    return Spelled(f"{value} not in {table}", COMPARE)


def _spell_add(expr: Call, scope: Scope) -> Spelled | None:
    """`x + -3` is written `x - 3`."""
    left, right = expr.args
    if not (isinstance(right, Const) and not isinstance(right.value, tuple) and INT_MIN < right.value < 0):
        return None
    return infix("-", ADD)([spell(left, scope), spelled_literal(-right.value)], ())


def _spell_last(expr: Call, scope: Scope) -> Spelled | None:
    (sequence,) = expr.args
    if not isinstance(sequence, Var):
        return None
    if final := final_of(expr, scope.finals):
        return Spelled(final)
    name = scope.names[sequence.name]
    return Spelled(f"{name}[-1] if {name} else {expr.params[0]!r}", TERNARY)


def final_of(expr: Expr, finals: Mapping[str, tuple[str, Any]]) -> str | None:
    """The name that holds what a call of `last` asks for, if a loop has left one behind."""
    if not (isinstance(expr, Call) and expr.op == "last" and isinstance(expr.args[0], Var)):
        return None
    name, default = finals.get(expr.args[0].name, ("", None))
    return name if name and repr(default) == repr(expr.params[0]) else None


def _spell_total(expr: Call, scope: Scope) -> Spelled | None:
    """Sums of whole numbers, which are exact in any order, by the built-in `sum`."""
    (sequence,) = expr.args
    if isinstance(scalar_of(sequence.type), Real):
        return None
    if isinstance(sequence, Call) and operator(sequence.op).lift != "none":
        return Spelled(f"sum({_clauses(sequence, scope)})")
    return Spelled(f"sum({text(sequence, scope)})")


def _spell_position(expr: Call, scope: Scope) -> Spelled:
    return Spelled(f"list(range(len({text(expr.args[0], scope)})))")


_SPECIAL: Mapping[str, Callable[[Call, Scope], Spelled | None]] = {
    "add": _spell_add,
    "lt": _spell_order("<", ">"),
    "le": _spell_order("<=", ">="),
    "last": _spell_last,
    "sum": _spell_total,
    "count": _spell_total,
    "not": _spell_not,
    "position": _spell_position,
    "table": _spell_table,
}


def type_words(type_: Type, *, many: bool = False) -> str:
    """A type in words: "a list of integers"."""
    if isinstance(type_, Seq):
        return f"{'lists' if many else 'a list'} of {type_words(type_.item, many=True)}"
    if isinstance(type_, Array):
        size = " by ".join(map(str, type_.shape))
        return f"{'arrays' if many else 'an array'} of {size} {type_words(type_.item, many=True)}"
    word = {Bool: "truth value", Int: "integer", Real: "number"}.get(type(type_), "label")
    return f"{word}s" if many else f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
