"""What to call the variables of a program, from the part they play in it. No role knows any task."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from scrutable.errors import ScrutableError
from scrutable.program._expr import Call, Const, Expr, Var, substitute, variables, walk
from scrutable.program._operators import RESERVED
from scrutable.program._program import Let, Program, Scan, State
from scrutable.program._types import BOOL, scalar_of

LARGEST_EXPANDED = 200
_GENERIC = re.compile(
    r"(?i)(state|part|value|var|variable|out|output|body|node|tmp|temp|let|hidden|unit|item)?_?\d*|.{1,3}"
)
_BY_OPERATOR = {
    "add": "total",
    "sub": "difference",
    "neg": "opposite",
    "mul": "product",
    "floordiv": "quotient",
    "div": "ratio",
    "mod": "remainder",
    "abs": "size",
    "sign": "sign",
    "floor": "floor",
    "round": "rounded",
    "min": "smaller",
    "max": "larger",
    "sqrt": "root",
    "exp": "exponential",
    "log": "logarithm",
    "sin": "sine",
    "cos": "cosine",
    "tanh": "squashed",
    "table": "entry",
    "if": "choice",
    "shift": "shifted",
    "position": "place",
    "length": "length",
    "last": "final",
    "sum": "total",
    "count": "count",
    "counts": "counts",
    "select": "attention",
    "aggregate": "average",
    "pick": "picked",
    "width": "matches",
    "index": "entry",
    "stack": "vector",
    "dot": "score",
    "argmax": "best",
}
_PREDICATES = {
    "eq": "is_equal",
    "ne": "is_different",
    "xor": "is_different",
    "lt": "is_less",
    "le": "is_at_most",
    "and": "is_both",
    "or": "is_either",
    "not": "is_not",
}
_CHAINS = {"max": "largest", "min": "smallest", "mul": "running_product", "or": "any_so_far", "and": "all_so_far"}


def role_names(program: Program) -> dict[str, str]:
    """A new name for every variable and loop element of a program: old name -> new name, all unique."""
    names = _Names(program)
    outputs = [name for name in program.outputs if name in program.variables]
    for statement in program.statements:
        if isinstance(statement, Let):
            names.give(statement.name, "output" if statement.name in outputs else value_role(statement.expr))
        else:
            _name_scan(statement, names, outputs)
    return names.found


class _Names:
    """Names given so far."""

    def __init__(self, program: Program) -> None:
        self.found: dict[str, str] = {}
        self._taken = {entry.name for entry in program.inputs} | RESERVED | {program.name}

    def give(self, old: str, role: str) -> None:
        """Call `old` by its role; without one, by its own name if that says something."""
        if role in ("state", "part") and not _GENERIC.fullmatch(old):
            role = re.sub(r"_\d+$", "", old)
        name, count = role, 1
        while name in self._taken:
            count += 1
            name = f"{role}_{count}"
        self._taken.add(name)
        self.found[old] = name


def _name_scan(scan: Scan, names: _Names, outputs: Sequence[str]) -> None:
    for name, expr in scan.over:
        names.give(name, _element_role(expr, names.found))
    elements = {name: names.found[name].removesuffix("_t") for name, _ in scan.over}
    values = expanded(scan)
    for state in sorted(scan.states, key=lambda s: isinstance(values[s.name], Var)):
        names.give(state.name, state_role(state, scan, values, elements))
    divided = set(_divided(scan))
    for let in scan.body:
        role = "total" if let.name in divided else value_role(let.expr)
        names.give(let.name, "output" if let.name in outputs else role)


def _element_role(expr: Expr, found: Mapping[str, str]) -> str:
    if isinstance(expr, Var):
        return f"{found.get(expr.name, expr.name)}_t"
    if isinstance(expr, Call) and expr.op == "shift" and isinstance(expr.args[0], Var) and expr.params[0] == 1:
        return f"previous_{found.get(expr.args[0].name, expr.args[0].name)}"
    return f"{value_role(expr)}_t"


def expanded(scan: Scan) -> dict[str, Expr]:
    """The next value of each state written out in elements and states alone, as far as that stays small."""
    known: dict[str, Expr] = {}

    def write_out(expr: Expr) -> Expr:
        try:
            whole = substitute(expr, known)
        except ScrutableError:
            return expr
        return whole if sum(1 for _ in walk(whole)) <= LARGEST_EXPANDED else expr

    for let in scan.body:
        known[let.name] = write_out(let.expr)
    return {state.name: write_out(state.next) for state in scan.states}


def state_role(state: State, scan: Scan, values: Mapping[str, Expr], elements: Mapping[str, str]) -> str:
    """What a state is for, by how it goes on from step to step."""
    value = values[state.name]
    if isinstance(value, Var):
        return _previous(value, scan, values, elements)
    if not isinstance(value, Call) or state.name not in variables(value):
        return f"previous_{value_role(value)}" if isinstance(value, Call) else "state"
    if _weighted(value, {each.name for each in scan.states} - {state.name}):
        return "state"
    for role in (_carry, _parity, _sum, _chain, _choice):
        found = role(value, state.name)
        if found:
            return found
    return "state"


def _previous(value: Var, scan: Scan, values: Mapping[str, Expr], elements: Mapping[str, str]) -> str:
    """An element of an earlier step, through as many states as it takes."""
    steps = 1
    while value.name in values and steps <= len(values):
        following = values[value.name]
        if not isinstance(following, Var):
            return "previous_state"
        value, steps = following, steps + 1
    if value.name not in elements:
        return "state"
    base = "previous" if len(scan.over) == 1 else f"previous_{elements[value.name]}"
    return base if steps == 1 else f"{base}_{steps}"


def _is(expr: Expr, name: str) -> bool:
    return isinstance(expr, Var) and expr.name == name


def _is_literal(expr: Expr, *values: float) -> bool:
    return isinstance(expr, Const) and (not values or expr.value in values)


def _carry(value: Call, name: str) -> str:
    if value.op == "floordiv" and _is_literal(value.args[1]):
        return "quotient" if _is(value.args[0], name) else "carry"
    if (
        value.op in ("lt", "le")
        and _is_literal(value.args[0])
        and name in {term.name for _, term in _terms(value.args[1]) if isinstance(term, Var)}
    ):
        return "carry"
    return ""


def _parity(value: Call, name: str) -> str:
    args = value.args
    if value.op == "mod" and _is_literal(args[1]):
        return "parity" if _is_literal(args[1], 2) else "remainder"
    if (value.op in ("xor", "ne") and any(_is(arg, name) for arg in args)) or _flipped(value, name):
        return "parity"
    kept = value.op == "if" and any(_is(arg, name) for arg in args[1:])
    return "parity" if kept and any(_flipped(arg, name) for arg in args[1:]) else ""


def _flipped(expr: Expr, name: str) -> bool:
    match expr:
        case Call(op="not", args=(inner,)):
            return _is(inner, name)
        case Call(op="sub", args=(one, inner)):
            return _is_literal(one, 1) and _is(inner, name)
    return False


def _terms(expr: Expr, sign: int = 1) -> Iterator[tuple[int, Expr]]:
    """The terms of a sum, each with its sign."""
    if isinstance(expr, Call) and expr.op in ("add", "sub"):
        yield from _terms(expr.args[0], sign)
        yield from _terms(expr.args[1], sign if expr.op == "add" else -sign)
    else:
        yield sign, expr


def _sum(value: Call, name: str) -> str:
    if value.op == "if":
        steps = [_step(arg, name) for arg in value.args[1:]]
        if None not in steps:
            return "balance" if any(step < 0 for step in steps if step is not None) else "count"
        reset = any(_is_literal(arg) for arg in value.args[1:]) and any(steps)
        return "streak" if reset else ""
    terms = list(_terms(value))
    if value.op not in ("add", "sub") or [sign for sign, term in terms if _is(term, name)] != [1]:
        return ""
    rest = [(sign, term) for sign, term in terms if not _is(term, name)]
    if any(name in variables(term) for _, term in rest):
        return ""
    if any(sign < 0 for sign, _ in rest):
        return "balance"
    if len(rest) == 1 and _is_literal(rest[0][1]):
        return "steps"
    return "count" if len(rest) == 1 and _is_condition(rest[0][1]) else "running_sum"


def _weighted(value: Call, others: set[str]) -> bool:
    """Whether a sum has a term that is a multiple of another state."""
    terms = [term for _, term in _terms(value)]
    return len(terms) > 1 and any(isinstance(t, Call) and t.op == "mul" and variables(t) & others for t in terms)


def _step(expr: Expr, name: str) -> int | None:
    """By how much an expression goes beyond a variable, when that is a literal."""
    if _is(expr, name):
        return 0
    rest = [(sign, term) for sign, term in _terms(expr) if not _is(term, name)]
    if len(rest) == 1 and isinstance(rest[0][1], Const) and name in variables(expr):
        return int(rest[0][0] * rest[0][1].value)
    return None


def _is_condition(expr: Expr) -> bool:
    if scalar_of(expr.type) == BOOL:
        return True
    match expr:
        case Call(op="if", args=(_, yes, no)):
            return _is_literal(yes, 0, 1) and _is_literal(no, 0, 1)
        case Call(op="mod", args=(_, modulus)):
            return _is_literal(modulus, 2)
    return False


def _chain(value: Call, name: str) -> str:
    others = [arg for arg in value.args if not _is(arg, name)]
    if value.op in _CHAINS and len(others) == len(value.args) - 1:
        if value.op == "mul" and all(_is_literal(other) for other in others):
            return "power"
        return _CHAINS[value.op] if not any(name in variables(other) for other in others) else ""
    return ""


def _choice(value: Call, name: str) -> str:
    if value.op != "if" or name in variables(value.args[0]):
        return ""
    others = [arg for arg in value.args[1:] if not _is(arg, name)]
    return "latest" if len(others) == 1 and isinstance(others[0], Var) else ""


def _divided(scan: Scan) -> Iterator[str]:
    """Variables of which both quotient and remainder by one literal are used."""
    used: dict[str, set[tuple[str, str]]] = {"floordiv": set(), "mod": set()}
    for expr in [let.expr for let in scan.body] + [state.next for state in scan.states]:
        for node in walk(expr):
            if isinstance(node, Call) and node.op in used and isinstance(node.args[0], Var):
                used[node.op].add((node.args[0].name, str(node.args[1])))
    yield from (name for name, _ in used["floordiv"] & used["mod"])


def value_role(expr: Expr) -> str:
    """What to call the value of an expression, by its outermost operator."""
    if not isinstance(expr, Call):
        return "part"
    if scalar_of(expr.type) == BOOL:
        return _predicate(expr)
    if expr.op == "mod" and _is_literal(expr.args[1], 2):
        return "parity"
    if expr.op == "shift" and expr.params[0] == 1:
        return "previous"
    if expr.op == "abs" and isinstance(expr.args[0], Call) and expr.args[0].op == "sub":
        return "distance"
    return _BY_OPERATOR.get(expr.op, "part")


def _predicate(expr: Call) -> str:
    if len(expr.args) == 2 and expr.op in ("eq", "ne", "lt", "le"):
        return _comparison(expr.op, *expr.args) or _PREDICATES[expr.op]
    return _PREDICATES.get(expr.op, "condition")


def _comparison(op: str, left: Expr, right: Expr) -> str:
    if op in ("eq", "ne"):
        if isinstance(left, Call) and left.op == "mod" and _is_literal(left.args[1], 2) and _is_literal(right, 0, 1):
            return "is_even" if (op == "eq") == _is_literal(right, 0) else "is_odd"
        return ("is_zero" if op == "eq" else "is_nonzero") if _is_literal(right, 0) else ""
    if op == "lt" and (_is_literal(left, 0) or _is_literal(right, 0)):
        return "is_positive" if _is_literal(left, 0) else "is_negative"
    return "is_large" if _is_literal(left) else "is_small" if _is_literal(right) else ""
