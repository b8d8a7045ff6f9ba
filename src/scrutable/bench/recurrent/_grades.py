"""Whether the answer to a recurrent network is right, family by family."""

from __future__ import annotations

from scrutable.bench._studies import Grade
from scrutable.bench.recurrent._forms import HONEST, Form
from scrutable.bench.recurrent._scores import Heard, Scores, sequences_right
from scrutable.explain import Study
from scrutable.hypothesis import Hypothesis, Verdict

STRONG = (Verdict.SUPPORTED, Verdict.PROVED)
"""The verdicts that say that the network's insides work as the program does."""
LARGE = 8
"""Rows of a table that is more than a small part of a program."""
AT, BEYOND, TASK = "equals the network at T", "equals the task at 2T where the network does", "equals the task at T"
SMALL_TABLES, NO_TABLE = f"both, no table over {LARGE} rows", "both, no table"
VERDICT = "supported or proved"
MEMBERS, REBUILT = "member swaps at .999, no class more than needed", "rebuilt states at .99"
FLAWED_NETWORK, FLAWED_TASK = "imperfect network: equals it", "imperfect network: equals the task"
EVERY_WORD = "equals the network on all short words and 100,000 longer ones"
TRUE_RULE, CALLED_EXACT = "true rule", "called exact though it is not"
SILENT, HONEST_FORM, OVERCLAIMED = "no program", "an honest form that equals the network", "more than that claimed"


def claim_of(best: Hypothesis, length: int) -> str:
    """What a hypothesis says of itself: exact, exact up to the declared length, or approximate."""
    if best.approximate:
        return "approximate"
    return f"exact up to {length} steps" if best.evidence.truncated else "exact"


def trained_grade(best: Hypothesis | None, scores: Scores | None, found: Heard, *, rows: int, why: str) -> Grade:
    """Solved: equal to the network on every sequence held out at T, to the task on every one at 2T on which the network
    is right, and the verdict is one of `STRONG`.

    Arguments:
        scores: of the best program; None when there is none, and `why` says why. rows: of its largest table.
    """
    at = scores is not None and scores.network == 1.0
    beyond = scores is not None and scores.beyond_right == 1.0
    task = scores is not None and scores.task == 1.0
    strong = best is not None and best.verdict in STRONG
    marks = {
        AT: at,
        BEYOND: beyond,
        SMALL_TABLES: at and beyond and rows <= LARGE,
        NO_TABLE: at and beyond and not rows,
    }
    marks |= {VERDICT: strong, TASK: task, **_by_states(best)}
    if sequences_right(found.held) != 1.0:
        marks |= {FLAWED_NETWORK: at, FLAWED_TASK: task}
    if scores is None or best is None:
        return Grade(solved=False, why=why, marks=marks)
    why = "; ".join(_faults(best, scores, found)) or "equals the network at T and the task at 2T"
    return Grade(at and beyond and strong, why, marks)


def _by_states(best: Hypothesis | None) -> dict[str, bool]:
    """Marks for a program whose memory has the classes that the network has, and makes its states."""
    results = {r.name: r for r in best.evidence} if best else {}
    members, rebuilt = results.get("interchange.members"), results.get("interchange.rebuilt")
    facts = dict(members.details) if members else {}
    swapped = members is not None and members.value is not None and members.value >= 0.999
    return {
        MEMBERS: swapped and facts["classes compared"] == facts["classes needed"],
        REBUILT: rebuilt is not None and rebuilt.value is not None and rebuilt.value >= 0.99,
    }


def _faults(best: Hypothesis, scores: Scores, found: Heard) -> list[str]:
    faults, sound = [], sequences_right(found.held) or 0.0
    if sound < 1.0:
        faults.append(f"the network is wrong on {_wrong(sound)} of the sequences at T")
    if scores.network < 1.0:
        faults.append(f"differs from the network on {_wrong(scores.network)} at T")
    if scores.task is not None and scores.task < 1.0:
        faults.append(f"differs from the task on {_wrong(scores.task)} at T")
    if scores.beyond_right is None:
        faults.append("the network is right on no sequence at 2T")
    elif scores.beyond_right < 1.0:
        faults.append(f"differs from the task on {_wrong(scores.beyond_right)} of {scores.asked} at 2T")
    if best.verdict not in STRONG:
        faults.append(_doubt(best))
    return faults


def _wrong(right: float) -> str:
    """The share that is not right, to two digits: never 0% where there is one."""
    return f"{100 * (1 - right):.2g}%"


def _doubt(best: Hypothesis) -> str:
    """What keeps the verdict from being a strong one."""
    kinds = ("causal", "guard")
    missed = [f"{r.name} {r.status}" for r in best.evidence if r.kind in kinds and r.status in ("fail", "unknown")]
    guards = sum(r.passed for r in best.evidence.of("guard"))
    return f"verdict {best.verdict.value} ({', '.join(missed) or f'{guards} controls passed'})"


def spoiled_grade(best: Hypothesis | None, scores: Scores | None, why: str) -> Grade:
    """Solved: the task's rule, on every sequence at T and at 2T, and not passed off as exact."""
    if best is None or scores is None:
        return Grade(solved=False, why=why, marks={TRUE_RULE: False, CALLED_EXACT: False})
    true = scores.task == scores.beyond_task == 1.0
    called = not best.approximate and scores.network < 1.0
    said = "the rule" if true else f"differs from the rule on {_wrong(scores.task or 0.0)} at T"
    why = f"{said}; differs from the network on {_wrong(scores.network)} at T" + ", and claims to be exact" * called
    return Grade(true and not called, why, {TRUE_RULE: true, CALLED_EXACT: called})


def null_grade(study: Study, scores: Scores | None, form: Form | None, length: int) -> Grade:
    """Solved: no program; or a constant, an affine or window formula or a small machine that equals the network on
    fresh sequences at T, and at 2T unless it says that it ends at T. Nothing else may be called supported or proved."""
    best = study.best
    if best is None or scores is None or form is None:
        return Grade(True, "nothing was claimed", {SILENT: True, HONEST_FORM: False, OVERCLAIMED: False})
    claim = claim_of(best, length)
    bounded = claim not in ("exact", "approximate")
    equal = scores.network == 1.0 and (scores.beyond_network == 1.0 or bounded)
    honest = form.kind in HONEST and equal
    over = form.kind not in HONEST and best.verdict in STRONG
    why = f"{form}; differs from the network on {_wrong(scores.network)} at T"
    why += f" and {_wrong(scores.beyond_network)} at 2T; claim: {claim}"
    return Grade(honest and not over, why, {SILENT: False, HONEST_FORM: honest, OVERCLAIMED: over})
