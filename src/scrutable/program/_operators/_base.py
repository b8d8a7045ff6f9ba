"""What an operator is, and how it is spelled in Python.

The spelling convention
-----------------------
`Operator.spelling(texts, params)` takes the spelled arguments and returns the spelled call, *for single values*: the
printer lifts it over sequences and arrays with comprehensions when `Operator.lift` says so. `Spelled` is a text with
the precedence of its outermost operator, so that an infix spelling can call `wrap` and print the fewest parentheses.
Operators on sequences and selectors (`lift == "none"`) are spelled as calls on whole lists and need no lifting.
An operator that also takes selectors has a second spelling for them, `selector_spelling`.

A call to a helper has the helper's plain name (`floor_divide(x, y)`). Helper names are reserved: no variable may have
one, so the helpers that a text needs are exactly the helper names in it (`helpers_in`). Helper sources need only the
modules in `Helper.imports` and mean exactly what the kernel means; a text may also use `math.floor` and `math.tanh`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from scrutable.errors import ProgramError, UserError
from scrutable.program._backend import Backend, Kind
from scrutable.program._expr import Expr
from scrutable.program._types import Array, Bool, Real, Selector, Seq, Type, join, scalar_of

Params = tuple[Any, ...]
INT_MIN, INT_MAX = -(2**63), 2**63 - 1
LARGEST_AS_REAL = 2**53

# Python's precedence levels, loosest first.
TERNARY, OR, AND, NOT, COMPARE, ADD, MUL, UNARY, ATOM = range(1, 10)


class Spelled(NamedTuple):
    """Python text and the precedence of its outermost operator (`ATOM` for names, calls, literals, displays)."""

    text: str
    precedence: int = ATOM


def wrap(spelled: Spelled, least: int) -> str:
    """The text, in parentheses when it binds more loosely than `least`."""
    return spelled.text if spelled.precedence >= least else f"({spelled.text})"


def spelled_literal(value: Any) -> Spelled:
    """A bool, int or float literal; a negative one binds like a unary minus."""
    text = repr(value)
    return Spelled(text, UNARY if text.startswith("-") else ATOM)


@dataclass(frozen=True, slots=True)
class Helper:
    """A function of the printed program: its name, its source, and the modules and helpers that the source uses."""

    name: str
    source: str
    imports: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


Spelling = Callable[[Sequence[Spelled], Params], Spelled]


@dataclass(frozen=True, slots=True)
class Operator:
    """One entry of the registry: everything there is to know about an operator.

    Arguments:
        name: as in `call(name, ...)`.
        arity: the number of arguments; None for `least` or more.
        bits: the cost of naming it in a program, parameters not included.
        typing: the result type for argument types (after lifting) and parameters; raises `UserError`.
        kernel: `(backend, values, params) -> value` on arrays; raises `ProgramError`. See `lift` for the shapes.
        spelling: see the module's text.
        helper: the helper that `spelling` may call.
        lift: "element" acts on each scalar of sequences and arrays, its kernel gets arrays that broadcast;
            "sequence" acts on each element of sequences, its kernel gets arrays `(n, length or 1, ...)`;
            "none" takes sequences as they are, its kernel gets `(n or 1, ...)`.
        least: the least number of arguments when `arity` is None.
        prepare: turns params into what the kernel would otherwise work out on each call; the kernel takes either.
        selector_spelling: how it is spelled on selectors, for the operators that take them.
        selector_helper: the helper that `selector_spelling` calls.
    """

    name: str
    arity: int | None
    bits: float
    typing: Callable[[tuple[Type, ...], Params], Type]
    kernel: Callable[[Backend, Sequence[Any], Any], Any]
    spelling: Spelling
    helper: Helper | None = None
    lift: Literal["element", "sequence", "none"] = "element"
    least: int = 2
    prepare: Callable[[Backend, Params], Any] | None = None
    selector_spelling: Spelling | None = None
    selector_helper: Helper | None = None

    def result_type(self, args: Sequence[Expr], params: Params) -> Type:
        """The type of a call.

        Raises:
            UserError: the wrong number of arguments, or types or parameters the operator does not take.
        """
        types = tuple(arg.type for arg in args)
        if len(types) != self.arity if self.arity is not None else len(types) < self.least:
            expected = f"{self.least} or more" if self.arity is None else str(self.arity)
            raise UserError(f"got {self.name} with {len(types)} arguments, expected {expected}")
        if self.lift == "none":
            return self.typing(types, params)
        if any(isinstance(t, Selector) for t in types):
            if self.selector_spelling is None or not all(isinstance(t, Selector) for t in types):
                raise refuse(self.name, types, "no selector, or only selectors with and, or, not, xor")
            return Selector()
        if self.lift == "element":
            return self._lifted_type(types, params)
        items = tuple(t.item if isinstance(t, Seq) else t for t in types)
        result = self.typing(items, params)
        return Seq(result) if any(isinstance(t, Seq) for t in types) else result

    def _lifted_type(self, types: tuple[Type, ...], params: Params) -> Type:
        result = self.typing(tuple(scalar_of(t) for t in types), params)
        items = [t.item if isinstance(t, Seq) else t for t in types]
        shapes = list(dict.fromkeys(t.shape for t in items if isinstance(t, Array)))
        if len(shapes) > 1:
            raise refuse(self.name, types, "arrays of equal shapes")
        if shapes:
            result = Array(shapes[0], result)
        return Seq(result) if any(isinstance(t, Seq) for t in types) else result


def refuse(name: str, types: Sequence[Type], expected: str) -> UserError:
    """The error for argument types that an operator does not take."""
    return UserError(f"got {name} of {', '.join(map(str, types))}; expected {expected}")


def no_params(name: str, params: Params) -> None:
    """Refuse parameters for an operator that has none."""
    if params:
        raise UserError(f"got {name} with {len(params)} parameters, expected none")


def joined(types: Sequence[Type]) -> Type:
    """The join of one or more types."""
    result = types[0]
    for type_ in types[1:]:
        result = join(result, type_)
    return result


def is_int(value: Any) -> bool:
    """Whether a value is a plain integer (not a bool) of at most 64 bits."""
    return type(value) is int and INT_MIN <= value <= INT_MAX


def is_number(value: Any) -> bool:
    """Whether a value can be a literal: a bool, a 64-bit int or a finite float.

    NaN and the infinities are refused because Python and JSON have no literals for them.
    """
    return type(value) is bool or is_int(value) or (type(value) is float and math.isfinite(value))


def kind_of(type_: Type) -> Kind:
    """The kind of array that holds values of a type."""
    scalar = scalar_of(type_)
    return "f" if isinstance(scalar, Real) else "b" if isinstance(scalar, (Bool, Selector)) else "i"


def overflow(name: str) -> ProgramError:
    """The error for a result that 64 bits cannot hold."""
    return ProgramError(f"{name} got a result beyond 64 bits; expected integers to stay within -2**63 .. 2**63 - 1")


def as_real(xp: Backend, value: Any) -> Any:
    """The value as float64.

    Raises:
        ProgramError: an integer beyond 2**53 would be rounded, and printed Python would not round it.
    """
    kind = xp.kind(value)
    if kind == "i":
        beyond = (value > LARGEST_AS_REAL) | (value < -LARGEST_AS_REAL)
        if beyond.any():
            raise ProgramError("got an integer beyond 2**53 where a real is needed; expected one that converts exactly")
    return value if kind == "f" else xp.cast(value, "f")


def as_kind(xp: Backend, value: Any, kind: Kind) -> Any:
    """The value as a kind at least as wide as its own."""
    if xp.kind(value) == kind:
        return value
    return as_real(xp, value) if kind == "f" else xp.cast(value, kind)


def promoted(xp: Backend, values: Sequence[Any], least: Kind = "b") -> list[Any]:
    """The values as the widest kind among them and `least`."""
    kinds = {least, *map(xp.kind, values)}
    kind: Kind = "f" if "f" in kinds else "i" if "i" in kinds else "b"
    if kinds == {kind}:
        return list(values)
    return [as_kind(xp, value, kind) for value in values]


def calls(name: str) -> Spelling:
    """The spelling `name(first, second, ..., param, ...)`."""

    def spell(texts: Sequence[Spelled], params: Params) -> Spelled:
        return Spelled(f"{name}({', '.join([*(t.text for t in texts), *map(repr, params)])})")

    return spell


def infix(symbol: str, precedence: int) -> Spelling:
    """The spelling `left symbol right`, grouping from the left; comparisons do not group at all."""

    def spell(texts: Sequence[Spelled], params: Params) -> Spelled:
        first = precedence + (precedence == COMPARE)
        parts = [wrap(texts[0], first), *(wrap(text, precedence + 1) for text in texts[1:])]
        return Spelled(f" {symbol} ".join(parts), precedence)

    return spell
