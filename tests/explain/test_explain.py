"""The whole pipeline on networks that ship with the package and on networks made by hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import scrutable as sc
from scrutable import examples
from scrutable.errors import UserError
from scrutable.explain import Attempt, Study

ADDER = """    output = []
    carry = 0
    for a_t, b_t in zip(a, b):
        total = a_t + b_t + carry
        output.append(total % 2)
        carry = total // 2
    return output
"""


@pytest.fixture(scope="module")
def adder() -> Study:
    return sc.explain(examples.load("binary_addition"), budget="5m", seed=0, jobs=2)


def test_the_adder_comes_out_as_a_person_would_write_it(adder: Study) -> None:
    assert adder.best is not None
    assert ADDER in adder.best.program.source
    assert adder.best.verdict.value in ("supported", "proved")
    assert adder.best.provenance.proposer == "finite_state"


def test_the_program_adds_longer_numbers_than_the_network_ever_saw(adder: Study) -> None:
    assert adder.best is not None
    rng = np.random.default_rng(1)
    a, b = (rng.integers(0, 2**39, 100) for _ in range(2))
    bits = np.stack([np.stack([a >> t & 1, b >> t & 1], -1) for t in range(40)], 1)
    total = sum(adder.best.program(bits)[:, t].astype(int) << t for t in range(40))
    assert (total == a + b).all()


def test_controls_and_intervals_are_all_there(adder: Study) -> None:
    assert adder.best is not None
    evidence = adder.best.evidence
    assert evidence["interchange"].value > 0.9 and evidence["interchange"].n >= 30
    assert any(r.name.startswith("guard.") for r in evidence.of("guard"))
    for result in evidence:
        assert result.reason and result.method
        assert (result.value is None) == (result.status in ("not applicable", "unknown")) or result.n > 0
        if result.interval is not None:
            assert result.interval.low <= result.value <= result.interval.high


def test_a_study_survives_the_disk(adder: Study, tmp_path: Path) -> None:
    folder = adder.save(tmp_path / "study")
    again = Study.load(folder)
    assert again == adder
    printed = subprocess.run([sys.executable, "-I", "-S", str(folder / "program.py")], capture_output=True, check=False)
    assert printed.returncode == 0, printed.stderr
    assert set(p.name for p in folder.iterdir()) == {"study.json", "program.py"}


def test_a_frame_has_a_row_for_every_result(adder: Study) -> None:
    frame = adder.to_frame()
    assert len(frame) == sum(len(h.evidence) for h in adder.hypotheses)
    assert {"verdict", "test", "value", "low", "high", "n"} <= set(frame.columns)


def test_an_untrained_network_is_not_supported() -> None:
    study = sc.explain(examples.load("untrained"), budget="30s", seed=0, jobs=2)
    assert all(h.verdict.value not in ("supported", "proved") for h in study.hypotheses)


def test_labels_are_reported_apart_and_change_nothing(adder: Study) -> None:
    net = examples.load("distance")
    x = net.inputs.enumerate()
    right = sc.explain(net, data=x, labels=np.abs(x[:, 0] - x[:, 1]), budget="3m", jobs=2)
    wrong = sc.explain(net, data=x, labels=np.zeros(len(x)), budget="3m", jobs=2)
    assert right.best is not None and wrong.best is not None
    assert right.best.program == wrong.best.program
    assert right.best.evidence["task.program"].value == 1.0
    assert wrong.best.evidence["task.program"].value < 0.2
    assert wrong.best.verdict is right.best.verdict


def test_a_function_is_explained_too_but_its_insides_stay_unknown() -> None:
    net = sc.Network(
        lambda x: np.maximum(x[:, 0], 2 * x[:, 1]).astype(float),
        inputs=sc.Columns(["a", "b"], lo=-8, hi=8, integer=True),
        outputs=sc.Integers(),
    )
    study = sc.explain(net, budget="20s")
    assert study.best is not None and study.best.verdict.value == "behavioural"


def test_a_persons_hypothesis_is_tested_and_a_wrong_one_refuted() -> None:
    net = examples.load("binary_addition")

    def right(a, b):  # noqa: ANN001, ANN202
        output = []
        carry = 0
        for a_t, b_t in zip(a, b, strict=True):
            output.append((a_t + b_t + carry) % 2)
            carry = (a_t + b_t + carry) // 2
        return output

    def wrong(a, b):  # noqa: ANN001, ANN202
        return [(a_t + b_t) % 2 for a_t, b_t in zip(a, b, strict=True)]

    good = sc.verify(net, sc.hypothesis(right, align={"carry": net.site("hidden")}), budget="3m", jobs=2)
    assert good.hypotheses[0].evidence["interchange"].passed
    bad = sc.verify(net, sc.hypothesis(wrong), budget="20s")
    assert bad.best is None and bad.hypotheses[0].verdict is sc.Verdict.REFUTED
    assert any(r.counter_examples for r in bad.hypotheses[0].evidence)


KILLED = """
import sys
import scrutable as sc
from scrutable import examples
net = examples.load("binary_addition")
sc.explain(net, budget="5m", seed=3, out=sys.argv[1], on_event=lambda a: print(a.step, flush=True))
"""


def test_a_killed_run_is_continued_without_searching_again(tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(out)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "verify":
            break
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (out / "study.json").exists() and any((out / ".work").iterdir())
    steps: list[Attempt] = []
    net = examples.load("binary_addition")
    study = sc.explain(net, budget="5m", seed=3, out=out, resume=True, on_event=steps.append)
    assert "propose" not in [a.step for a in steps], "finished work is not done again"
    assert study.best is not None and ADDER in study.best.program.source
    assert sorted(p.name for p in out.iterdir()) == ["program.py", "report.html", "study.json"]


def network() -> sc.Network:
    return examples.load("distance")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (np.zeros((0, 2)), "empty|no rows|0 rows"),
        (np.zeros((20, 3)), "shape"),
        (np.full((20, 2), np.nan), "NaN"),
        (np.full((20, 2), 99), "99"),
        (np.array([["a", "b"]] * 20), "dtype|type|number"),
        (np.zeros((50, 2)), "distinct"),
    ],
)
def test_bad_data_gets_one_clear_sentence(data: np.ndarray, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said) as caught:
        sc.explain(network(), data=data, out=tmp_path / "run")
    assert "expected" in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("budget", ["0.1s", "soon", -1])
def test_bad_budgets(budget: str | float) -> None:
    with pytest.raises(UserError, match="budget"):
        sc.explain(network(), budget=budget)


def test_labels_need_data() -> None:
    with pytest.raises(UserError, match="labels without data"):
        sc.explain(network(), labels=[1, 2])


def test_labels_must_fit() -> None:
    with pytest.raises(UserError, match="labels"):
        sc.explain(network(), data=network().inputs.enumerate(), labels=[1, 2])


def test_a_constant_network_is_a_constant() -> None:
    module = torch.nn.Linear(2, 1)
    torch.nn.init.zeros_(module.weight)
    torch.nn.init.constant_(module.bias, 4.0)
    net = sc.Network(module, inputs=sc.Columns(["a", "b"], lo=0, hi=9, integer=True), outputs=sc.Integers())
    study = sc.explain(net, budget="10s")
    assert study.best is not None and "return 4" in study.best.program.source


def test_the_network_is_left_as_it_was() -> None:
    module = examples.example("tomita_4").module()
    net = sc.Network(module, inputs=sc.Tokens(2, length=6), outputs=sc.Category(2, length=6))
    before = {k: v.clone() for k, v in module.state_dict().items()}
    started = time.monotonic()
    sc.explain(net, budget="10s")
    assert time.monotonic() - started < 60
    assert module.training, "the mode is the user's"
    assert all(torch.equal(before[k], v) for k, v in module.state_dict().items())
    assert not any(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in module.modules())


def test_study_files_are_read_strictly(adder: Study, tmp_path: Path) -> None:
    data = json.loads((adder.save(tmp_path) / "study.json").read_text())
    for key in ("format", "facts", "run", "hypotheses", "attempts"):
        with pytest.raises(UserError):
            Study.from_data({**data, key: None})
    with pytest.raises(UserError, match="version"):
        Study.from_data({**data, "version": 2})
    with pytest.raises(UserError):
        Study.load(tmp_path / "nowhere")
