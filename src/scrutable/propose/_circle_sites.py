"""Where in a network points on circles are seen best, and how many circles it takes to rebuild what is there."""

from __future__ import annotations

import numpy as np

from scrutable.errors import UserError
from scrutable.network import Network

MOST_UNITS = 4096
EXACT = 1e-6
MOST, CLOSE = 16, 0.002


def site_of(network: Network, x: np.ndarray, points: np.ndarray) -> str | None:
    """The site that points on circles account for best, by linear regression on `x`, of those through which everything
    passes: with its activations taken from other inputs the network gives their raw outputs. None without any. Places
    that hold the raw outputs are left out.

    Arguments:
        points: `(n, 2, frequencies)`.
    """
    raw = network.raw(x).reshape(len(x), -1)
    others, spread = np.roll(raw, 1, axis=0), float(raw.var())
    features = _centred(points.reshape(len(x), -1))
    shares = {}
    for name in network.sites:
        held = None if name in ("input", "output") else _held(network, x, name)
        if held is None or (held.shape == raw.shape and np.allclose(held, raw)):
            continue
        said = _put(network, x, name, np.roll(held, 1, axis=0)).reshape(len(x), -1)
        if ((said - others) ** 2).mean() <= EXACT * spread:
            shares[name] = 1 - _left(_centred(held), features)
    return max(shares, key=lambda name: shares[name]) if shares else None


def needed(network: Network, x: np.ndarray, site: str, points: np.ndarray, *, first: np.ndarray) -> np.ndarray:
    """Places of frequencies: the `first` ones, and of the others, those that the site varies with most before the rest,
    as few as it takes: with what is left beside them taken from other inputs, as many answers stay as with sixteen.

    Arguments:
        points: `(n, 2, frequencies)`.
    """
    held, answers = _held(network, x, site), network.predict(x)
    assert held is not None
    mean, held = held.mean(axis=0), _centred(held)
    strength = [-_left(held, _centred(points[:, :, place])) for place in range(points.shape[2])]
    order = np.argsort(strength, kind="stable")[::-1]
    order = np.concatenate([first, order[~np.isin(order, first)]])[: max(MOST, len(first))]
    stay = []
    for count in range(len(first), len(order) + 1):
        kept = _kept(held, _centred(points[:, :, order[:count]].reshape(len(x), -1)))
        mixed = mean + kept + np.roll(held - kept, 1, axis=0)
        stay.append(float((network.outputs.decode(_put(network, x, site, mixed)) == answers).mean()))
    enough = next(place for place, share in enumerate(stay) if share >= max(stay) - CLOSE)
    return order[: len(first) + enough]


def _held(network: Network, x: np.ndarray, site: str) -> np.ndarray | None:
    """Activations `(n, units)`; None where they cannot be read or are too many."""
    try:
        held = next(iter(network.read(x, site).values())).reshape(len(x), -1).astype(np.float64)
    except UserError:
        return None
    return held if held.shape[1] <= MOST_UNITS else None


def _put(network: Network, x: np.ndarray, site: str, held: np.ndarray) -> np.ndarray:
    """The network's raw outputs with given activations, `(n, units)`, at a site."""
    shape = next(iter(network.read(x[:1], site).values())).shape[1:]
    return network.patched_raw(x, {site: held.reshape(len(x), *shape)})


def _kept(activations: np.ndarray, features: np.ndarray) -> np.ndarray:
    """The part that a linear regression accounts for; all centred."""
    return features @ np.linalg.lstsq(features, activations, rcond=None)[0]


def _left(activations: np.ndarray, features: np.ndarray) -> float:
    """The share of variance that a linear regression leaves; both centred."""
    spread = float((activations**2).sum())
    left = activations - _kept(activations, features.reshape(len(features), -1))
    return float((left**2).sum()) / spread if spread > 0 else 1.0


def _centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean(axis=0)
