"""Lists that a traced loop fills: which variable each of them collects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrutable.program._expr import Expr, Var, variables
from scrutable.program._print_body import plural
from scrutable.program._program import Let, State, Statement
from scrutable.program._tracing._values import Appended, Block, Carried, Growing, Items, Tracer, Zipped
from scrutable.program._types import Seq, Type


def collected(t: Tracer, env: Mapping[str, Any], after: Mapping[str, Any], block: Block) -> dict[str, Any]:
    """What each list that grew in the loop collects."""
    lists = {}
    for name, known in env.items():
        if not (isinstance(known, Growing) and isinstance(after.get(name), Appended)):
            continue
        value = after[name].value
        if isinstance(value, Carried) and after[value.name] is not value.value:
            value = t.let(name, value.value.expr, block)
        lists[name] = value
    return lists


def whole(
    value: Any, types: Mapping[str, Type], states: Mapping[str, str], renamed: Mapping[str, str]
) -> Expr | Zipped:
    """A list after the loop: the sequence of a variable, or several side by side."""
    if isinstance(value, Items):
        return Zipped(tuple(_sequence(part, types, states, renamed) for part in value.parts))
    return _sequence(value, types, states, renamed)


def _sequence(value: Any, types: Mapping[str, Type], states: Mapping[str, str], renamed: Mapping[str, str]) -> Expr:
    name = states[value.name] if isinstance(value, Carried) else value.name
    while name in renamed:
        name = renamed[name]
    return Var(name, Seq(types[name]))


def folded(
    statements: list[Statement], states: tuple[State, ...], lists: dict[str, Any]
) -> tuple[tuple[Let, ...], dict[str, str]]:
    """Body variables, where `y = ...; output.append(y)` is one variable.

    It is called `output` when nothing else in the loop reads `y`; it stays `y` when the list is called `ys`.
    """
    body = [let for let in statements if isinstance(let, Let)]
    known = {let.name for let in body}
    renamed = {}
    for name, value in lists.items():
        copy = next((let for let in body if isinstance(value, Var) and let.name == value.name), None)
        if copy is None or not isinstance(copy.expr, Var) or copy.expr.name not in known:
            continue
        original = next(let for let in body if isinstance(copy.expr, Var) and let.name == copy.expr.name)
        others = [let.expr for let in body if let is not copy] + [state.next for state in states]
        if any(original.name in variables(expr) for expr in others):
            if name == plural(original.name):
                body.remove(copy)
                renamed[copy.name] = original.name
        else:
            body = [Let(copy.name, let.expr) if let is original else let for let in body if let is not copy]
            known.discard(original.name)
            renamed[original.name] = copy.name
    return tuple(body), renamed
