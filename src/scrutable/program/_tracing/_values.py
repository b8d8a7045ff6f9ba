"""What names can stand for while a Python function is traced, and the state of the tracer."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from scrutable.errors import UserError
from scrutable.program._constants import fold
from scrutable.program._expr import Call, Const, Expr, Var
from scrutable.program._operators import RESERVED
from scrutable.program._program import Let, Statement
from scrutable.program._types import Type


class Unsupported(Exception):
    """Python that the language cannot express: where, what it is, and what to write instead."""

    def __init__(self, node: ast.AST | None, what: str, instead: str = "") -> None:
        super().__init__(what)
        self.node, self.what, self.instead = node, what, instead


class Quiet(Exception):
    """A value that is missing because of a line already reported."""


class Retype(Exception):
    """An input of undeclared type turned out to be used in another way: start again with that type."""

    def __init__(self, name: str, type_: Type) -> None:
        super().__init__(name)
        self.name, self.type = name, type_


@dataclass(frozen=True)
class Plain:
    """A Python constant that is not a number: a dict, list, tuple, set, range or string of constants."""

    value: Any


@dataclass(frozen=True)
class Items:
    """A tuple or list display; `kind` is "tuple", "list", "set", or "grown" for a list that was appended to."""

    parts: tuple[Any, ...]
    kind: str = "tuple"


@dataclass(frozen=True)
class Zipped:
    """Several sequences as one list of tuples."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True)
class Growing:
    """An empty list made in `block`: appended to there it has known parts, in a loop one for each step."""

    block: Any


@dataclass(frozen=True)
class Appended:
    """A list after it got its element of this step."""

    value: Any


@dataclass(frozen=True)
class Carried:
    """The value of a state after this step, not read yet."""

    name: str
    value: Any


@dataclass(frozen=True)
class Lookup:
    """A nested table indexed by some of its keys."""

    table: Any
    keys: tuple[Expr, ...]


@dataclass(frozen=True)
class Native:
    """A built-in function, a function of `math`, or a helper of the language, by name."""

    name: str


@dataclass(frozen=True)
class Method:
    """A method of a value, not called yet."""

    owner: Any
    name: str
    base: ast.expr


@dataclass(frozen=True, eq=False)
class Function:
    """A Python function or lambda that calls are replaced by."""

    node: ast.FunctionDef | ast.Lambda
    frame: Frame


@dataclass(frozen=True)
class Missing:
    """A name without a usable value, and why; no reason when the line at fault is reported already."""

    reason: str = ""


@dataclass(eq=False)
class Deferred:
    """A value that becomes a named variable only if something reads it before it is merged or carried on."""

    expr: Expr
    wish: str
    block: Block


@dataclass(eq=False)
class Block:
    """Statements being collected: of the function, or of one loop."""

    frame: Frame | None = None  # of the loop; None for the function's own statements
    statements: list[Statement] = field(default_factory=list)
    states: frozenset[str] = frozenset()
    introduced: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Elements:
    """The sequences that a loop or comprehension runs over, and the names of their elements."""

    pairs: list[tuple[str, Any]] = field(default_factory=list)
    kind: str = "sequence"  # or "array"


@dataclass(eq=False)
class Frame:
    """A Python function that is being traced: what its names mean."""

    env: dict[str, Any]
    outer: Callable[[str], Any]
    node: ast.AST
    first_line: int = 1
    depth: int = 0


@dataclass
class Tracer:
    """One attempt at tracing."""

    free: frozenset[str]
    blocks: list[Block] = field(default_factory=lambda: [Block()])
    frames: list[Frame] = field(default_factory=list)
    elements: list[Elements] = field(default_factory=list)
    guards: list[frozenset[str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    branch: int = 0
    unnamed: int = 0
    calls: int = 0

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    @property
    def block(self) -> Block:
        return self.blocks[-1]

    def unique(self, wish: str, block: Block | None = None) -> str:
        """A new name for a variable of the program."""
        name, count = wish if wish not in RESERVED else f"{wish}_", 1
        while name in self.taken or name in RESERVED:
            count += 1
            name = f"{wish}_{count}"
        self.taken.add(name)
        (block or self.block).introduced.add(name)
        return name

    def let(self, wish: str, expr: Expr, block: Block | None = None) -> Var:
        """Add a named variable to a block."""
        block = block or self.block
        name = self.unique(wish, block)
        block.statements.append(Let(name, expr))
        return Var(name, expr.type)

    def bind(self, name: str, value: Any) -> None:
        """Assign to a Python name: a new variable, unless it is a literal, or its name depends on what follows."""
        if isinstance(value, Expr):
            carried = self.block.frame is self.frame and name in self.block.states
            if self.unnamed or (isinstance(value, Const) and not carried):
                pass
            elif carried:
                value = Deferred(value, f"next_{name}", self.block)
            elif self.branch:
                value = Deferred(value, name, self.block)
            else:
                value = self.let(name, value)
        self.frame.env[name] = value

    def force(self, value: Any) -> Any:
        """A value to be read: a deferred one becomes a variable now."""
        if not isinstance(value, Deferred):
            return value
        if not isinstance(value.expr, (Var, Const)):
            value.expr = self.let(value.wish, value.expr, value.block)
        return value.expr

    def report(self, error: Unsupported, fallback: ast.AST) -> None:
        """Note a line that cannot be traced."""
        node = error.node if hasattr(error.node, "lineno") else fallback
        line = getattr(node, "lineno", 0) + self.frame.first_line - 1
        text = f"line {line}: {error.what}"
        text = f"{text}; {error.instead}" if error.instead else text
        if text not in self.problems:
            self.problems.append(text)


def is_growing(value: Any) -> bool:
    """Whether a value is a list that may be appended to, and so must not have two names."""
    return isinstance(value, (Growing, Appended)) or (isinstance(value, Items) and value.kind == "grown")


def raw(value: Any) -> Any:
    """The expression behind a deferred value, without naming it."""
    return value.expr if isinstance(value, Deferred) else value


def snippet(node: ast.AST) -> str:
    """The Python of a node, short enough for a message."""
    text = " ".join(ast.unparse(node).split())
    return f"`{text if len(text) <= 50 else text[:47] + '...'}`"


def checked(node: ast.AST, make: Callable[[], Expr]) -> Expr:
    """An expression, worked out when it reads only literals. A refusal becomes a report about `node`."""
    try:
        made = make()
    except UserError as error:
        raise Unsupported(node, f"{snippet(node)}: {error}") from None
    except TypeError as error:
        raise Unsupported(node, f"{snippet(node)} mixes values that do not go together ({error})") from None
    if isinstance(made, Call):
        literals = [arg if isinstance(arg, Const) else None for arg in made.args]
        return fold(made.op, literals, made.params, made.type) or made
    return made


def names_stored(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that statements assign to."""
    found = set()
    for node in nodes:
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                found.add(part.id)
    return found
