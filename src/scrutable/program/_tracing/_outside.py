"""Python objects from outside the traced function: constants, tables, functions. They are read, never run."""

from __future__ import annotations

import ast
import builtins
import sys
import types
from typing import Any

from scrutable.program._expr import const
from scrutable.program._operators import HELPERS
from scrutable.program._tracing._source import SourceError, function_node, same_function
from scrutable.program._tracing._values import Frame, Function, Missing, Native, Plain, Unsupported, snippet


def outside_value(value: Any, node: ast.AST, depth: int = 0) -> Any:
    """A Python object from outside the traced function, as the tracer sees it."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        value = value.tolist()
    if isinstance(value, (bool, int, float)):
        return const(value)
    if isinstance(value, (dict, list, tuple, set, frozenset, range, str, types.ModuleType)) or value is None:
        return Plain(value)
    name = getattr(value, "__name__", "")
    if getattr(value, "__module__", "") == "math" or getattr(builtins, name, None) is value:
        return Native(f"math.{name}" if getattr(value, "__module__", "") == "math" else name)
    if isinstance(value, types.FunctionType):
        if name in HELPERS and same_function(value, HELPERS[name].source):
            return Native(name)
        return function_value(value, depth)
    raise Unsupported(node, f"{snippet(node)} is a {type(value).__name__}", "use numbers, tables and Python functions")


def function_value(function: types.FunctionType, depth: int = 0) -> Function:
    """A Python function with the names that it can see."""
    try:
        node, first_line = function_node(function)
    except SourceError as error:
        raise Unsupported(None, str(error), "define it in a file") from None
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))

    def outer(name: str) -> Any:
        where = ast.Name(name, ast.Load())
        try:
            if name in cells:
                return outside_value(cells[name].cell_contents, where, depth)
            if name in function.__globals__:
                return outside_value(function.__globals__[name], where, depth)
        except ValueError:
            return Missing(f"`{name}` has no value yet")
        if hasattr(builtins, name):
            return Native(name)
        return Missing(f"`{name}` is not defined before it is used")

    return Function(node, Frame({}, outer, node, first_line, depth))
