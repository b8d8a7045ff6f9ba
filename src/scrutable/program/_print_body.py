"""Printing statements: assignments, loops with the lists they collect, and choices as `if` statements."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from scrutable.program._expr import Call, Expr, Var, call
from scrutable.program._layout import WIDTH, statement_lines
from scrutable.program._print_expr import Constants, Scope, fresh, loop_clause, spell, text, value_text
from scrutable.program._print_plan import Reads, groups, in_order, inside_reads, live_statements, moved_early
from scrutable.program._program import Let, Program, Scan, State
from scrutable.program._types import Seq, is_scalar

_INDENT = "    "
_DEEPEST = 20  # levels of indentation below which choices are expressions; Python allows 100
Put = Callable[[str], str]  # the statement that stores a value


def function_body(program: Program, constants: Constants) -> list[str]:
    """The lines of the printed function, below its first line, indented once."""
    writer = _Writer(_first_scope(program, constants), _element_names(program))
    kept = live_statements(program)
    for index, (statement, reads) in enumerate(kept):
        if isinstance(statement, Scan):
            writer.scan(statement, reads)
        elif index == len(kept) - 1 and program.outputs == ("output",) == (statement.name,):
            writer.lines += returned(statement.expr, writer.scope_for("output"))
            return writer.lines
        else:
            writer.let(statement)
    outputs = ", ".join(writer.scope.names[name] for name in program.outputs)
    if len(program.outputs) > 1 and isinstance(_type_of(program, program.outputs[0]), Seq):
        outputs = f"list(zip({outputs}))"
    writer.lines += statement_lines(f"return {outputs}", 1)
    return writer.lines


def _type_of(program: Program, name: str) -> object:
    return {**{entry.name: entry.type for entry in program.inputs}, **program.variables}[name]


def _first_scope(program: Program, constants: Constants) -> Scope:
    """The scope at the top of the function. Loop elements may share their names with those of comprehensions."""
    names = {entry.name: entry.name for entry in program.inputs}
    taken = {*names, *program.variables, program.name, *constants.taken}
    return Scope(names, {}, frozenset(taken), constants)


def _element_names(program: Program) -> frozenset[str]:
    loops = [statement for statement in program.statements if isinstance(statement, Scan)]
    return frozenset(name for loop in loops for name, _ in loop.over)


def _assign(name: str) -> Put:
    return lambda value: f"{name} = {value}"


def _append(name: str) -> Put:
    return lambda value: f"{name}.append({value})"


def choice(expr: Expr) -> Call | None:
    """`expr` if it is a choice between scalars."""
    if isinstance(expr, Call) and expr.op == "if" and is_scalar(expr.type):
        return expr
    return None


def stored(expr: Expr, put: Put, level: int, scope: Scope, *, hold: str = "", inside: bool = False) -> list[str]:
    """Lines that store the value of `expr`: one assignment, or `if` statements for choices within choices.

    Arguments:
        hold: a variable that already has its value; storing it in itself takes no line.
        inside: whether this is the last branch of an `if` statement already, where a choice becomes an `elif`.
    """
    chosen = choice(expr)
    inside = inside and level <= _DEEPEST
    if chosen is None or not (inside or _as_statement(chosen, put, level, scope, hold)):
        return [] if _is(expr, hold) else statement_lines(put(text(expr, scope)), level)
    condition, yes, no = chosen.args
    if _is(yes, hold):
        condition, yes, no = call("not", condition), no, yes
    lines = statement_lines(f"if {text(condition, scope)}:", level)
    lines += stored(yes, put, level + 1, scope, hold=hold) or [_INDENT * (level + 1) + "pass"]
    if choice(no):
        first, *rest = stored(no, put, level, scope, hold=hold, inside=True)
        return [*lines, _INDENT * level + "el" + first.strip(), *rest]
    otherwise = stored(no, put, level + 1, scope, hold=hold)
    return [*lines, _INDENT * level + "else:", *otherwise] if otherwise else lines


def _is(expr: Expr, name: str) -> bool:
    return isinstance(expr, Var) and expr.name == name


def _as_statement(expr: Call, put: Put, level: int, scope: Scope, hold: str) -> bool:
    """Whether a choice reads better as a statement: it nests, keeps a value, or does not fit on a line."""
    branches = expr.args[1:]
    if level > _DEEPEST:
        return False
    if any(choice(branch) or _is(branch, hold) for branch in branches):
        return True
    return len(put(text(expr, scope))) + 4 * level > WIDTH


def returned(expr: Expr, scope: Scope, level: int = 1, *, inside: bool = False) -> list[str]:
    """Lines that return the value of `expr`."""
    chosen = choice(expr)
    inside = inside and level <= _DEEPEST
    if chosen is None or not (inside or _as_statement(chosen, lambda value: f"return {value}", level, scope, "")):
        return statement_lines(f"return {text(expr, scope)}", level)
    condition, yes, no = chosen.args
    head = statement_lines(f"if {text(condition, scope)}:", level)
    return [*head, *returned(yes, scope, level + 1), *returned(no, scope, level, inside=True)]


@dataclass(slots=True)
class _Writer:
    """Lines written so far, and what names mean below them."""

    scope: Scope
    elements: frozenset[str]
    lines: list[str] = field(default_factory=list)

    def scope_for(self, name: str) -> Scope:
        return replace(self.scope, wish=f"{name}_table")

    def let(self, let: Let) -> None:
        self.lines += stored(let.expr, _assign(let.name), 1, self.scope_for(let.name))
        self.scope = self.scope.with_names({let.name: let.name})

    def scan(self, scan: Scan, reads: dict[str, Reads]) -> None:
        constants = self.scope.constants
        loop = _Loop.plan(scan, reads, self.scope.taken | self.elements | constants.taken)
        constants.taken.update(loop.lists.values())
        for name in loop.lists.values():
            self.lines.append(f"{_INDENT}{name} = []")
        for name, start in loop.starts.items():
            self.lines += statement_lines(f"{name} = {start}", 1)
        elements = self.shorter({name: name for name, _ in scan.over}, loop.inner)
        over = [(elements[name], sequence) for name, sequence in scan.over]
        self.lines += statement_lines(f"for {loop_clause(over, self.scope)}:", 1)
        inner = self.scope.with_names({name: name for name in loop.inner} | elements | loop.early)
        for let in scan.body:
            self.lines += loop.body_lines(let, inner)
        self.lines += loop.state_lines(scan.states, inner)
        taken = self.scope.taken | {*loop.inner, *loop.lists.values()}
        finals = {**self.scope.finals, **{name: (name, default) for name, default in loop.finals.items()}}
        self.scope = replace(self.scope, names={**self.scope.names, **loop.lists}, finals=finals, taken=taken)

    def shorter(self, names: dict[str, str], inner: frozenset[str]) -> dict[str, str]:
        """Loop elements called `x_t_2` only because an earlier loop has an `x_t` are called `x_t` again."""
        for name in names:
            base = re.sub(r"_\d+$", "", name)
            if base in self.elements and base not in self.scope.taken | inner | set(names.values()):
                names = {**names, name: base}
        return names


@dataclass(frozen=True, slots=True)
class _Loop:
    """How the variables of one loop are kept.

    Arguments:
        lists: variable -> the list that collects it.
        starts: Python name -> the literal it holds before the loop.
        finals: variables whose last value is read after the loop, with its default.
        inner: the names that are variables inside the loop; a list that is only appended to needs none.
        early: variables that are the next value of a state -> the state, which takes it at once.
    """

    lists: dict[str, str]
    starts: dict[str, str]
    finals: dict[str, object]
    inner: frozenset[str]
    early: dict[str, str]

    @staticmethod
    def plan(scan: Scan, reads: dict[str, Reads], taken: frozenset[str]) -> _Loop:
        lists: dict[str, str] = {}
        starts: dict[str, str] = {}
        finals: dict[str, object] = {}
        inner = inside_reads(scan) | {state.name for state in scan.states}
        for part in (*scan.body, *scan.states):
            read = reads.get(part.name, Reads())
            one = read.defaults[0] if len(read.defaults) == 1 and not read.whole else None
            if isinstance(part, State):
                starts[part.name] = value_text(part.init.value)
                if one is None or repr(one) != repr(part.init.value):
                    one = None
            if one is not None:
                finals[part.name] = one
                inner |= {part.name}
                starts[part.name] = repr(one)
            elif read.whole or read.defaults:
                lists[part.name] = part.name if part.name not in inner else fresh(plural(part.name), taken)
                taken |= {lists[part.name]}
        early = {let: state for let, state in moved_early(scan).items() if let not in reads}
        return _Loop(lists, starts, finals, inner, early)

    def body_lines(self, let: Let, scope: Scope) -> list[str]:
        scope = replace(scope, wish=f"{let.name}_table")
        if let.name not in self.inner:
            return stored(let.expr, _append(self.lists[let.name]), 2, scope)
        if state := self.early.get(let.name):
            return stored(let.expr, _assign(state), 2, scope, hold=state)
        lines = stored(let.expr, _assign(let.name), 2, scope)
        if let.name in self.lists:
            lines.append(f"{_INDENT * 2}{self.lists[let.name]}.append({let.name})")
        return lines

    def state_lines(self, states: tuple[State, ...], scope: Scope) -> list[str]:
        lines: list[str] = []
        late = tuple(state for state in states if state.name not in self.early.values())
        for group in groups(late):
            lines += _together(group, scope)
        return lines + [
            f"{_INDENT * 2}{self.lists[state.name]}.append({state.name})"
            for state in states
            if state.name in self.lists
        ]


def _one_state(state: State, scope: Scope) -> list[str]:
    scope = replace(scope, wish=f"next_{state.name}")
    return stored(state.next, _assign(state.name), 2, scope, hold=state.name)


def _together(states: tuple[State, ...], scope: Scope) -> list[str]:
    """States that read each other: one tuple assignment; when that is too long, in an order that works, or by way of
    new names."""
    if len(states) == 1:
        return _one_state(states[0], scope)
    names = ", ".join(state.name for state in states)
    scopes = {state.name: replace(scope, wish=f"next_{state.name}") for state in states}
    nested = any(_nests(state.next) for state in states)
    if not nested:
        values = ", ".join(spell(state.next, scopes[state.name]).text for state in states)
        if len(names) + len(values) + 11 <= WIDTH:
            return [f"{_INDENT * 2}{names} = {values}"]
    order = in_order(states)
    if order is not None:
        return [line for state in order for line in _one_state(state, scope)]
    lines, later = [], []
    taken = scope.taken
    for state in states:
        later.append(fresh(f"next_{state.name}", taken))
        taken |= {later[-1]}
        lines += stored(state.next, _assign(later[-1]), 2, scopes[state.name])
    return [*lines, *statement_lines(f"{names} = {', '.join(later)}", 2)]


def _nests(expr: Expr) -> bool:
    chosen = choice(expr)
    return chosen is not None and any(choice(branch) for branch in chosen.args[1:])


def plural(name: str) -> str:
    """What to call the list of all values of a variable."""
    if not name[-1:].isalpha():
        return f"{name}_values"
    if name.endswith(("s", "x", "ch", "sh")) and len(name) > 1:
        return f"{name}es"
    if name.endswith("y") and len(name) > 2 and name[-2] not in "aeiou_":
        return f"{name[:-1]}ies"
    return f"{name}s"
