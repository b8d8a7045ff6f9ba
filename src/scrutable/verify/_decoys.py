"""The null control of the alignment: the same fitting for variables that mean nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from scrutable.hypothesis import Result, against_nulls, max_t, p_value, silent

NAME = "guard.decoy_variables"
FEWEST, LEVEL = 19, 0.05


def decoy_result(main: Result, found: float, decoys: Callable[[], list[float]]) -> Result:
    """Whether decoy variables align as well as the program's own.

    Arguments:
        main: the interchange result; without a passing one there is no alignment to doubt.
        found: agreement, on changed pairs, of activations from inputs that share the program's value alone.
        decoys: computes the same for decoys: the same values, handed to other rows.

    p = (1 + decoys at or above the found one) / (decoys + 1).
    """
    if not main.passed:
        return silent(NAME, "guard", "the interchange did not pass, so no alignment is claimed")
    nulls = decoys()
    hits, enough = sum(null >= found for null in nulls), len(nulls) >= FEWEST
    words = f"{hits} of {len(nulls)} decoys align as well as the program's variables {{p}}"
    return against_nulls(
        NAME,
        found,
        nulls,
        status="pass" if enough and p_value(found, nulls) <= LEVEL else "fail" if hits else "unknown",
        method="the same fitting, choice and test for values handed to other rows; "
        "agreement of activations from inputs that share the value alone, on pairs whose answer changes",
        reason=words if enough else f"{words}; time allowed {len(nulls)} decoys, {FEWEST} are needed",
    )


def decoys_together(results: Sequence[Result]) -> Result:
    """One result for the decoys of several variables: that of the worst.

    That every variable passes alone is not enough: the best decoy of each round, whichever variable it stands for, must
    do worse than each of them (max-T), so that one of many variables does not pass by luck.
    """
    order = ("fail", "unknown", "not applicable", "pass")
    worst = min(results, key=lambda result: order.index(result.status))
    if worst.status != "pass" or len(results) == 1:
        return worst
    facts = [dict(result.details) for result in results]
    adjusted = max_t(np.array([each["found"] for each in facts]), np.array([each["nulls"] for each in facts]).T)
    p = float(adjusted.max())
    words = f"the best decoy of all {len(results)} variables is compared with each of them (p = {p:.3f})"
    return replace(
        worst,
        status="pass" if p <= LEVEL else "unknown",
        value=p,
        method=f"{worst.method}; the best of each round of decoys over all variables (max-T)",
        reason=words,
        details=(*worst.details, ("p of every variable", tuple(map(float, adjusted)))),
    )
