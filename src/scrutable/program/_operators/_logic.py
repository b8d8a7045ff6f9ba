"""Comparison, logic, choice and lookup.

Both branches of an `if` are evaluated for every row: an overflow in the branch that is not taken is an overflow still.
"""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from scrutable.errors import UserError
from scrutable.program._backend import Backend
from scrutable.program._operators._base import (
    AND,
    ATOM,
    COMPARE,
    NOT,
    OR,
    TERNARY,
    Helper,
    Operator,
    Params,
    Spelled,
    calls,
    infix,
    is_int,
    is_number,
    joined,
    kind_of,
    no_params,
    promoted,
    refuse,
    wrap,
)
from scrutable.program._types import BOOL, INT, REAL, Bool, Real, Type, is_scalar

DENSE = 4096


def literal_type(value: Any) -> Type:
    """The type of a parameter that is a literal."""
    return BOOL if isinstance(value, bool) else INT if isinstance(value, int) else REAL


def _compared(name: str) -> Callable[[tuple[Type, ...], Params], Type]:
    def typing(types: tuple[Type, ...], params: Params) -> Type:
        no_params(name, params)
        if not all(map(is_scalar, types)):
            raise refuse(name, types, "numbers")
        return BOOL

    return typing


def _logical(name: str) -> Callable[[tuple[Type, ...], Params], Type]:
    def typing(types: tuple[Type, ...], params: Params) -> Type:
        no_params(name, params)
        if not all(isinstance(t, Bool) for t in types):
            raise refuse(name, types, "Bool; try a comparison such as ne(x, 0)")
        return BOOL

    return typing


def _if_type(types: tuple[Type, ...], params: Params) -> Type:
    no_params("if", params)
    if not (isinstance(types[0], Bool) and all(map(is_scalar, types))):
        raise refuse("if", types, "a Bool and two values; try a comparison such as ne(x, 0) as the condition")
    return joined(types[1:])


def _table_type(types: tuple[Type, ...], params: Params) -> Type:
    problem = _table_problem(params, len(types))
    if problem:
        raise UserError(f"got a table with {problem}; expected params=(rows, default), rows of (key tuple, value)")
    if any(isinstance(t, Real) or not is_scalar(t) for t in types):
        raise refuse("table", types, "Bool, Int or Category keys; try round or floor first")
    rows, default = params
    return joined([literal_type(default), *{literal_type(value) for _, value in rows}])


def _table_problem(params: Params, width: int) -> str:
    if len(params) != 2 or not isinstance(params[0], tuple):
        return f"{len(params)} parameters"
    rows, default = params
    if not all(isinstance(row, tuple) and len(row) == 2 and isinstance(row[0], tuple) for row in rows):
        return "a row that is not a pair of a key tuple and a value"
    keys = [key for key, _ in rows]
    if any(len(key) != width for key in keys):
        return f"a key that does not have one entry for each of the {width} arguments"
    if not all(type(part) is bool or is_int(part) for key in keys for part in key):
        return "a key that is not a 64-bit integer"
    if not all(is_number(value) for value in (default, *(value for _, value in rows))):
        return "a value that is not a bool, a 64-bit int or a finite float"
    return "a key twice" if len(set(keys)) < len(keys) else ""


def _compare(relation: Callable[[Any, Any], Any]) -> Callable[[Backend, Sequence[Any], Any], Any]:
    def kernel(xp: Backend, values: Sequence[Any], params: Any) -> Any:
        x, y = promoted(xp, values)
        return relation(x, y)

    return kernel


def _fold(combine: Callable[[Any, Any], Any]) -> Callable[[Backend, Sequence[Any], Any], Any]:
    def kernel(xp: Backend, values: Sequence[Any], params: Any) -> Any:
        result = values[0]
        for value in values[1:]:
            result = combine(result, value)
        return result

    return kernel


