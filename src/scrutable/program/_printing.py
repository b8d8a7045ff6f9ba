"""Programs as standalone Python: the helpers they need, one function, and examples that it checks when run.

What is printed means exactly what the evaluator computes, empty sequences and divisions by zero included, and needs
nothing beyond the standard library: arrays are nested lists, because a program reads them item by item. Parts that no
output depends on are left out; so is collecting the values of a loop variable that nothing reads afterwards.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from scrutable.program._layout import WIDTH, header_lines, statement_lines
from scrutable.program._operators import helpers_in
from scrutable.program._print_body import function_body
from scrutable.program._print_expr import Constants, fresh, type_words, value_text
from scrutable.program._program import Input, Program, Scan
from scrutable.program._types import Array, Bool, Real, Seq, Type, scalar_of

_AGREE = '''def {name}(got, expected):
    """Whether two results are equal, reals up to rounding."""
    if isinstance(expected, (list, tuple)):
        return len(got) == len(expected) and all(map({name}, got, expected))
    return math.isclose(got, expected, rel_tol=1e-9, abs_tol=1e-12)
'''


def print_program(program: Program) -> str:
    """Standalone Python that defines the function `program.name` and asserts the program's examples when run.

    The function takes one argument for each input of the program (numbers, lists for sequences, nested lists for
    arrays) and returns a value, or a tuple for several outputs (a list of tuples for several sequences).
    Cost: linear in the size of the program text, which can be exponential in that of expressions with shared parts.
    """
    constants = Constants(_all_names(program))
    header = header_lines(program.name, [entry.name for entry in program.inputs])
    docstring = _docstring(program.summary, 1) if program.summary.strip() else []
    function = "\n".join([*header, *docstring, *function_body(program, constants)])
    tables = [line for name, text in constants.texts.items() for line in statement_lines(f"{name} = {text}", 0)]
    checks, agree = _checks(program, constants)
    helpers = "\n\n".join(helper.source for helper in helpers_in(_without_docstring(function, docstring)))
    body = "\n\n\n".join(part.rstrip("\n") for part in (helpers, agree, function, checks) if part)
    top = ["import math"] if re.search(r"\bmath\.", "\n".join([body, *tables])) else []
    parts = ["\n".join(_docstring(_headline(program), 0)), "\n".join(top), "\n".join(tables)]
    return "\n\n".join(part for part in parts if part) + "\n\n\n" + body + "\n"


def _all_names(program: Program) -> set[str]:
    names = {program.name, *(entry.name for entry in program.inputs), *program.variables}
    loops = [statement for statement in program.statements if isinstance(statement, Scan)]
    return names | {name for loop in loops for name, _ in loop.over}


def _without_docstring(function: str, docstring: list[str]) -> str:
    return function.replace("\n".join(docstring), "", 1) if docstring else function


def _headline(program: Program) -> str:
    """What the function takes and returns, in words."""
    takes = _together(program.inputs)
    gives = _given([_output_type(program, name) for name in program.outputs])
    return f"{program.name} takes {takes} and returns {gives}."


def _given(types: list[Type]) -> str:
    """`a list of integers`, `a number and an integer`, `a list of pairs of integers`."""
    if len(types) == 1:
        return type_words(types[0])
    items = [type_.item if isinstance(type_, Seq) else type_ for type_ in types]
    words = " and ".join(map(type_words, items))
    if all(item == items[0] for item in items):
        words = type_words(items[0], many=True)
    group = "pairs" if len(types) == 2 else "tuples"
    if isinstance(types[0], Seq):
        return f"a list of {group} of {words}"
    return f"{len(types)} {words}" if words == type_words(items[0], many=True) else words


def _together(inputs: tuple[Input, ...]) -> str:
    """`a and b (lists of integers)`: inputs of one type are named together."""
    kinds: dict[Type, list[str]] = {}
    for entry in inputs:
        kinds.setdefault(entry.type, []).append(entry.name)
    return " and ".join(f"{_listed(names)} ({type_words(kind, many=len(names) > 1)})" for kind, names in kinds.items())


def _listed(names: list[str]) -> str:
    if len(names) > 8:
        names = [*names[:2], "...", names[-1]]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _output_type(program: Program, name: str) -> Type:
    return {**{entry.name: entry.type for entry in program.inputs}, **program.variables}[name]


def _docstring(text: str, level: int) -> list[str]:
    indent = "    " * level
    plain = " ".join(text.split()).replace("\\", "/").replace('"', "'")
    lines = textwrap.wrap(plain, WIDTH - len(indent) - 6) or [""]
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    return [f'{indent}"""{lines[0]}', *(indent + line for line in lines[1:]), f'{indent}"""']


def _checks(program: Program, constants: Constants) -> tuple[str, str]:
    """The block that asserts the examples, and the comparison it needs for reals."""
    if not program.examples:
        return "", ""
    types = [_output_type(program, name) for name in program.outputs]
    real = any(isinstance(scalar_of(type_), Real) for type_ in types)
    agree = fresh("agree", constants.taken) if real else ""
    lines, count = ['if __name__ == "__main__":'], 0
    for row, expected in program.examples:
        given = ", ".join(value_text(value) for value in _arguments(row, program.inputs))
        result = _result_text(expected, types)
        if "math.nan" in result:  # not equal to itself
            continue
        call = f"{program.name}({given})"
        lines += statement_lines(f"assert {agree}({call}, {result})" if real else f"assert {call} == {result}", 1)
        count += 1
    lines.append(f'    print("{count} example{"s agree" if count != 1 else " agrees"}")')
    return "\n".join(lines), _AGREE.format(name=agree) if real else ""


def _arguments(row: Any, inputs: tuple[Input, ...]) -> Iterator[Any]:
    """The function's arguments for one row of data: several inputs are its last axis."""
    for index, entry in enumerate(inputs):
        yield _plain(row, entry.type, index if len(inputs) > 1 else None)


def _result_text(expected: Any, types: list[Type]) -> str:
    """What the function returns for one row of outputs: several outputs are its last axis."""
    if len(types) == 1:
        return value_text(_plain(expected, types[0], None))
    columns = [_plain(expected, type_, index) for index, type_ in enumerate(types)]
    if isinstance(types[0], Seq):
        return f"[{', '.join(map(_tuple_text, zip(*columns, strict=True)))}]"
    return _tuple_text(columns)


def _tuple_text(values: Iterable[Any]) -> str:
    return f"({', '.join(map(value_text, values))})"


def _plain(data: Any, type_: Type, column: int | None) -> Any:
    """Nested lists of the Python numbers that a type calls for, from one column of the last axis."""
    if isinstance(type_, Seq):
        return [_plain(item, type_.item, column) for item in data]
    if isinstance(type_, Array):
        rest = Array(type_.shape[1:], type_.item) if len(type_.shape) > 1 else type_.item
        return [_plain(item, rest, column) for item in data]
    number = data if column is None else data[column]
    return bool(number) if isinstance(type_, Bool) else float(number) if isinstance(type_, Real) else int(number)
