"""Programs from Python text that nobody here wrote: read as data, never compiled, never run."""

from __future__ import annotations

import ast
import builtins
import math
import textwrap
from types import SimpleNamespace
from typing import Any

from scrutable.errors import UserError
from scrutable.program._expr import const
from scrutable.program._operators import HELPERS
from scrutable.program._program import Program
from scrutable.program._trace import Inputs, traced
from scrutable.program._tracing._values import Frame, Function, Missing, Native, Plain

LONGEST = 20_000
"""Characters of text that are read."""
DEEPEST = 60
"""Levels of brackets and blocks that are read."""


def read_program(text: str, inputs: Inputs | None = None, name: str | None = None) -> Program:
    """The program that a text in Python defines: that of its last function, with the other functions put in place.

    What the text may hold is what `trace` takes: functions (those that printed programs carry mean the operators they
    are), and at its top level imports from `math` and numbers or tables with a name. It is parsed, and nothing in it
    is ever compiled or run; decorators and defaults are not looked at.

    Arguments:
        inputs, name: as for `trace`.

    Raises:
        UserError: the text is no Python, defines no function, or uses what programs cannot express.
    """
    tree = _parsed(text)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef) and not _is_helper(node)}
    if not functions:
        raise UserError("got a text without a function, expected Python that defines one; try def program(x): ...")
    _, node = functions.popitem()
    values = _values(tree)
    value = _function(node, functions, values)
    stand_in: Any = SimpleNamespace(__name__=node.name, __doc__=ast.get_docstring(node))
    return traced(stand_in, value, inputs, name)


def _parsed(text: str) -> ast.Module:
    if len(text) > LONGEST:
        raise UserError(f"got a text of {len(text)} characters, expected at most {LONGEST}")
    try:
        tree = ast.parse(textwrap.dedent(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UserError(f"got a text that is no Python ({str(error)[:80]}), expected a function; try def") from None
    if _depth(tree) > DEEPEST:
        raise UserError(f"got a text nested more than {DEEPEST} deep, expected simpler Python; try naming its parts")
    return tree


def _is_helper(node: ast.FunctionDef) -> bool:
    """Whether a function is one that printed programs carry, word for word; its name then means the operator."""
    helper = HELPERS.get(node.name)
    return helper is not None and ast.unparse(node) == ast.unparse(ast.parse(helper.source))


def _depth(tree: ast.AST) -> int:
    level, depth = [tree], 0
    while level and depth <= DEEPEST:
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        depth += 1
    return depth


def _function(node: ast.FunctionDef, functions: dict[str, ast.FunctionDef], values: dict[str, Any]) -> Function:
    bare = ast.FunctionDef(
        **{field: getattr(node, field) for field in node._fields if field not in ("decorator_list", "args")},
        args=_without_defaults(node.args),
        decorator_list=[],
    )
    ast.copy_location(bare, node)

    def outer(name: str) -> Any:
        if name in functions:
            return _function(functions[name], {n: f for n, f in functions.items() if n != name}, values)
        if name in values:
            return values[name]
        if name in HELPERS or hasattr(builtins, name):
            return Native(name)
        return Missing(f"`{name}` is not defined before it is used")

    return Function(bare, Frame({}, outer, bare, 1, 0))


def _without_defaults(args: ast.arguments) -> ast.arguments:
    return ast.arguments(
        args.posonlyargs, args.args, args.vararg, args.kwonlyargs, [None] * len(args.kwonlyargs), args.kwarg, []
    )


def _values(tree: ast.Module) -> dict[str, Any]:
    """What the top level names: functions of `math`, numbers and tables."""
    found: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {each.asname or "math": Plain(math) for each in node.names if each.name == "math"}
        elif isinstance(node, ast.ImportFrom) and node.module == "math":
            found |= {each.asname or each.name: _of_math(each.name) for each in node.names}
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = _literal(node.value)
    return found


def _of_math(name: str) -> Any:
    value = getattr(math, name, None)
    if isinstance(value, float):
        return const(value)
    return Native(f"math.{name}") if callable(value) else Missing(f"`{name}` is not in math")


def _literal(node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return Missing(f"`{ast.unparse(node)[:40]}` is neither a number nor a table")
    return const(value) if isinstance(value, (bool, int, float)) else Plain(value)
