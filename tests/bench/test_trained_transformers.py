"""Trained transformers: what is kept is what was trained, and facts are measured, not remembered."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from scrutable.bench.trained import _store as store
from scrutable.bench.trained._catalogue import CHOSEN, KINDS, wanted
from scrutable.bench.trained._form import Form
from scrutable.bench.trained._module import made
from scrutable.bench.trained._store import TrainedFacts, facts_in, keep, kept, module_of, network_of
from scrutable.bench.trained._tasks import LESSONS, lesson
from scrutable.bench.trained._training import right_share, taught
from scrutable.errors import UserError
from scrutable.work import generator

OURS = [facts for facts in kept() if not facts.form.library]


@pytest.mark.parametrize("each", LESSONS, ids=lambda each: each.name)
def test_answers_are_labels_of_the_domain(each) -> None:
    x = each.words(200, each.task.length, generator(0, "test"))
    assert each.outputs.problems(each.truth(x)) == []
    assert each.inputs.problems(x) == []


def test_every_wanted_network_has_a_known_form() -> None:
    assert {kind for kinds in CHOSEN.values() for kind in kinds} <= set(KINDS)
    names = [(lesson.name, kind, seed) for lesson, kind, _, seed in wanted(2)]
    assert len(names) == len(set(names))
    assert all(form.causal for lesson, _, form, _ in wanted(1) if lesson.task.causal)


@pytest.mark.parametrize("norm", ["none", "pre", "post"])
@pytest.mark.parametrize("places", ["none", "learned", "sinusoidal"])
def test_causal_forms_read_nothing_later(norm, places) -> None:
    form = Form(layers=2, heads=2, width=8, hidden=8, norm=norm, places=places, causal=True)
    module = made(form, tokens=3, answers=4, length=6, seed=0)
    x = torch.tensor([[0, 1, 2, 0, 1, 2], [0, 1, 2, 2, 2, 0]])
    said = module(x)
    assert said.shape == (2, 6, 4)
    torch.testing.assert_close(said[0, :3], said[1, :3])
    assert not torch.allclose(said[0, 3:], said[1, 3:])


def test_training_learns_and_repeats_itself() -> None:
    form = Form(width=16, hidden=0, causal=True)
    first, second = (taught(lesson("previous"), form, seed=3, steps=120) for _ in range(2))
    untrained = made(form, tokens=4, answers=5, length=8, seed=3)
    assert first.right > right_share(untrained, lesson("previous"), 8) + 0.2
    for a, b in zip(first.module.parameters(), second.module.parameters(), strict=True):
        assert torch.equal(a, b)


def test_what_is_kept_reads_back(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    facts = TrainedFacts("previous", "small", Form(width=8, hidden=0, causal=True), 0, 0.5, None, 10, 0.1)
    module = made(facts.form, tokens=4, answers=5, length=8, seed=1).half().float()
    keep(module, facts)
    assert kept() == (facts,)
    x = lesson("previous").words(10, 8, generator(0, "test"))
    said = network_of(facts).predict(x)
    assert np.array_equal(said, module(torch.from_numpy(x)).argmax(-1).numpy())
    path = store.path_of("previous", "small", 0)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(UserError, match="try training it again"):
        module_of(facts)


@pytest.mark.parametrize("facts", OURS[:: max(1, len(OURS) // 8)], ids=lambda facts: facts.name)
def test_stated_accuracy_is_measured_accuracy(facts) -> None:
    task = lesson(facts.task)
    assert abs(right_share(module_of(facts), task, task.task.length, n=1024) - facts.right) < 0.02


def test_files_are_small() -> None:
    sizes = [path.stat().st_size for path in store.FOLDER.glob("*.safetensors")]
    assert all(size < 100_000 for size in sizes) and sum(sizes) < 2_000_000
    assert all(facts_in(path) is not None for path in store.FOLDER.glob("*.safetensors"))
