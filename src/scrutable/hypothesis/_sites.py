"""Where the variables of a program live in the network: as claimed, or as the tests found it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scrutable.hypothesis._evidence import Result
from scrutable.hypothesis._hypothesis import Hypothesis
from scrutable.program import Scan

_AT = re.compile(r"([^\W\d]\w*) at (.+?): ")


def sites(hypothesis: Hypothesis) -> Mapping[str, str]:
    """Variable -> site: what the hypothesis claims; if it claims nothing, where interchange succeeded.

    A test of the whole memory of a program speaks of every state.
    """
    if hypothesis.alignment.sites:
        return hypothesis.alignment.sites
    found: dict[str, str] = {}
    for result, site in _interchanged(hypothesis):
        for name in _variables(hypothesis, result, site):
            found.setdefault(name, site)
    return found


def confirmed(hypothesis: Hypothesis) -> bool:
    """Whether an interchange intervention has passed, so that the sites are more than a claim."""
    return any(True for _ in _interchanged(hypothesis))


def _interchanged(hypothesis: Hypothesis) -> Iterator[tuple[Result, str]]:
    for result in hypothesis.evidence.of("causal"):
        site = dict(result.details).get("site")
        if site is not None and result.passed and result.name.partition(".")[0] == "interchange":
            yield result, str(site)


def _variables(hypothesis: Hypothesis, result: Result, site: str) -> list[str]:
    said = _AT.match(result.reason)
    if said is not None and said[1] in hypothesis.program.variables:
        return [said[1]]
    scans = (s for s in hypothesis.program.statements if isinstance(s, Scan))
    return [state.name for scan in scans for state in scan.states]