def _choose(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    yes, no = promoted(xp, values[1:])
    return xp.where(values[0], yes, no)


@final
@dataclass(frozen=True)
class _Dense:
    """A table whose keys fill most of a small box: one array, the default at its end."""

    low: tuple[int, ...]
    size: tuple[int, ...]
    values: Any

    def look_up(self, xp: Backend, keys: Sequence[Any]) -> Any:
        inside, place = None, 0
        for key, low, size in zip(keys, self.low, self.size, strict=True):
            near = (key >= low) & (key <= low + size - 1)
            inside = near if inside is None else inside & near
            place = place * size + (key - low)
        return self.values[xp.where(inside, place, self.values.shape[0] - 1)]


@final
@dataclass(frozen=True)
class _Sparse:
    """Any other table: keys are numbered one column at a time by binary search."""

    columns: tuple[tuple[Any, Any], ...]  # sorted entries of the column, sorted codes of the rows so far
    values: Any  # by final code, the default at the end

    def look_up(self, xp: Backend, keys: Sequence[Any]) -> Any:
        found, code = None, 0
        for key, (entries, codes) in zip(keys, self.columns, strict=True):
            place, hit = _search(xp, entries, key)
            found = hit if found is None else found & hit
            code, hit = _search(xp, codes, code * entries.shape[0] + place)
            found = found & hit
        return self.values[xp.where(found, code, self.values.shape[0] - 1)]


def _search(xp: Backend, ordered: Any, values: Any) -> tuple[Any, Any]:
    place = xp.searchsorted(ordered, values)
    place = xp.where(place < ordered.shape[0], place, 0)
    return place, ordered[place] == values


def _prepare_table(xp: Backend, params: Params) -> _Dense | _Sparse | Any:
    rows, default = params
    kind = kind_of(joined([literal_type(default), *{literal_type(value) for _, value in rows}]))
    values = [value for _, value in rows]
    if not rows:
        return _Dense((), (), xp.array([default], kind))
    keys = np.array([key for key, _ in rows], dtype=np.int64)
    low, high = [int(v) for v in keys.min(axis=0)], [int(v) for v in keys.max(axis=0)]
    size = [b - a + 1 for a, b in zip(low, high, strict=True)]
    total = int(np.prod(np.array(size, dtype=object)))
    if total <= max(DENSE, 4 * len(rows)):
        dense = [default] * (total + 1)
        for key, value in zip(keys - np.array(low), values, strict=True):
            dense[int(np.ravel_multi_index(tuple(key), size))] = value
        return _Dense(tuple(low), tuple(size), xp.array(dense, kind))
    return _sparse_table(xp, keys, [*values, default], xp.array([], kind))


def _sparse_table(xp: Backend, keys: np.ndarray, values: list[Any], like: Any) -> _Sparse:
    columns, code = [], np.zeros(len(keys), dtype=np.int64)
    for column in keys.T:
        entries, place = np.unique(column, return_inverse=True)
        codes, code = np.unique(code * len(entries) + place, return_inverse=True)
        columns.append((xp.array(entries, "i"), xp.array(codes, "i")))
    order = [int(i) for i in np.argsort(code)]
    ordered = [*(values[i] for i in order), values[-1]]
    return _Sparse(tuple(columns), xp.array(ordered, xp.kind(like)))


def _table(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    table = params if isinstance(params, (_Dense, _Sparse)) else _prepare_table(xp, params)
    keys = [xp.cast(value, "i") for value in values]
    if not table.values.shape[0] - 1:
        return table.values[sum(keys) * 0]
    return table.look_up(xp, keys)


def _spell_not(texts: Sequence[Spelled], params: Params) -> Spelled:
    return Spelled(f"not {wrap(texts[0], NOT)}", NOT)


def _spell_if(texts: Sequence[Spelled], params: Params) -> Spelled:
    condition, yes = wrap(texts[0], OR), wrap(texts[1], OR)
    return Spelled(f"{yes} if {condition} else {wrap(texts[2], TERNARY)}", TERNARY)


def _spell_table(texts: Sequence[Spelled], params: Params) -> Spelled:
    rows, default = params
    single = len(texts) == 1
    inside = ", ".join(f"{key[0] if single else key!r}: {value!r}" for key, value in rows)
    key = texts[0].text if single else f"({', '.join(t.text for t in texts)})"
    return Spelled(f"{{{inside}}}.get({key}, {default!r})", ATOM)


_SELECT_AND = Helper(
    "select_and",
    '''def select_and(*selectors):
    """Where every selector selects."""
    return [[all(cells) for cells in zip(*rows)] for rows in zip(*selectors)]
''',
)
_SELECT_OR = Helper(
    "select_or",
    '''def select_or(*selectors):
    """Where any selector selects."""
    return [[any(cells) for cells in zip(*rows)] for rows in zip(*selectors)]
''',
)
_SELECT_NOT = Helper(
    "select_not",
    '''def select_not(selector):
    """Where the selector does not select."""
    return [[not cell for cell in row] for row in selector]
''',
)
_SELECT_XOR = Helper(
    "select_xor",
    '''def select_xor(left, right):
    """Where exactly one of two selectors selects."""
    return [[a != b for a, b in zip(*rows)] for rows in zip(left, right)]
''',
)


def _logic(name: str, arity: int | None, kernel: Any, spelling: Any, helper: Helper) -> Operator:
    return Operator(
        name,
        arity,
        4.0,
        _logical(name),
        kernel,
        spelling,
        selector_spelling=calls(helper.name),
        selector_helper=helper,
    )


OPERATORS = (
    Operator("eq", 2, 4.0, _compared("eq"), _compare(python.eq), infix("==", COMPARE)),
    Operator("ne", 2, 4.0, _compared("ne"), _compare(python.ne), infix("!=", COMPARE)),
    Operator("lt", 2, 4.0, _compared("lt"), _compare(python.lt), infix("<", COMPARE)),
    Operator("le", 2, 4.0, _compared("le"), _compare(python.le), infix("<=", COMPARE)),
    _logic("and", None, _fold(python.and_), infix("and", AND), _SELECT_AND),
    _logic("or", None, _fold(python.or_), infix("or", OR), _SELECT_OR),
    _logic("not", 1, lambda xp, values, params: ~values[0], _spell_not, _SELECT_NOT),
    _logic("xor", 2, _fold(python.xor), infix("!=", COMPARE), _SELECT_XOR),
    Operator("if", 3, 4.0, _if_type, _choose, _spell_if),
    Operator("table", None, 6.0, _table_type, _table, _spell_table, least=1, prepare=_prepare_table),
)
