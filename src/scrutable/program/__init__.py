"""Typed programs with named variables: run on arrays, printed as Python, measured in bits, intervened on."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from scrutable.program._expr import Call, Const, Expr, Var, call, const, substitute, variables, walk
from scrutable.program._operators import HELPERS, OPERATORS, RESERVED, Helper, Operator, operator
from scrutable.program._program import Input, Let, Program, Scan, Setting, State, Statement
from scrutable.program._types import (
    BOOL,
    INT,
    REAL,
    Array,
    Bool,
    Category,
    Int,
    Real,
    Selector,
    Seq,
    Type,
    is_scalar,
    join,
    scalar_of,
    type_from_text,
    type_to_text,
)

if TYPE_CHECKING:
    from scrutable.program._bits import expr_bits, residual_bits
    from scrutable.program._naming import name_parts, named_parts
    from scrutable.program._narrowing import narrowed
    from scrutable.program._print_expr import expression_text
    from scrutable.program._read import read_program
    from scrutable.program._same_value import plainly_constant
    from scrutable.program._simplify import simplify
    from scrutable.program._solver import CounterInput, NoEncoding, Proof, Unknown, equivalent, solver_terms
    from scrutable.program._spelled_out import spelled_out
    from scrutable.program._trace import program, trace
    from scrutable.program._usual import Usual, exchanged_at, varying

_LAZY = {
    "CounterInput": "_solver",
    "NoEncoding": "_solver",
    "Proof": "_solver",
    "Unknown": "_solver",
    "Usual": "_usual",
    "equivalent": "_solver",
    "exchanged_at": "_usual",
    "expr_bits": "_bits",
    "expression_text": "_print_expr",
    "name_parts": "_naming",
    "named_parts": "_naming",
    "narrowed": "_narrowing",
    "plainly_constant": "_same_value",
    "program": "_trace",
    "read_program": "_read",
    "residual_bits": "_bits",
    "simplify": "_simplify",
    "solver_terms": "_solver",
    "spelled_out": "_spelled_out",
    "trace": "_trace",
    "varying": "_usual",
}


FUNCTIONS = (
    "aggregate",
    "count_true",
    "counts_of",
    "dot_product",
    "index_of_max",
    "last_of",
    "pick_first",
    "positions",
    "select",
    "select_and",
    "select_not",
    "select_or",
    "select_xor",
    "shifted",
    "sum_of",
    "widths",
)
"""Operators on sequences as plain Python functions, for hypotheses that people write: `from scrutable.program import
select`."""
_LAZY |= dict.fromkeys(FUNCTIONS, "_functions")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *FUNCTIONS]


__all__ = [
    "BOOL",
    "HELPERS",
    "INT",
    "OPERATORS",
    "REAL",
    "RESERVED",
    "Array",
    "Bool",
    "Call",
    "Category",
    "Const",
    "CounterInput",
    "Expr",
    "Helper",
    "Input",
    "Int",
    "Let",
    "NoEncoding",
    "Operator",
    "Program",
    "Proof",
    "Real",
    "Scan",
    "Selector",
    "Seq",
    "Setting",
    "State",
    "Statement",
    "Type",
    "Unknown",
    "Usual",
    "Var",
    "call",
    "const",
    "equivalent",
    "exchanged_at",
    "expr_bits",
    "expression_text",
    "is_scalar",
    "join",
    "name_parts",
    "named_parts",
    "narrowed",
    "operator",
    "plainly_constant",
    "program",
    "read_program",
    "residual_bits",
    "scalar_of",
    "simplify",
    "solver_terms",
    "spelled_out",
    "substitute",
    "trace",
    "type_from_text",
    "type_to_text",
    "variables",
    "varying",
    "walk",
]
