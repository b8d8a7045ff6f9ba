"""Whether a formula found is the formula sought, by SRBench's criterion.

A prediction solves a formula when, after simplification, prediction minus truth is a constant, or prediction over
truth is a constant other than zero (W. La Cava et al., Contemporary symbolic regression methods and their relative
performance, NeurIPS datasets and benchmarks (2021)). SRBench rounds every number to three decimals before it asks.

Here points decide first: on fresh rows of the formula's ranges the difference, or the ratio, must be constant to one
part in a million, with the constants as they were found. That needs no simplification to succeed, and is stricter than
rounding. Only what fails it, and still explains nearly all of the variance, is put to sympy with rounded numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Literal

import numpy as np

from scrutable.bench._feynman import Formula, interpreted, sample
from scrutable.program import Call, Const, Expr, Var
from scrutable.synthesis import values
from scrutable.work import generator

POINTS = 2000
EXACT = 1e-6
NEAR = 1e-3
"""Largest share of the variance that a prediction may miss and still be put to sympy."""
DIGITS = 3
SECONDS = 20.0

Answer = Literal["exact", "rounded", "no"]


def solved(expr: Expr, formula: Formula, *, seconds: float = SECONDS) -> bool:
    """Whether the expression solves the formula, exactly or after rounding; see `solution`."""
    return solution(expr, formula, seconds=seconds) != "no"


def solution(expr: Expr, formula: Formula, *, seconds: float = SECONDS) -> Answer:
    """How the expression solves the formula.

    "exact": with its constants as they are, on points. "rounded": after rounding all numbers to three decimals, by
    sympy. "no": neither, or sympy did not finish in time or is not installed. Cost: milliseconds, unless sympy is
    asked.
    """
    x, truth = sample(formula, POINTS, generator(0, "solution", formula.name))
    said = np.asarray(values(expr, dict(zip(formula.variables, x.T, strict=True))), dtype=np.float64)
    if not np.isfinite(said).all():
        return "no"
    if _constant(said, truth):
        return "exact"
    missed = float(np.var(said - truth) / np.var(truth))
    return "rounded" if missed <= NEAR and _in_time(expr, formula, seconds) else "no"


def to_sympy(expr: Expr, symbols: Mapping[str, Any]) -> Any:
    """A scalar expression of arithmetic and elementary functions as sympy's.

    Raises:
        KeyError: an operator that sympy is not told about here.
    """
    import sympy

    if isinstance(expr, Var):
        return symbols[expr.name]
    if isinstance(expr, Const):
        return sympy.Float(expr.value) if isinstance(expr.value, float) else sympy.Integer(int(expr.value))
    assert isinstance(expr, Call)
    meanings: Mapping[str, Callable[..., Any]] = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "neg": lambda a: -a,
        "abs": sympy.Abs,
        "sqrt": sympy.sqrt,
        "exp": sympy.exp,
        "log": sympy.log,
        "sin": sympy.sin,
        "cos": sympy.cos,
        "tanh": sympy.tanh,
        "min": sympy.Min,
        "max": sympy.Max,
    }
    return meanings[expr.op](*(to_sympy(arg, symbols) for arg in expr.args))


def _constant(said: np.ndarray, truth: np.ndarray) -> bool:
    if np.ptp(said - truth) <= EXACT * truth.std():
        return True
    if (truth == 0).any():
        return False
    ratio = said / truth
    middle = float(np.median(ratio))
    return middle != 0 and bool(np.abs(ratio - middle).max() <= EXACT * abs(middle))


def _in_time(expr: Expr, formula: Formula, seconds: float) -> bool:
    """The symbolic question in a process of its own, which is ended when it takes too long."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(there, expr, formula.text, formula.variables), daemon=True)
    process.start()
    there.close()
    try:
        return bool(here.poll(seconds) and here.recv())
    except EOFError:
        return False
    finally:
        process.kill()
        process.join()


def _answer(there: Connection, expr: Expr, text: str, variables: tuple[str, ...]) -> None:
    try:
        there.send(symbolically_solved(expr, text, variables))
    except (KeyError, TypeError, ValueError, ArithmeticError, ImportError, RecursionError, NotImplementedError):
        there.send(False)


def symbolically_solved(expr: Expr, text: str, variables: tuple[str, ...]) -> bool:
    """SRBench's question, put to sympy with numbers rounded to three decimals. May take long."""
    import sympy

    symbols = {name: sympy.Symbol(name, positive=True) for name in variables}
    functions = {
        **{name: getattr(sympy, name) for name in ("sqrt", "exp", "sin", "cos", "tanh")},
        "ln": sympy.log,
        "arcsin": sympy.asin,
        "arccos": sympy.acos,
    }
    truth = interpreted(text, symbols, functions, lambda v: sympy.Integer(int(v)) if v % 1 == 0 else sympy.Float(v))
    said = _rounded(sympy.simplify(to_sympy(expr, symbols)))
    difference, ratio = (_rounded(sympy.simplify(_rounded(left))) for left in (said - truth, said / truth))
    return _is_number(difference) or (_is_number(ratio) and ratio != 0)


def _is_number(expr: Any) -> bool:
    return not expr.free_symbols and expr.is_finite is not False


def _rounded(expr: Any) -> Any:
    import sympy

    return expr.xreplace({number: sympy.Float(round(number, DIGITS), DIGITS) for number in expr.atoms(sympy.Float)})
