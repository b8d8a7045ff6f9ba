"""Blocks of numbers without time: images and tables."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from scrutable.errors import UserError
from scrutable.network._domain import (
    Domain,
    Range,
    axis_reasons,
    bound_reasons,
    decode_numbers,
    round_to_int,
    spec_text,
)
from scrutable.network._domain_numbers import plain_number

Bound = int | float | None
LARGEST_TABLE = 10**5


def _no_length(domain: Domain, length: int | None) -> Domain:
    if length is not None:
        raise UserError(f"got length {length} for {domain.spec}, expected a domain that can be a sequence")
    return domain


@final
@dataclass(frozen=True, init=False)
class Image(Domain):
    """Images `(n, c, h, w)` with values from `lo` to `hi`.

    Raises:
        UserError: an argument cannot be used; all reasons at once.
    """

    c: int
    h: int
    w: int
    lo: float
    hi: float

    def __init__(self, c: int, h: int, w: int, *, lo: float = 0.0, hi: float = 1.0) -> None:
        c, h, w, lo, hi = map(plain_number, (c, h, w, lo, hi))
        reasons = axis_reasons(c=c, h=h, w=w) + bound_reasons(lo, hi, whole=False)
        reasons += [f"got no {name}, expected a number" for name, v in zip("chw", (c, h, w), strict=True) if v is None]
        reasons += [f"got no {name}, expected a number" for name, v in (("lo", lo), ("hi", hi)) if v is None]
        if reasons:
            raise UserError.of(["cannot make Image", *reasons])
        for name, value in (("c", c), ("h", h), ("w", w), ("lo", float(lo)), ("hi", float(hi))):
            object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Domain.shape`."""
        return (self.c, self.h, self.w)

    @property
    def ranges(self) -> tuple[Range, ...]:
        """See `Domain.ranges`."""
        return (Range(self.lo, self.hi, whole=False),)

    @property
    def spec(self) -> str:
        """See `Domain.spec`."""
        return spec_text("Image", self.c, self.h, self.w, lo=self.lo, hi=self.hi)

    @property
    def variables(self) -> tuple[str, ...]:
        """See `Domain.variables`."""
        return ("image",)

    @property
    def is_sequence(self) -> bool:
        """See `Domain.is_sequence`."""
        return False

    @property
    def classes(self) -> int | None:
        """See `Domain.classes`."""
        return None

    def with_length(self, length: int | None) -> Domain:
        """Images are no sequences: refuses every length but None."""
        return _no_length(self, length)

    def decode(self, raw: np.ndarray) -> np.ndarray:
        """The raw numbers as float64. See `Domain.decode`."""
        return decode_numbers(self, raw).astype(np.float64)


@final
@dataclass(frozen=True, init=False)
class Columns(Domain):
    """Rows of a table, `(n, k)`.

    Arguments:
        names: one for each column. lo, hi: the ends of the values, for all columns or one for each; None is open.
        integer: whether values are whole, for all columns or one for each.

    Raises:
        UserError: an argument cannot be used; all reasons at once.
    """

    names: tuple[str, ...]
    lo: Bound | tuple[Bound, ...]
    hi: Bound | tuple[Bound, ...]
    integer: bool | tuple[bool, ...]

    def __init__(
        self,
        names: list[str] | tuple[str, ...],
        *,
        lo: Any = None,
        hi: Any = None,
        integer: Any = False,
    ) -> None:
        names = tuple(names) if isinstance(names, (list, tuple)) else names  # type: ignore[assignment]
        lo, hi, integer = map(_for_columns, (lo, hi, integer))
        reasons = _column_reasons(names, lo, hi, integer)
        if reasons:
            raise UserError.of(["cannot make Columns", *reasons])
        for name, value in (("names", names), ("lo", lo), ("hi", hi), ("integer", integer)):
            object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Domain.shape`."""
        return (len(self.names),)

    @property
    def ranges(self) -> tuple[Range, ...]:
        """See `Domain.ranges`: one for each column."""
        return _ranges(len(self.names), self.lo, self.hi, self.integer)

    @property
    def spec(self) -> str:
        """See `Domain.spec`."""
        integer = None if self.integer is False else self.integer
        return spec_text("Columns", self.names, lo=self.lo, hi=self.hi, integer=integer)

    @property
    def variables(self) -> tuple[str, ...]:
        """The column names, made into different Python names where they are not."""
        found: list[str] = []
        for name in self.names:
            plain = re.sub(r"\W+", "_", name).strip("_") or "x"
            plain = f"x_{plain}" if plain[0].isdigit() or keyword.iskeyword(plain) else plain
            plain = plain if plain.isidentifier() else f"x{len(found)}"
            while plain in found:
                plain += "_"
            found.append(plain)
        return tuple(found)

    @property
    def is_sequence(self) -> bool:
        """See `Domain.is_sequence`."""
        return False

    @property
    def classes(self) -> int | None:
        """See `Domain.classes`."""
        return None

    def with_length(self, length: int | None) -> Domain:
        """Tables are no sequences: refuses every length but None."""
        return _no_length(self, length)

    def decode(self, raw: np.ndarray) -> np.ndarray:
        """Whole columns rounded, the others as they are. See `Domain.decode`."""
        values = decode_numbers(self, raw)
        whole = [r.whole for r in self.ranges]
        if all(whole):
            return round_to_int(values)
        columns = [round_to_int(v) if w else v for v, w in zip(values.T, whole, strict=True)]
        return np.stack(columns, axis=-1).astype(np.float64)


def _for_columns(value: Any) -> Any:
    """A value for all columns, or a tuple of one for each; tuples of equal values are one value."""
    if isinstance(value, (list, tuple, np.ndarray)):
        items = tuple(bool(v) if isinstance(v, np.bool_) else plain_number(v) for v in value)
        return items[0] if items and all(type(v) is type(items[0]) and v == items[0] for v in items) else items
    return plain_number(value)


def _ranges(k: int, lo: Any, hi: Any, integer: Any) -> tuple[Range, ...]:
    columns = zip(*(v if isinstance(v, tuple) else (v,) * k for v in (lo, hi, integer)), strict=True)
    return tuple(Range(low, high, whole) for low, high, whole in columns)


def _column_reasons(names: Any, lo: Any, hi: Any, integer: Any) -> list[str]:
    if not isinstance(names, tuple) or not names or not all(isinstance(n, str) for n in names):
        return [f"got the names {str(names)[:60]}, expected a list of one or more names"]
    if len(names) > LARGEST_TABLE:
        return [f"got {len(names)} columns, expected at most {LARGEST_TABLE}"]
    reasons = []
    if len(set(names)) < len(names):
        reasons.append(f"got the names {str(list(names))[:60]}, expected every name once")
    for what, value in (("lo", lo), ("hi", hi), ("integer", integer)):
        if isinstance(value, tuple) and len(value) != len(names):
            reasons.append(f"got {len(value)} values for {what}, expected one, or one for each of {len(names)} columns")
    flags = integer if isinstance(integer, tuple) else (integer,)
    if not all(isinstance(flag, bool) for flag in flags):
        reasons.append(f"got integer {str(integer)[:40]}, expected True or False")
    if not reasons:
        for range_ in dict.fromkeys(_ranges(len(names), lo, hi, integer)):
            reasons += bound_reasons(range_.lo, range_.hi, whole=range_.whole)
    return reasons
