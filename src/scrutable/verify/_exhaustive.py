"""Equality on every input of a finite domain."""

from __future__ import annotations

import numpy as np

from scrutable.hypothesis import Interval, Kind, Result, silent
from scrutable.verify._agreement import answers_to
from scrutable.verify._base import Case, Sample, Test
from scrutable.verify._fidelity import examples, judged, single_answers

LARGEST = 2**22
SHARE = 0.5
CHUNK = 2**15


class Exhaustive(Test):
    """Program and network compared on every input the domain has, when there are at most 2**22.

    This is a census: its interval has no width. A hypothesis that declares itself approximate claims the usual inputs
    and not all of them: where it differs, the result is "not applicable" with the count.
    """

    name = "exhaustive"
    kind: Kind = "exhaustive"

    def apply(self, case: Case) -> tuple[Result, ...]:
        """See `Test.apply`. Cost: one prediction for every input of the domain, and at most half of the time left."""
        domain = case.network.inputs
        if domain.size is None:
            return (silent(self.name, self.kind, f"{domain.spec} has infinitely many inputs"),)
        if domain.size > LARGEST:
            count = f"{domain.size}" if domain.size < 10**12 else f"2**{domain.size.bit_length() - 1} or more"
            return (silent(self.name, self.kind, f"{domain.spec} has {count} inputs, more than {LARGEST}"),)
        return (_census(case, domain.size),)


def _census(case: Case, size: int) -> Result:
    clock = case.clock.part(SHARE)
    wrong, done, single, shown = 0, 0, 0.0, ()
    for start in range(0, size, CHUNK):
        part = case.network.inputs.items(np.arange(start, min(size, start + CHUNK)))
        sample = Sample(part, case.network.predict(part))
        answers, valid = answers_to(case.hypothesis.program, part)
        shares = single_answers(case, sample, answers, valid)
        right, single = shares == 1, single + float(shares.sum())
        shown = shown or examples(answers, valid, sample, ~right, "every input of the domain")
        wrong, done = wrong + int((~right).sum()), done + len(part)
        if clock.over and done < size:
            break
    status, reason = judged(case, done - wrong, done, "inputs of the domain", single=single / done)
    if status == "pass" and done < size:
        status, reason = "unknown", f"time ran out after {done} of {size} inputs, {wrong} of which differ"
    elif case.approximate and wrong:
        status, reason = "not applicable", f"declared approximate: {wrong} of {done} inputs of the domain differ"
    return Result(
        name=Exhaustive.name,
        kind=Exhaustive.kind,
        status=status,
        value=1 - wrong / done,
        n=done,
        interval=Interval(1 - wrong / done, 1 - wrong / done, 1.0) if done == size else None,
        method="every input of the domain compared",
        reason=reason,
        counter_examples=shown,
        details=(("disagreements", wrong), ("size of the domain", size)),
    )
