"""Distributed alignment search: the linear subspace of a place that carries a variable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

import numpy as np

from scrutable.errors import UserError
from scrutable.hypothesis import Interval, p_value
from scrutable.verify._aligned import ENOUGH, judged_pairs, measured
from scrutable.verify._base import Case
from scrutable.verify._places import DECOYS
from scrutable.verify._question import Question, Rows, Values, disjoint_rows
from scrutable.work import generator

if TYPE_CHECKING:
    from scrutable.network import Site

STEPS = 200
PAIRS, CHANGED_SHARE = 4096, 0.6
LEVEL = 0.05


@final
@dataclass(frozen=True, slots=True)
class Subspace:
    """A linear subspace said to carry a variable.

    Arguments:
        site: the place and the directions; it can be put into an alignment.
        agreement: the share of held-out pairs whose answer changes for which the network, with the source's part in the
            subspace, answers as the program with the source's value. interval: Wilson. n: pairs.
        unchanged: the same share of pairs whose answer stays; None without any.
        nulls: the agreement of the same search for variables that mean nothing. p: the share of searches, this one
            included, that do as well; None without decoys.
        passed: whether the intervals lie above 0.9 and p is at most 0.05. reason: why, in one sentence.
    """

    site: Site
    agreement: float
    interval: Interval
    n: int
    unchanged: float | None
    nulls: tuple[float, ...]
    p: float | None
    passed: bool
    reason: str

    @property
    def dimension(self) -> int:
        """Of the subspace."""
        return len(self.site.directions)


def find_subspace(
    case: Case, variable: str, site: str, *, dimensions: int | None = None, steps: int = STEPS, decoys: int = DECOYS
) -> Subspace:
    """The orthogonal directions of a site along which the network holds a variable of the program.

    They are turned by gradient descent until the network, with its activation along them taken from another input,
    answers as the program does with the variable taken from there. Fitted on the rows for finding, scored on disjoint
    pairs of the others. The same search is repeated for decoys, which are the variable's values handed to other rows.

    Arguments:
        variable: with one value for each input. site: without directions.
        dimensions: how many; None to learn that too, each having its price (the boundless form).
        steps: of gradient descent. decoys: at least 19 for a claim at 5%; fewer where the time of the case is up.

    Raises:
        UserError: the variable or the site cannot be used, or too few pairs change the answer.
        NotCaptured: the network's insides cannot be followed.

    Cost: `decoys + 1` times `steps` runs of the network forwards and backwards on 128 rows.

    References: Geiger et al., "Finding alignments between interpretable causal variables and distributed neural
    representations" (2023, arXiv 2303.02536); Wu et al., "Interpretability at scale: identifying causal mechanisms in
    Alpaca" (2023, arXiv 2305.08809).
    """
    question = Question(case, variable)
    _check(question, site, dimensions)
    find, test = question.on(case.find), question.on(case.test)
    search = _Search(question, site, dimensions, steps)
    found, right, pairs = search.on(find, test, generator(case.seed, "subspace", variable, site))
    nulls: list[float] = []
    for index in range(decoys):
        if case.clock.over:
            break
        rng = generator(case.seed, "subspace", variable, site, "decoy", index)
        _, hits, tried = search.on(_shuffled(find, rng), _shuffled(test, rng), rng)
        nulls.append(float(hits[tried.changed].mean()))
    return _judged(found, right, pairs, tuple(nulls))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Pairs of inputs, `(n, ...)` each, and the answers to the bases with the sources' value, `(n, ...)`."""

    base: np.ndarray
    source: np.ndarray
    answers: np.ndarray


@final
@dataclass(frozen=True, slots=True)
class _Search:
    """The search, the same for the variable and for decoys."""

    question: Question
    site: str
    dimensions: int | None
    steps: int

    def on(self, find: Values, test: Values, rng: np.random.Generator) -> tuple[Site, np.ndarray, Rows]:
        """The site found, and for held-out pairs whether the network followed."""
        from scrutable.verify._rotation import turned

        network = self.question.case.network
        pairs = disjoint_rows(self.question, test, np.arange(len(test.sample)), rng)
        if int(pairs.changed.sum()) < ENOUGH:
            few = int(pairs.changed.sum())
            raise UserError(f"got {few} pairs whose answer changes, expected {ENOUGH}; try more data")
        directions = turned(
            network, self.site, self._wanted(find, rng), rng, dimensions=self.dimensions, steps=self.steps
        )
        site = network.site(self.site).along(directions)
        (values,) = network.read(test.sample.inputs, site).values()
        said = network.patched(test.sample.inputs[pairs.base], {site: values[pairs.source]})
        return site, self.question.agree(pairs.predicted, said), pairs

    def _wanted(self, find: Values, rng: np.random.Generator) -> Wanted:
        """Pairs to fit on, of which six in ten change the answer where so many do."""
        base, source = rng.integers(0, len(find.sample), size=(2, PAIRS))
        answers = self.question.answers_with(find.sample.inputs[base], find.values[source], np.ones((PAIRS, 1), bool))
        changed = ~self.question.agree(answers, find.answers[base])
        calm = np.flatnonzero(~changed)[: int(changed.sum() * (1 - CHANGED_SHARE) / CHANGED_SHARE)]
        rows = np.concatenate([np.flatnonzero(changed), calm])
        if not changed.any():
            raise UserError("got no pair of inputs whose answer changes with the variable, expected some")
        inputs = find.sample.inputs
        return Wanted(inputs[base[rows]], inputs[source[rows]], answers[rows])


def _judged(found: Site, right: np.ndarray, pairs: Rows, nulls: tuple[float, ...]) -> Subspace:
    status, words = judged_pairs(right, pairs.changed)
    value, n, interval = measured(right, pairs.changed, None)
    calm = right[~pairs.changed]
    hits = sum(null >= value for null in nulls)
    p = p_value(value, nulls) if nulls else None
    sure = p is not None and p <= LEVEL
    decoys = f"{hits} of {len(nulls)} decoys do as well" if nulls else "no decoy was tried"
    return Subspace(
        site=found,
        agreement=value,
        interval=interval,
        n=n,
        unchanged=float(calm.mean()) if len(calm) else None,
        nulls=nulls,
        p=p,
        passed=status == "pass" and sure,
        reason=f"{words}; {decoys}",
    )


def _shuffled(on: Values, rng: np.random.Generator) -> Values:
    """A decoy: the values handed to other rows."""
    return replace(on, values=on.values[rng.permutation(len(on.values))])


def _check(question: Question, site: str, dimensions: int | None) -> None:
    reasons = []
    if question.name not in question.program.variables:
        known = ", ".join(question.program.variables)
        raise UserError(f"got the variable {question.name!r}, expected one of the program's: {known}")
    if question.stepwise:
        reasons.append(f"got {question.name}, which has a value at each step, expected one value for each input")
    (values,) = question.case.network.read(question.case.find.inputs[:1], site).values()
    if values.ndim != 2:
        reasons.append(f"got the site {site} with steps, expected one without, or one step of it")
    elif dimensions is not None and not 1 <= dimensions <= values.shape[1]:
        reasons.append(f"got {dimensions} dimensions, expected 1 to {values.shape[1]}")
    if reasons:
        raise UserError.of(reasons)
