"""Places inside a network, with a printed form that reads back as the same place.

hidden              the whole state of a recurrent network, after every step
hidden[:, 0:2]      its first two units
hidden[3, :]        after step 3 only (the first step is 0)
hidden[3, 1]        its second unit then
fc1[[0, 4, 7]]      three units of a layer
block[2, 0:4]       four units of a layer at position 2 of a sequence
softmax[1, :, 0:4]  of a value with more axes, one index for each: head 1, all queries, keys 0 to 3
block[t+1, 0:4]     of a value with an axis for the positions of a sequence, at each position t the entry t + 1: the
                    network puts a token of its own before the sequence
fc1.along([[0.6, 0.8]])    coordinates along orthonormal directions of the units
fc1.along([[0.6, 0.8]], [[1.0, 0.5]])    the same, each read off by a vector of its own (an oblique projection)
attn.key & attn.value      several places taken together, the numbers of one after those of the other
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scrutable.errors import UserError
from scrutable.network._along import Along, Rows, orthonormal, readers_of

LONGEST = 4_000_000
LARGEST_INDEX = 2**31
_NAME = re.compile(r"[^\[\]()\s\"']{1,1000}")
AND = " & "
EXAMPLE = '"hidden[:, 0:2]" or "fc1[0:4]"'


@dataclass(frozen=True, slots=True)
class Span:
    """A range of indices, as in Python slices."""

    start: int | None = None
    stop: int | None = None
    stride: int | None = None

    def __str__(self) -> str:
        ends = ["" if end is None else str(end) for end in (self.start, self.stop)]
        return ":".join(ends) + ("" if self.stride is None else f":{self.stride}")

    @property
    def slice(self) -> slice:
        """The Python slice."""
        return slice(self.start, self.stop, self.stride)


@dataclass(frozen=True, slots=True)
class Position:
    """On an axis of positions, for each position t of the input sequence the entry `t + offset`."""

    offset: int = 0

    def __str__(self) -> str:
        return f"t+{self.offset}" if self.offset else "t"

    def span(self, length: int) -> Span:
        """The entries for a sequence of that length."""
        return Span(self.offset, self.offset + length)


Index = int | Span | Position | tuple[int, ...]
ALL = Span()


@dataclass(frozen=True, slots=True)
class Site:
    """A place inside a network: a named value, optionally at one step, on some units, along some directions.

    Arguments:
        name: "hidden", a part of the state such as "layer0.cell", a submodule such as "layers.0", "input" or "output".
        step: which steps (or positions); None when the value has no steps. units: which entries of each item.
        directions: orthonormal rows, one for each dimension of a linear subspace of the units; empty for the units
            themselves. Make them with `along`. readers: for each of them what its coordinate is read off by, if that is
            not itself.
        axes: for values with more axes than steps and units, those before the last two (which are `step` and `units`).
        beside: further places, whose numbers follow: what is held here and there together.

    Raises:
        UserError: an argument cannot be used.
    """

    name: str
    step: Index | None = None
    units: Index = ALL
    directions: Rows = ()
    axes: tuple[Index, ...] = ()
    beside: tuple[Site, ...] = ()
    readers: Rows = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise UserError(f"got the site name {str(self.name)[:60]!r}, expected a name such as {EXAMPLE}")
        for index in self.indices:
            _check_index(index)
        if self.axes and self.step is None:
            raise UserError(f"got {self.name} with axes and no step, expected an index for each axis")
        if sum(isinstance(index, Position) for index in self.indices) > 1:
            raise UserError(f"got {self.text} with t on several axes, expected it on the axis of positions")
        if any(site.beside for site in self.beside):
            raise UserError(f"got {self} with places beside places, expected them side by side")
        if isinstance(self.step, tuple) and not self.axes:
            raise UserError(f"got the steps {self.step}, expected one step or a slice")
        if all(index == ALL for index in self.indices):
            object.__setattr__(self, "step", None)
            object.__setattr__(self, "axes", ())
        if self.directions:
            object.__setattr__(self, "directions", orthonormal(self.directions))
        if self.readers:
            object.__setattr__(self, "readers", readers_of(self.readers, self.directions))

    def along(self, directions: Any, readers: Any = ()) -> Site:
        """The coordinates along linear directions of this site's units, `(m, k)` for m directions of k units.

        The rows are made orthonormal (unless they are, to 1e-9): they name the subspace they span.

        Arguments:
            readers: `(m, k)`. A coordinate is read off by its direction unless these are given: then what they do not
                see stays when coordinates are set (an oblique projection), and they are changed among each other so
                that each reads the coordinate along one direction.

        Raises:
            UserError: not an array `(m, k)`, not finite, or rows that depend on each other or, for readers, do not tell
                the directions apart.
        """
        if self.directions or self.beside:
            raise UserError(f"got directions for {self}, expected them once, and for one place")
        found = orthonormal(directions)
        return replace(self, directions=found, readers=readers_of(readers, found) if len(readers) else ())

    @property
    def bare(self) -> Site:
        """The units themselves."""
        return replace(self, directions=(), readers=())

    @property
    def lines(self) -> Along | None:
        """The directions and what reads them; None for the units themselves."""
        if not self.directions:
            return None
        directions = np.array(self.directions)
        return Along(directions, np.array(self.readers) if self.readers else directions)

    def lines_over(self, width: int) -> Along | None:
        """The same, for so many units.

        Raises:
            UserError: the directions are of another number of units.
        """
        if self.directions and len(self.directions[0]) != width:
            raise UserError(f"got directions of {len(self.directions[0])} units, expected {width} for {self.text}")
        return self.lines

    @property
    def parts(self) -> tuple[Site, ...]:
        """The places that it is, each alone."""
        return (replace(self, beside=()), *self.beside) if self.beside else (self,)

    @property
    def alone(self) -> Site:
        """Itself.

        Raises:
            UserError: it is several places.
        """
        if self.beside:
            raise UserError(f"got the places {self} together, expected one")
        return self

    @property
    def indices(self) -> tuple[Index, ...]:
        """The index of each axis, in order."""
        return (*self.axes, *(() if self.step is None else (self.step,)), self.units)

    @property
    def position(self) -> Position | None:
        """How the positions of a sequence lie on one of the axes; None where the site is the same at all of them."""
        return next((index for index in self.indices if isinstance(index, Position)), None)

    def spelled_out(self, length: int) -> Site:
        """The site with a span in the place of t, for sequences of that length."""

        def spelled(index: Index) -> Index:
            return index.span(length) if isinstance(index, Position) else index

        step = None if self.step is None else spelled(self.step)
        return replace(self, step=step, units=spelled(self.units), axes=tuple(map(spelled, self.axes)))

    def at(self, t: int) -> Site:
        """The site at position t of the sequence alone."""

        def held(index: Index) -> Index:
            return index.offset + t if isinstance(index, Position) else index

        step = None if self.step is None else held(self.step)
        beside = tuple(site.at(t) for site in self.beside)
        return replace(self, step=step, units=held(self.units), axes=tuple(map(held, self.axes)), beside=beside)

    @property
    def text(self) -> str:
        """The (first) place without its directions."""
        return self.name if self.indices == (ALL,) else f"{self.name}[{', '.join(map(_index_text, self.indices))}]"

    def __str__(self) -> str:
        if self.beside:
            return AND.join(map(str, self.parts))
        if not self.directions:
            return self.text
        return f"{self.text}.along({', '.join(map(_rows_text, filter(None, (self.directions, self.readers))))})"

    @staticmethod
    def parse(text: str) -> Site:
        """Read a printed site. The text is parsed as data; nothing in it is executed.

        Raises:
            UserError: not a site.
        """
        if not isinstance(text, str) or len(text) > LONGEST:
            raise UserError(f"got {type(text).__name__} that is no site, expected text such as {EXAMPLE}")
        if AND in text:
            first, *others = map(Site.parse, text.split(AND))
            return replace(first, beside=tuple(others))
        try:
            head, along, directions = text.strip().partition(".along(")
            name, bracket, index = head.partition("[")
            if (along and not directions.endswith(")")) or (bracket and not index.endswith("]")):
                raise ValueError("a bracket is not closed")
            *axes, step, units = _parse_index(index[:-1]) if bracket else (None, ALL)
            site = Site(name, step, units, axes=tuple(axes))
            return site.along(*_literal(f"({directions[:-1]},)")) if along else site
        except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, OverflowError) as error:
            raise UserError(f"got {text[:80]!r}, expected a site such as {EXAMPLE}") from error


def _literal(text: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.literal_eval(text.strip())


def _parse_index(text: str) -> tuple[Any, ...]:
    """Further axes, the step (None without one) and the units between the brackets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(f"x[{text}]", mode="eval").body
    if not isinstance(tree, ast.Subscript) or not isinstance(tree.value, ast.Name):
        raise ValueError("not an index")
    if not isinstance(tree.slice, ast.Tuple):
        return None, _one(tree.slice)
    if len(tree.slice.elts) < 2:
        raise ValueError("not an index")
    return tuple(map(_one, tree.slice.elts))


