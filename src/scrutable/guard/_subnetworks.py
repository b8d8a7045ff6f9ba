"""The worry that any subnetwork does this: a mask can perform a task that the weights know nothing of.

Four questions about the claim that some weights of a network give certain answers: does the whole network give them
too, or only the part in isolation; does it lose them without the part; does the mask cost less than the answers it
explains; and do masks of untrained weights, found in the same way at the same size, do as well?
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scrutable.guard._base import Rows, in_turn
from scrutable.guard._baseline import most_frequent, share_right, skill
from scrutable.guard._nulls import WANTED, judged, until_settled
from scrutable.hypothesis import Result, against_nulls, silent, wilson
from scrutable.program import residual_bits
from scrutable.work import Clock, flat_rows, generator

if TYPE_CHECKING:
    from scrutable.network import Mask, Network

CONTEXT, NECESSITY, BITS, NULL = (f"guard.subnetwork.{name}" for name in ("context", "necessity", "bits", "untrained"))
LEAST, MOST_LEFT = 0.9, 0.5
MaskSearch = Callable[["Network", Rows, np.random.Generator], "Mask"]


@dataclass(frozen=True, slots=True)
class Subnetwork:
    """The claim that a part of a network gives certain answers.

    Arguments:
        network: the whole, with weights. mask: the part.
        find, test: inputs, and the answers that the part is said to give: labels, bits or whole numbers. The mask was
            searched for on `find`.
        search: how it was: gives the mask of another network for the same answers.
        seed: for `scrutable.work.generator`. clock: the time for the nulls.
        map: applies a function to independent items and yields the results in order.
    """

    network: Network
    mask: Mask
    find: Rows
    test: Rows
    search: MaskSearch
    seed: int
    clock: Clock
    map: Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]] = in_turn

    def right(self, mask: Mask | None) -> np.ndarray:
        """For which test rows the network, with only the weights of a mask or whole, gives the answers: `(n,)`."""
        network = self.network if mask is None else self.network.masked(mask)
        assert network is not None
        return right_on(network, self.test)


def right_on(network: Network, rows: Rows) -> np.ndarray:
    """For which rows a network gives the answers, `(n,)`."""
    return np.asarray(flat_rows(network.predict(rows.inputs) == rows.outputs).all(axis=1))


def subnetwork_guards(claim: Subnetwork) -> tuple[Result, ...]:
    """The results of all four controls. Cost: four runs of the network, and up to 19 searches for a mask."""
    alone = claim.right(claim.mask)
    base = share_right(np.broadcast_to(most_frequent(claim.find.outputs), claim.test.outputs.shape), claim.test.outputs)
    if skill(float(alone.mean()), base) == 0.0:
        why = "the part does no better than a constant: there is nothing to doubt"
        return tuple(silent(name, "guard", why) for name in (CONTEXT, NECESSITY, BITS, NULL))
    return _context(claim, alone), _necessity(claim, alone, base), _bits(claim), _untrained(claim, alone, base)


def _context(claim: Subnetwork, alone: np.ndarray) -> Result:
    """Of the answers that the part gives in isolation, the whole network must give nine in ten."""
    right = claim.right(None)[alone]
    n, count = len(right), int(right.sum())
    interval = wilson(count, n)
    good = interval.low >= LEAST
    return Result(
        name=CONTEXT,
        kind="guard",
        status="pass" if good else "fail",
        value=count / n,
        n=n,
        interval=interval,
        method="of the rows answered by the part alone, all other weights at zero, the share that the whole network "
        "answers likewise; Wilson interval",
        reason=f"the whole network gives {count} of the {n} answers that the part gives in isolation",
    )


def _necessity(claim: Subnetwork, alone: np.ndarray, base: float) -> Result:
    """Without the part, the network may keep at most half of what it does better than a constant."""
    right = claim.right(claim.mask.rest)
    n, count = len(right), int(right.sum())
    interval, most = wilson(count, n), base + MOST_LEFT * (float(alone.mean()) - base)
    return Result(
        name=NECESSITY,
        kind="guard",
        status="pass" if interval.high <= most else "fail" if count / n > most else "unknown",
        value=count / n,
        n=n,
        interval=interval,
        method="rows answered with the weights of the part at zero and the rest as it was (zero ablation); Wilson "
        "interval",
        reason=f"without the part the network gives {count / n:.1%} of the answers, with it {float(alone.mean()):.1%}, "
        f"a constant {base:.1%}",
    )


def _bits(claim: Subnetwork) -> Result:
    """The mask must cost less than the answers that it spares one from writing down."""
    part = claim.network.masked(claim.mask)
    assert part is not None
    rows, answers = claim.find, claim.find.outputs
    constant, labels = np.broadcast_to(most_frequent(answers), answers.shape), len(np.unique(answers))
    by_constant, by_part = (
        residual_bits(answers, said, alphabet=labels) for said in (constant, part.predict(rows.inputs))
    )
    spared = by_constant - by_part
    pays = claim.mask.bits < spared
    return Result(
        name=BITS,
        kind="guard",
        status="pass" if pays else "unknown",
        value=claim.mask.bits,
        n=len(answers),
        interval=None,
        method="bits to say which weights are kept, against the bits of the answers they spare (a constant's mistakes "
        "written down, less the part's)",
        reason=f"the mask costs {claim.mask.bits:.0f} bits and spares {spared:.0f} on {len(answers)} rows",
        details=(("bits spared", spared), ("weights kept", claim.mask.count)),
    )


@dataclass(frozen=True, slots=True)
class _Untrained:
    """What the same search for a mask achieves on re-initialised weights; None when time is up."""

    claim: Subnetwork

    def __call__(self, index: int) -> float | None:
        claim = self.claim
        network = None if claim.clock.over else claim.network.reinitialised(claim.seed + 7919 * (index + 1))
        if network is None:
            return None
        mask = claim.search(network, claim.find, generator(claim.seed, "untrained", index))
        if mask.bits > claim.mask.bits + 1e-9:
            return 0.0
        part = network.masked(mask)
        return 0.0 if part is None else float(right_on(part, claim.test).mean())


def _untrained(claim: Subnetwork, alone: np.ndarray, base: float) -> Result:
    """The part must do better than 19 masks of untrained weights that cost no more."""
    found = float(alone.mean())
    nulls = until_settled(claim.map(_Untrained(claim), range(WANTED)), lambda null: null >= found)
    hits = sum(null >= found for null in nulls)
    return against_nulls(
        NULL,
        found,
        nulls,
        status=judged(hits, len(nulls), lively=len(nulls)),
        method="the same search for a mask on re-initialised weights, of no more bits; answers on rows not searched",
        reason=f"masks of untrained weights do as well in {hits} of {len(nulls)} networks {{p}}",
        details=(("constant", base),),
    )
