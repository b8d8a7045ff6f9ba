"""The best small subsets of many features for a linear fit: all pairs, then a beam."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DEPENDENT = 1e-10
"""A feature whose part outside the span of those chosen is a smaller share of it than this is not added."""
BEAM = 250
KEPT = 24


@dataclass(frozen=True, slots=True)
class Subset:
    """Some features and the coefficients that fit best.

    Arguments:
        chosen: which features.
        coefficients: one for each chosen feature, then one for each feature that is always there.
        misfit: the mean squared residual.
    """

    chosen: tuple[int, ...]
    coefficients: tuple[float, ...]
    misfit: float


def best_subsets(
    features: np.ndarray, target: np.ndarray, *, always: np.ndarray | None = None, most: int = 4, kept: int = KEPT
) -> list[Subset]:
    """Subsets of one to `most` features with the least squared residuals, `kept` of each size.

    Single features and pairs are compared exhaustively, larger sets grow from the best smaller ones. Cost: one product
    of the features with themselves, `features^2 * rows`, and `features^2` for the pairs.

    Arguments:
        features: `(m, n)`.
        target: `(n,)`.
        always: features that are in every subset, `(a, n)`.
    """
    always = np.zeros((0, len(target))) if always is None else always
    basis = np.linalg.qr(always.T)[0]
    rest, aim = features - (features @ basis) @ basis.T, target - basis @ (basis.T @ target)
    size, whole = np.linalg.norm(rest, axis=1), np.linalg.norm(features, axis=1)
    usable = np.flatnonzero(np.isfinite(size) & (size > 1e-7 * whole))
    if not usable.size:
        return []
    unit = rest[usable] / size[usable, None]
    gram, products = unit @ unit.T, unit @ aim
    levels = _levels(gram, products, min(most, len(usable)))
    found = [_refitted(usable[list(chosen)], features, target, always) for level in levels for chosen in level[:kept]]
    return sorted(
        (each for each in found if np.isfinite(each.misfit)), key=lambda each: (len(each.chosen), each.misfit)
    )


def eliminated(features: np.ndarray, target: np.ndarray, *, most: int = 8) -> list[Subset]:
    """Subsets of at most `most` features left by dropping one after another the feature that is missed least.

    Finds sums of many terms that no beam of small sets leads to; wants fewer features than rows.

    Arguments:
        features: `(m, n)` with `m` well below `n`.
        target: `(n,)`.
    """
    size = np.linalg.norm(features, axis=1)
    left = [int(i) for i in np.flatnonzero(np.isfinite(size) & (size > 0))]
    unit = features / np.where(size > 0, size, 1.0)[:, None]
    found = []
    while left:
        q, r = np.linalg.qr(unit[left].T)
        if np.abs(np.diag(r)).min() < 1e-9:
            left.pop(int(np.argmin(np.abs(np.diag(r)))))
            continue
        if len(left) <= most:
            found.append(_refitted(np.array(left), features, target, features[:0]))
        inverse = np.linalg.inv(r)
        missed = (inverse @ (q.T @ target)) ** 2 / np.sum(inverse**2, axis=1)
        left.pop(int(np.argmin(missed)))
    return [each for each in found if np.isfinite(each.misfit)]


def _levels(gram: np.ndarray, products: np.ndarray, most: int) -> list[list[tuple[int, ...]]]:
    """The best subsets of each size, as places among the usable features."""
    order = np.argsort(-(products**2), kind="stable")
    levels: list[list[tuple[int, ...]]] = [[(int(i),) for i in order[:BEAM]]]
    if most == 1:
        return levels
    beam = _pairs(gram, products)
    levels.append(beam)
    for _ in range(most - 2):
        beam = _grown(beam, gram, products)
        if not beam:
            break
        levels.append(beam)
    return levels


def _pairs(gram: np.ndarray, products: np.ndarray) -> list[tuple[int, ...]]:
    with np.errstate(all="ignore"):
        apart = 1 - gram**2
        squares = products**2
        gain = (squares[:, None] + squares - 2 * np.outer(products, products) * gram) / apart
    gain[(apart < DEPENDENT) | ~np.isfinite(gain)] = -np.inf
    gain[np.tril_indices_from(gain)] = -np.inf
    flat = gain.ravel()
    count = min(BEAM, flat.size)
    best = np.argpartition(-flat, count - 1)[:count]
    best = best[np.argsort(-flat[best], kind="stable")]
    return [divmod(int(k), len(products)) for k in best if np.isfinite(flat[k])]


def _grown(beam: list[tuple[int, ...]], gram: np.ndarray, products: np.ndarray) -> list[tuple[int, ...]]:
    """The best sets that add one feature to a set of the beam."""
    if not beam:
        return []
    sets = np.array(beam)
    rows = gram[sets]
    inside = np.take_along_axis(rows, sets[:, None, :], axis=2)
    inverse = np.linalg.pinv(inside, rcond=1e-13, hermitian=True)
    across = inverse @ rows
    norm = 1 - np.einsum("bsm,bsm->bm", rows, across)
    rest = products - np.einsum("bs,bsm->bm", products[sets], across)
    explained = np.einsum("bs,bst,bt->b", products[sets], inverse, products[sets])
    with np.errstate(all="ignore"):
        gain = explained[:, None] + rest**2 / norm
    gain[(norm < DEPENDENT) | ~np.isfinite(gain)] = -np.inf
    count = min(4 * BEAM, gain.size)
    best = np.argpartition(-gain.ravel(), count - 1)[:count]
    best = best[np.argsort(-gain.ravel()[best], kind="stable")]
    found: dict[tuple[int, ...], None] = {}
    for k in best:
        b, m = divmod(int(k), gain.shape[1])
        if np.isfinite(gain[b, m]):
            found.setdefault(tuple(sorted((*beam[b], m))))
        if len(found) >= BEAM:
            break
    return list(found)


def _refitted(chosen: np.ndarray, features: np.ndarray, target: np.ndarray, always: np.ndarray) -> Subset:
    """The exact fit, without the rounding of normal equations."""
    matrix = np.vstack([features[chosen], always]).T
    scale = np.linalg.norm(matrix, axis=0)
    scale[scale == 0] = 1.0
    coefficients = np.linalg.lstsq(matrix / scale, target, rcond=None)[0] / scale
    misfit = float(np.mean((matrix @ coefficients - target) ** 2))
    return Subset(tuple(int(i) for i in chosen), tuple(coefficients.tolist()), misfit)
