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
from scrutable.propose._sequence_joined import TOGETHER, joined
from scrutable.propose._sequence_program import Written, written
from scrutable.propose._sequence_search import RIGHT, Settling, settling
from scrutable.propose._sequence_sites import Order, Places
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
        chosen = rng.permutation(len(problem.inputs))[:WORDS]
        x = np.concatenate([problem.inputs[chosen], problem.counter_inputs[:WORDS]]).astype(np.int64)
        answers = np.concatenate([problem.outputs[chosen], problem.counter_outputs[:WORDS]]).astype(np.int64)
        if not len(x) or (answers == answers.flat[0]).all():
            return
        words = Words(x, problem.network.inputs.classes or 1, _causal(problem, x))
        places, left = Places(problem.network, problem.inputs.astype(np.int64), rng), list[Hypothesis]()
        for each in _programs(problem, words, answers):
            found = _located(each, places, problem)
            if found.alignment.sites:
                yield found
            else:
                left.append(found)
        yield from left[:OFFERED]


def _programs(problem: Problem, words: Words, answers: np.ndarray) -> Iterator[Written]:
    """The shortest programs that settle the answers, each once."""
    source, found, said = program_inputs(problem.network.inputs)[0], list[Settling](), set[str]()
    for features in stages(words):
        found += settling(list(features), answers, problem.clock)
        found.sort(key=lambda each: each.bits)
        if problem.clock.over or (found and found[0].bits < SHORT):
            break
    kept: list[Settling] = []
    for each in found:
        parts = set(each.features)
        if any(parts > set(other.features) for other in kept) or not any(f.spread for f in parts):
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
            said.add(made.program.source)
            yield made


def _located(made: Written, places: Places, problem: Problem) -> Hypothesis:
    """The program with all its sites and those views that have one; without any if another variable has none.

    A variable that is the answer by another name needs none: any network holds its answer somewhere. Variables
    without a place of their own may have one together.
    """
    run = made.program.run(problem.inputs)
    inner = [name for name in made.program.variables if name not in (*made.program.outputs, *made.views)]
    inner = [name for name in inner if not _one_to_one(np.asarray(run[name]), problem.outputs)]
    sites = _sites(made, inner, places, problem)
    if sites is None:
        whole = joined(made, inner, {name: np.asarray(run[name]) for name in inner})
        sites = None if whole is None else _sites(whole, [TOGETHER], places, problem)
        made = made if whole is None or sites is None else whole
    sites = sites or {}
    program = made.without(set(made.views) - set(sites)).program
    right = bool((np.asarray(program(problem.inputs)) == problem.outputs).all())
    settings = {"words": WORDS} if right else {"words": WORDS, "mode": "approximate"}
    return Hypothesis(program, Alignment(sites), Provenance("sequences", settings, problem.seed, SOURCES))


def _sites(made: Written, inner: list[str], places: Places, problem: Problem) -> dict[str, str] | None:
    """Sites of all inner variables and of some views; None where one of the former has none."""
    sites: dict[str, str] = {}
    for name in (*inner, *made.views) if places.read else ():
        order: Order = "last" if name in made.views else "first"
        found = places.site(made.program, name, problem.clock, order=order)
        if found is not None:
            sites[name] = found
        elif name in inner:
            return None
    return sites


def _one_to_one(values: np.ndarray, answers: np.ndarray) -> bool:
    """Whether each settles the other."""
    pairs = np.unique(np.stack([values.reshape(-1), answers.reshape(-1)], axis=1), axis=0)
    return all(len(np.unique(column)) == len(pairs) for column in pairs.T)


def _causal(problem: Problem, x: np.ndarray) -> bool:
    """Whether answers never depend on later tokens, as far as exchanging the second half of words shows."""
    half = x.shape[1] // 2
    mixed = np.concatenate([x[:, :half], np.roll(x[:, half:], 1, axis=0)], axis=1)
    said = problem.network.predict(np.concatenate([x, mixed])).reshape(2, *x.shape)
    return bool(half and (said[0, :, :half] == said[1, :, :half]).all())
