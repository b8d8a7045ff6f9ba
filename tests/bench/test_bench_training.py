"""Networks of the benchmark: the same weights every time, kept on disk, working on the numbers themselves."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from scrutable.bench._training import Examples, Kind, Recipe, digest, trained

X = np.array(list(product(range(5), repeat=2)), float)
QUICK = Recipe(hidden=(16,), steps=500, cycles=2)
ANSWERS: dict[Kind, np.ndarray] = {
    "integers": (X[:, 0] + 10 * X[:, 1]).astype(int),
    "bits": (X[:, 0] > X[:, 1]).astype(int),
    "labels": np.clip(X[:, 0] - X[:, 1], 0, 2).astype(int),
    "reals": 100.0 + X[:, 0] - 0.5 * X[:, 1],
}


def examples(kind: Kind) -> Examples:
    return Examples(X, ANSWERS[kind], kind, 3 if kind == "labels" else 0)


@pytest.mark.parametrize("kind", ANSWERS)
def test_networks_learn_and_work_on_raw_numbers(kind: Kind) -> None:
    made = trained(examples(kind), QUICK, None)
    with torch.no_grad():
        raw = made.module(torch.tensor(X, dtype=torch.float32)).numpy()
    said = {"labels": raw.argmax(-1), "bits": raw[:, 0] > 0}.get(kind, raw[:, 0])
    if kind in ("labels", "bits"):
        assert (said == ANSWERS[kind]).all()
        assert made.reached == 1.0
    else:
        assert np.abs(said - ANSWERS[kind]).max() < 0.5
        assert made.reached == 1.0 if kind == "integers" else made.reached < 0.1


def test_the_same_recipe_gives_the_same_weights_and_is_not_repeated(tmp_path: Path) -> None:
    first = trained(examples("bits"), QUICK, tmp_path)
    (path,) = tmp_path.iterdir()
    written = path.stat().st_mtime_ns
    state = torch.random.get_rng_state()
    again, fresh = trained(examples("bits"), QUICK, tmp_path), trained(examples("bits"), QUICK, None)
    assert path.stat().st_mtime_ns == written
    assert torch.equal(torch.random.get_rng_state(), state)
    for key, value in first.module.state_dict().items():
        assert torch.equal(value, again.module.state_dict()[key])
        assert torch.equal(value, fresh.module.state_dict()[key])
    assert (again.reached, again.steps) == (first.reached, first.steps)


@pytest.mark.parametrize("damage", [b"", b"not a network", None])
def test_a_damaged_file_is_trained_again(tmp_path: Path, damage: bytes | None) -> None:
    first = trained(examples("bits"), QUICK, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-7] if damage is None else damage)
    again = trained(examples("bits"), QUICK, tmp_path)
    assert torch.equal(first.module[0].weight, again.module[0].weight)


def test_anything_that_changes_the_weights_changes_the_file() -> None:
    base = digest(examples("bits"), QUICK)
    others = [digest(examples("integers"), QUICK), digest(examples("bits"), Recipe(seed=1))]
    others.append(digest(Examples(X + 1, ANSWERS["bits"], "bits"), QUICK))
    assert len({base, *others}) == 4
