"""What a study does not show. Read off its evidence, so that nobody has to infer it from an absence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scrutable.hypothesis import Evidence, Hypothesis
from scrutable.report._numbers import plural

if TYPE_CHECKING:
    from scrutable.explain import Study


def limits(study: Study, best: Hypothesis | None) -> tuple[str, ...]:
    """One sentence for each thing that was not tested."""
    return tuple(_limits(study, best))


def _limits(study: Study, best: Hypothesis | None) -> Iterator[str]:
    evidence = best.evidence if best is not None else Evidence()
    if best is None:
        yield (
            f"That no program was found within {study.run.budget_s:g} s does not show that there is none: a longer "
            "search, other data or another way of proposing programs may find one."
        )
    else:
        yield from _untested(evidence)
        yield from _inputs(study, evidence)
        if "length=" in study.facts.inputs:
            yield _lengths(study.facts.inputs, evidence)
    yield f"Inputs outside the declared domain, {study.facts.inputs}, were not tested."
    yield f"Outputs were compared as {study.facts.outputs}, not as the raw numbers the network computes."
    yield "One trained network was studied. Another training run of the same architecture may work differently."


def _untested(evidence: Evidence) -> Iterator[str]:
    if not any(r.status in ("pass", "fail") for r in evidence.of("causal")):
        yield "The network's insides were not tested: no causal test ran, so they may work in another way."
    if not any(r.status in ("pass", "fail") for r in evidence.of("guard")):
        yield "No control was run, so the search may do as well where there is no mechanism to find."
    for result in evidence:
        silent = result.status == "not applicable" and result.kind in ("exhaustive", "guard")
        if silent or result.status == "unknown":
            yield f"{result.name}: {result.status}, because {_clause(result.reason)}"


def _inputs(study: Study, evidence: Evidence) -> Iterator[str]:
    if any(r.passed for r in evidence.of("exhaustive")):
        return
    tested = sum(r.n for r in evidence.of("behaviour"))
    yield (
        f"The domain was not compared input by input: {plural(tested, 'input')} of {study.facts.inputs} "
        f"({study.run.data_source}) stand for the rest."
    )


def _lengths(inputs: str, evidence: Evidence) -> str:
    found = re.search(r"length=(\d+)", inputs)
    usual = f" of {found[1]}" if found else ""
    longer = [r for r in evidence if "longer" in r.name and r.value is not None]
    if longer:
        return f"The claim ends at the declared length{usual}; beyond it stands only what {longer[0].name} says."
    return f"Sequences longer than the declared length{usual} were not tested."


def _clause(reason: str) -> str:
    text = reason.strip() or "no reason was recorded"
    return text if text.endswith(".") else f"{text}."
