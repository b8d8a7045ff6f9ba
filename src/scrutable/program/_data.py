"""Programs as plain data: what JSON can hold, and nothing that is ever executed.

    {"name": text, "summary": text, "inputs": [[name, type], ...], "outputs": [name, ...],
     "examples": [[row, output], ...], "statements": [S, ...]}

with S one of `{"let": name, "expr": E}` and
`{"over": [[name, E], ...], "states": [[name, init E, next E], ...], "body": [[name, E], ...]}`, and E one of
`["var", name, type]`, `["const", value, type]` and `["call", operator, [E, ...], [param, ...], type]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from scrutable.errors import UserError
from scrutable.program._check import DEEPEST, LARGEST, MOST_STATEMENTS
from scrutable.program._expr import Call, Const, Expr, Var
from scrutable.program._operators import is_number
from scrutable.program._program import Input, Let, Program, Scan, State, Statement
from scrutable.program._types import Type, type_from_text, type_to_text

LONGEST_TEXT = 10_000
LARGEST_LITERAL = 4_000_000  # plain values in the whole program: table rows, array literals, examples


def to_data(program: Program) -> dict[str, Any]:
    """`program` as dicts, lists, strings and numbers, for `json.dumps`.

    Raises:
        UserError: the examples hold numbers that JSON cannot.
    """
    return {
        "name": program.name,
        "summary": program.summary,
        "inputs": [[entry.name, type_to_text(entry.type)] for entry in program.inputs],
        "statements": [_statement_to_data(statement) for statement in program.statements],
        "outputs": list(program.outputs),
        "examples": [[_plain(row), _plain(answer)] for row, answer in program.examples],
    }


def from_data(data: Any) -> Program:
    """The program that `to_data` wrote. Nothing is executed, whatever the data say.

    Raises:
        UserError: the data do not describe a well-typed program of a reasonable size.
    """
    return _Reader().program(data)


def _statement_to_data(statement: Statement) -> dict[str, Any]:
    if isinstance(statement, Let):
        return {"let": statement.name, "expr": _expr_to_data(statement.expr)}
    return {
        "over": [[name, _expr_to_data(expr)] for name, expr in statement.over],
        "states": [[s.name, _expr_to_data(s.init), _expr_to_data(s.next)] for s in statement.states],
        "body": [[let.name, _expr_to_data(let.expr)] for let in statement.body],
    }


def _expr_to_data(expr: Expr) -> list[Any]:
    type_ = type_to_text(expr.type)
    match expr:
        case Var(name=name):
            return ["var", name, type_]
        case Const(value=value):
            return ["const", _plain(value), type_]
        case Call(op=op, args=args, params=params):
            return ["call", op, [_expr_to_data(arg) for arg in args], _plain(params), type_]
    raise UserError(f"got a {type(expr).__name__} in an expression, expected Var, Const or Call")


def _plain(value: Any) -> Any:
    """Tuples as lists; whatever JSON cannot hold is refused."""
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    if isinstance(value, str) or is_number(value):
        return value
    raise UserError(f"got a {type(value).__name__} in a program, expected bools, 64-bit ints, finite floats or text")


def _has_text(value: Any) -> bool:
    return any(map(_has_text, value)) if isinstance(value, tuple) else isinstance(value, str)


@final
@dataclass
class _Reader:
    """Reads untrusted data and counts what it has read."""

    parts: int = 0
    literals: int = 0

    def program(self, data: Any) -> Program:
        fields = ("name", "summary", "inputs", "statements", "outputs", "examples")
        if type(data) is not dict or set(data) != set(fields):
            raise UserError(f"got data that is no program, expected an object with {', '.join(fields)}")
        statements = self.sequence(data["statements"], "statements")
        if len(statements) > MOST_STATEMENTS:
            raise UserError(f"got {len(statements)} statements, expected at most {MOST_STATEMENTS}")
        return Program(
            name=self.text(data["name"]),
            inputs=tuple(Input(self.text(n), self.type(t)) for n, t in self.tuples(data["inputs"], 2, "inputs")),
            statements=tuple(map(self.statement, statements)),
            outputs=tuple(map(self.text, self.sequence(data["outputs"], "outputs"))),
            examples=tuple(self.example(*pair) for pair in self.tuples(data["examples"], 2, "examples")),
            summary=self.text(data["summary"]),
        )

    def statement(self, data: Any) -> Statement:
        if type(data) is dict and set(data) == {"let", "expr"}:
            return Let(self.text(data["let"]), self.expr(data["expr"]))
        if type(data) is dict and set(data) == {"over", "states", "body"}:
            return Scan(
                over=tuple((self.text(n), self.expr(e)) for n, e in self.tuples(data["over"], 2, "over")),
                states=tuple(self.state(*s) for s in self.tuples(data["states"], 3, "states")),
                body=tuple(Let(self.text(n), self.expr(e)) for n, e in self.tuples(data["body"], 2, "body")),
            )
        raise UserError("got a statement that is neither {let, expr} nor {over, states, body}")

    def state(self, name: Any, init: Any, next: Any) -> State:  # noqa: A002
        start = self.expr(init)
        if not isinstance(start, Const):
            raise UserError("got a state that does not start from a literal, expected a const")
        return State(self.text(name), start, self.expr(next))

    def expr(self, data: Any, depth: int = 1) -> Expr:
        self.parts = 1 if depth == 1 else self.parts + 1
        if depth > DEEPEST or self.parts > LARGEST:
            raise UserError(f"got expressions of more than {DEEPEST} levels or {LARGEST} parts, expected smaller ones")
        match self.sequence(data, "an expression"):
            case ["var", name, type_]:
                return Var(self.text(name), self.type(type_))
            case ["const", value, type_]:
                return Const(self.value(value), self.type(type_))
            case ["call", op, args, params, type_]:
                nodes = tuple(self.expr(arg, depth + 1) for arg in self.sequence(args, "arguments"))
                values = tuple(self.value(param) for param in self.sequence(params, "parameters"))
                return Call(self.text(op), nodes, values, self.type(type_))
        raise UserError("got an expression that is neither a var, nor a const, nor a call")

    def example(self, row: Any, answer: Any) -> tuple[Any, Any]:
        pair = self.value(row), self.value(answer)
        if _has_text(pair):
            raise UserError("got text in an example, expected numbers")
        return pair

    def value(self, data: Any, depth: int = 1) -> Any:
        """A literal: nested tuples of numbers and text."""
        self.literals += 1
        if depth > DEEPEST or self.literals > LARGEST_LITERAL:
            raise UserError(f"got literals of more than {DEEPEST} levels or {LARGEST_LITERAL} values")
        if type(data) in (list, tuple):
            return tuple(self.value(part, depth + 1) for part in data)
        if type(data) is str:
            return self.text(data)
        if not is_number(data):
            raise UserError(f"got a {type(data).__name__} as a literal, expected a bool, 64-bit int or finite float")
        return data

    def type(self, data: Any) -> Type:
        text = self.text(data)
        if len(text) > 200:
            raise UserError(f"got a type of {len(text)} characters, expected a type such as Int or Seq(Category(3))")
        return type_from_text(text)

    def text(self, data: Any) -> str:
        if type(data) is not str or len(data) > LONGEST_TEXT:
            raise UserError(f"got a {type(data).__name__} for text, expected at most {LONGEST_TEXT} characters")
        try:
            data.encode()
        except UnicodeEncodeError as error:
            raise UserError("got text that is not valid Unicode, expected characters that can be written") from error
        return data

    def sequence(self, data: Any, what: str) -> list[Any]:
        if type(data) not in (list, tuple):
            raise UserError(f"got a {type(data).__name__} for {what}, expected a list")
        return list(data)

    def tuples(self, data: Any, size: int, what: str) -> list[list[Any]]:
        rows = [self.sequence(row, what) for row in self.sequence(data, what)]
        if any(len(row) != size for row in rows):
            raise UserError(f"got an entry of the wrong length in {what}, expected {size} parts in each")
        return rows
