"""Compiled networks give what their programs give."""

from __future__ import annotations

import numpy as np
import pytest
import sequence_programs as s
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scrutable as sc
from scrutable.compile import Compiled, Options
from scrutable.program import Program, expression_text

TOKENS = "Tokens(3, length=4)"
DRESSED = {
    "plain": Options(),
    "rotated": Options(rotate=True),
    "shared": Options(shared_heads=2),
    "dead": Options(dead_heads=2, rotate=True),
    "hard": Options(step=40.0),
}


def answers(compiled: Compiled, x: np.ndarray) -> np.ndarray:
    return compiled.network.predict(x)


def words(length: int, vocabulary: int = 3) -> np.ndarray:
    return sc.Tokens(vocabulary, length=length).enumerate()


@pytest.mark.parametrize("options", DRESSED.values(), ids=DRESSED)
@pytest.mark.parametrize(("program", "known"), s.KNOWN, ids=lambda p: getattr(p, "name", ""))
def test_the_network_does_what_python_does(program: Program, known, options: Options) -> None:
    compiled = sc.compile(program, TOKENS, options)
    assert compiled.agreement.exact and compiled.agreement.exhaustive and compiled.agreement.interval is None
    for length in (1, 4):
        x = words(length)
        wanted = [known(row) for row in x.tolist()]
        np.testing.assert_allclose(answers(compiled, x), np.asarray(wanted, dtype=float), atol=1e-3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(program=s.programs(), causal=st.booleans())
def test_drawn_programs_compile_exactly_or_are_refused(program: Program, causal: bool) -> None:
    options = Options(causal=causal, rotate=True)
    try:
        compiled = sc.compile(program, "Tokens(2, length=3)", options)
    except sc.UserError as error:
        assert causal or "combinations" in str(error)
        return
    assert compiled.agreement.exact and compiled.agreement.exhaustive


@pytest.mark.parametrize("program", [s.FRACTION, s.MOSTLY, s.PREVIOUS, s.LAST_SEEN], ids=lambda p: p.name)
def test_a_causal_network_sees_no_later_token(program: Program) -> None:
    compiled = sc.compile(program, TOKENS, Options(causal=True, rotate=True))
    assert compiled.agreement.exact
    x, changed = words(4), words(4)
    changed[:, 3] = (changed[:, 3] + 1) % 3
    torch.manual_seed(0)
    with torch.no_grad():
        before, after = (compiled.module(torch.from_numpy(part))[:, :3] for part in (x, changed))
    torch.testing.assert_close(before, after, rtol=0, atol=1e-5)


def test_what_is_undefined_stays_the_default() -> None:
    compiled = sc.compile(s.NEXT_LARGER, TOKENS)
    answered = answers(compiled, np.array([[2, 1, 0, 0], [0, 0, 0, 1]]))
    assert answered.tolist() == [[-1, -1, -1, -1], [1, 1, 1, -1]]
    assert compiled.outputs.spec == "Integers(-1, 2, length=4)"


def test_outputs_that_never_occur_are_not_read() -> None:
    assert sc.compile(s.SORT, TOKENS).outputs.spec == "Category(3, length=4)"


def test_longer_inputs_are_sampled_and_say_so() -> None:
    found = sc.compile(s.HISTOGRAM, "Tokens(6, length=12)").agreement
    assert found.exact and not found.exhaustive and found.interval is not None
    assert found.interval.low < 1.0 and found.method == "a sample of each length"


def test_the_same_seed_gives_the_same_weights() -> None:
    options = Options(rotate=True, noise=0.001, dead_heads=1)
    first, again, other = (sc.compile(s.SORT, TOKENS, options, seed=seed).module.state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["token.weight"], other["token.weight"])


def test_noise_is_measured_not_hidden() -> None:
    compiled = sc.compile(s.SORT, TOKENS, Options(rotate=True, noise=0.3))
    assert compiled.undisturbed.exact and not compiled.agreement.exact
    wrong = compiled.agreement.counter_example
    assert wrong is not None
    x = np.array([wrong])
    assert (answers(compiled, x) != s.SORT(x)).any()


def test_directions_without_activations_can_be_left_out() -> None:
    plain = sc.compile(s.SORT, TOKENS)
    width = plain.module.token.weight.shape[1]
    squeezed = sc.compile(s.SORT, TOKENS, Options(width=width - 2, rotate=True))
    assert squeezed.agreement.exact and squeezed.module.token.weight.shape[1] == width - 2
    crowded = sc.compile(s.SORT, TOKENS, Options(width=4))
    assert crowded.undisturbed.exact and not crowded.agreement.exact


def test_a_rotation_leaves_no_coordinate_with_a_meaning() -> None:
    plain, turned = (sc.compile(s.SORT, TOKENS, Options(rotate=r)).module.token.weight.detach() for r in (False, True))
    assert ((plain != 0).sum(1) == 1).all()
    assert ((turned.abs() > 1e-6).float().mean() > 0.9) and not torch.allclose(turned @ turned.T, torch.zeros(3, 3))
    torch.testing.assert_close(turned @ turned.T, plain @ plain.T, rtol=0, atol=1e-5)


def test_selectors_are_told_in_python() -> None:
    role = next(role for role in sc.compile(s.SORT, TOKENS).circuit.roles if role.work == "width")
    assert role.selector == "before"
    assert expression_text(s.SORT.statements[1].expr) == (
        'select_or(select(x, x, "<"), select_and(select(x, x, "=="), earlier))'
    )


def test_rows_that_round_apart_are_no_rows_that_read_each_other() -> None:
    """Scores of hundreds that cancel round by more in single precision than outputs of ordinary networks."""
    from scrutable.bench.transformers._catalogue import TASKS, compiled

    (task,) = (task for task in TASKS if task.name == "smaller_tokens")
    made = compiled(task, "rotated", seed=0)
    x = made.inputs.sample(8, np.random.default_rng(0))
    assert (made.network.predict(x) == made.program(x)).all()
