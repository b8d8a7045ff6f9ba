"""Sites resolved against a network: which columns, which steps, along which directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scrutable.errors import UserError
from scrutable.network._along import Along
from scrutable.network._site import ALL, Position, Site, Span
from scrutable.network.engine import Rows
from scrutable.network.engine._pick import Pick


@dataclass(frozen=True, slots=True)
class Place:
    """A named value of a network: `(n, L, width)` with steps, `(n, width)` without.

    Arguments:
        shape: of one row of a value of the captured graph, which is `(n, width)` with its axes in one; None for others.
        rows: where its rows are in the graph. length: of the sequences that it was captured on; None for others.
    """

    name: str
    steps: bool
    columns: range
    shape: tuple[int, ...] | None = None
    rows: Rows | None = None
    length: int | None = None

    @property
    def width(self) -> int:
        """How many units it has."""
        return len(self.columns)


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """A site whose name and units are known to exist.

    Arguments:
        columns: of the whole value, `(k,)`; `(L, k)` where those of each position of a sequence are others.
        step: an index, a span, or None for all. lines: directions, or None.
    """

    site: Site
    place: Place
    columns: np.ndarray
    step: int | Span | None
    lines: Along | None

    @property
    def width(self) -> int:
        """How many numbers the site is, at each step."""
        return self.columns.shape[-1] if self.lines is None else len(self.lines.directions)

    @property
    def stepped(self) -> bool:
        """Whether it has numbers for each position of a sequence."""
        return self.place.steps or self.columns.ndim == 2

    def times(self, length: int) -> int | np.ndarray | None:
        """The steps of a sequence that the site covers: one, several in order, or None without steps.

        Raises:
            UserError: it covers none.
        """
        if not self.stepped:
            return None
        if self.columns.ndim == 2:
            if length != len(self.columns):
                raise UserError(
                    f"got {self.site.text} on sequences of length {length}, expected the length {len(self.columns)} "
                    "that the network was captured on"
                )
            return np.arange(length)
        if isinstance(self.step, int):
            if not -length <= self.step < length:
                raise UserError(f"got {self.site} on sequences of length {length}, expected a step below {length}")
            return self.step % length
        chosen = np.arange(length)[(self.step or ALL).slice]
        if len(chosen) == 0:
            raise UserError(f"got {self.site} on sequences of length {length}, expected at least one step")
        return chosen

    def read(self, value: np.ndarray) -> np.ndarray:
        """The site's numbers in a whole value `(n, L, d)` or `(n, d)`: `(n, k)` at one step or without steps, else
        `(n, L, k)`."""
        if self.place.steps:
            value = value[:, self.times(value.shape[1])]
        value = value[..., self.columns]
        return value if self.lines is None else self.lines.read(value)

    def blend(self, value: Tensor, new: Tensor, steps: np.ndarray | None = None) -> Tensor:
        """`value` `(..., d)` with the site's numbers set to `new` `(..., m)`; what it does not hold stays.

        Arguments:
            steps: `(n,)`, for columns that are others at each position: at which one each row is set.
        """
        columns = torch.from_numpy(self.columns if steps is None else self.columns[steps]).to(value.device)
        rows_at: Any = ... if steps is None else torch.arange(len(steps), device=value.device)[:, None]
        where = (rows_at, columns)
        result, new = value.clone(), new.to(value)
        result[where] = new if self.lines is None else self.lines.put(value[where], new)
        return result


def resolve(site: Site, places: dict[str, Place]) -> Selection:
    """A site of a network.

    Raises:
        UserError: no such name, steps where there are none (or the reverse), units that do not exist.
    """
    place = places.get(site.name)
    if place is None:
        known = ", ".join(list(places)[:12]) + (", ..." if len(places) > 12 else "")
        raise UserError(f"got the site {site.name[:60]!r}, expected one of {known or 'none: it shows no insides'}")
    if place.shape is not None:
        return _inner(site, place, place.shape)
    if site.position is not None:
        raise UserError(f"got {site.text}, whose value cannot be followed in a graph, expected {site.name}[:, units]")
    if site.axes:
        raise UserError(f"got {site.text} with {len(site.indices)} indices, expected {site.name}[step, units]")
    if site.step is not None and not place.steps:
        raise UserError(f"got {site.text} with a step, expected {site.name}[units]: it has no steps")
    if place.steps and site.step is None and site.units != ALL:
        raise UserError(f"got {site.text} without a step, expected {site.name}[step, units]; try {site.name}[:, ...]")
    chosen = _units(site, place)
    assert not isinstance(site.step, (tuple, Position))
    return Selection(site, place, chosen, site.step, site.lines_over(len(chosen)))


def _inner(site: Site, place: Place, shape: tuple[int, ...]) -> Selection:
    """A site with one index for each axis."""
    columns = columns_of(site, shape, place.length)
    return Selection(site, place, columns, None, site.lines_over(columns.shape[-1]))


def columns_of(site: Site, shape: tuple[int, ...], length: int | None) -> np.ndarray:
    """Which numbers of a value a site is, all axes in one: `(k,)`; with t among its indices `(L, k)`.

    Arguments:
        shape: of one row of the value. length: of the sequences it is a value for; None for others.

    Raises:
        UserError: not one index for each axis, or an index that does not exist.
    """
    if site.position is None:
        index = Pick.of(site.bare, shape).chosen
        return np.ravel_multi_index(np.broadcast_arrays(*index), shape).ravel() if shape else np.zeros(1, dtype=int)
    if length is None:
        raise UserError(f"got {site.text} for inputs that are no sequences, expected numbers in the place of t")
    index = Pick.of(site.spelled_out(length).bare, shape).chosen
    columns = np.ravel_multi_index(np.broadcast_arrays(*index), shape)
    return np.moveaxis(columns, site.indices.index(site.position), 0).reshape(length, -1)


def _units(site: Site, place: Place) -> np.ndarray:
    columns, units = np.asarray(place.columns), site.units
    if isinstance(units, Span):
        outside = any(end is not None and abs(end) > place.width for end in (units.start, units.stop))
        chosen = columns[units.slice]
    else:
        assert not isinstance(units, Position)
        numbers = list(units) if isinstance(units, tuple) else [units]
        outside = any(not -place.width <= number < place.width for number in numbers)
        chosen = columns[[] if outside else numbers]
    if outside or len(chosen) == 0 or len(set(chosen.tolist())) < len(chosen):
        raise UserError(f"got {site.text[:80]}, expected different units from 0 to {place.width - 1}")
    return chosen


def checked_values(
    selection: Selection, values: Any, *, n: int, length: int | None, steps: np.ndarray | None
) -> np.ndarray:
    """Values to put at a site, `(n, k)` for one step (or one chosen for each row), else `(n, steps, k)`.

    Raises:
        UserError: another shape, or values that are not finite numbers.
    """
    array, times = np.asarray(values), None if length is None else selection.times(length)
    one = times is None or isinstance(times, int)
    shape = (n, selection.width) if one else (n, len(times), selection.width)  # type: ignore[arg-type]
    if selection.width == 1 and array.shape == shape[:-1]:
        array = array[..., None]
    if isinstance(times, int) and array.shape == (n, 1, selection.width):
        array = array[:, 0]
    if steps is not None and not one and array.shape == shape:
        array = array[np.arange(n), steps]
    wanted = (n, selection.width) if steps is not None else shape
    if array.shape != wanted:
        raise UserError(f"got values of shape {array.shape} for {selection.site.text}, expected {wanted}")
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise UserError(f"got values for {selection.site.text} that are NaN, infinite or no numbers, expected numbers")
    return array


def checked_steps(steps: Any, selections: list[Selection], *, n: int, length: int | None) -> np.ndarray | None:
    """One step for each row, or None.

    Raises:
        UserError: another shape, a step beyond the sequence, or a site that has a step of its own or has no steps.
    """
    if steps is None:
        return None
    for selection in selections:
        if not selection.stepped or selection.step not in (None, ALL):
            raise UserError(
                f"got steps with {selection.site.text}, expected a site with all steps, such as hidden[:, 0]"
            )
    array = np.asarray(steps)
    if array.shape != (n,) or array.dtype.kind not in "iu":
        raise UserError(f"got steps of shape {array.shape} and type {array.dtype}, expected ({n},) whole numbers")
    if n and length is not None and (array.min() < 0 or array.max() >= length):
        raise UserError(f"got steps from {array.min()} to {array.max()}, expected 0 to {length - 1}")
    return array
