"""Programs from ordinary Python: a function's source is read and translated; the function itself is never run.

What can be traced: assignments, `if` statements and expressions, `for` loops over sequences with variables that carry
over and lists that grow, loops over constants and fixed-length arrays (written out), comprehensions, comparisons,
`and`, `or`, `not`, `in`, dicts and lists of constants as lookup tables, `min`, `max`, `abs`, `sum`, `len`, `round`,
`int`, `float`, `bool`, `any`, `all`, the usual functions of `math`, the helpers of the language (`select`,
`aggregate`, `shifted`, ...), and calls of other Python functions, which are put in place of the call. Everything else
is refused, all lines at once.

Where Python raises an error the program goes on: a division by zero gives 0, a missing key or an element of an empty
list gives 0. Names that are built-ins or helpers get an underscore.
"""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, overload

from scrutable.errors import UserError
from scrutable.program._expr import Expr, Var, variables
from scrutable.program._operators import RESERVED
from scrutable.program._program import Input, Let, Program, Scan, Statement
from scrutable.program._tracing import _calls as _calls  # registers what calls and comprehensions mean
from scrutable.program._tracing._annotations import annotated_type
from scrutable.program._tracing._core import evaluate
from scrutable.program._tracing._outside import function_value
from scrutable.program._tracing._statements import run_function
from scrutable.program._tracing._types import as_expr
from scrutable.program._tracing._values import (
    Function,
    Growing,
    Items,
    Quiet,
    Retype,
    Tracer,
    Unsupported,
    Zipped,
)
from scrutable.program._types import INT, Type

Inputs = Mapping[str, Type] | Iterable[Input]


def trace(function: Callable[..., Any], inputs: Inputs | None = None, name: str | None = None) -> Program:
    """Translate a Python function into a program.

    Arguments:
        function: a plain function or lambda whose source can be read. Each parameter without a default is an input.
        inputs: types of parameters, by name (or `Input` objects). Parameters not named here have the type of their
            annotation (`int`, `float`, `bool`, `list[int]`, ..., or a type of the language); without one, a parameter
            that is looped over or used as a sequence is `Seq(Int)` and any other `Int`.
        name: the name of the program; that of the function by default.

    Raises:
        UserError: the source is not available, or lines of it cannot be expressed; every such line is listed with
            what it is and what to write instead. Also when the types do not fit together.
    """
    return traced(function, _function(function), inputs, name)


def traced(function: Any, value: Function, inputs: Inputs | None, name: str | None) -> Program:
    """As `trace`, for a function whose syntax tree is in hand; of `function` only name and docstring are used."""
    given = {entry.name: entry.type for entry in _entries(inputs)}
    parameters = _parameters(value.node, given)
    unknown = sorted(given.keys() - set(parameters))
    if unknown:
        expected = ", ".join(parameters) or "none"
        raise UserError(f"got types for {', '.join(unknown)}, expected parameters of the function: {expected}")
    declared = {n: given.get(n) or annotated_type(value, n) for n in parameters}
    while True:
        try:
            return _attempt(function, value, declared, frozenset(n for n in parameters if declared[n] is None), name)
        except Retype as found:
            declared[found.name.removesuffix("_") if found.name not in declared else found.name] = found.type


@overload
def program(function: Callable[..., Any]) -> Program: ...


@overload
def program(*, inputs: Inputs | None = None, name: str | None = None) -> Callable[[Callable[..., Any]], Program]: ...


def program(
    function: Callable[..., Any] | None = None, *, inputs: Inputs | None = None, name: str | None = None
) -> Program | Callable[[Callable[..., Any]], Program]:
    """Decorator: the function below becomes a `Program`. Use it as `@program` or `@program(inputs={...})`."""
    if function is not None:
        return trace(function, inputs=inputs, name=name)
    return lambda function: trace(function, inputs=inputs, name=name)


def _function(function: Any) -> Function:
    function = inspect.unwrap(function) if callable(function) else function
    if not isinstance(function, types.FunctionType):
        raise UserError(f"got a {type(function).__name__}, expected a plain Python function; try def or lambda")
    try:
        return function_value(function)
    except Unsupported as error:
        raise UserError(f"{error.what}; expected a function with readable source; try to {error.instead}") from None


