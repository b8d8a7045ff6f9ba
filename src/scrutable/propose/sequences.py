"""Programs with attention found from what a network answers, and then located inside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._inputs import program_inputs
from scrutable.propose._sequence_bank import Words, stages
from scrutable.propose._sequence_located import Located, located
from scrutable.propose._sequence_program import Written, written
from scrutable.propose._sequence_search import RIGHT, Settling, settling
from scrutable.propose._sequence_sites import Places
from scrutable.work import generator

SOURCES = (
    "Weiss, Goldberg, Yahav, Thinking like transformers, arXiv 2106.06981",
    "Geiger et al., Causal abstractions of neural networks, arXiv 2106.02997",
)
WORDS, MOST_TOKENS, MOST_LENGTH = 160, 12, 24
SHORT = 160.0
"""A description of so many bits is not bettered by a second layer of attention."""
WRITTEN, OFFERED = 8, 2


@final
@dataclass(frozen=True, slots=True)
class SequenceProposer(Proposer):
    """Enumerates attention over tokens and positions, finds what settles the answers, and asks where it is inside.

    Features are counts, means and picked values over selectors that hold at any length, up to two layers of them, each
    set of values once. Small sets of them that settle nearly all answers become programs. A variable, also the input as
    a selector's keys, its queries or what is moved read it, gets a site where exchanging what the network holds there
    does to its answers what the program says. Programs all of whose variables have one come first.

    References: see `SOURCES`.

    Cost: 2 to 20 seconds of enumeration, and some hundred runs of the network on some hundred words.
    """

    name: str = "sequences"
    weight: float = 2.0

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        if not network.inputs.is_sequence or len(network.inputs.shape) != 1 or network.inputs.classes is None:
            return "inputs are not single sequences of tokens"
        if not network.each_step or network.outputs.kind == "Reals" or len(network.outputs.shape) != 1:
            return "there is no single label at each position"
        if network.recurrence is not None:
            return "it is recurrent"
        if network.inputs.classes > MOST_TOKENS or problem.inputs.shape[1] > MOST_LENGTH:
            return f"there are more than {MOST_TOKENS} tokens, or words are longer than {MOST_LENGTH}"
        return None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        rng = generator(problem.seed, "sequences")
        x = np.concatenate([problem.inputs[:WORDS], problem.counter_inputs[:WORDS]]).astype(np.int64)
        answers = np.concatenate([problem.outputs[:WORDS], problem.counter_outputs[:WORDS]]).astype(np.int64)
        if not len(x) or (answers == answers.flat[0]).all():
            return
        words = Words(x, problem.network.inputs.classes or 1, _causal(problem, x))
        places = Places(problem.network, problem.inputs.astype(np.int64), rng)
        for each in _offered(_programs(problem, words, answers), places, problem):
            yield _hypothesis(each, problem)


def _offered(programs: list[Written], places: Places, problem: Problem) -> list[Located]:
    """The program whose variables are located best, and one more: without what is in doubt, or the next best.

    Programs that give the same answers differ in their variables, and the shortest need not be what the network does.
    The first all of whose variables have a place ends the search for places.
    """
    found: list[Located] = []
    for each in programs if places.read else ():
        found.append(located(each, places, problem.clock))
        if problem.clock.over or (found[-1].spots and not found[-1].left_out):
            break
    ranked = sorted((each for each in found if each.spots), key=lambda each: each.rank)
    if not ranked:
        return [Located(each, {}) for each in programs[:OFFERED]]
    sure = ranked[0].sure
    others = [sure] if 0 < len(sure.spots) < len(ranked[0].spots) else ranked[1:]
    return [ranked[0], *others][:OFFERED]


def _programs(problem: Problem, words: Words, answers: np.ndarray) -> list[Written]:
    """The shortest programs that settle the answers, each once, the shortest first."""
    source, found, said = program_inputs(problem.network.inputs)[0], list[Settling](), dict[str, Written]()
    for features in stages(words):
        found += settling(features, answers, problem.clock)
        found.sort(key=lambda each: each.bits)
        if problem.clock.over or (found and found[0].bits < SHORT):
            break
    kept: list[Settling] = []
    for each in found:
        parts = set(each.features)
        if any(parts >= set(other.features) for other in kept) or not any(f.spread for f in parts):
            continue
        kept.append(each)
        if len(kept) == WRITTEN:
            break
    for each in kept:
        try:
            made = written(each.features, answers, source, problem.clock)
        except ScrutableError:
            continue
        right = float((np.asarray(made.program(problem.inputs)) == problem.outputs).mean())
        if made.program.source not in said and right >= RIGHT:
            said[made.program.source] = made
    return sorted(said.values(), key=lambda made: made.program.bits)


def _hypothesis(found: Located, problem: Problem) -> Hypothesis:
    program = found.bare.program
    right = bool((np.asarray(program(problem.inputs)) == problem.outputs).all())
    settings = {"words": WORDS} if right else {"words": WORDS, "mode": "approximate"}
    return Hypothesis(program, Alignment(found.sites), Provenance("sequences", settings, problem.seed, SOURCES))


def _causal(problem: Problem, x: np.ndarray) -> bool:
    """Whether answers never depend on later tokens, as far as exchanging the second half of words shows."""
    half = x.shape[1] // 2
    mixed = np.concatenate([x[:, :half], np.roll(x[:, half:], 1, axis=0)], axis=1)
    said = problem.network.predict(np.concatenate([x, mixed])).reshape(2, *x.shape)
    return bool(half and (said[0, :, :half] == said[1, :, :half]).all())
