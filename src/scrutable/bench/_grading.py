"""Whether the answer to a trained network is right, family by family."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scrutable.bench._base import Case
from scrutable.bench._boolean import assignments
from scrutable.bench._feynman import formulas
from scrutable.bench._networks import Subject
from scrutable.bench._rule import Rule
from scrutable.bench._solution import solved
from scrutable.bench._studies import Grade, reasons
from scrutable.bench._text import as_expression, literals, reading
from scrutable.bench._two_level import fewest_literals

if TYPE_CHECKING:
    from scrutable.explain import Study

EQUAL = 1e-6
"""A real program has the planted form when it is nowhere further from it than this share of its spread."""
NEAR = 0.01
"""The same form with constants that are a little off."""


def grade(case: Case, subject: Subject, study: Study, *, answers: np.ndarray | None, truth: np.ndarray | None) -> Grade:
    """Judge a study by the rule of the case's family.

    - Networks with nothing in them: nothing was claimed.
    - Boolean networks: proved equal on the whole domain; marked when no more than one literal above the fewest known.
    - Formulas: the published formula up to a constant, by `solved`.
    - Others: the planted function wherever it was compared (reals: within a millionth of their spread).

    Arguments:
        answers: of the best program, `(n,)`; None when there is none. truth: the planted function's, `(n,)`.
    """
    if "null" in case.settings:
        claimed = study.best is not None
        return Grade(not claimed, "a program was claimed where there is none" if claimed else "nothing was claimed")
    if study.best is None:
        return Grade(solved=False, why=f"nothing was found: {reasons(study)}", marks=_no_marks(case))
    if "formula" in case.settings:
        return _formula(case, study)
    if case.family == "boolean":
        return _boolean(case, study)
    assert answers is not None
    assert truth is not None
    return _real(answers, truth) if truth.dtype.kind == "f" else _whole(answers, truth)


def _no_marks(case: Case) -> dict[str, bool]:
    """A case without an answer counts against every mark of its family."""
    if case.family == "boolean":
        return {"minimal or within one literal": False}
    return {"within 1%": False} if case.settings.get("outputs") == "Reals()" else {}


def _whole(answers: np.ndarray, truth: np.ndarray) -> Grade:
    wrong = float(np.mean(np.asarray(answers).reshape(truth.shape) != truth))
    return Grade(not wrong, f"differs from what was planted on {wrong:.2%}" if wrong else "what was planted")


def _real(answers: np.ndarray, truth: np.ndarray) -> Grade:
    spread = float(truth.std()) or 1.0
    apart = float(np.max(np.abs(np.asarray(answers, float).reshape(truth.shape) - truth))) / spread
    marks, details = {"within 1%": apart <= NEAR}, {"largest difference in standard deviations": apart}
    if apart <= EQUAL:
        return Grade(True, "what was planted", marks, details)
    return Grade(False, f"up to {apart:.2%} of a standard deviation from what was planted", marks, details)


def _boolean(case: Case, study: Study) -> Grade:
    best = study.best
    assert best is not None
    results = best.evidence.of("exhaustive")
    proved = any(result.passed for result in results)
    rule, found = Rule(case.settings["rule"]), literals(best.program)
    planted = len(rule.reads)
    two = fewest_literals(rule(assignments(case.settings["columns"])).astype(bool))
    fewest = min(planted, found) if two is None else min(planted, found, two)
    details = {"planted literals": planted, "two-level literals": two}
    unproved = "; ".join(result.reason for result in results) or "never compared"
    why = "equal to the network on its whole domain" if proved else f"not proved equal on the whole domain ({unproved})"
    marks = {"minimal or within one literal": proved and found <= fewest + 1}
    return Grade(proved, f"{why}; {found} literals, fewest known {fewest}", marks, details)


def _formula(case: Case, study: Study) -> Grade:
    best = study.best
    assert best is not None
    formula = next(each for each in formulas() if each.name == case.settings["formula"])
    right = solved(reading(as_expression(best.program), formula.variables), formula)
    return Grade(right, "the formula up to a constant" if right else "another formula")
