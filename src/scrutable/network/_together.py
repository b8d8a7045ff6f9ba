"""Several places read and replaced as one: the numbers of one after those of the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from scrutable.errors import UserError
from scrutable.network._site import Site


def as_site(site: str | Site) -> Site:
    """A site, if need be read from its printed form."""
    return site if isinstance(site, Site) else Site.parse(site)


def gathered(sites: Iterable[Site], found: Mapping[Site, np.ndarray]) -> dict[Site, np.ndarray]:
    """What is at each site, from what is at each of their parts."""
    return {site: _side_by_side(site, [found[part] for part in site.parts]) for site in sites}


def apart(values: Mapping[Site | str, np.ndarray], width: Callable[[Site], int]) -> dict[Site, np.ndarray]:
    """What to put at each single place.

    Arguments:
        width: how many numbers a place is, at each step.

    Raises:
        UserError: values of another width, or one place twice.
    """
    found: dict[Site, np.ndarray] = {}
    for text, value in values.items():
        parts = as_site(text).parts
        pieces = [value] if len(parts) == 1 else _split(as_site(text), np.asarray(value), [width(p) for p in parts])
        for part, piece in zip(parts, pieces, strict=True):
            if part in found:
                raise UserError(f"got two values for {part}, expected one")
            found[part] = piece
    return found


def _side_by_side(site: Site, parts: list[np.ndarray]) -> np.ndarray:
    if len({part.ndim for part in parts}) > 1:
        raise UserError(f"got {site}, some with and some without steps, expected places that can be taken together")
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)


def _split(site: Site, value: np.ndarray, widths: list[int]) -> list[np.ndarray]:
    if value.ndim == 0 or value.shape[-1] != sum(widths):
        raise UserError(
            f"got values of shape {value.shape} for {site}, expected {sum(widths)} numbers on the last axis"
        )
    return np.split(value, np.cumsum(widths)[:-1], axis=-1)
