"""The ladder of claims about a transformer that judges parentheses, from coarse to fine.

After the claims of Chan et al. ("Causal scrubbing: results on a paren balance checker", 2022) about another network, in
whose steps they are: what the heads at the front carry, then how each of the two is computed, then everything. They are
not the same claims, because the networks differ. What is claimed of which head is chosen on strings that the claims
are not scored on.

1a  at the front token, each head carries whether counts are equal ("count"), or whether none is closed before it was
    opened ("horizon"); heads that carry neither do not matter
1b  each also carries the first parenthesis
2a  1a, and "count" heads read, of each token's value after the first layer, its kind and how many are open overall
2b  1a, and "count" heads read the kind and the height up to there
3a  1a, and "horizon" heads read the kind and the height up to there
3b  1a, and "horizon" heads read the kind and the height from there on
all 2a and 3a together
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from scrutable.bench.parens._network import HEAD, HEADS, LAYERS, LENGTH
from scrutable.bench.parens._strings import balanced, equal_counts, heights, never_below
from scrutable.network import Network
from scrutable.verify import Part, loss_recovered

Feature = Callable[[np.ndarray], np.ndarray]
PUBLISHED = {"1b": 0.93, "1a": 0.88, "2a": 0.87, "2b": 0.88, "3a": 0.74, "3b": 0.73, "all": 0.60}
"""Shares of the loss recovered of their network by the claims of those names."""
CLAIMS = {"1a": (), "1b": (), "2a": ("2a",), "2b": ("2b",), "3a": ("3a",), "3b": ("3b",), "all": ("2a", "3a")}
SITES = {
    f"{layer}.{head}": f"blocks.{layer}.heads[0, {head * HEAD}:{(head + 1) * HEAD}]"
    for layer in range(LAYERS)
    for head in range(HEADS)
}
IDLE = 0.98


def _all_of(x: np.ndarray) -> np.ndarray:
    return x


def _nothing(x: np.ndarray) -> np.ndarray:
    return np.zeros(len(x))


CARRIED: dict[str, Feature] = {"count": equal_counts, "horizon": never_below}


def kinds(net: Network, x: np.ndarray, *, seed: int = 0) -> dict[str, str]:
    """What each head at the front carries, "count" or "horizon", whichever exchanging it alone leaves more of the
    answer; heads whose exchange for any other leaves 98% of it are left out. Decided on the strings `x`."""
    found = {}
    for head in SITES:
        shares = {name: _alone(net, x, head, feature, seed) for name, feature in {**CARRIED, "": _nothing}.items()}
        if shares.pop("") < IDLE:
            found[head] = max(shares, key=lambda name: shares[name])
    return found


def _alone(net: Network, x: np.ndarray, head: str, feature: Feature, seed: int) -> float:
    parts = tuple(Part(each, site, feature if each == head else _all_of) for each, site in SITES.items())
    got = loss_recovered(net, Part("answer", "output", None, parts), x, labels=balanced(x), references=128, seed=seed)
    return 0.0 if got.share is None else got.share


def claim(name: str, carried: Mapping[str, str]) -> Part:
    """One rung of the ladder, for heads that carry "count" or "horizon"."""
    features = {kind: _with_first(feature) if name == "1b" else feature for kind, feature in CARRIED.items()}
    deeper = {"count" if each[0] == "2" else "horizon": _tokens(each) for each in CLAIMS[name]}
    parts = []
    for head, kind in carried.items():
        below = deeper.get(kind, ()) if not head.startswith("0.") else ()
        parts.append(Part(kind, SITES[head], features[kind], below))
    return Part("answer", "output", None, tuple(parts))


def _with_first(feature: Feature) -> Feature:
    return lambda x: np.stack([feature(x), x[:, 0]], axis=1)


def _tokens(name: str) -> tuple[Part, ...]:
    """The front and each parenthesis after the first layer, with what each is said to carry."""
    front = equal_counts if name[0] == "2" else never_below
    parts = [Part(f"{name} front", "blocks.0[0, :]", front)]
    for step in range(LENGTH):
        parts.append(Part(f"{name} {step}", f"blocks.0[{step + 1}, :]", _at(name, step)))
    return tuple(parts)


def _at(name: str, step: int) -> Feature:
    def carried(x: np.ndarray) -> np.ndarray:
        up_to = heights(x)
        rest = up_to[:, -1] - up_to[:, step]
        value = {"2a": up_to[:, -1], "2b": up_to[:, step], "3a": up_to[:, step], "3b": rest}[name]
        return np.stack([x[:, step], value], axis=1)

    return carried
