"""From a linear relation to programs: with plain states, with rates of change, with shifted sequences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from scrutable.program import INT, REAL, Const, Expr, Input, Let, Program, Scan, Seq, State, Type, Var, call, const
from scrutable.propose._relation import Relation

NAME = "program"
Term = tuple[Fraction | float, Expr]


def programs_of(relation: Relation, inputs: tuple[Input, ...]) -> Iterator[Program]:
    """Programs that compute a relation, those with states first.

    Outputs of the program are the outputs of the relation; states start from the relation's values before the start.
    """
    r, m = relation.order
    if r == 0 and m == 0:
        yield _memoryless(relation, inputs)
        return
    if r == 2:
        yield _with_rates(relation, inputs)
    yield _with_states(relation, inputs)
    if r == 0:
        yield _shifted(relation, inputs)


def _memoryless(relation: Relation, inputs: tuple[Input, ...]) -> Program:
    lets = []
    for k, name in enumerate(_names("output", relation)):
        terms = [(c, Var(i.name, i.type)) for c, i in zip(relation.inputs[0][k], inputs, strict=True)]
        lets.append(Let(name, _spread(linear(terms, relation.constant[k]), inputs)))
    return Program(NAME, inputs, tuple(lets), tuple(let.name for let in lets))


def _spread(expr: Expr, inputs: tuple[Input, ...]) -> Expr:
    """A constant as a sequence of the inputs' length."""
    return (
        expr if isinstance(expr.type, Seq) else call("add", call("mul", Var(inputs[0].name, inputs[0].type), 0), expr)
    )


def _shifted(relation: Relation, inputs: tuple[Input, ...]) -> Program:
    lets = []
    for k, name in enumerate(_names("output", relation)):
        terms: list[Term] = []
        for j, row in enumerate(relation.inputs):
            for i, each in enumerate(inputs):
                sequence: Expr = Var(each.name, each.type)
                if j:
                    sequence = call("shift", sequence, params=(j, _plain(relation.inputs_before[j - 1, i], each.type)))
                terms.append((row[k, i], sequence))
        lets.append(Let(name, _spread(linear(terms, relation.constant[k]), inputs)))
    return Program(NAME, inputs, tuple(lets), tuple(let.name for let in lets))


def _with_states(relation: Relation, inputs: tuple[Input, ...]) -> Program:
    """Companion form: the states are earlier outputs and earlier inputs."""
    r, _ = relation.order
    kind = _kind(relation, inputs)
    names = _names("total" if r == 1 else "output", relation)
    outs, body = [], []
    for k, name in enumerate(names):
        expr = _next(relation, inputs, kind, k)
        outs.append(expr if r == 1 else Var(f"{name}", expr.type))
        if r != 1:
            body.append(Let(name, expr))
    states = [
        State(
            _back(name, i, r),
            _init(relation.outputs_before[i, k], kind),
            outs[k] if i == 0 else Var(_back(name, i - 1, r), kind),
        )
        for i in range(r)
        for k, name in enumerate(names)
    ]
    states += _delays(relation, inputs)
    return Program(NAME, inputs, (Scan(_over(inputs), tuple(states), tuple(body)),), tuple(names))


def _back(name: str, i: int, r: int) -> str:
    """The name of the state that holds an output of `i + 1` steps ago."""
    if r == 1:
        return name
    return f"{name}_before" if i == 0 else f"{name}_before_{i + 1}"


def _with_rates(relation: Relation, inputs: tuple[Input, ...]) -> Program:
    """The states are the output and its latest change: position and velocity."""
    kind = _kind(relation, inputs)
    q = len(relation.constant)
    places, rates, changes = (_names(name, relation) for name in ("position", "velocity", "change"))
    first, second = relation.past
    body, states = [], []
    for k in range(q):
        by_place = [first[k, i] + second[k, i] - (1 if i == k else 0) for i in range(q)]
        terms = [(by_place[i], Var(places[i], kind)) for i in range(q)]
        terms += [(-second[k, i], Var(rates[i], kind)) for i in range(q)]
        terms += _input_terms(relation, inputs, k)
        expr = linear(terms, relation.constant[k])
        body.append(Let(changes[k], expr))
        before = relation.outputs_before[:, k]
        states.append(
            State(places[k], _init(before[0], kind), call("add", Var(places[k], kind), Var(changes[k], expr.type)))
        )
        states.append(State(rates[k], _init(before[0] - before[1], kind), Var(changes[k], expr.type)))
    states += _delays(relation, inputs)
    return Program(NAME, inputs, (Scan(_over(inputs), tuple(states), tuple(body)),), tuple(places))


