"""Budgets, seeds, storage and finished work."""

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
from hypothesis import given
from hypothesis import strategies as st

from scrutable.errors import UserError
from scrutable.work import (
    Clock,
    Journal,
    Memo,
    executor,
    generator,
    parse_budget,
    read_json,
    write_atomically,
    write_json,
)

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("5m", 300), ("1h", 3600), ("500ms", 0.5), ("90", 90), (2.5, 2.5), ("2min", 120)]
)
def test_budgets_are_read(text: str | float, seconds: float) -> None:
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5s", "0", "0.1s", "nan", "1d", float("inf"), float("nan"), True])
def test_bad_budgets_are_refused_in_one_sentence(text: str | float) -> None:
    with pytest.raises(UserError, match="got"):
        parse_budget(text)


def test_a_clock_runs_out() -> None:
    clock = Clock(0.02)
    assert not clock.over and 0 < clock.part(0.5).seconds <= 0.01
    time.sleep(0.03)
    assert clock.over and clock.left == 0


def test_a_clock_with_an_end_shares_its_time_out_as_if_it_had_none() -> None:
    clock = Clock(10.0).ending_after(0.05)
    part = clock.part(0.5)
    assert 4.9 < part.seconds <= 5.0 and part.at_most(3.0).seconds == 3.0
    assert part.left <= 0.05 and part.ending_after(60.0).left <= 0.05 and part.planned > 4.8
    time.sleep(0.06)
    assert clock.over and part.over and part.at_most(3.0).over and part.part(0.5).over


@given(st.integers(), st.text(), st.text())
def test_generators_depend_on_seed_and_name_only(seed: int, one: str, other: str) -> None:
    first = generator(seed, one).integers(2**60)
    assert first == generator(seed, one).integers(2**60)
    assert (first == generator(seed, other).integers(2**60)) == (one == other)


def test_generators_leave_global_state_alone() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    generator(3, "x").normal(size=10)
    assert (before == np.random.get_state()[1]).all()  # noqa: NPY002


def test_a_memo_works_once() -> None:
    memo, calls = Memo(), []
    assert [memo.get(("a", 1), lambda: calls.append(1) or "made") for _ in range(3)] == ["made"] * 3
    assert len(calls) == 1


@given(PLAIN)
def test_json_round_trip(tmp_path_factory: pytest.TempPathFactory, data: object) -> None:
    path = tmp_path_factory.mktemp("json") / "x.json"
    write_json(path, data)
    assert read_json(path) == data
    assert [p.name for p in path.parent.iterdir()] == ["x.json"]


@given(st.binary(max_size=200))
def test_reading_garbage_is_a_user_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("json") / "x.json"
    path.write_bytes(data)
    try:
        expected = json.loads(data.decode())
    except ValueError:
        with pytest.raises(UserError):
            read_json(path)
    else:
        assert repr(read_json(path)) == repr(expected)


def test_deeply_nested_json_is_a_user_error(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[" * 100_000)
    with pytest.raises(UserError):
        read_json(path)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, [1])
    with pytest.raises(ValueError):
        write_json(path, [float("nan")])
    assert read_json(path) == [1]
    with pytest.raises(UserError):
        write_atomically(path / "below", "x")


KILLED = """
import sys, time
from pathlib import Path
from scrutable.work import Journal
journal = Journal(Path(sys.argv[1]), "work")
for index in range(1000):
    journal.once(f"item {index}", lambda: {"index": index, "filler": "x" * 20000})
    print(index, flush=True)
"""


def test_a_killed_run_loses_nothing_that_was_finished(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(5):
        last = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    journal = Journal(tmp_path, "work")
    for index in range(last + 1):
        assert journal.find(f"item {index}")["index"] == index
    made: list[int] = []
    journal.once("item 0", lambda: made.append(0))
    assert made == []


def test_a_journal_of_other_work_is_not_continued(tmp_path: Path) -> None:
    Journal(tmp_path, "one network").record("search", [1])
    assert Journal(tmp_path, "another network").find("search") is None
    assert Journal(tmp_path, "one network").find("search") == [1]


def test_a_damaged_item_is_done_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "w")
    journal.record("a", 1)
    path = journal.path("a")
    assert path is not None
    path.write_text('{"key": "a"')
    assert journal.once("a", lambda: 2) == 2
    journal.clear()
    assert not (tmp_path / "j").exists()


def test_a_journal_without_a_folder_remembers_nothing() -> None:
    journal = Journal(None)
    assert [journal.once("a", lambda n=n: n) for n in (1, 2)] == [1, 2]


@pytest.mark.parametrize("jobs", [1, 2])
def test_executors_keep_the_order(jobs: int) -> None:
    assert list(executor(jobs).map(abs, [-3, 2, -1])) == [3, 2, 1]


def test_functions_of_modules_elsewhere_reach_the_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_users_module.py").write_text("def triple(x):\n    return 3 * x\n")
    monkeypatch.syspath_prepend(tmp_path)
    from a_users_module import triple  # type: ignore[import-not-found]

    assert list(executor(2).map(triple, [1, 2])) == [3, 6]


def test_what_cannot_be_sent_is_done_here() -> None:
    class Stuck:
        def __reduce__(self) -> str:
            raise RuntimeError("stays where it is")

        def __call__(self, item: int) -> int:
            return item + 1

    assert list(executor(2).map(Stuck(), [1, 2])) == [2, 3]


def test_no_jobs_is_refused() -> None:
    with pytest.raises(UserError, match="at least 1"):
        executor(0)
