"""Causal scrubbing of an interpretation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scrutable.errors import UserError
from scrutable.verify.scrubbing._classes import Classes, feature_classes
from scrutable.verify.scrubbing._idle import Idle, idle_positions
from scrutable.verify.scrubbing._judge import judged, recovered
from scrutable.verify.scrubbing._lattice import Trials
from scrutable.verify.scrubbing._measures import Measures
from scrutable.verify.scrubbing._part import Part, checked
from scrutable.verify.scrubbing._scrubbed import Recovered, Scrubbed
from scrutable.work import generator

if TYPE_CHECKING:
    from scrutable.network import Network

MARGIN = 0.1
FEWEST_RESAMPLES = 8
FEWEST_ROWS = 16


def scrub(
    network: Network,
    root: Part,
    data: np.ndarray,
    *,
    labels: np.ndarray | None = None,
    references: int = 256,
    resamples: int = FEWEST_RESAMPLES,
    margin: float = MARGIN,
    seed: int = 0,
) -> Scrubbed:
    """Whether exchanging everything that an interpretation says may be exchanged leaves the network's answers.

    The network is unrolled into a tree along the parts of the interpretation. From a reference input down, each part is
    given an input of its own, another one that agrees with that of the part above on what the part carries; whatever no
    part names is computed on one unrelated input for each part. A mean loss hides changes that cancel, so it is the
    changes of single answers that must stay small, for everything exchanged together, each part alone and all but one.
    A hypothesis under which nothing could break says nothing: with its features handed to other inputs, exchanging must
    hurt. Of a sequence taken position by position, it must at each, but where the hypothesis itself answers the same.

    It passes when the intervals of (a) the loss recovered and (b) the size of the changes in loss and (c) of the
    changes in answers, as a share of what the same exchange does with permuted features, all lie within `margin`
    (an equivalence test), for the worst subset simultaneously, and permuting the features of each part hurts.

    Arguments:
        root: the part at "output"; its feature is not used.
        data: `(n, *inputs.shape)`, inputs that were not used to find the interpretation. References and what they are
            exchanged for are drawn from them.
        labels: `(n, *outputs.shape)`, what the answers should be, for the loss; None for the network's own answers.
        references: how many inputs to start from. resamples: exchanges for each, at least 8.
        margin: set beforehand; how much of the effect of permuted features may remain.

    Raises:
        UserError: the interpretation or the data cannot be used.
        NotCaptured: the network's insides cannot be followed.

    Cost: for k parts with a feature some 4k + 4 runs of the network on `references * resamples` rows for each part that
    has parents.

    References: Chan et al., "Causal scrubbing: a method for rigorously testing interpretability hypotheses" (2022,
    Redwood Research); for what it misses, Scheurer et al., "Practical pitfalls of causal scrubbing" (2023).
    """
    _check(data, labels, resamples=resamples, margin=margin)
    rng = generator(seed, "scrubbing")
    trials = _trials(network, root, data, labels, rng, references=references, resamples=resamples)
    tested = {part.name: part for part in root.tree() if part.name in trials.classes and part.site != "input"}
    return judged(trials, tested, margin=margin, rng=rng)


def loss_recovered(
    network: Network,
    root: Part,
    data: np.ndarray,
    *,
    labels: np.ndarray | None = None,
    references: int = 256,
    resamples: int = FEWEST_RESAMPLES,
    seed: int = 0,
) -> Recovered:
    """The loss recovered when everything is exchanged, by itself: for comparing interpretations, not for believing one.

    Arguments and errors as in `scrub`, which is needed to tell whether changes cancel and whether anything was tested.

    Cost: one run of the network on `references * resamples` rows for each part that has parents.
    """
    _check(data, labels, resamples=resamples)
    rng = generator(seed, "scrubbing")
    return recovered(_trials(network, root, data, labels, rng, references=references, resamples=resamples), rng)


def idle_among(
    network: Network, root: Part, data: np.ndarray, *, references: int = 256, seed: int = 0
) -> tuple[Idle, ...]:
    """The positions of sequences, in an interpretation position by position, on which nothing rests in the network.

    Cost: one run of the network on `8 * references` rows for each position and each part that has parents.
    """
    rng = generator(seed, "idle positions")
    trials = _trials(network, root, data, None, rng, references=references, resamples=FEWEST_RESAMPLES)
    positions = {part.name: part for part in root.tree() if part.whole}
    return idle_positions(trials, tuple(positions.values()), rng)


def _trials(
    network: Network,
    root: Part,
    data: np.ndarray,
    labels: np.ndarray | None,
    rng: np.random.Generator,
    *,
    references: int,
    resamples: int,
) -> Trials:
    from scrutable.verify.scrubbing._runs import Runs

    parts = checked(root)
    runs = Runs(network, root, data)
    raw = runs.plain()
    answers = network.outputs.decode(raw) if labels is None else np.asarray(labels)
    rows = rng.permutation(len(data))[:references]
    return Trials(runs, Measures(network.outputs, raw, answers), data, _classes(parts, data), rows, resamples)


def _classes(parts: list[Part], data: np.ndarray) -> dict[str, Classes]:
    found: dict[str, Classes] = {}
    for part in parts[1:]:
        if part.feature is not None and part.name not in found:
            found[part.name] = feature_classes(part.name, part.feature(data), len(data))
    return found


def _check(data: np.ndarray, labels: np.ndarray | None, *, resamples: int, margin: float = MARGIN) -> None:
    reasons = []
    if len(data) < FEWEST_ROWS:
        reasons.append(f"got {len(data)} rows of data, expected at least {FEWEST_ROWS}")
    if labels is not None and len(labels) != len(data):
        reasons.append(f"got {len(labels)} labels for {len(data)} rows, expected one for each")
    if resamples < FEWEST_RESAMPLES:
        reasons.append(f"got {resamples} resamples, expected at least {FEWEST_RESAMPLES}")
    if not 0 < margin < 1:
        reasons.append(f"got the margin {margin}, expected one between 0 and 1")
    if reasons:
        raise UserError.of(reasons)
