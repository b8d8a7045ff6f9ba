"""A program with the places of its variables, as far as a network has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.propose._sequence_features import QUERY
from scrutable.propose._sequence_joined import TOGETHER, joined
from scrutable.propose._sequence_program import Written
from scrutable.propose._sequence_sites import Places, Spot
from scrutable.work import Clock

READ = "read"


@final
@dataclass(frozen=True, slots=True)
class Located:
    """A program and the places of those variables that have one.

    Arguments:
        left_out: how many variables are written where they are used because they have no place.
    """

    made: Written
    spots: Mapping[str, Spot]
    left_out: int = 0

    @property
    def rank(self) -> tuple[int, int, float]:
        """Lower for those better located, then for shorter ones."""
        return self.left_out, sum(not spot.sure for spot in self.spots.values()), self.made.program.bits

    @property
    def sites(self) -> dict[str, str]:
        """The site of each variable that has one."""
        return {name: spot.site for name, spot in self.spots.items()}

    @property
    def bare(self) -> Written:
        """The program without those views that have no place."""
        return self.made.inlined(set(self.made.views) - set(self.spots))

    @property
    def sure(self) -> Located:
        """Without the variables whose place is in doubt; if none or each is, without those not located as well as the
        best."""
        doubted = {name for name, spot in self.spots.items() if not spot.sure}
        best = max((spot.followed for spot in self.spots.values()), default=0.0)
        if len(doubted) in (0, len(self.spots)):
            doubted = {name for name, spot in self.spots.items() if spot.followed < best}
        spots = {name: spot for name, spot in self.spots.items() if name not in doubted}
        return Located(self.made.inlined(doubted), spots)


def located(made: Written, places: Places, clock: Clock) -> Located:
    """The program with the places of its variables; those without one are written where they are used.

    A variable that is the answer by another name needs none: any network holds its answer somewhere. Variables
    without a place of their own may have one together. So may views: what a position lets others read of it is often
    keys and values at once.
    """
    run = made.program.run(places.x)
    answers = np.asarray(run[made.program.outputs[0]])
    inner = [name for name in made.program.variables if name not in (*made.program.outputs, *made.views)]
    inner = [name for name in inner if not _one_to_one(np.asarray(run[name]), answers)]
    found = _viewed(_inner(made, inner, places, clock), places, clock)
    return found if found.spots else Located(made, {})


def _inner(made: Written, names: list[str], places: Places, clock: Clock) -> Located:
    """With places of what attention computes: each alone, or all of them together, or those left or in doubt.

    Where each has a place, of some of them in doubt, they are one variable only if no doubt is left of its place.
    """
    found = {name: places.site(made.program, name, clock, order="first") for name in names}
    spots = {name: spot for name, spot in found.items() if spot is not None}
    left = [name for name in names if name not in spots]
    doubted = [name for name in names if name not in spots or not spots[name].sure]
    for group in (names, doubted) if doubted else ():
        whole = joined(made, group)
        spot = None if whole is None else places.site(whole.program, TOGETHER, clock, order="first")
        if whole is not None and spot is not None and (left or spot.sure):
            return Located(whole, {**{name: spots[name] for name in names if name not in group}, TOGETHER: spot})
    return Located(made.inlined(set(left)), spots, len(left))


def _viewed(so_far: Located, places: Places, clock: Clock) -> Located:
    """With places of views: each alone, else those that one variable reads of other positions, else all such."""
    made, spots = so_far.made, dict(so_far.spots)

    def tried(of: Written, views: list[str]) -> dict[str, Spot]:
        found = {view: places.site(of.program, view, clock, order="last") for view in views}
        return {view: spot for view, spot in found.items() if spot is not None}

    spots |= tried(made, list(made.views))
    for by_reader in (True, False):
        for views in _groups(made, spots, by_reader=by_reader):
            one = made.merged(views, _fresh(made))
            found = tried(one, [next(iter(one.views))])
            made, spots = (one, {**spots, **found}) if found else (made, spots)
    return Located(made, spots, so_far.left_out)


def _groups(made: Written, spots: Mapping[str, Spot], *, by_reader: bool) -> list[list[str]]:
    """Groups of views without a place, of what is read at other positions: those of one reader, or all."""
    groups: dict[frozenset[str], list[str]] = {}
    for view, role in made.views.items():
        if view not in spots and role != QUERY:
            groups.setdefault(made.readers(view) if by_reader else frozenset(), []).append(view)
    return [views for views in groups.values() if len(views) > 1]


def _fresh(made: Written) -> str:
    taken = {*made.program.variables, *(entry.name for entry in made.program.inputs)}
    names = (READ if number == 1 else f"{READ}_{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _one_to_one(values: np.ndarray, answers: np.ndarray) -> bool:
    """Whether each settles the other."""
    pairs = np.unique(np.stack([values.reshape(-1), answers.reshape(-1)], axis=1), axis=0)
    return all(len(np.unique(column)) == len(pairs) for column in pairs.T)
