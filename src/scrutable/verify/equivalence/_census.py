"""Equality on every input of a finite domain."""

from __future__ import annotations

import numpy as np

from scrutable.hypothesis import Interval, Result
from scrutable.verify._agreement import answers_to
from scrutable.verify._base import Case, Sample
from scrutable.verify._fidelity import examples, judged, single_answers

NAME = "exhaustive"
LARGEST = 2**22
SHARE = 0.5
CHUNK = 2**15


def census(case: Case) -> Result:
    """Program and network compared on every input the domain has. Cost: at most half of the time left."""
    size = case.network.inputs.size
    assert size is not None
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
        name=NAME,
        kind="exhaustive",
        status=status,
        value=1 - wrong / done,
        n=done,
        interval=Interval(1 - wrong / done, 1 - wrong / done, 1.0) if done == size else None,
        method="every input of the domain compared",
        reason=reason,
        counter_examples=shown,
        details=(("disagreements", wrong), ("size of the domain", size)),
    )
