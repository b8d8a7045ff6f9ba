"""A study as the page shows it: plain text and positions, decided here so that the template only lays out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrutable.hypothesis import Evidence, Hypothesis, Kind, Result, Verdict, sites
from scrutable.report._diagram import Diagram, diagram
from scrutable.report._flow import flow
from scrutable.report._names import Names
from scrutable.report._numbers import bits, count, interval, level, number, plural, seconds
from scrutable.report._strip import Strip, null_scores, strip
from scrutable.report._values import Case, case, text

if TYPE_CHECKING:
    from scrutable.explain import Study

NOT_ANSWERS = (Verdict.REFUTED, Verdict.FRIVOLOUS, Verdict.INCONCLUSIVE)
KINDS: tuple[tuple[Kind, str, str], ...] = (
    ("behaviour", "Behaviour", "Does the program give the network's outputs on inputs the search never saw?"),
    ("exhaustive", "Exhaustive", "Does it do so on every input there is?"),
    ("counter-example", "Counter-examples", "Does a search for disagreement find any?"),
    ("causal", "Causal", "Do the network's insides work the way the program says?"),
    ("guard", "Controls", "Would the same procedure do as well where there is no mechanism to find?"),
    ("task", "Labels", "Do network and program give the labels that came with the data? No part of the verdict."),
)
STATUS = {"pass": "passed", "fail": "failed", "not applicable": "not applicable", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the evidence table."""

    title: str
    code: str
    status: str
    word: str
    value: str
    interval: str
    n: str
    method: str
    reason: str
    strip: Strip | None
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The results of one kind; `rows` is empty when nothing of the kind was run."""

    title: str
    question: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A hypothesis that is not the answer: what it is, how it fared, and why it was set aside."""

    rank: int
    name: str
    verdict: Verdict
    bits: str
    proposer: str
    source: str
    why: str
    cases: tuple[Case, ...]


def is_answer(hypothesis: Hypothesis | None) -> bool:
    """Whether it may be shown as the answer: one that the evidence speaks against never is."""
    return hypothesis is not None and hypothesis.verdict not in NOT_ANSWERS


def is_asked(hypothesis: Hypothesis | None) -> bool:
    """Whether a person wrote it, so that its verdict is of interest whatever it is."""
    return hypothesis is not None and hypothesis.provenance.proposer == "person"


def groups(evidence: Evidence, names: Names) -> tuple[Group, ...]:
    """The evidence table."""
    return tuple(
        Group(title, question, tuple(_row(result, names) for result in evidence.of(kind)))
        for kind, title, question in KINDS
        if kind != "task" or evidence.of("task")
    )


def _row(result: Result, names: Names) -> Row:
    shown = result.interval
    unusual = shown is not None and shown.level not in (0.95, 1.0)
    other = f"; the interval is one of {level(shown)}" if shown is not None and unusual else ""
    return Row(
        title=names.title(result.name),
        code=result.name,
        status=result.status.replace(" ", "-"),
        word=STATUS[result.status],
        value=number(result.value),
        interval=interval(shown),
        n=count(result.n) if result.n else "\u2013",
        method=result.method + other,
        reason=result.reason,
        strip=strip(result),
        details=_details(result),
    )


def _details(result: Result) -> tuple[tuple[str, str], ...]:
    dots = null_scores(result)
    shown = ((k, v) for k, v in result.details if not (dots and k in ("null_scores", "nulls", "null")))
    return tuple((k.replace("_", " "), number(v) if isinstance(v, float) else text(v)) for k, v in shown)


def cases(hypothesis: Hypothesis) -> tuple[Case, ...]:
    """Every counter-example of a hypothesis."""
    names = [entry.name for entry in hypothesis.program.inputs]
    return tuple(case(example, names) for result in hypothesis.evidence for example in result.counter_examples)


def candidates(study: Study, best: Hypothesis | None) -> tuple[Candidate, ...]:
    """Every hypothesis but the answer, in order."""
    return tuple(
        Candidate(
            rank=rank,
            name=hypothesis.program.name,
            verdict=hypothesis.verdict,
            bits=bits(hypothesis.total_bits),
            proposer=hypothesis.provenance.proposer,
            source=hypothesis.program.source,
            why=why(hypothesis),
            cases=cases(hypothesis)[:2],
        )
        for rank, hypothesis in enumerate(study.hypotheses, 1)
        if hypothesis is not best
    )


def why(hypothesis: Hypothesis) -> str:
    """What counts against a hypothesis, in one or two sentences."""
    failed = [result for result in hypothesis.evidence if result.status == "fail" and result.kind != "task"]
    if failed:
        more = f" (and {plural(len(failed) - 1, 'more test')} failed)" if len(failed) > 1 else ""
        return f"{failed[0].name} failed: {failed[0].reason or 'no reason was recorded'}{more}"
    if not len(hypothesis.evidence):
        return "It was not tested."
    if hypothesis.verdict is Verdict.INCONCLUSIVE:
        return "There is not enough evidence either way."
    if hypothesis.verdict in NOT_ANSWERS:
        return f"{hypothesis.verdict.meaning.capitalize()}."
    return "Ranked below the answer: a weaker verdict or a longer program."


def headline(study: Study, best: Hypothesis | None) -> str:
    """The result in one sentence with its numbers."""
    if best is None:
        tested = len(study.hypotheses)
        if not tested:
            return f"In {seconds(study.run.seconds)} no candidate agreed with the network well enough to be tested"
        verb = "was" if tested == 1 else "were"
        return f"{plural(tested, 'candidate')} {verb} tested in {seconds(study.run.seconds)}; none is an answer."
    if not is_answer(best):
        return f"The hypothesis that was tested is not what the network computes: {why(best)}"
    return f"{_size(best)} {_says(best.evidence)}."


def _size(best: Hypothesis) -> str:
    extra = f" (and {bits(best.residual_bits)} of residual errors)" if best.residual_bits > 0 else ""
    return f"A program of {bits(best.program.bits)}{extra}"


def _says(evidence: Evidence) -> str:
    parts = []
    whole = [r for r in evidence.of("exhaustive") if r.passed]
    kept = [r for r in evidence.of("behaviour") if r.value is not None]
    if whole and whole[0].name == "equivalence":
        parts.append("is proved to give the network's outputs on its whole domain")
    elif whole:
        parts.append(f"gives the network's outputs on all {plural(whole[0].n, 'input')} of its domain")
    elif kept:
        parts.append(f"gives the network's outputs on {_share(kept[0])}")
    causal = [r for r in evidence.of("causal") if r.value is not None]
    if causal:
        verb = {"pass": "predicts", "fail": "does not predict"}.get(causal[0].status, "may or may not predict")
        parts.append(f"{verb} what happens when the network's insides are changed ({_share(causal[0])})")
    controls = [r for r in evidence.of("guard") if r.status != "not applicable"]
    if controls:
        passed, undecided = sum(r.passed for r in controls), sum(r.status == "unknown" for r in controls)
        more = f" ({undecided} undecided)" if undecided else ""
        parts.append(f"{passed} of {plural(len(controls), 'control')} passed{more}")
    return _joined(parts) if parts else "was found, but nothing was measured"


def _share(result: Result) -> str:
    where = f" {interval(result.interval)}" if result.interval is not None else ""
    return f"{number(result.value)}{where} of {plural(result.n, 'trial')}"


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])}, and {parts[-1]}"


def drawing(study: Study, best: Hypothesis) -> Diagram | None:
    """The program beside the network."""
    return diagram(flow(best.program), sites(best), recurrent=not study.facts.recurrence.startswith("none"))
