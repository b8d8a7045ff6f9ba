"""What the printed program assigns to each name, so that the drawing uses the reader's words."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def assigned(source: str, function: str) -> dict[str, tuple[str, ...]]:
    """The right-hand sides given to each name in a function, in order; "return" is what it returns.

    What is appended to a list counts as given to the list. Reads the text, runs nothing. Source that is not Python, or
    does not hold the function, gives an empty answer.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[str, list[str]] = {}
    bodies = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    for name, value in (pair for body in bodies for pair in _pairs(body)):
        text = ast.unparse(value)
        if text not in ("[]", name):
            found.setdefault(name, []).append(text)
    return {name: tuple(texts) for name, texts in found.items()}


def _pairs(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Name):
                yield "return", value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(names) == len(values):
                yield from ((n.id, v) for n, v in zip(names, values, strict=True) if isinstance(n, ast.Name))
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value]):
                yield name, value