def _next(relation: Relation, inputs: tuple[Input, ...], kind: Type, k: int) -> Expr:
    r, _ = relation.order
    names = _names("total" if r == 1 else "output", relation)
    terms = [
        (row[k, i], Var(_back(name, step, r), kind))
        for step, row in enumerate(relation.past)
        for i, name in enumerate(names)
    ]
    return linear([*terms, *_input_terms(relation, inputs, k)], relation.constant[k])


def _input_terms(relation: Relation, inputs: tuple[Input, ...], k: int) -> list[Term]:
    return [
        (row[k, i], Var(_delayed(each.name, j), each.type.item if isinstance(each.type, Seq) else each.type))
        for j, row in enumerate(relation.inputs)
        for i, each in enumerate(inputs)
    ]


def _delayed(name: str, j: int) -> str:
    if j == 0:
        return f"{name}_t"
    return f"{name}_before" if j == 1 else f"{name}_before_{j}"


def _delays(relation: Relation, inputs: tuple[Input, ...]) -> list[State]:
    """One state for each input of each earlier step."""
    states = []
    for j in range(1, relation.order[1] + 1):
        for i, each in enumerate(inputs):
            assert isinstance(each.type, Seq)
            init = _init(relation.inputs_before[j - 1, i], each.type.item)
            states.append(State(_delayed(each.name, j), init, Var(_delayed(each.name, j - 1), each.type.item)))
    return states


def _over(inputs: tuple[Input, ...]) -> tuple[tuple[str, Expr], ...]:
    return tuple((_delayed(each.name, 0), Var(each.name, each.type)) for each in inputs)


def _names(name: str, relation: Relation) -> list[str]:
    q = len(relation.constant)
    return [name] if q == 1 else [f"{name}_{k}" for k in range(q)]


def _kind(relation: Relation, inputs: tuple[Input, ...]) -> Type:
    """Int when whole numbers stay whole, else Real."""
    parts = (relation.past, relation.inputs, relation.constant, relation.outputs_before, relation.inputs_before)
    values = [value for part in parts for value in part.flat]
    whole = all(Fraction(value).denominator == 1 for value in values)
    return INT if whole and all(each.type == Seq(INT) for each in inputs) else REAL


def _init(value: Fraction | float, type_: Type) -> Const:
    return Const(_plain(value, type_), type_)


def _plain(value: Fraction | float, type_: Type) -> int | float:
    return float(value) if REAL in (type_, getattr(type_, "item", None)) else int(value)


def linear(terms: Iterable[Term], constant: Fraction | float) -> Expr:
    """`sum of coefficient * expression + constant` as a person writes it; plus terms first, then minus terms.

    >>> print(linear([(Fraction(-1), Var("y", INT)), (Fraction(2), Var("x", INT))], Fraction(1)))
    sub(add(mul(2, x), 1), y)
    """
    plus: list[Expr] = []
    minus: list[Expr] = []
    for coefficient, expr in terms:
        if coefficient:
            (plus if coefficient > 0 else minus).append(_scaled(abs(coefficient), expr))
    if constant:
        (plus if constant > 0 else minus).append(_number(abs(constant)))
    total: Expr | None = None
    for expr in plus:
        total = expr if total is None else call("add", total, expr)
    for expr in minus:
        total = call("neg", expr) if total is None else call("sub", total, expr)
    return const(0) if total is None else total


def _scaled(size: Fraction | float, expr: Expr) -> Expr:
    if size == 1:
        return expr
    if isinstance(size, Fraction) and size.numerator == 1 and size.denominator > 2:
        return call("div", expr, size.denominator)
    return call("mul", _number(size), expr)


def _number(size: Fraction | float) -> Expr:
    if isinstance(size, Fraction) and size.denominator == 1:
        return const(int(size))
    as_float = float(np.round(float(size), 12))
    if isinstance(size, Fraction) and Fraction(repr(as_float)) != size:
        return call("div", int(size.numerator), int(size.denominator))
    return const(as_float)
