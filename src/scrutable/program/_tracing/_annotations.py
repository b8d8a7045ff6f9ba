"""Types from annotations, read without running anything."""

from __future__ import annotations

import ast

from scrutable.errors import UserError
from scrutable.program._tracing._values import Function
from scrutable.program._types import BOOL, INT, REAL, Array, Seq, Type, is_scalar, type_from_text

_NAMES: dict[str, Type] = {"int": INT, "float": REAL, "bool": BOOL, "INT": INT, "REAL": REAL, "BOOL": BOOL}
_SEQUENCES = ("list", "List", "Sequence", "Iterable")


def annotated_type(function: Function, name: str) -> Type | None:
    """The type that a parameter's annotation says, or None when there is none that the language knows."""
    args = function.node.args
    for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs):
        if arg.arg == name and arg.annotation is not None:
            return _read(arg.annotation)
    return None


def _read(node: ast.expr) -> Type | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return _read(ast.parse(node.value, mode="eval").body)
        except SyntaxError:
            return None
    if isinstance(node, ast.Attribute):  # sc.INT, typing.List
        return _NAMES.get(node.attr)
    if isinstance(node, ast.Name) and node.id in _NAMES:
        return _NAMES[node.id]
    if isinstance(node, ast.Subscript):
        return _sequence(node)
    try:
        return type_from_text(ast.unparse(node))
    except UserError:
        return None


def _sequence(node: ast.Subscript) -> Type | None:
    kind = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    if kind in _SEQUENCES:
        item = _read(node.slice)
        return Seq(item) if item is not None and (is_scalar(item) or isinstance(item, Array)) else None
    if kind in ("tuple", "Tuple") and isinstance(node.slice, ast.Tuple):
        items = [_read(part) for part in node.slice.elts]
        first = items[0] if items else None
        alike = first is not None and is_scalar(first) and all(item == first for item in items)
        return Array((len(items),), first) if alike and first is not None else None
    return None
