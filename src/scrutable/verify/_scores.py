"""Exchanges that keep the answer: do the scores behind it change as the program says?

Two programs may give the same answers everywhere and differ in how surely. One whose answer is the largest of an array
of scores, one for each label, says how surely too, and exchanging a variable between inputs of the same answer shows
whether the network does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Result, Status, silent
from scrutable.program import Array, Call, Let, Program, Setting
from scrutable.verify._aligned import ENOUGH
from scrutable.verify._question import Question, Values
from scrutable.verify.scrubbing._intervals import Ratio, ratio, weights
from scrutable.work import generator

NAME = "interchange.scores"
MARGIN, MOSTLY = 0.1, 0.5

Exchange = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Raw outputs, `(n, classes)`, for base rows with the variable's part of the activations of source rows."""


def scores_result(question: Question, on: Values, exchange: Exchange) -> Result | None:
    """Whether exchanges of a variable that keep the answer change the network's scores as they change the program's.

    What the program leaves unexplained of these changes must be at most a tenth of what exchanges that change the
    answer do, or at most half of what there is to explain. Scores are compared but for a constant for each input, and
    the program's are scaled by one number, fitted on the rows used for the search. None for programs without scores.

    Arguments:
        on: the variable on rows kept back.

    Cost: three runs of the network on half the rows.
    """
    program = _scoring(question)
    if program is None:
        return None
    rng = generator(question.case.seed, "scores", question.name)
    base, source = _same_answer(on.answers, rng)
    if len(base) < ENOUGH:
        few = f"{question.name}: only {len(base)} disjoint pairs of inputs have the same answer, {ENOUGH} are needed"
        return silent(NAME, "causal", "", unknown=f"{few}; try more data")
    found = _Changes.of(question, program, on, exchange, (base, source))
    return found.result(question.name, rng)


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Changes:
    """Squared changes of the scores, one for each pair `(n,)`.

    Arguments:
        moved: of the network's, the answer kept. left: of these, what the program does not say. far: of the network's,
            the answer changed.
    """

    moved: np.ndarray
    left: np.ndarray
    far: np.ndarray

    @staticmethod
    def of(
        question: Question, program: Program, on: Values, exchange: Exchange, pairs: tuple[np.ndarray, np.ndarray]
    ) -> _Changes:
        """Exchange in pairs of the same answer, and each base with the source of the next pair."""
        base, source = pairs
        own = _centred(question.case.network.raw(on.sample.inputs[base]))
        put = Setting(on.values[source])
        inputs, output = on.sample.inputs[base], program.outputs[0]
        told = program.run(inputs, set={question.name: put})[output] - program.run(inputs)[output]
        moved = _centred(exchange(base, source)) - own
        left = moved - _scale(question, program) * _centred(told)
        far = _centred(exchange(base, np.roll(source, 1))) - own
        return _Changes(*((each**2).sum(axis=1) for each in (moved, left, far)))

    def result(self, name: str, rng: np.random.Generator) -> Result:
        """The judgement."""
        counts = weights(len(self.moved), rng)
        beside, against = ratio(self.left, self.far, counts), ratio(self.left, self.moved, counts)
        if beside is None:
            return silent(NAME, "causal", "", unknown=f"{name}: no exchange changes the scores")
        status: Status = "pass" if _below(beside, MARGIN) or _below(against, MOSTLY) else "fail"
        part = "nothing" if against is None else f"{against.value:.2f}"
        return Result(
            name=NAME,
            kind="causal",
            status=status,
            value=beside.value,
            n=len(self.moved),
            interval=beside.interval,
            method="squared change of the scores that the program leaves unexplained where exchanging the variable "
            "keeps the answer, as a share of the change where it does not; disjoint pairs; bootstrap over pairs",
            reason=f"{name}: exchanges that keep the answer change scores by {self.moved.mean() / self.far.mean():.3f} "
            f"of what others do, of which the program leaves {part} unexplained",
            details=(
                ("variable", name),
                ("changed, share of exchanges that change the answer", float(self.moved.mean() / self.far.mean())),
                ("unexplained, share of these changes", None if against is None else against.value),
                ("its interval", None if against is None else (against.interval.low, against.interval.high)),
            ),
        )


def _below(share: Ratio | None, margin: float) -> bool:
    return share is not None and share.interval.high <= margin


def _scoring(question: Question) -> Program | None:
    """The program with its scores, one for each label, as the output; None where it does not give any."""
    program, classes = question.program, question.case.network.outputs.classes
    last = program.statements[-1]
    if question.stepwise or len(program.outputs) != 1 or not isinstance(last, Let) or last.name != program.outputs[0]:
        return None
    match last.expr:
        case Call(op="argmax", args=(scores,)) if isinstance(scores.type, Array) and scores.type.shape == (classes,):
            return Program(
                program.name, program.inputs, (*program.statements[:-1], Let(last.name, scores)), program.outputs
            )
    return None


def _same_answer(answers: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Disjoint pairs of rows to which the program gives the same answer, in random order."""
    order = rng.permutation(len(answers))
    order = order[np.argsort(answers[order], kind="stable")]
    base, source = [], []
    for label in np.unique(answers):
        rows = order[answers[order] == label]
        half = len(rows) // 2
        base.append(rows[:half])
        source.append(rows[half : 2 * half])
    mixed = rng.permutation(sum(map(len, base)))
    return np.concatenate(base)[mixed], np.concatenate(source)[mixed]


def _scale(question: Question, program: Program) -> float:
    """How many of the network's units one of the program's scores is."""
    find = question.case.find
    said, scores = _centred(question.case.network.raw(find.inputs)), _centred(program(find.inputs))
    return float((said * scores).sum() / max(float((scores**2).sum()), 1e-300))


def _centred(scores: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores, np.float64)
    return scores - scores.mean(axis=-1, keepdims=True)
