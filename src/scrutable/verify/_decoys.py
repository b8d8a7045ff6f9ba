"""The null control of the alignment: the same fitting for variables that mean nothing."""

from __future__ import annotations

from collections.abc import Callable

from scrutable.hypothesis import Result
from scrutable.verify._base import silent

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
    hits = sum(null >= found for null in nulls)
    p = (1 + hits) / (len(nulls) + 1)
    enough = len(nulls) >= FEWEST
    status = "pass" if enough and p <= LEVEL else "fail" if hits else "unknown"
    words = f"{hits} of {len(nulls)} decoys align as well as the program's variables (p = {p:.3f})"
    return Result(
        name=NAME,
        kind="guard",
        status=status,
        value=p,
        n=len(nulls),
        interval=None,
        method="p-value: the same fitting, choice and test for values handed to other rows; "
        "agreement of activations from inputs that share the value alone, on pairs whose answer changes",
        reason=words if enough else f"{words}; time allowed {len(nulls)} decoys, {FEWEST} are needed",
        details=(("found", found), ("nulls", tuple(nulls))),
    )
