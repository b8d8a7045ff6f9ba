"""Programs that somebody else suggests as Python text, a language model for example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import final

import numpy as np

from scrutable.errors import ScrutableError, UserError
from scrutable.hypothesis import COARSEST, Alignment, Hypothesis, Provenance
from scrutable.program import Program, read_program, type_to_text
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._claims import ABOVE, INSIDE, rounded_up
from scrutable.propose._inputs import program_inputs
from scrutable.work import generator

Ask = Callable[[str, tuple[str, ...]], Iterable[str]]
"""From a description of the examples, and what was wrong with earlier suggestions, to Python texts."""

ROUNDS = 4
MOST_TEXTS = 32
SHOWN, FAILURES_SHOWN = 24, 3
MOST_FAILURES = 12
NEARLY = 0.95


@final
@dataclass(frozen=True, slots=True)
class Suggested(Proposer):
    """Asks a function of yours for programs, and passes on those that give the network's answers.

    `ask(examples, failures)` gets a description of the inputs with some examples, ready to be put into a prompt, and
    one line for each earlier suggestion that failed; it returns Python texts, each defining a function of the named
    inputs. The texts are parsed and never run (`scrutable.program.read_program`). What cannot be read, takes other
    inputs or gives other answers is dropped, and comes back as a failure in the next round. There are at most four
    rounds; the first in which a suggestion is right everywhere is the last, and so is one that brings nothing new.

    With the same answers from `ask` the same programs are proposed.

    Arguments:
        ask: the function. It should return in time by itself: it is not interrupted.
        name: what the provenance calls it.

    Reference: S. Barke et al., HySynth: context-free LLM approximation for guiding program synthesis (2024), and
    B. Romera-Paredes et al., Mathematical discoveries from program search with large language models (2024), for
    suggestions that are checked by running them.
    """

    ask: Ask
    name: str = "suggested"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        return None if len(problem.inputs) else "there are no rows of data"

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`.

        Raises:
            UserError: `ask` returns something else than texts.
        """
        examples, failures, seen = described(problem), [], set[str]()
        near: list[tuple[float, Hypothesis]] = []
        for _ in range(ROUNDS):
            if problem.clock.over:
                break
            texts = [text for text in _texts(self.ask(examples, tuple(failures[-MOST_FAILURES:]))) if text not in seen]
            seen.update(texts)
            judged = [self._judged(problem, text) for text in dict.fromkeys(texts)]
            right = sorted((h for h, _, failure in judged if h and not failure), key=lambda h: h.program.bits)
            yield from right
            near += [(agreement, h) for h, agreement, failure in judged if h and failure]
            failures += [failure for _, _, failure in judged if failure]
            if right:
                return
            if not texts:
                break
        yield from (h for _, h in sorted(near, key=lambda each: (-round(each[0], 3), each[1].program.bits)))

    def _judged(self, problem: Problem, text: str) -> tuple[Hypothesis | None, float, str]:
        """The hypothesis if the text is worth one, its agreement with the network, and what is wrong with it."""
        try:
            program = _fitting(read_program(text, program_inputs(problem.network.inputs), name="program"), problem)
            said = _answers(program, problem)
        except (ScrutableError, ValueError, TypeError) as error:
            return None, 0.0, f"{_short(text)}: {str(error)[:300]}"
        wanted = _wanted(problem)
        if said.shape != wanted.shape:
            return None, 0.0, f"{_short(text)}: the answers have shape {said.shape}, expected {wanted.shape}"
        within = _within(problem, said, wanted)
        right = said == wanted if within is None else np.abs(said - wanted) <= within
        rows = right.reshape(len(right), -1).all(axis=1)
        agreement = float(rows.mean())
        failure = "" if rows.all() else f"{_short(text)}: {_wrong(problem, said, wanted, np.flatnonzero(~rows))}"
        if agreement < NEARLY:
            return None, agreement, failure
        settings = {"mode": "approximate"} if failure else {}
        provenance = Provenance(self.name, settings, problem.seed)
        return Hypothesis(program, Alignment(), provenance, within=within), agreement, failure


