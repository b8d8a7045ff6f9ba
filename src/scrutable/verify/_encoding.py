"""Linear encodings of a program's values in a network's activations.

The family is fixed beforehand and every member is linear: a subspace of the site, found from

- "values": class means for each joint value of the variables (a linear map to their one-hot code);
- "values and output": the same for (value, current output), because an activation also carries the output it just gave;
- "values by position": the same for (value, position), because positions may differ in how they hold it;
- "clusters": "values" with each class first split into at most eight clusters (where it is known how far apart
  activations are to what reads them, by that distance);
- "numbers": a linear regression on the values as numbers, and on the one-hot code of those with few values;
- "bent numbers": the same and hinges of the values, as layers of ReLU units carry them. Like class means, it bends the
  way from values to activations; the subspace, and what is read of it, stays linear;
- "everything": all of the site at a position, where it may carry more than the variable but the rest follows from it.

"Whitened" members are orthogonal in the metric of the activations' covariance. Which member is used is chosen on rows
that are not scored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from scrutable.verify._clusters import split
from scrutable.verify._regression import FEW, MOST_ROWS, Codes, Features, Regression, fit_regression
from scrutable.verify._rows import lookup, stand_ins

CLUSTERS = 8
MOST_CLASSES, MOST_CLUSTERED = 400, 128
FEWEST = 2
MOST_GROUPS = 2**20
NEGLIGIBLE = 0.003
CONSTANT = 1e-8
WHOLE = 0.99
Beside = Literal["nothing", "output", "position"]


@dataclass(frozen=True, slots=True)
class Encoding:
    """One fitted member of the family.

    Arguments:
        name: which member.
        read, write: `(d, r)` and `(r, d)`: coordinates in the subspace are `h @ read`, and the part of an activation
            that lies in it is `h @ read @ write`.
        share: how much of the activations' variance that part accounts for.
        classes: `(K, k')` joint values seen when fitting; None for "numbers".
        members: `(m,)` the class of each row fitted on; empty for "numbers".
        parts, means: `(m,)` and `(k, d)`: the class or cluster of each row, and its mean.
        activations: `(m, d)` fitted on. groups: `(m,)` of those rows.
        regression: what "numbers" rebuilds activations with, also used for values never seen.
        residuals: `(m, d)`, what it leaves over.
        beside: what classes are of beside the value.
    """

    name: str
    read: np.ndarray
    write: np.ndarray
    share: float
    classes: np.ndarray | None
    members: np.ndarray
    parts: np.ndarray
    means: np.ndarray
    activations: np.ndarray
    groups: np.ndarray
    regression: Regression
    residuals: np.ndarray
    beside: Beside

    @property
    def dimension(self) -> int:
        """Of the subspace."""
        return self.read.shape[1]

    @property
    def whole(self) -> bool:
        """Whether the subspace is, in effect, the whole activation."""
        return self.share >= WHOLE

    def moved(self, base: np.ndarray, towards: np.ndarray) -> np.ndarray:
        """`base` with its part in the subspace taken from `towards`, both `(p, d)`."""
        return base + (towards - base) @ self.read @ self.write

    def rebuilt(self, codes: Codes, rng: np.random.Generator) -> np.ndarray:
        """Activations made from values alone, `(p, d)`: the mean of the class, or of one of its clusters at random.

        For "numbers" and for values never seen it is the regression's expectation.
        """
        out, chosen = self.regression.predict(codes), self._alike(codes, rng)
        if self.classes is not None:
            out[chosen >= 0] = self.means[self.parts[chosen[chosen >= 0]]]
        return out

    def expected(self, codes: Codes) -> np.ndarray:
        """Activations to be expected for values, `(p, d)`: the mean of the class, or the regression's."""
        out = self.regression.predict(codes)
        if self.classes is not None:
            wanted = lookup(self.classes, _joint(codes, self.beside))
            out[wanted >= 0] = _means(self.activations, self.members)[0][wanted[wanted >= 0]]
        return out

    def resampled(self, codes: Codes, rng: np.random.Generator) -> np.ndarray:
        """Natural activations that share nothing but the values, `(p, d)`: a random fitted row of the same class.

        For "numbers" and for values never seen it is the regression's expectation and the residual of a random row.
        Decoys are compared by these: an expectation that hardly depends on the value would still tip a network whose
        threshold lies near the mean, by luck one way or the other.
        """
        spare = stand_ins(self.groups, codes.groups, rng)
        spare = np.where(spare >= 0, spare, rng.integers(0, len(self.residuals), size=len(spare)))
        out, chosen = self.regression.predict(codes) + self.residuals[spare], self._alike(codes, rng)
        out[chosen >= 0] = self.activations[chosen[chosen >= 0]]
        return out

    def _alike(self, codes: Codes, rng: np.random.Generator) -> np.ndarray:
        """For each value a random fitted row of its class, of the same group if there is one; -1 without any."""
        if self.classes is None:
            return np.full(len(codes.groups), -1)
        wanted = lookup(self.classes, _joint(codes, self.beside))
        near = stand_ins(_keys(self.members, self.groups), _keys(wanted, codes.groups), rng)
        return np.where(near >= 0, near, stand_ins(self.members, wanted, rng))


