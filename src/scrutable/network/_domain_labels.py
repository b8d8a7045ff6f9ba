"""Labels: tokens that a network reads, and categories that it chooses between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from scrutable.errors import UserError
from scrutable.network._domain import Domain, Range, axis_reasons, check_raw, shape_text, spec_text
from scrutable.network._domain_numbers import plain_number

LARGEST_VOCABULARY = 10**7


def _labels(kind: str, labels: Any, length: Any) -> tuple[int | tuple[str, ...], int | None]:
    """Checked labels (a count or names) and length."""
    labels, length = plain_number(labels), plain_number(length)
    reasons = axis_reasons(length=length)
    if isinstance(labels, (list, tuple)):
        labels = tuple(labels)
        if not labels or not all(isinstance(name, str) for name in labels) or len(set(labels)) < len(labels):
            reasons.append(f"got the labels {str(labels)[:60]}, expected one or more different names")
    elif not isinstance(labels, int) or isinstance(labels, bool) or not 1 <= labels <= LARGEST_VOCABULARY:
        reasons.append(f"got {str(labels)[:40]!r} labels, expected 1 to {LARGEST_VOCABULARY}, or their names")
    if reasons:
        raise UserError.of([f"cannot make {kind}", *reasons])
    return labels, length


def _count(labels: int | tuple[str, ...]) -> int:
    return labels if isinstance(labels, int) else len(labels)


def _decode(domain: Domain, raw: np.ndarray) -> np.ndarray:
    raw, k = np.asarray(raw), domain.classes or 0
    if raw.ndim == len(domain.shape) + 1:
        raise UserError(
            f"got one number for each item (raw outputs of shape {raw.shape}), expected {k} scores for each, "
            f"{shape_text((*domain.shape, k))}, for {domain.spec}; try Integers or Bits as the outputs"
        )
    check_raw(domain, raw, (*domain.shape, k))
    return raw.argmax(axis=-1).astype(np.int64)


@final
@dataclass(frozen=True, init=False)
class Tokens(Domain):
    """Symbols numbered from zero, `(n,)` or `(n, length)`.

    Arguments:
        vocab: how many there are, or their names. length: of the sequences; None for single items.

    Raises:
        UserError: an argument cannot be used; all reasons at once.
    """

    vocab: int | tuple[str, ...]
    length: int | None

    def __init__(self, vocab: int | list[str] | tuple[str, ...], *, length: int | None = None) -> None:
        checked, steps = _labels("Tokens", vocab, length)
        object.__setattr__(self, "vocab", checked)
        object.__setattr__(self, "length", steps)

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Domain.shape`."""
        return () if self.length is None else (self.length,)

    @property
    def ranges(self) -> tuple[Range, ...]:
        """See `Domain.ranges`."""
        return (Range(0, self.classes - 1, whole=True),)

    @property
    def spec(self) -> str:
        """See `Domain.spec`."""
        return spec_text("Tokens", self.vocab, length=self.length)

    @property
    def variables(self) -> tuple[str, ...]:
        """See `Domain.variables`."""
        return ("x",)

    @property
    def is_sequence(self) -> bool:
        """See `Domain.is_sequence`."""
        return self.length is not None

    @property
    def classes(self) -> int:
        """See `Domain.classes`."""
        return _count(self.vocab)

    def with_length(self, length: int | None) -> Tokens:
        """See `Domain.with_length`."""
        return Tokens(self.vocab, length=length)

    def decode(self, raw: np.ndarray) -> np.ndarray:
        """The symbol of the highest score on the last axis, the first of equals. See `Domain.decode`."""
        return _decode(self, raw)


@final
@dataclass(frozen=True, init=False)
class Category(Domain):
    """One of several labels numbered from zero, `(n,)` or `(n, length)`.

    Arguments:
        labels: how many there are, or their names. length: of the sequences; None for single items.

    Raises:
        UserError: an argument cannot be used; all reasons at once.
    """

    labels: int | tuple[str, ...]
    length: int | None

    def __init__(self, labels: int | list[str] | tuple[str, ...], *, length: int | None = None) -> None:
        checked, steps = _labels("Category", labels, length)
        object.__setattr__(self, "labels", checked)
        object.__setattr__(self, "length", steps)

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Domain.shape`."""
        return () if self.length is None else (self.length,)

    @property
    def ranges(self) -> tuple[Range, ...]:
        """See `Domain.ranges`."""
        return (Range(0, self.classes - 1, whole=True),)

    @property
    def spec(self) -> str:
        """See `Domain.spec`."""
        return spec_text("Category", self.labels, length=self.length)

    @property
    def variables(self) -> tuple[str, ...]:
        """See `Domain.variables`."""
        return ("x",)

    @property
    def is_sequence(self) -> bool:
        """See `Domain.is_sequence`."""
        return self.length is not None

    @property
    def classes(self) -> int:
        """See `Domain.classes`."""
        return _count(self.labels)

    def with_length(self, length: int | None) -> Category:
        """See `Domain.with_length`."""
        return Category(self.labels, length=length)

    def decode(self, raw: np.ndarray) -> np.ndarray:
        """The label of the highest score on the last axis, the first of equals. See `Domain.decode`."""
        return _decode(self, raw)