def _entries(inputs: Inputs | None) -> list[Input]:
    if inputs is None:
        return []
    if isinstance(inputs, Mapping):
        return [Input(str(name), type_) for name, type_ in inputs.items()]
    return [entry for entry in inputs if isinstance(entry, Input)]


def _parameters(node: ast.FunctionDef | ast.Lambda, given: Mapping[str, Type]) -> list[str]:
    """The parameters that are inputs: those without a default, and those whose type is given."""
    args = node.args
    if args.vararg or args.kwarg:
        raise UserError("got a function with * or ** parameters, expected named ones; try one parameter for each input")
    names = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    optional = set(names[len(names) - len(args.defaults) :]) if args.defaults else set()
    optional |= {arg.arg for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default is not None}
    names += [arg.arg for arg in args.kwonlyargs]
    return [name for name in names if name not in optional or name in given]


def _attempt(
    function: Any,
    value: Function,
    declared: Mapping[str, Type | None],
    free: frozenset[str],
    name: str | None,
) -> Program:
    """Trace once, with these types."""
    tracer = Tracer(free | {f"{n}_" for n in free if n in RESERVED})
    frame = value.frame
    frame.env.clear()
    tracer.frames.append(frame)
    entries = [Input(tracer.unique(parameter), type_ or INT) for parameter, type_ in declared.items()]
    frame.env.update({n: Var(entry.name, entry.type) for n, entry in zip(declared, entries, strict=True)})
    outputs: tuple[str, ...] = ()
    try:
        _set_defaults(tracer, value)
        outputs = _outputs(tracer, run_function(tracer, value.node), {entry.name for entry in entries})
    except Unsupported as error:
        tracer.report(error, value.node)
    except Quiet:
        pass
    called = function.__name__ if function.__name__.isidentifier() else "traced"
    if tracer.problems:
        raise UserError(f"got {called}, which uses Python that programs cannot express: {'; '.join(tracer.problems)}")
    called = name or (f"{called}_" if called in RESERVED else called)
    summary = (inspect.getdoc(function) or "").strip().split("\n\n")[0]
    statements = _without_dead_states(tracer.block.statements, outputs)
    return Program(called, tuple(entries), statements, outputs, summary=" ".join(summary.split()))


def _set_defaults(tracer: Tracer, value: Function) -> None:
    """Parameters with a default that are not inputs stand for that default."""
    args = value.node.args
    names = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    pairs = list(zip(names[len(names) - len(args.defaults) :], args.defaults, strict=True))
    pairs += [(arg.arg, node) for arg, node in zip(args.kwonlyargs, args.kw_defaults, strict=True) if node is not None]
    for name, node in pairs:
        if name not in tracer.frame.env:
            tracer.frame.env[name] = evaluate(tracer, node)


def _outputs(tracer: Tracer, value: Any, inputs: set[str]) -> tuple[str, ...]:
    """The variables that hold what the function returns; what has no name yet is called `output`."""
    node = ast.Name("output", ast.Load())
    parts: Iterable[Any] = (value,)
    if isinstance(value, Zipped) or (isinstance(value, Items) and value.kind == "tuple"):
        parts = value.parts
    if isinstance(value, Growing):
        raise Unsupported(None, "the function returns an empty list", "fill it in a loop")
    names = []
    for part in parts:
        expr = as_expr(part, node)
        named = isinstance(expr, Var) and expr.name not in names and expr.name not in inputs
        names.append(expr.name if named and isinstance(expr, Var) else tracer.let("output", expr).name)
    return tuple(names)


def _without_dead_states(statements: list[Statement], outputs: tuple[str, ...]) -> tuple[Statement, ...]:
    """Leave out states and loop elements that nothing reads."""
    read = set(outputs)
    kept: list[Statement] = []
    for statement in reversed(statements):
        if isinstance(statement, Let):
            kept.append(statement)
            read |= variables(statement.expr)
            continue
        states = statement.states
        while True:
            inside = _reads([*(let.expr for let in statement.body), *(state.next for state in states)])
            alive = tuple(state for state in states if state.name in inside | read)
            if alive == states:
                break
            states = alive
        over = tuple(pair for pair in statement.over if pair[0] in inside) or statement.over[:1]
        kept.append(Scan(over, states, statement.body))
        read |= inside | _reads([sequence for _, sequence in over])
    return tuple(kept[::-1])


def _reads(exprs: list[Expr]) -> set[str]:
    return set().union(*(variables(expr) for expr in exprs))
