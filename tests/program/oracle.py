"""A second, slow and obvious implementation of the language, on one row of plain Python values at a time.

It shares nothing with the kernels: sequences are lists, arrays are tuples, selectors are lists of lists. Integers are
Python's own, so a result beyond 64 bits shows here as a large integer.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from scrutable.program import Call, Const, Expr, Let, Program, Setting, Var


class Beyond(Exception):
    """An integer left 64 bits, or a conversion has no answer: the kernels raise ProgramError."""


def _fit(value: Any) -> Any:
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise Beyond
    return value


def _numbers(x: Any, y: Any) -> tuple[Any, Any]:
    """Both as floats when one is, else both as ints."""
    if isinstance(x, float) or isinstance(y, float):
        return _real(x), _real(y)
    return int(x), int(y)


def _real(x: Any) -> float:
    if isinstance(x, int) and abs(x) > 2**53:
        raise Beyond
    return float(x)


def _floordiv(x: Any, y: Any) -> Any:
    x, y = _numbers(x, y)
    return x // y if y else x * 0 if isinstance(x, int) else 0.0


def _mod(x: Any, y: Any) -> Any:
    x, y = _numbers(x, y)
    return x % y if y else x


def _div(x: Any, y: Any) -> float:
    x, y = _real(x), _real(y)
    return x / y if y else 0.0


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _whole(x: Any, how: Any) -> int:
    if isinstance(x, float) and not math.isfinite(x):
        raise Beyond
    return how(Fraction(x)) if isinstance(x, float) else int(x)


def _extreme(values: tuple[Any, ...], better: Any) -> Any:
    if any(isinstance(v, float) for v in values):
        values = tuple(map(_real, values))
    best = values[0]
    for value in values[1:]:
        if better(value, best):
            best = value
    return best


def _compare(x: Any, y: Any, op: str) -> bool:
    x, y = _numbers(x, y)
    return {"eq": x == y, "ne": x != y, "lt": x < y, "le": x <= y, "gt": x > y, "ge": x >= y, "true": True}[op]


def _choose(condition: bool, yes: Any, no: Any) -> Any:
    if isinstance(yes, float) or isinstance(no, float):
        yes, no = _real(yes), _real(no)
    return yes if condition else no


SCALAR: dict[str, Any] = {
    "add": lambda x, y: (lambda a, b: a + b)(*_numbers(x, y)),
    "sub": lambda x, y: (lambda a, b: a - b)(*_numbers(x, y)),
    "mul": lambda x, y: (lambda a, b: a * b)(*_numbers(x, y)),
    "neg": lambda x: -x,
    "abs": lambda x: abs(x),
    "floordiv": _floordiv,
    "mod": _mod,
    "div": _div,
    "min": lambda *v: _extreme(v, lambda a, b: a < b),
    "max": lambda *v: _extreme(v, lambda a, b: a > b),
    "sign": lambda x: 1 if x > 0 else -1 if x < 0 else 0,
    "floor": lambda x: _whole(x, math.floor),
    "round": lambda x: _whole(x, round),
    "sqrt": lambda x: math.sqrt(_real(x)) if _real(x) > 0 else 0.0,
    "exp": lambda x: _exp(_real(x)),
    "log": lambda x: math.log(_real(x)) if _real(x) > 0 else 0.0,
    "sin": lambda x: math.sin(_real(x)) if math.isfinite(x) else math.nan,
    "cos": lambda x: math.cos(_real(x)) if math.isfinite(x) else math.nan,
    "tanh": lambda x: math.tanh(_real(x)),
    "eq": lambda x, y: _compare(x, y, "eq"),
    "ne": lambda x, y: _compare(x, y, "ne"),
    "lt": lambda x, y: _compare(x, y, "lt"),
    "le": lambda x, y: _compare(x, y, "le"),
    "and": lambda *v: all(v),
    "or": lambda *v: any(v),
    "not": lambda x: not x,
    "xor": lambda x, y: bool(x) is not bool(y),
    "if": _choose,
}


def _left_sum(values: Any) -> Any:
    total: Any = 0
    for value in values:
        total = _fit(total + value)
    return total


def _lift(function: Any, args: list[Any]) -> Any:
    """Elementwise over lists (sequences, selectors) and tuples (arrays)."""
    for kind in (list, tuple):
        lengths = {len(a) for a in args if isinstance(a, kind)}
        if lengths:
            assert len(lengths) == 1, "sequences of unequal lengths"
            rows = range(lengths.pop())
            return kind(_lift(function, [a[i] if isinstance(a, kind) else a for a in args]) for i in rows)
    return _fit(function(*args))


def _in_sequence(function: Any, args: list[Any]) -> Any:
    """Once for each position, arrays whole."""
    lengths = {len(a) for a in args if isinstance(a, list)}
    if lengths:
        assert len(lengths) == 1
        return [function(*(a[t] if isinstance(a, list) else a for a in args)) for t in range(lengths.pop())]
    return function(*args)


def _argmax(*args: Any) -> int:
    values = args[0] if len(args) == 1 else tuple(args)
    if any(isinstance(v, float) for v in values):
        values = [_real(v) for v in values]
    return max(range(len(values)), key=lambda i: (values[i], -i))


def _dot(x: Any, y: Any) -> Any:
    if any(isinstance(v, float) for v in (*x, *y)):
        x, y = [_real(v) for v in x], [_real(v) for v in y]
    return _left_sum(_fit(a * b) for a, b in zip(x, y, strict=True))


def _index(array: Any, *places: int) -> Any:
    for place in places:
        array = array[place]
    return array


def _select(keys: Any, queries: Any, op: str) -> Any:
    keys = keys if isinstance(keys, list) else [keys] * len(queries)
    queries = queries if isinstance(queries, list) else [queries] * len(keys)
    return [[_compare(key, query, op) for key in keys] for query in queries]


def _means(selector: Any, values: Any, default: Any) -> Any:
    chosen = [[v for s, v in zip(row, values, strict=True) if s] for row in selector]
    return [_real(_left_sum(row)) / len(row) if row else float(default) for row in chosen]


def _shift(values: list[Any], offset: int, fill: Any) -> list[Any]:
    return [values[t - offset] if 0 <= t - offset < len(values) else fill for t in range(len(values))]


def _first(selector: Any, values: Any, default: Any) -> Any:
    return [next((v for s, v in zip(row, values, strict=True) if s), default) for row in selector]


SEQUENCE: dict[str, Any] = {
    "shift": _shift,
    "position": lambda values: [t for t, _ in enumerate(values)],
    "length": len,
    "last": lambda values, default: values[-1] if values else default,
    "sum": _left_sum,
    "count": lambda values: values.count(True),
    "counts": lambda values, k: tuple(values.count(i) for i in range(k)),
    "select": _select,
    "aggregate": _means,
    "pick": _first,
    "width": lambda selector: [row.count(True) for row in selector],
}
ARRAY: dict[str, Any] = {"index": _index, "stack": lambda *values: values, "dot": _dot, "argmax": _argmax}


def _apply(op: str, args: list[Any], params: tuple[Any, ...]) -> Any:
    if op == "table":
        rows, default = params
        return _lift(lambda *key: next((v for k, v in rows if k == key), default), args)
    if op in SCALAR:
        return _lift(SCALAR[op], args)
    if op in ARRAY:
        return _in_sequence(lambda *values: ARRAY[op](*values, *params), args)
    return SEQUENCE[op](*args, *params)


def evaluate(expr: Expr, scope: dict[str, Any]) -> Any:
    """The value of an expression for one row."""
    if isinstance(expr, Var):
        return scope[expr.name]
    if isinstance(expr, Const):
        return expr.value
    assert isinstance(expr, Call)
    return _apply(expr.op, [evaluate(arg, scope) for arg in expr.args], expr.params)


def run_row(program: Program, inputs: dict[str, Any], settings: dict[str, Setting] | None = None) -> dict[str, Any]:
    """Every variable for one row. Settings hold one value, and a mask of one entry or one for each step."""
    settings = settings or {}
    scope = dict(inputs)
    for statement in program.statements:
        if isinstance(statement, Let):
            scope[statement.name] = evaluate(statement.expr, scope)
            continue
        sequences = {name: evaluate(expr, scope) for name, expr in statement.over}
        states = {state.name: state.init.value for state in statement.states}
        names = [*states, *(let.name for let in statement.body)]
        traces: dict[str, list[Any]] = {name: [] for name in names}
        for t in range(len(next(iter(sequences.values())))):
            inner = scope | {name: values[t] for name, values in sequences.items()} | states
            for let in statement.body:
                inner[let.name] = _set(settings, let.name, t, evaluate(let.expr, inner))
            states = {s.name: _set(settings, s.name, t, evaluate(s.next, inner)) for s in statement.states}
            for name in names:
                traces[name].append(states[name] if name in states else inner[name])
        scope |= traces
    return scope


def _set(settings: dict[str, Setting], name: str, t: int, value: Any) -> Any:
    setting = settings.get(name)
    return setting.value if setting is not None and setting.mask[t] else value
