"""Linear directions of some numbers: coordinates along them, and how these are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, final

import numpy as np

from scrutable.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

ORTHONORMAL = 1e-9
DEPENDENT = 1e-10
LARGE = 1e6
Rows = tuple[tuple[float, ...], ...]
Values = TypeVar("Values", np.ndarray, "Tensor")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Along:
    """Coordinates of k numbers along m directions.

    Arguments:
        directions: `(m, k)`, along which the numbers move when a coordinate changes. readers: `(m, k)`, whose products
            with the numbers are the coordinates; `readers @ directions.T` is the identity.
    """

    directions: np.ndarray
    readers: np.ndarray

    def read(self, held: Values) -> Values:
        """The coordinates `(..., m)` of numbers `(..., k)`."""
        return held @ _like(self.readers, held).T

    def put(self, held: Values, new: Values) -> Values:
        """The numbers `(..., k)` with their coordinates set to `(..., m)`; what no reader sees stays as it was."""
        return held + (new - self.read(held)) @ _like(self.directions, held)


def orthonormal(directions: Any) -> Rows:
    """Orthonormal rows that span the same subspace, signs kept; rows that are orthonormal already stay as they are.

    Raises:
        UserError: not an array `(m, k)`, not finite, or rows that depend on each other.
    """
    rows = _finite(directions)
    if not rows.size or rows.shape[0] > rows.shape[1]:
        raise UserError(f"got directions of shape {rows.shape}, expected finite (m, k) with 1 <= m <= k")
    if np.abs(rows).max() > 1.1 or np.abs(rows @ rows.T - np.eye(len(rows))).max() > ORTHONORMAL:
        norms = np.abs(rows).max(axis=1, keepdims=True)
        q, r = np.linalg.qr((rows / np.where(norms > 0, norms, 1)).T)
        diagonal = np.diag(r)
        if np.abs(diagonal).min() <= DEPENDENT * np.abs(r).max():
            raise UserError(f"got {len(rows)} directions that depend on each other, expected independent rows")
        rows = (q * np.sign(diagonal)).T
    return _frozen(rows)


def readers_of(readers: Any, directions: Rows) -> Rows:
    """Rows that span the same as `readers` and read the coordinates along orthonormal directions; none where these
    are the directions themselves.

    Raises:
        UserError: not finite, of another shape than the directions, or rows that do not tell them apart.
    """
    rows, along = _finite(readers), np.array(directions)
    if rows.shape != along.shape:
        raise UserError(f"got readers of shape {rows.shape}, expected that of the directions, {along.shape}")
    scaled = rows / np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-300)
    seen = scaled @ along.T
    found = rows if _dual(rows, along) else np.linalg.lstsq(seen, scaled, rcond=None)[0]
    if not _dual(found, along):
        raise UserError(f"got {len(rows)} readers that do not tell the directions apart, expected independent rows")
    return () if np.abs(found - along).max() <= ORTHONORMAL else _frozen(found)


def _dual(rows: np.ndarray, along: np.ndarray) -> bool:
    """Whether each row reads the coordinate along one direction and no other."""
    return bool(np.abs(rows).max() < LARGE and np.abs(rows @ along.T - np.eye(len(rows))).max() <= ORTHONORMAL)


def _finite(rows: Any) -> np.ndarray:
    try:
        array = np.array(rows, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise UserError(f"got directions that are no array of numbers ({str(error)[:60]}), expected (m, k)") from error
    if array.ndim != 2 or not np.isfinite(array).all():
        raise UserError(f"got directions of shape {array.shape}, expected finite (m, k) with 1 <= m <= k")
    return array


def _frozen(rows: np.ndarray) -> Rows:
    return tuple(tuple(map(float, row)) for row in rows)


def _like(rows: np.ndarray, held: Any) -> Any:
    """The rows as numbers of the same kind."""
    if isinstance(held, np.ndarray):
        return rows.astype(held.dtype)
    import torch

    return torch.from_numpy(rows).to(held)
