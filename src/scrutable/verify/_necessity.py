"""Necessity: breaking the aligned site breaks the behaviour, where the program says so and nowhere else."""

from __future__ import annotations

from scrutable.hypothesis import Result
from scrutable.verify._aligned import LEAST, Aligned, judged_pairs, measured, share
from scrutable.verify._places import exchanged

NAME = "necessity"


def necessity_result(aligned: Aligned, *, alone: bool) -> Result:
    """What the site holds is taken from the source, and the answers must change in the pairs in which the program's do.

    The whole site is exchanged, and no map is fitted, where nothing else that matters is said to live in it: a subspace
    can steer a network through a path that it does not use by itself (A. Makelov et al., Is this the subspace you are
    looking for?, 2023, arXiv:2311.17030), and a site that only holds a copy of what is read elsewhere may hold the
    variable and yet not be needed. Which answer comes out instead is not asked here, see `interchange_result`.

    Arguments:
        alone: whether nothing else that matters may live in the site; else only the variable's subspace is exchanged.

    Cost: one run of the network for each pair.
    """
    place, encoding = aligned.found.place, aligned.found.encoding
    pairs = place.testing
    broken = ~place.run(pairs, exchanged(place, encoding, pairs, pairs.others, alone=alone), pairs.outputs)
    status, _ = judged_pairs(broken == pairs.changed, pairs.changed, pairs.pool)
    value, n, interval = measured(broken, pairs.changed, pairs.pool)
    what = f"all of {place.name}" if alone else f"the variable's subspace of {place.name}"
    return Result(
        name=NAME,
        kind="causal",
        status=status,
        value=value,
        n=n,
        interval=interval,
        method=f"resample ablation of {what}, from the source input; of the pairs whose program answer changes, the "
        "share in which the network's does; "
        + ("disjoint pairs; Wilson interval" if pairs.pool is None else pairs.pool.method),
        reason=_words(value, interval.high, share(broken[~pairs.changed]), place.name),
        details=(
            ("site", place.name),
            ("changes, changed", value),
            ("changes, unchanged", share(broken[~pairs.changed])),
        ),
    )


def _words(broke: float, high: float, stray: float | None, site: str) -> str:
    """Arguments: broke, stray: how often answers change where the program's do, and where they do not."""
    words = f"without what {site} holds, answers change in {broke:.1%} of the pairs in which the program's do"
    words += "" if stray is None else f" and in {stray:.1%} of those in which they do not"
    if high < LEAST:
        return f"{words}: the site is not needed for all of it"
    return words
