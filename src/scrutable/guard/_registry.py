"""Every guard, and all of them applied to one hypothesis."""

from __future__ import annotations

from dataclasses import replace

from scrutable.errors import ProgramError, UserError
from scrutable.guard._base import Guard, GuardCase
from scrutable.guard._lookup import Lookup
from scrutable.guard._random_weights import RandomWeights
from scrutable.guard._shuffled import ShuffledOutputs
from scrutable.hypothesis import Evidence, Result, silent

GUARDS: tuple[Guard, ...] = (Lookup(), RandomWeights(), ShuffledOutputs())
"""Cheap first. Append to register a guard."""


def guard_all(case: GuardCase, guards: tuple[Guard, ...] = GUARDS) -> Evidence:
    """The evidence of a hypothesis with the results of every guard added. The time left is shared out evenly."""
    evidence = case.evidence
    for index, guard in enumerate(guards):
        clock = case.clock.part(1 / (len(guards) - index))
        evidence = evidence.with_results(_applied(guard, replace(case, clock=clock)))
    return evidence


def _applied(guard: Guard, case: GuardCase) -> Result:
    try:
        return guard.apply(case)
    except (ProgramError, UserError) as error:
        return silent(guard.name, "guard", "", unknown=f"could not be carried out: {error}")
