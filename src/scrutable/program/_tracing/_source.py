"""Finding the source of a Python function, without running anything."""

from __future__ import annotations

import ast
import inspect
import textwrap
import types


class SourceError(Exception):
    """There is no source to read."""


def function_node(function: types.FunctionType) -> tuple[ast.FunctionDef | ast.Lambda, int]:
    """The syntax tree of a function or lambda, and the line of the file that its line 1 is.

    Raises:
        SourceError: the source is not available, as for functions typed into an interpreter.
    """
    try:
        lines, first = inspect.getsourcelines(function)
        tree = _parsed("".join(lines))
    except (OSError, TypeError, SyntaxError, ValueError) as error:
        raise SourceError(f"got {function.__name__}, whose source is not available ({error})") from None
    wanted = ast.Lambda if function.__name__ == "<lambda>" else ast.FunctionDef
    found = [node for node in ast.walk(tree) if isinstance(node, wanted)]
    if wanted is ast.FunctionDef:
        found = [node for node in found if isinstance(node, ast.FunctionDef) and node.name == function.__name__][:1]
    if len(found) != 1:
        raise SourceError(f"got {function.__name__}, whose source holds {len(found)} functions, expected one")
    return found[0], first


def _parsed(source: str) -> ast.AST:
    source = textwrap.dedent(source)
    try:
        return ast.parse(source)
    except SyntaxError:  # a lambda in the middle of a longer statement
        start = source.index("lambda")
        for end in range(len(source), start, -1):
            try:
                return ast.parse(source[start:end].strip(), mode="eval")
            except SyntaxError:
                continue
        raise


def same_function(function: types.FunctionType, source: str) -> bool:
    """Whether a function is the one that `source` defines, docstrings aside."""
    try:
        node, _ = function_node(function)
    except SourceError:
        return getattr(function, "__scrutable_helper__", False) is True
    return _bare(node) == _bare(ast.parse(source).body[0])


def _bare(node: ast.AST) -> str:
    assert isinstance(node, (ast.FunctionDef, ast.Lambda))
    body = node.body if isinstance(node.body, list) else [node.body]
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return ast.dump(node.args) + "".join(map(ast.dump, body))
