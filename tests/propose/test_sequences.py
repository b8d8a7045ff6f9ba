"""Programs with attention found from answers alone, and their variables found inside trained transformers."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.bench.trained._store import kept, network_of
from scrutable.bench.trained._tasks import LESSONS, Lesson, lesson
from scrutable.explain._screen import Sight, polished
from scrutable.hypothesis import Alignment, Hypothesis
from scrutable.network import Network
from scrutable.propose import Problem, SequenceProposer
from scrutable.propose._sequence_bank import Words, stages
from scrutable.propose._sequence_sites import Places
from scrutable.testing import check_proposer
from scrutable.verify import Sample
from scrutable.work import Clock, generator

SLOW = ("sorted_tokens", "commonest", "largest_so_far", "count_of_first", "two_hops", "sound_so_far", "induction")


def answering(task: Lesson) -> Network:
    """The task itself as a network whose insides cannot be seen."""

    def scores(x):
        return np.eye(task.answers)[task.truth(np.asarray(x))]

    return Network(scores, inputs=task.inputs, outputs=task.outputs)


def problem(network: Network, rows: int = 400) -> Problem:
    x = np.unique(network.inputs.sample(rows, generator(0, "test")), axis=0)
    return Problem(network, x, network.predict(x), x[:0], x[:0], seed=0, clock=Clock(300))


def first(network: Network) -> Hypothesis | None:
    asked = problem(network)
    assert SequenceProposer().unsuitable(asked) is None
    return next(SequenceProposer().propose(asked), None)


@pytest.mark.parametrize(
    "name",
    [each.name if each.name not in SLOW else pytest.param(each.name, marks=pytest.mark.slow) for each in LESSONS],
)
def test_planted_rules_come_back(name: str) -> None:
    task = lesson(name)
    found = first(answering(task))
    assert found is not None
    x = task.words(500, task.task.length, generator(1, "test"))
    assert (np.asarray(found.program(x)) == task.truth(x)).mean() > 0.99
    longer = task.words(500, task.task.length + 3, generator(1, "test"))
    assert (np.asarray(found.program(longer)) == task.truth(longer)).mean() > 0.95
    assert found.program.bits < 3 * task.task.program().bits + 64
    assert not found.alignment.sites


def test_no_program_for_answers_without_a_rule() -> None:
    def scores(x):
        marks = (np.asarray(x) + 1.7) * np.sqrt(np.arange(1, 1 + np.shape(x)[1]))
        mixed = (np.sin(np.cumsum(marks, axis=1) ** 2 * 37.1) * 4e4).astype(int) % 4
        return np.eye(4)[mixed]

    task = lesson("previous")
    network = Network(scores, inputs=task.inputs, outputs="Category(4, length=8)")
    assert first(network) is None


def test_every_feature_is_what_its_expression_says() -> None:
    from scrutable.propose._inputs import program_inputs
    from scrutable.propose._sequence_program import written

    rng = generator(0, "test")
    x = rng.integers(0, 3, size=(30, 5))
    *_, features = stages(Words(x, 3, causal=False))
    source = program_inputs(lesson("zeros").inputs)[0]
    for at in rng.permutation(len(features))[:60]:
        each = features[at]
        if each.values.dtype.kind != "f":
            answers = each.values.astype(np.int64)
            answers -= answers.min()
            made = written((each,), answers, source, Clock(60)).program
            assert np.array_equal(np.asarray(made(x)), answers), each.expr


@pytest.mark.slow
def test_what_is_moved_is_found_where_it_is_read() -> None:
    network = network_of(next(facts for facts in kept() if facts.name == "previous.small.0"))
    found = first(network)
    assert found is not None and found.alignment.sites
    assert set(found.alignment.sites) == set(found.program.variables) - set(found.program.outputs)
    places = Places(network, problem(network).inputs, generator(0, "test"))
    assert set(found.alignment.sites.values()) <= {*places.read, *places.together}
    assert not {"token", "answer"} & set(places.read)


@pytest.mark.slow
def test_what_others_read_of_a_position_is_found_in_keys_and_values_together() -> None:
    network = network_of(next(facts for facts in kept() if facts.name == "zeros.small.0"))
    found = first(network)
    assert found is not None
    site = "blocks.0.parts.0.key & blocks.0.parts.0.value"
    assert set(found.alignment.sites.values()) == {site}
    places = Places(network, problem(network).inputs, generator(0, "test"))
    assert site in places.together
    assert not {"token", "blocks.0", "last", "answer"} & set(places.read)


def test_sums_of_the_stream_are_places_where_no_submodule_gives_them() -> None:
    network = network_of(next(facts for facts in kept() if facts.name == "commonest.small.0"))
    x = problem(network).inputs
    read = Places(network, x, generator(0, "test")).read
    stream = network.read(x, ["blocks.0.norms.1", "blocks.0.add[t, :]", "blocks.0.add#2[t, :]", "blocks.0"])
    assert {str(site) for site in stream} & set(read) == {"blocks.0.norms.1", "blocks.0.add[t, :]"}
    values = {str(site): value for site, value in stream.items()}
    assert np.array_equal(values["blocks.0.add#2[t, :]"], values["blocks.0"])  # from which the scores are read off


@pytest.mark.slow
def test_counts_to_which_each_token_adds_its_own_are_found_in_the_stream() -> None:
    network = network_of(next(facts for facts in kept() if facts.name == "commonest.small.0"))
    found = first(network)
    assert found is not None and dict(found.alignment.sites) == {"together": "blocks.0.add[t, :]"}


@pytest.mark.slow
def test_nothing_is_located_in_a_network_that_never_learnt() -> None:
    from scrutable.bench.trained._store import blank

    facts = next(facts for facts in kept() if facts.name == "previous.small.0")
    found = first(network_of(facts, blank(facts, 5).eval()))
    assert found is None or not found.alignment.sites


def test_named_parts_of_an_alignment_survive_simplification() -> None:
    task = lesson("previous")
    asked = problem(answering(task))
    found = next(SequenceProposer().propose(asked))
    from scrutable.program import Let, Program, Seq, Var, substitute

    source = found.program.inputs[0]
    lets = (Let("moved", Var(source.name, source.type)), *found.program.statements)
    seen = Var("moved", source.type)
    assert isinstance(source.type, Seq)
    put = [lets[0], *(Let(each.name, substitute(each.expr, {source.name: seen})) for each in lets[1:])]
    aligned = Hypothesis(Program("program", (source,), tuple(put), ("output",)), Alignment({"moved": "value"}))
    sample = Sample(asked.inputs, asked.outputs)
    sight = Sight(asked.network, sample, sample.rows(slice(0)), 0)
    assert "moved" in polished(aligned, sight).program.variables
    assert "moved" not in polished(Hypothesis(aligned.program), sight).program.variables


def test_numbers_held_together_are_read_from_one() -> None:
    from scrutable.propose._inputs import program_inputs
    from scrutable.propose._sequence_bank import Words as Bank
    from scrutable.propose._sequence_joined import TOGETHER, joined
    from scrutable.propose._sequence_program import written

    task = lesson("commonest")
    x = task.words(300, 8, generator(0, "test"))
    counts = [f for f in next(iter(stages(Bank(x, 3, causal=False)))) if f.kind == "count"][:40]
    chosen = tuple(f for f in counts if str(f.expr) in {f"width(select(key_token, {k}, 'eq'))" for k in range(3)})
    made = written(chosen, task.truth(x), program_inputs(task.inputs)[0], Clock(60))
    names = [name for name in made.program.variables if name not in ("output", *made.views)]
    whole = joined(made, names)
    assert len(names) >= 2 and whole is not None
    assert set(whole.program.variables) - set(whole.views) == {TOGETHER, "output"}
    assert np.array_equal(whole.program(x), made.program(x))
    assert np.array_equal(whole.inlined({TOGETHER}).program(x), made.program(x))
    assert "together" not in whole.inlined({TOGETHER}).program.source
    assert joined(made, names[:1]) is None


def test_views_written_out_or_merged_mean_the_same() -> None:
    from scrutable.propose._inputs import program_inputs
    from scrutable.propose._sequence_program import written

    task = lesson("induction")
    x = task.words(200, 8, generator(0, "test"))
    *_, features = stages(Words(x, 3, causal=True))
    each = next(f for f in features if np.array_equal(f.values, task.truth(x)))
    made = written((each,), task.truth(x), program_inputs(task.inputs)[0], Clock(60))
    views = list(made.views)
    assert len(views) >= 2
    one, none = made.merged(views, "read"), made.inlined(set(made.program.variables) - {"output"})
    assert list(one.views) == ["read"] and set(none.program.variables) == {"output"}
    for other in (one, none):
        assert np.array_equal(other.program(x), made.program(x))


def test_it_keeps_its_promises() -> None:
    check_proposer(SequenceProposer())
