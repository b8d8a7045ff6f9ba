"""Results of two kinds that tests and guards both give: nothing was measured, and a p-value from null controls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scrutable.hypothesis._evidence import Kind, Result, Status
from scrutable.hypothesis._multiplicity import p_value


def silent(name: str, kind: Kind, reason: str, *, unknown: str = "") -> Result:
    """A result without a measurement: "not applicable" because of `reason`, or "unknown" because of `unknown`."""
    return Result(
        name=name,
        kind=kind,
        status="unknown" if unknown else "not applicable",
        value=None,
        n=0,
        interval=None,
        method="not measured",
        reason=unknown or reason,
    )


def against_nulls(
    name: str,
    found: float,
    nulls: Sequence[float],
    *,
    status: Status,
    method: str,
    reason: str,
    details: tuple[tuple[str, Any], ...] = (),
) -> Result:
    """The result of a guard: the p-value of a statistic among the same statistic of null controls.

    Arguments:
        method: how the nulls were made. reason: what came of it, with "{p}" where the p-value is to stand.
        details: further ones.
    """
    p = p_value(found, nulls)
    return Result(
        name=name,
        kind="guard",
        status=status,
        value=p,
        n=len(nulls),
        interval=None,
        method=f"p-value: {method}",
        reason=reason.format(p=f"(p = {p:.3f})"),
        details=(("found", found), ("nulls", tuple(nulls)), *details),
    )
