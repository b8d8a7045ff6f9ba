"""Measuring circuits on inputs that they were not found on, as far as there is time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar, final

import numpy as np

from scrutable.circuits._claims import CLAIMS
from scrutable.circuits._findings import Placed, ProgramCircuit
from scrutable.circuits._induced import components_at, induced, starts_of
from scrutable.circuits._pace import Pace
from scrutable.circuits._places import Places
from scrutable.circuits._scores import completeness, faithfulness, minimality
from scrutable.circuits._subject import JUDGED, Subject
from scrutable.work import Clock

SCORES = {"faithfulness": faithfulness, "completeness": completeness, "minimality": minimality}
RUNS: Mapping[str, Callable[[int, int], int]] = {
    "completeness": lambda kept, components: 40,
    "minimality": lambda kept, components: 22 * kept,
    "sufficiency": lambda kept, components: 100,
    "minimality test": lambda kept, components: kept + 200 + components**2,
}
"""About how often the network is run on every input, for the edges of a circuit and the components of the network.
What is not named takes a few runs."""
T = TypeVar("T")


@final
@dataclass(frozen=True)
class Judge:
    """Judges circuits of one network on the same inputs, each by every measure that the time left allows."""

    subject: Subject
    pace: Pace

    def judged(self, keep: np.ndarray, measures: Mapping[str, Callable[..., T]], *, about: str = "") -> tuple[T, ...]:
        """Each measure under each ablation of `JUDGED`.

        Arguments:
            about: which circuit it is, for what is missing.
        """
        found = []
        for name, measure in measures.items():
            for at, kind in enumerate(JUDGED):
                seconds = 0.0 if self.pace.clock.over else self._seconds(name, keep)
                if self.pace.allows(f"{name}{about} under {kind} ablation", seconds):
                    found.append(measure(self.subject.trials[at], keep, seed=self.subject.seed))
        return tuple(found)

    def _seconds(self, name: str, keep: np.ndarray) -> float:
        runs = RUNS[name](int(keep.sum()), len(self.subject.wiring.components)) if name in RUNS else 1
        return runs * self.subject.seconds_each


def judge_program(subject: Subject, places: Places, *, clock: Clock) -> ProgramCircuit:
    """The circuit that the places of a program's variables induce, judged on the inputs that `examine` judges on.

    Arguments:
        clock: the faithfulness is measured in any case; of the rest, what would take longer is missing.

    Raises:
        UserError: no such site.

    Cost: two runs on 64 inputs, and with time up to some hundred for each ablation.
    """
    judge = Judge(subject, Pace(clock))
    wiring, keep = subject.wiring, induced(subject.wiring, places)
    scores = tuple(faithfulness(group, keep, seed=subject.seed) for group in subject.trials)
    claims = judge.judged(keep, CLAIMS, about=" of the program's circuit")
    found = {name: components_at(wiring, site) for name, site in places.sites.items()}
    order = wiring.components.index
    return ProgramCircuit(
        places=tuple(Placed(n, str(places.sites[n]), tuple(sorted(at, key=order))) for n, at in found.items()),
        edges=tuple(edge for edge, kept in zip(wiring.edges, keep, strict=True) if kept),
        starts=tuple(sorted(starts_of(wiring), key=order)),
        components=len(wiring.components),
        of=len(wiring.edges),
        test=len(subject.fresh),
        scores=scores,
        claims=claims,
        missing=tuple(judge.pace.missing),
    )
