"""`bench recurrent`: trained recurrent networks in, programs out, scored on whole sequences.

Program against network and program against task are different questions and are reported apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

from scrutable.bench._base import Case, Row, Suite
from scrutable.bench._studies import Explain, Grade, reasons, studied, told
from scrutable.bench._text import percent
from scrutable.bench.recurrent._forms import Form, form_of, table_rows
from scrutable.bench.recurrent._grades import EVERY_WORD, claim_of, null_grade, spoiled_grade, trained_grade
from scrutable.bench.recurrent._nulls import null_cases, null_subject
from scrutable.bench.recurrent._scores import Heard, Scores, heard, scored, sequences_right, tokens_right
from scrutable.bench.recurrent._spoiled import spoiled_cases, spoiled_subject
from scrutable.bench.recurrent._store import FOLDER
from scrutable.bench.recurrent._subjects import Subject, language_cases, task_cases, trained_subject
from scrutable.bench.recurrent._words import Words, words_asked
from scrutable.explain import Study
from scrutable.hypothesis import Hypothesis, plain

FORM_ROWS = 2_000
"""Sequences on which the states of a program are counted."""


@final
@dataclass(frozen=True, slots=True)
class Recurrent(Suite):
    """Networks trained on sequences, spoiled ones, and ones with nothing in them.

    Families: "small" and "generous", the 62 published tasks by networks of two sizes; "outside", rules that no method
    may be tuned on; "language", classifiers of words by PyTorch's own layers; "spoiled", right networks with noise on
    their weights; "null", untrained cells.

    Arguments:
        networks: folder of trained weights; those that come with the library if left out.
        explain: what is being measured. It is given a network, a budget and a seed, and nothing else.
    """

    networks: Path = FOLDER
    explain: Explain | None = None
    name: str = field(default="recurrent")

    def cases(self, seed: int) -> tuple[Case, ...]:
        """See `Suite.cases`."""
        sizes = (("small", "small"), ("generous", "generous"), ("outside", "small"))
        found = [case for family, size in sizes for case in task_cases(family, size, seed, self.networks)]
        made = (*spoiled_cases(seed, self.networks), *null_cases(seed))
        return (*found, *language_cases(seed, self.networks), *made)

    def _subject(self, case: Case) -> Subject:
        if case.family == "null":
            return null_subject(case)
        return (spoiled_subject if case.family == "spoiled" else trained_subject)(case, self.networks)

    def run(self, case: Case, *, budget: float) -> Row:
        """See `Suite.run`."""
        subject = self._subject(case)
        answered = studied(self.explain, subject.network, budget=budget, seed=case.seed)
        outcome = _compared(subject, answered.study, heard(subject, case.seed))
        if case.family == "language":
            best = answered.study.best
            outcome = replace(outcome, words=words_asked(subject, best.program if best else None, case.seed))
        return answered.row(
            case,
            _grade(case, outcome),
            agreement=None if outcome.scores is None else outcome.scores.network,
            columns=_columns(outcome),
            details=_details(outcome),
        )


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was asked, what was answered, and how it compares. `scores` and `form` are None without a program, `words`
    where nothing is read letter by letter."""

    subject: Subject
    study: Study
    found: Heard
    scores: Scores | None = None
    form: Form | None = None
    words: Words | None = None


def _compared(subject: Subject, study: Study, found: Heard) -> _Outcome:
    if study.best is None:
        return _Outcome(subject, study, found)
    program = study.best.program
    return _Outcome(subject, study, found, scored(program, found), form_of(program, found.fresh.x[:FORM_ROWS]))


def _grade(case: Case, outcome: _Outcome) -> Grade:
    study, found, scores = outcome.study, outcome.found, outcome.scores
    best, why = study.best, f"nothing was found: {reasons(study)}"
    if case.family == "null":
        return null_grade(study, scores, outcome.form, outcome.subject.length)
    if case.family == "spoiled":
        return spoiled_grade(best, scores, why)
    rows = 0 if best is None else table_rows(best.program)
    grade = trained_grade(best, scores, found, rows=rows, why=why)
    return (
        grade
        if outcome.words is None
        else replace(grade, marks={**grade.marks, EVERY_WORD: outcome.words.unequal == 0})
    )