def _one(node: ast.expr) -> Index:
    if isinstance(node, ast.Slice):
        return Span(*(None if e is None else ast.literal_eval(e) for e in (node.lower, node.upper, node.step)))
    match node:
        case ast.Name(id="t"):
            return Position()
        case ast.BinOp(left=ast.Name(id="t"), op=ast.Add(), right=ast.Constant(value=int(offset))):
            return Position(offset)
    value = ast.literal_eval(node)
    return tuple(value) if isinstance(value, list) else value


def _check_index(index: Any) -> None:
    if isinstance(index, Span):
        numbers = [n for n in (index.start, index.stop, index.stride) if n is not None]
        good = index.stride is None or (isinstance(index.stride, int) and index.stride >= 1)
    elif isinstance(index, Position):
        numbers, good = [index.offset], index.offset >= 0
    else:
        numbers = list(index) if isinstance(index, tuple) else [index]
        good = bool(numbers) and len(set(map(repr, numbers))) == len(numbers)
    whole = all(isinstance(n, int) and not isinstance(n, bool) and abs(n) < LARGEST_INDEX for n in numbers)
    if not (good and whole):
        raise UserError(f"got the index {str(index)[:60]}, expected a number, a slice or a list of different numbers")


def _index_text(index: Index) -> str:
    if not isinstance(index, tuple):
        return str(index)
    return f"[{', '.join(map(str, index))}]"


def _rows_text(rows: Rows) -> str:
    return f"[{', '.join(str(list(row)) for row in rows)}]"
