"""Numbers: bits, integers and reals, alone, in sequences and in several channels."""

from __future__ import annotations

import operator
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


def _axes(length: int | None, channels: int | None) -> tuple[int, ...]:
    return tuple(axis for axis in (length, channels) if axis is not None)


def _names(channels: int | None) -> tuple[str, ...]:
    """`x` for one channel, `a, b` for two, `x0, x1, ...` for more."""
    if channels is None:
        return ("x",)
    return ("a", "b") if channels == 2 else tuple(f"x{i}" for i in range(channels))


def _settle(domain: Any, reasons: list[str], kind: str, **values: Any) -> None:
    """Store checked values on a frozen dataclass; one channel is no channel axis."""
    reasons += axis_reasons(length=values["length"], channels=values["channels"])
    if reasons:
        raise UserError.of([f"cannot make {kind}", *reasons])
    if values["channels"] == 1:
        values["channels"] = None
    for name, value in values.items():
        object.__setattr__(domain, name, value)


def plain_number(value: Any) -> Any:
    """NumPy integers and floats as Python's; anything else as it is."""
    if isinstance(value, np.integer):
        return operator.index(value)
    return float(value) if isinstance(value, np.floating) else value


@final
@dataclass(frozen=True, init=False)
class Bits(Domain):
    """Zeros and ones, `(n, length, channels)` with absent axes left out.

    Arguments:
        length: of the sequences; None for single items. channels: numbers at each step; 1 has no axis of its own.
        threshold: raw outputs above it are ones. 0.5 suits probabilities and regression, 0.0 suits logits.

    Raises:
        UserError: an argument cannot be used; all reasons at once.
    """

    length: int | None
    channels: int | None
    threshold: float

    def __init__(self, length: int | None = None, channels: int | None = None, *, threshold: float = 0.5) -> None:
        length, channels, threshold = map(plain_number, (length, channels, threshold))
        reasons = [r.replace("lo", "threshold", 1) for r in bound_reasons(threshold, None, whole=False)]
        if threshold is None:
            reasons.append("got no threshold, expected a finite number")
        usable = threshold if reasons else float(threshold)
        _settle(self, reasons, "Bits", length=length, channels=channels, threshold=usable)

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Domain.shape`."""
        return _axes(self.length, self.channels)

    @property
    def ranges(self) -> tuple[Range, ...]:
        """See `Domain.ranges`."""
        return (Range(0, 1, whole=True),)

    @property
    def spec(self) -> str:
        """See `Domain.spec`."""
        threshold = None if self.threshold == 0.5 else self.threshold
        return spec_text("Bits", length=self.length, channels=self.channels, threshold=threshold)

    @property
    def variables(self) -> tuple[str, ...]:
        """See `Domain.variables`."""
        return _names(self.channels)

    @property
    def is_sequence(self) -> bool:
        """See `Domain.is_sequence`."""
        return self.length is not None

    @property
    def classes(self) -> int | None:
        """See `Domain.classes`."""
        return None

    def with_length(self, length: int | None) -> Bits:
        """See `Domain.with_length`."""
        return Bits(length, self.channels, threshold=self.threshold)

    def decode(self, raw: np.ndarray) -> np.ndarray:
        """One where the raw output is above the threshold. See `Domain.decode`."""
        return (decode_numbers(self, raw) > self.threshold).astype(np.int64)


@final
@dataclass(frozen=True, init=False)
class Integers(Domain):
    """Whole numbers from `lo` to `hi`, both included; an end left out is open.

    Arguments:
        lo, hi: the ends. length, channels: as for `Bits`.

    Raises:
        UserError: an argument cannot be used; all reasons at once.
    """

    lo: int | None
    hi: int | None
    length: int | None
    channels: int | None

    def __init__(
        self,
        lo: int | None = None,
        hi: int | None = None,
        *,
        length: int | None = None,
        channels: int | None = None,
    ) -> None:
        lo, hi, length, channels = map(plain_number, (lo, hi, length, channels))
        _settle(self, bound_reasons(lo, hi, whole=True), "Integers", lo=lo, hi=hi, length=length, channels=channels)

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Domain.shape`."""
        return _axes(self.length, self.channels)

    @property
    def ranges(self) -> tuple[Range, ...]:
        """See `Domain.ranges`."""
        return (Range(self.lo, self.hi, whole=True),)

    @property
    def spec(self) -> str:
        """See `Domain.spec`."""
        ends = () if self.lo is None and self.hi is None else (self.lo, self.hi)
        return spec_text("Integers", *ends, length=self.length, channels=self.channels)

    @property
    def variables(self) -> tuple[str, ...]:
        """See `Domain.variables`."""
        return _names(self.channels)

    @property
    def is_sequence(self) -> bool:
        """See `Domain.is_sequence`."""
        return self.length is not None

    @property
    def classes(self) -> int | None:
        """See `Domain.classes`."""
        return None

    def with_length(self, length: int | None) -> Integers:
        """See `Domain.with_length`."""
        return Integers(self.lo, self.hi, length=length, channels=self.channels)

    def decode(self, raw: np.ndarray) -> np.ndarray:
        """The nearest integer, also when it lies outside `lo` to `hi`: what the network says. See `Domain.decode`."""
        return round_to_int(decode_numbers(self, raw))


@final
@dataclass(frozen=True, init=False)
class Reals(Domain):
    """Real numbers from `lo` to `hi`; an end left out is open.

    Arguments:
        lo, hi: the ends. length, channels: as for `Bits`.

    Raises:
        UserError: an argument cannot be used; all reasons at once.
    """

    lo: float | None
    hi: float | None
    length: int | None
    channels: int | None

    def __init__(
        self,
        lo: float | None = None,
        hi: float | None = None,
        *,
        length: int | None = None,
        channels: int | None = None,
    ) -> None:
        lo, hi, length, channels = map(plain_number, (lo, hi, length, channels))
        reasons = bound_reasons(lo, hi, whole=False)
        if not reasons:
            lo, hi = (None if end is None else float(end) for end in (lo, hi))
        _settle(self, reasons, "Reals", lo=lo, hi=hi, length=length, channels=channels)

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Domain.shape`."""
        return _axes(self.length, self.channels)

    @property
    def ranges(self) -> tuple[Range, ...]:
        """See `Domain.ranges`."""
        return (Range(self.lo, self.hi, whole=False),)

    @property
    def spec(self) -> str:
        """See `Domain.spec`."""
        ends = () if self.lo is None and self.hi is None else (self.lo, self.hi)
        return spec_text("Reals", *ends, length=self.length, channels=self.channels)

    @property
    def variables(self) -> tuple[str, ...]:
        """See `Domain.variables`."""
        return _names(self.channels)

    @property
    def is_sequence(self) -> bool:
        """See `Domain.is_sequence`."""
        return self.length is not None

    @property
    def classes(self) -> int | None:
        """See `Domain.classes`."""
        return None

    def with_length(self, length: int | None) -> Reals:
        """See `Domain.with_length`."""
        return Reals(self.lo, self.hi, length=length, channels=self.channels)

    def decode(self, raw: np.ndarray) -> np.ndarray:
        """The raw numbers as float64. See `Domain.decode`."""
        return decode_numbers(self, raw).astype(np.float64)