def fit_encodings(
    activations: np.ndarray,
    codes: Codes,
    axes: np.ndarray,
    rng: np.random.Generator,
    *,
    positions: bool = False,
    names: Sequence[str] | None = None,
    effects: Callable[[], np.ndarray | None] | None = None,
) -> list[Encoding]:
    """Every member of the family that the values allow.

    Arguments:
        activations: `(m, d)`. codes: of the same rows. axes: `(d, s)`, orthonormal columns: the site inside the
            activation; encodings stay within it. positions: whether there is a value at each position of a
            sequence, which has two members more. names: only these members. effects: asked, where there are
            clusters, for the coordinates `(d, e)` in which their distances are; None for the activations' own.
    """
    fitter = _Fitter(activations, codes, axes)
    offers: list[tuple[str, Callable[[], Encoding]]] = []
    finest = None
    kinds: dict[str, Beside] = {"values": "nothing", "values and output": "output", "values by position": "position"}
    possible = {"nothing": True, "output": bool(codes.outputs.shape[1]), "position": positions}
    for name, beside in kinds.items():
        if not possible[beside]:
            continue
        classed = _classed(codes, beside)
        if not 1 < len(classed.values) <= min(MOST_CLASSES, len(activations) // FEWEST):
            continue
        offers.append((name, partial(fitter.by_class, name, classed)))
        if name != "values and output":
            offers.append((f"{name}, whitened", partial(fitter.by_class, f"{name}, whitened", classed, whitened=True)))
        if beside != "position" and len(classed.values) <= MOST_CLUSTERED:
            finest = classed
    if finest is not None:
        offers.append(("clusters", partial(fitter.by_clusters, finest, rng, effects)))
    offers.append(("numbers", partial(fitter.by_number, "numbers")))
    offers.append(("numbers, whitened", partial(fitter.by_number, "numbers, whitened", whitened=True)))
    many = any(len(np.unique(column)) > FEW for column in codes.values.T)
    if many or not any(name == "values" for name, _ in offers):
        offers.append(("bent numbers", partial(fitter.by_bent_number, rng)))
    if positions and finest is not None:
        offers.append(("everything", partial(fitter.whole, finest)))
    made = (make() for name, make in offers if names is None or name in names)
    return [each for each in made if each.dimension]


@dataclass(frozen=True, slots=True)
class _Classes:
    """Joint values seen, which of them each row has, and the class or cluster of each row."""

    values: np.ndarray
    members: np.ndarray
    parts: np.ndarray
    beside: Beside


def _classed(codes: Codes, beside: Beside) -> _Classes:
    values, members = np.unique(_joint(codes, beside), axis=0, return_inverse=True)
    return _Classes(values, members.reshape(-1), members.reshape(-1), beside)


class _Fitter:
    """What the members of the family have in common."""

    def __init__(self, activations: np.ndarray, codes: Codes, axes: np.ndarray) -> None:
        self.activations, self.codes, self.axes = activations, codes, axes
        self.regression = fit_regression(activations, codes, Features.linear(codes))
        self.residuals = activations - self.regression.predict(codes)
        self.spread = activations - activations.mean(axis=0)
        self.whitener = whitener(self.spread @ axes)

    def by_class(self, name: str, classed: _Classes, *, whitened: bool = False) -> Encoding:
        """The subspace of the differences between means."""
        means, shares = _means(self.activations, classed.parts)
        directions = (means - self.activations.mean(axis=0)) * np.sqrt(shares)[:, None]
        return self._made(name, directions, classed, means, whitened=whitened)

    def whole(self, classed: _Classes) -> Encoding:
        """All of the site, which is rebuilt from the means of classes."""
        means, _ = _means(self.activations, classed.parts)
        return self._made("everything", self.axes.T, classed, means, whitened=False)

    def by_clusters(
        self, classed: _Classes, rng: np.random.Generator, effects: Callable[[], np.ndarray | None] | None
    ) -> Encoding:
        """The same, each class split first; see `fit_encodings`."""
        told, points = None if effects is None else effects(), self.activations @ self.axes
        parts = split(points if told is None else points @ self.axes.T @ told, classed.members, CLUSTERS, rng)
        return self.by_class("clusters", replace(classed, parts=parts))

    def by_number(self, name: str, *, whitened: bool = False) -> Encoding:
        """The subspace of the regression's slopes."""
        return self._without_classes(name, self.regression.weights[1:], whitened=whitened)

    def by_bent_number(self, rng: np.random.Generator) -> Encoding:
        """The same of a regression with hinges."""
        some = np.linspace(0, len(self.activations) - 1, min(MOST_ROWS, len(self.activations))).astype(int)
        bent = fit_regression(self.activations[some], self.codes.rows(some), Features.bent(self.codes, rng))
        made = self._without_classes("bent numbers", bent.weights[1:], whitened=False)
        return replace(made, regression=bent, residuals=self.activations - bent.predict(self.codes))

    def _without_classes(self, name: str, directions: np.ndarray, *, whitened: bool) -> Encoding:
        none = np.zeros(0, int)
        nothing = _Classes(np.zeros((0, 0)), none, none, "nothing")
        return self._made(name, directions, nothing, np.zeros((0, 0)), whitened=whitened)

    def _made(
        self, name: str, directions: np.ndarray, classed: _Classes, means: np.ndarray, *, whitened: bool
    ) -> Encoding:
        read, write = self._subspace(directions, whitened=whitened)
        total = float((self.spread**2).sum())
        left = float(((self.spread - self.spread @ read @ write) ** 2).sum())
        return Encoding(
            name=name,
            read=read,
            write=write,
            share=1 - left / total if total > 0 else 1.0,
            classes=classed.values if len(means) else None,
            members=classed.members,
            parts=classed.parts,
            means=means,
            activations=self.activations,
            groups=self.codes.groups,
            regression=self.regression,
            residuals=self.residuals,
            beside=classed.beside,
        )

    def _subspace(self, directions: np.ndarray, *, whitened: bool) -> tuple[np.ndarray, np.ndarray]:
        inside = directions @ self.axes
        if not whitened:
            read = _span(inside)
            return self.axes @ read, read.T @ self.axes.T
        inner = _span(inside @ self.whitener.T)
        return self.axes @ self.whitener.T @ inner, inner.T @ np.linalg.pinv(self.whitener).T @ self.axes.T


def _joint(codes: Codes, beside: Beside) -> np.ndarray:
    more = {"nothing": codes.values[:, :0], "output": codes.outputs, "position": codes.groups[:, None]}
    return np.concatenate([codes.values, more[beside]], axis=1)


def _keys(labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    return np.where(labels < 0, -1, labels * MOST_GROUPS + groups)


def _means(activations: np.ndarray, parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each part, `(k, d)`, and its share of the rows, `(k,)`."""
    count = np.bincount(parts)
    sums = np.zeros((len(count), activations.shape[1]))
    np.add.at(sums, parts, activations)
    return sums / np.maximum(count, 1)[:, None], count / len(parts)


def whitener(points: np.ndarray) -> np.ndarray:
    """`(r, s)`: maps centred points to uncorrelated ones of unit variance, directions that never vary left out."""
    sizes, axes = np.linalg.eigh(points.T @ points / max(1, len(points)))
    kept = sizes > CONSTANT * max(float(sizes[-1]), 1e-300)
    return (axes[:, kept] / np.sqrt(sizes[kept])).T


def _span(directions: np.ndarray) -> np.ndarray:
    """Orthonormal columns spanning the rows of `directions`, but for singular values below 1% of the largest."""
    if not directions.size:
        return np.zeros((directions.shape[1], 0))
    _, sizes, rows = np.linalg.svd(directions, full_matrices=False)
    return rows[sizes > max(NEGLIGIBLE * sizes[0], 1e-9)].T
