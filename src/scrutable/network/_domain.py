"""What goes into a network and what comes out of it: the `Domain` interface and everything its leaves share.

A domain is a block of numbers of one fixed shape, each number within a range. Its leaves differ in how raw network
outputs are decoded into it and in how it is written down. Data are arrays of shape `(n, *domain.shape)`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from scrutable.errors import UserError

LARGEST_ENUMERATION = 2**22
LARGEST_AXIS = 10**6
LARGEST_INTEGER = 2**62


class Range(NamedTuple):
    """The values one number may take, both ends included; None leaves an end open."""

    lo: int | float | None
    hi: int | float | None
    whole: bool

    def __str__(self) -> str:
        kind = "whole numbers" if self.whole else "numbers"
        if self.lo is None and self.hi is None:
            return f"any {kind}"
        if self.hi is None:
            return f"{kind} from {self.lo}"
        return f"{kind} up to {self.hi}" if self.lo is None else f"{kind} from {self.lo} to {self.hi}"


@dataclass(frozen=True)
class Domain(ABC):
    """A set of inputs or outputs. Abstract; its leaves are final.

    Everything implemented here is shared and never overridden.
    """

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one item: `(length, channels)` with absent axes left out, `(c, h, w)`, or `(columns,)`."""

    @property
    @abstractmethod
    def ranges(self) -> tuple[Range, ...]:
        """One range for every number, or one for each entry of the last axis."""

    @property
    @abstractmethod
    def spec(self) -> str:
        """The domain as text; `domain_from_spec` reads it back."""

    @property
    @abstractmethod
    def variables(self) -> tuple[str, ...]:
        """Names for the inputs of a program on this domain."""

    @property
    @abstractmethod
    def is_sequence(self) -> bool:
        """Whether axis 1 of the data is time."""

    @property
    @abstractmethod
    def classes(self) -> int | None:
        """How many labels there are; None when the numbers are numbers and not labels."""

    @abstractmethod
    def with_length(self, length: int | None) -> Domain:
        """The same domain for sequences of another length; None for single items."""

    @abstractmethod
    def decode(self, raw: np.ndarray) -> np.ndarray:
        """Raw network outputs as data of this domain. Sequences may have any length.

        Raises:
            UserError: the shape cannot be decoded, or a value is NaN or infinite.
        """

    @property
    def dtype(self) -> np.dtype:
        """`int64` when every number is whole, else `float64`."""
        return np.dtype(np.int64 if all(r.whole for r in self.ranges) else np.float64)

    @property
    def size(self) -> int | None:
        """How many different items there are; None when infinitely many."""
        total, entries = 1, math.prod(self.shape) // len(self.ranges)
        for lo, hi, whole in self.ranges:
            if not whole or lo is None or hi is None:
                return None
            total *= int(hi) - int(lo) + 1
        return total**entries

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` independent uniform items, `(n, *shape)`.

        Raises:
            UserError: a range has an open end.
        """
        if any(r.lo is None or r.hi is None for r in self.ranges):
            raise UserError(f"got {self.spec} to sample from, expected both lo and hi; try {self.kind}(0, 9, ...)")
        if len(self.ranges) == 1:
            return _draw(self.ranges[0], (n, *self.shape), rng).astype(self.dtype, copy=False)
        columns = [_draw(r, (n, *self.shape[:-1]), rng) for r in self.ranges]
        return np.stack(columns, axis=-1).astype(self.dtype, copy=False)

    def enumerate(self) -> np.ndarray:
        """Every item once, `(size, *shape)`, in counting order (the last number changes fastest).

        Raises:
            UserError: more than 2**22 items, or infinitely many.
        """
        size = self.size
        if size is None or size > LARGEST_ENUMERATION:
            got = "infinitely many" if size is None else str(size) if size < 10**18 else f"2**{size.bit_length() - 1}"
            raise UserError(
                f"got {self.spec} with {got} items to enumerate, expected at most {LARGEST_ENUMERATION}; try sample"
            )
        return self.items(np.arange(size))

    def items(self, places: np.ndarray) -> np.ndarray:
        """The items at some places in counting order, `(n, *shape)`; for finite domains.

        Arguments:
            places: `(n,)` whole numbers from 0 up to, but not including, `size`.
        """
        entries = math.prod(self.shape)
        ranges = self.ranges * (entries // len(self.ranges))
        items = np.empty((len(places), entries), dtype=np.int64)
        index = np.asarray(places)
        for column in range(entries - 1, -1, -1):
            lo, hi, _ = ranges[column]
            index, digit = np.divmod(index, int(hi) - int(lo) + 1)  # type: ignore[arg-type]
            items[:, column] = digit + int(lo)  # type: ignore[arg-type]
        return items.reshape(len(places), *self.shape)

    def problems(self, x: Any) -> list[str]:
        """Every reason why `x` is not data of this domain; empty when it is."""
        return _problems(self, x, self.shape)

    def cast(self, x: Any) -> np.ndarray:
        """`x` as an array of this domain's dtype.

        Raises:
            UserError: `x` is not data of this domain; all reasons at once.
        """
        reasons = self.problems(x)
        if reasons:
            raise UserError.of(reasons)
        return np.asarray(x).astype(self.dtype, copy=False)

    @property
    def kind(self) -> str:
        """The name of the leaf, such as "Bits"."""
        return type(self).__name__

    def __str__(self) -> str:
        return self.spec


def _draw(range_: Range, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    lo, hi, whole = range_
    if whole:
        return rng.integers(int(lo), int(hi), size=shape, endpoint=True)  # type: ignore[arg-type]
    return rng.uniform(lo, hi, size=shape)  # type: ignore[arg-type]


def _problems(domain: Domain, x: Any, shape: tuple[int, ...]) -> list[str]:
    try:
        array = np.asarray(x)
    except (ValueError, TypeError, RuntimeError) as error:
        return [f"got data that is no array ({str(error)[:80]}), expected shape {shape_text(shape)}"]
    reasons = []
    if array.ndim != len(shape) + 1 or array.shape[1:] != shape:
        reasons.append(_shape_reason(array.shape, shape, domain.spec))
    elif array.shape[0] == 0:
        reasons.append(f"got no rows, expected at least one row of {domain.spec}")
    if array.dtype.kind not in "biuf":
        reasons.append(f"got values of type {array.dtype}, expected numbers; try x.astype({domain.dtype})")
        return reasons
    if array.dtype.kind == "f":
        reasons += [
            f"got {int(bad.sum())} {what} values, expected finite numbers"
            for what, bad in (("NaN", np.isnan(array)), ("infinite", np.isinf(array)))
            if bad.any()
        ]
    return reasons + _value_reasons(domain, array)


def _value_reasons(domain: Domain, array: np.ndarray) -> list[str]:
    """Values outside their range; whole numbers that are not whole."""
    ranges, reasons = domain.ranges, []
    if len(ranges) > 1 and (array.ndim == 0 or array.shape[-1] != len(ranges)):
        return []
    for column, range_ in enumerate(ranges):
        values = array if len(ranges) == 1 else array[..., column]
        where = "" if len(ranges) == 1 else f" in {domain.variables[column]}"
        finite = np.isfinite(values)
        bad = np.zeros(values.shape, dtype=bool)
        if range_.whole and array.dtype.kind == "f":
            bad |= finite & (np.where(finite, values, 0) % 1 != 0)
        if range_.lo is not None:
            bad |= finite & (values < range_.lo)
        if range_.hi is not None:
            bad |= finite & (values > range_.hi)
        if bad.any():
            at = tuple(int(i) for i in np.argwhere(bad)[0])
            reasons.append(f"got {values[at]}{where} in row {at[0] if at else 0}, expected {range_}")
    return reasons


def _shape_reason(got: tuple[int, ...], shape: tuple[int, ...], spec: str) -> str:
    hint = ""
    if got[1:] == (*shape, 1):
        hint = "; try x[..., 0]"
    elif got == shape:
        hint = "; try x[None] for one row"
    elif got[1:] and math.prod(got[1:]) == math.prod(shape):
        hint = f"; try x.reshape{(-1, *shape)}"
    return f"got data of shape {got}, expected {shape_text(shape)} for {spec}{hint}"


def shape_text(shape: tuple[int, ...]) -> str:
    """`(n, 10, 2)` for the item shape `(10, 2)`."""
    return f"(n, {', '.join(map(str, shape))})" if shape else "(n,)"


def decode_numbers(domain: Domain, raw: np.ndarray) -> np.ndarray:
    """Raw outputs as floats in the layout `(n, *domain.shape)`, a trailing axis of 1 removed; sequences of any length.

    Raises:
        UserError: the shape does not fit, or a value is not finite.
    """
    raw = np.asarray(raw)
    if raw.ndim == len(domain.shape) + 2 and raw.shape[-1] == 1:
        raw = raw[..., 0]
    check_raw(domain, raw, domain.shape)
    return raw


def check_raw(domain: Domain, raw: np.ndarray, shape: tuple[int, ...]) -> None:
    """Refuse raw outputs that are not finite or not `(n, *shape)`; the length of a sequence is free."""
    fixed = 2 if domain.is_sequence else 1
    if raw.ndim != len(shape) + 1 or raw.shape[fixed:] != shape[fixed - 1 :]:
        raise UserError(f"got raw outputs of shape {raw.shape}, expected {shape_text(shape)} for {domain.spec}")
    if raw.dtype.kind not in "biuf":
        raise UserError(f"got raw outputs of type {raw.dtype}, expected numbers for {domain.spec}")
    if raw.dtype.kind == "f" and not np.isfinite(raw).all():
        row = int(np.argwhere(~np.isfinite(raw))[0][0])
        raise UserError(f"got a raw output that is NaN or infinite in row {row}, expected finite numbers")


def round_to_int(raw: np.ndarray) -> np.ndarray:
    """Nearest integers, half to even, as int64.

    Raises:
        UserError: a value beyond 2**62.
    """
    if raw.size and float(np.abs(raw).max()) > LARGEST_INTEGER:
        raise UserError(f"got a raw output of {float(np.abs(raw).max()):.3g}, expected at most 2**62 in size")
    return np.rint(raw).astype(np.int64) if raw.dtype.kind == "f" else raw.astype(np.int64)


def axis_reasons(**axes: Any) -> list[str]:
    """Reasons why lengths or channel counts cannot be used; None is an absent axis."""
    return [
        f"got {name} {str(value)[:40]!r}, expected a whole number from 1 to {LARGEST_AXIS}"
        for name, value in axes.items()
        if value is not None and not (_is_int(value) and 1 <= value <= LARGEST_AXIS)
    ]


def bound_reasons(lo: Any, hi: Any, *, whole: bool) -> list[str]:
    """Reasons why a pair of bounds cannot be used; None is an open end."""
    reasons = []
    for name, value in (("lo", lo), ("hi", hi)):
        good = value is None or (_is_int(value) if whole else _is_real(value))
        if not good or (value is not None and abs(value) > (LARGEST_INTEGER if whole else 1e300)):
            reasons.append(f"got {name} {str(value)[:40]!r}, expected a {'whole' if whole else 'finite'} number")
    if not reasons and lo is not None and hi is not None and lo > hi:
        reasons.append(f"got lo {lo} above hi {hi}, expected lo <= hi")
    return reasons


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_real(value: Any) -> bool:
    return _is_int(value) or (isinstance(value, float) and math.isfinite(value))


def spec_text(kind: str, *arguments: Any, **options: Any) -> str:
    """`kind(arguments, option=...)`; options that are None are left out, tuples are written as lists."""
    parts = [_literal(a) for a in arguments]
    parts += [f"{name}={_literal(value)}" for name, value in options.items() if value is not None]
    return f"{kind}({', '.join(parts)})"


def _literal(value: Any) -> str:
    return f"[{', '.join(map(repr, value))}]" if isinstance(value, tuple) else repr(value)
