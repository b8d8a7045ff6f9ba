"""Several places read and replaced as one."""

from __future__ import annotations

import numpy as np
import pytest
from networks import LAYERED, Case, inputs_of

from scrutable.errors import UserError
from scrutable.network import Site

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")


@pytest.mark.parametrize("case", LAYERED, ids=lambda c: c.name)
def test_places_taken_together_are_those_places(case: Case):
    network, x, other = case.network(), inputs_of(case, 6), inputs_of(case, 6, seed=4)
    held = network.read(other, network.sites)
    first, *others = [site for site in held if site.name not in ("input", "output")] or [Site("input")]
    beside = next((site for site in others if held[site].ndim == held[first].ndim), None)
    if beside is None:
        return
    site = network.site(f"{first} & {beside}")
    assert site == Site.parse(str(site)) and site.parts == (first, beside)
    together = network.read(other, site)[site]
    assert np.array_equal(together, np.concatenate([held[first], held[beside]], axis=-1))
    apart = network.patched_raw(x, {first: held[first], beside: held[beside]})
    assert np.array_equal(network.patched_raw(x, {site: together}), apart)


def test_places_that_cannot_be_taken_together_are_refused():
    case = next(case for case in LAYERED if len(case.network().sites) > 2)
    network, x = case.network(), inputs_of(case, 2)
    name = next(site for site in network.sites if site not in ("input", "output"))
    held = network.read(x, name)[Site(name)]
    with pytest.raises(UserError, match="two values"):
        network.patched(x, {f"{name} & {name}": np.concatenate([held, held], axis=-1)})
    with pytest.raises(UserError, match="numbers on the last axis"):
        network.patched(x, {f"{name} & input": held[..., :1]})
    with pytest.raises(UserError, match="expected one"):
        network.at(f"{name} & input")
    with pytest.raises(UserError, match="for one place"):
        Site.parse(f"{name} & input").along([[1.0]])