def _fitting(program: Program, problem: Problem) -> Program:
    """The program with its inputs in the order of the data.

    Raises:
        UserError: it takes other inputs.
    """
    inputs = program_inputs(problem.network.inputs)
    if {each.name: each.type for each in program.inputs} != {each.name: each.type for each in inputs}:
        taken, wanted = (", ".join(each.name for each in group) for group in (program.inputs, inputs))
        raise UserError(f"got a function of {taken or 'nothing'}, expected one of {wanted}")
    return replace(program, inputs=inputs)


def described(problem: Problem) -> str:
    """What a suggestion has to be, and some examples: counter-examples first, then one of each answer in turn."""
    inputs = program_inputs(problem.network.inputs)
    names = ", ".join(f"{each.name}: {type_to_text(each.type)}" for each in inputs)
    order = generator(problem.seed, "suggested", "examples").permutation(len(problem.inputs))
    x, y = problem.inputs[order], problem.outputs[order]
    turn = np.argsort(_turns(y), kind="stable")[:SHOWN]
    x = np.concatenate([problem.counter_inputs[:SHOWN], x[turn]])[:SHOWN]
    y = np.concatenate([problem.counter_outputs[:SHOWN], y[turn]])[:SHOWN]
    rows = "\n".join(f"{a} -> {b}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    return (
        f"A function `def program({', '.join(each.name for each in inputs)})` of {names}, in plain Python with "
        f"arithmetic, comparisons, min, max, abs, sum, if and for. Inputs -> answer:\n{rows}"
    )


def _turns(y: np.ndarray) -> np.ndarray:
    """For each row, how many rows with the same answer stand before it."""
    _, which = np.unique(y.reshape(len(y), -1), axis=0, return_inverse=True)
    seen: dict[int, int] = {}
    turns = []
    for each in which.ravel().tolist():
        turns.append(seen.get(each, 0))
        seen[each] = turns[-1] + 1
    return np.array(turns)


def _texts(said: object) -> list[str]:
    """At most `MOST_TEXTS` texts."""
    if isinstance(said, str) or not isinstance(said, Iterable):
        raise UserError(f"got {type(said).__name__} from `ask`, expected a list of Python texts; try [text]")
    texts = [text for text, _ in zip(said, range(MOST_TEXTS), strict=False)]
    if not all(isinstance(text, str) for text in texts):
        raise UserError("got something else than texts from `ask`, expected a list of Python texts")
    return texts


def _wanted(problem: Problem) -> np.ndarray:
    return np.concatenate([problem.counter_outputs, problem.outputs])


def _answers(program: Program, problem: Problem) -> np.ndarray:
    """What a program says to every row that may be looked at; a single answer stands for all rows or steps."""
    said = np.asarray(program(np.concatenate([problem.counter_inputs, problem.inputs])))
    shape = _wanted(problem).shape
    if said.shape != shape and prod(said.shape) == prod(shape):
        return said.reshape(shape)
    return said


def _within(problem: Problem, said: np.ndarray, wanted: np.ndarray) -> float | None:
    """For real answers, a bound somewhat above the largest difference, no coarser than is worth saying."""
    if problem.network.outputs.kind != "Reals":
        return None
    spread = float(wanted.std())
    with np.errstate(all="ignore"):
        worst = float(np.abs(said - wanted).max())
    if not np.isfinite(worst):
        return 0.0
    return min(rounded_up(max(ABOVE * worst, 1e-9 * spread)), INSIDE * COARSEST * spread)


def _wrong(problem: Problem, said: np.ndarray, wanted: np.ndarray, rows: np.ndarray) -> str:
    x = np.concatenate([problem.counter_inputs, problem.inputs])
    shown = [f"{x[i].tolist()} -> {said[i].tolist()} instead of {wanted[i].tolist()}" for i in rows[:FAILURES_SHOWN]]
    return f"wrong on {len(rows)} of {len(wanted)} rows, such as {'; '.join(shown)}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else line[:157] + "..."
