"""A function in a person's file, found without running the file."""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.machinery import PathFinder
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from scrutable.errors import UserError

LARGEST = 10**6


def read_function(spec: str) -> Callable[..., Any]:
    """The function named by "FILE.PY:FUNCTION" or "MODULE:FUNCTION", for translation only.

    The file is compiled, not run. The function that comes back sees the language's own functions, the file's
    other functions, its literals and `math`, which is what translation can use, and is not meant to be called.

    Raises:
        UserError: no such file, module or function, or the file is not Python.
    """
    place, _, name = spec.rpartition(":")
    if not place or not name.isidentifier():
        raise UserError(f"got --hypothesis {spec[:80]!r}, expected FILE.PY:FUNCTION such as adder.py:add")
    path = Path(place) if place.endswith(".py") else _file_of(place)
    if not path.is_file():
        raise UserError(f"got --hypothesis {spec[:80]!r}, expected a Python file; there is no {path}")
    around = _globals(path)
    functions = [key for key, value in around.items() if getattr(value, "__globals__", None) is around]
    if name not in functions:
        names = ", ".join(functions) or "none"
        raise UserError(f"got --hypothesis {spec[:80]!r}, expected a function of {path.name}; there are: {names}")
    return around[name]


def _globals(path: Path) -> dict[str, Any]:
    """What a function of the file can read: the language's own functions, the file's, literals given to names, and
    `math`. Nothing is run."""
    from scrutable import program

    code = _compiled(path)
    around: dict[str, Any] = {"__name__": "a person's file", "__builtins__": {}}
    around |= {name: getattr(program, name) for name in program.FUNCTIONS}
    bodies = {part.co_name: part for part in code.co_consts if isinstance(part, CodeType)}
    for node in ast.parse(path.read_bytes()).body:
        match node:
            case ast.FunctionDef(name=name) if name in bodies:
                around[name] = FunctionType(bodies[name], around, name)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                with suppress(ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                    around[name] = ast.literal_eval(value)
            case ast.Import(names=[ast.alias(name="math", asname=other)]):
                around[other or "math"] = math
            case ast.ImportFrom(module="math", names=names):
                around |= {n.asname or n.name: getattr(math, n.name) for n in names if hasattr(math, n.name)}
    return around


def _compiled(path: Path) -> CodeType:
    try:
        if path.stat().st_size > LARGEST:
            raise UserError(f"got {path.name} of {path.stat().st_size} bytes, expected a short Python file")
        return compile(path.read_bytes(), str(path.resolve()), "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
        line = f" (line {error.lineno})" if isinstance(error, SyntaxError) and error.lineno else ""
        raise UserError(f"got {path.name} that is not Python{line}, expected a file with a function in it") from error


def _file_of(module: str) -> Path:
    """The file of a module, found without importing it or the packages around it."""
    places: list[str] | None = [str(Path.cwd()), *sys.path]
    spec, name = None, ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        spec = PathFinder.find_spec(name, places) if part.isidentifier() and places else None
        places = list(spec.submodule_search_locations or ()) if spec is not None else None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise UserError(
            f"got the module {module[:80]!r}, expected one that can be found from here; try FILE.PY:FUNCTION"
        )
    return Path(spec.origin)
