"""Causal scrubbing as a test of hypotheses."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from scrutable.errors import UserError
from scrutable.hypothesis import Alignment, Kind, Result, silent
from scrutable.network import Site
from scrutable.verify._base import Case, Test
from scrutable.verify.scrubbing._carried import carrying
from scrutable.verify.scrubbing._part import Part, checked
from scrutable.verify.scrubbing._scrub import FEWEST_RESAMPLES, FEWEST_ROWS, idle_among, scrub
from scrutable.verify.scrubbing._scrubbed import NAME, Scrubbed
from scrutable.work import flat_rows

MOST_ROWS, REFERENCES = 2048, 128
SHARE = 0.5
"""How much of the time left it may take."""


class Scrubbing(Test):
    """Whatever the program says may be exchanged is exchanged, and the network must go on as before.

    For a hypothesis that says where variables live in the layers of a network. Each site is taken from another input
    that agrees on the variable's value, in turn computed from sites that are taken from others, and all that is not
    named from unrelated inputs: see `scrub`. Variables must take few enough values for inputs to share them; where
    inputs share no whole sequence of values, they are exchanged position by position. A site that carries something
    else that matters fails; then only the linear subspaces are exchanged that the variables' values give in closed form
    on the rows for finding (`_carried.py`), and the rest of the sites is among what is not named. (The states of
    recurrent networks are exchanged in the same way by "interchange.members".)
    """

    name = NAME
    kind: Kind = "causal"

    def apply(self, case: Case) -> tuple[Result, ...]:
        """See `Test.apply`."""
        found = _wholly_or_apart(case)
        if found.status != "fail" or found.value is None:
            return (found,)
        sites = carrying(case)
        if not sites or case.clock.over:
            return (found,)
        within = _wholly_or_apart(_moved(case, sites))
        if not within.passed:
            return (found,)
        about = tuple((site, len(Site.parse(along).directions)) for site, along in sites.items())
        spelled = ", ".join(f"{dimensions} dimensions of {site}" for site, dimensions in about)
        reason = f"{within.reason}; within {spelled}, which carry more than the variable ({found.reason})"
        return (replace(within, reason=reason, details=(*within.details, ("dimensions of the subspaces", about))),)


def _moved(case: Case, sites: Mapping[str, str]) -> Case:
    """The case with other sites in the place of those of the alignment."""
    aligned = {name: sites.get(site, site) for name, site in case.hypothesis.alignment.sites.items()}
    return replace(case, hypothesis=replace(case.hypothesis, alignment=Alignment(aligned)))


def _wholly_or_apart(case: Case) -> Result:
    whole = _result(case, apart=False)
    if whole.status != "not applicable" or not whole.n:
        return whole
    apart = _result(case, apart=True)
    return whole if apart.status == "not applicable" else apart


def _result(case: Case, *, apart: bool) -> Result:
    if case.network.recurrence is not None:
        return _none("the network has a state; see interchange.members")
    if not set(case.hypothesis.alignment.sites) - set(case.hypothesis.program.outputs):
        return _none("the hypothesis does not say where its variables live")
    different = np.sort(np.unique(flat_rows(case.test.inputs), axis=0, return_index=True)[1])
    rows = case.test.inputs[different[:MOST_ROWS]]
    if len(rows) < 2 * FEWEST_ROWS:
        return _none(f"there are {len(rows)} different inputs kept back, {2 * FEWEST_ROWS} are needed")
    from scrutable.network.engine import NotCaptured
    from scrutable.verify.scrubbing._reading import adrift, interpretation

    try:
        root = interpretation(case.hypothesis, case.network.captured.graph, apart=apart)
        seconds = _seconds(case, checked(root), rows)
    except (NotCaptured, UserError) as error:
        return _none(str(error))
    loose = adrift(case.hypothesis, root)
    if loose:
        why = f"the network computes nothing from the site of {', '.join(loose)} that the program computes from it"
        return replace(_none(why), status="fail")
    if seconds > SHARE * case.clock.left:
        return _none(f"it would take about {seconds:.0f} s, which leaves too little of the time")
    said = np.asarray(case.hypothesis.program(rows))
    found = scrub(case.network, root, rows, labels=said, references=REFERENCES, seed=case.seed)
    return (found if apart or not found.passed else _at_each_position(case, found, rows)).result()


def _at_each_position(case: Case, found: Scrubbed, rows: np.ndarray) -> Scrubbed:
    """The same, if something rests on each position of the sequences that were exchanged as wholes."""
    from scrutable.verify.scrubbing._reading import interpretation

    root = interpretation(case.hypothesis, case.network.captured.graph, apart=True)
    positions = {part.name for part in root.tree() if part.whole}
    if not positions:
        return found
    try:
        seconds = _seconds(case, checked(root), rows, exchanges=1)
    except UserError as error:
        return replace(found, status="unknown", reason=f"whether something rests on each position: {error}")
    if seconds > SHARE * case.clock.left:
        why = (
            f"it would take about {seconds:.0f} s to tell whether something rests on each of {len(positions)} positions"
        )
        return replace(found, status="unknown", reason=why)
    return found.without(idle_among(case.network, root, rows, references=REFERENCES, seed=case.seed))


def _none(reason: str) -> Result:
    return silent(NAME, "causal", reason)


def _seconds(case: Case, parts: list[Part], rows: np.ndarray, *, exchanges: int = 4) -> float:
    """About how long so many exchanges of each name take, from one run of the network; `scrub` makes four."""
    started = time.monotonic()
    case.network.raw(rows)
    each = (time.monotonic() - started) / len(rows)
    inner = sum(bool(part.parents) for part in parts)
    swaps = exchanges * (len({part.name for part in parts}) + 1)
    return 2 * each * REFERENCES * FEWEST_RESAMPLES * inner * swaps