def _columns(outcome: _Outcome) -> dict[str, str]:
    best = outcome.study.best
    columns = _about_network(outcome.subject, outcome.found) | (_about_program(best, outcome) if best else {})
    if outcome.words is not None:
        columns |= {"network leaves the rule at": str(outcome.words)}
    return {**columns, "s before controls": f"{_seconds(outcome.study)['search and tests']:.2f}"}


def _details(outcome: _Outcome) -> dict[str, Any]:
    study, network = outcome.study, _network_details(outcome.found)
    details = {"seconds": _seconds(study), **told(study), **outcome.subject.details, "network": network}
    details |= {} if outcome.words is None else {"words": plain(outcome.words)}
    if study.best is None:
        return details
    return details | {"scores": plain(outcome.scores), "form": str(outcome.form)}


def _about_network(subject: Subject, found: Heard) -> dict[str, str]:
    columns = {"hidden": str(subject.hidden)}
    if subject.rule is None:
        return columns
    for name, spoken in (("network at T", found.fresh), ("network at 2T", found.beyond)):
        columns[name] = percent(tokens_right(spoken))
    return columns


def _about_program(best: Hypothesis, outcome: _Outcome) -> dict[str, str]:
    scores = outcome.scores
    assert scores is not None
    if outcome.subject.rule is None:
        about = {"form": str(outcome.form), "equal up to step": str(scores.horizon)}
    else:
        beyond = "" if scores.beyond_right is None else f" ({scores.asked})"
        about = {"task at T": percent(scores.task), "task at 2T": f"{percent(scores.beyond_right)}{beyond}"}
    return {
        "claim": claim_of(best, outcome.subject.length),
        **about,
        "interchange": _interchange(best),
        "rebuilt states": _beside_null(best, "interchange.rebuilt", "null, values of other pairs"),
        "member swaps": _beside_null(best, "interchange.members", "null"),
        "table rows": str(table_rows(best.program)),
        "proposer": best.provenance.proposer,
    }


def _interchange(best: Hypothesis) -> str:
    """The agreement on exchanged states, its interval and n; or why there is none."""
    found = best.evidence.named("interchange")
    if found is None or found.value is None:
        return "none" if found is None else found.status
    between = f"{found.interval.low:.3f} to {found.interval.high:.3f}, " if found.interval else ""
    return f"{found.value:.3f} ({between}n {found.n})"


def _beside_null(best: Hypothesis, name: str, null: str) -> str:
    """A causal agreement with its null beside it, and the classes of memory where they were counted."""
    found = best.evidence.named(name)
    if found is None or found.value is None:
        return "none" if found is None else found.status
    facts = dict(found.details)
    counted = f"; {facts['classes compared']} classes, {facts['classes needed']} needed" if "classes" in facts else ""
    return f"{found.value:.3f} (null {facts[null]:.3f}){counted}"


def _seconds(study: Study) -> dict[str, float]:
    """Of wall-clock time: everything before the null controls, and the controls."""
    controls = sum(attempt.seconds for attempt in study.attempts if attempt.step == "guard")
    rest = sum(attempt.seconds for attempt in study.attempts if attempt.step != "guard")
    return {"search and tests": round(rest, 2), "null controls": round(controls, 2)}


def _network_details(found: Heard) -> dict[str, Any]:
    parts = {"T": found.fresh, "2T": found.beyond, "held out at T": found.held}
    shares = {name: {"steps": tokens_right(each), "sequences": sequences_right(each)} for name, each in parts.items()}
    return {"right": shares, "held out": len(found.held.x), "all there are": found.whole, "at 2T": len(found.beyond.x)}
