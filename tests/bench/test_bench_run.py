"""The runner: nothing finished is lost or repeated, and it makes no difference how the work is spread."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import pytest

from scrutable.bench import Case, Report, Row, Suite, chosen, run_cases, summaries
from scrutable.errors import UserError
from scrutable.hypothesis import plain, read_as


@final
@dataclass(frozen=True)
class Counted(Suite):
    """Writes down which cases were run; may stop, fail or sleep at one of them."""

    log: Path
    stop_at: str = ""
    fail_at: str = ""
    sleep_at: str = ""
    name: str = "counted"

    def cases(self, seed: int) -> tuple[Case, ...]:
        families = ("even", "odd")
        return tuple(Case(f"{families[i % 2]}/{i}", families[i % 2], f"task {i}", seed, {"i": i}) for i in range(6))

    def run(self, case: Case, *, budget: float) -> Row:
        if case.key == self.stop_at:
            raise KeyboardInterrupt
        if case.key == self.fail_at:
            raise ValueError("broken")
        if case.key == self.sleep_at:
            time.sleep(60)
        with self.log.open("a") as log:
            log.write(f"{case.key}\n")
        return made(case)


def made(case: Case) -> Row:
    i = case.settings["i"]
    return Row(
        case.key,
        case.family,
        case.task,
        program=f"x0 + {i}" if i else None,
        bits=7.5 * i,
        agreement=i / 6,
        verdict="right",
        seconds=0.25 * i,
        nulls={"lookup": 10.0},
        solved=i % 3 == 0,
        why="because",
        marks={"compact": i > 2},
        details={"nested": {"list": (1, 2)}},
    )


def ran(suite: Counted) -> list[str]:
    return suite.log.read_text().split() if suite.log.exists() else []


def test_rows_come_in_the_order_of_the_cases_and_round_trip(tmp_path: Path) -> None:
    suite = Counted(tmp_path / "log")
    cases = suite.cases(0)
    heard: list[Row] = []
    rows = run_cases(suite, cases, out=tmp_path, budget=1, on_row=heard.append)
    assert rows == tuple(made(case) for case in cases) == tuple(heard)
    assert all(read_as(Row, plain(row)) == row for row in rows)


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    suite = Counted(tmp_path / "log", stop_at="odd/3")
    with pytest.raises(KeyboardInterrupt):
        run_cases(suite, suite.cases(0), out=tmp_path, budget=1)
    assert ran(suite) == ["even/0", "odd/1", "even/2"]
    rows = run_cases(replace(suite, stop_at=""), suite.cases(0), out=tmp_path, budget=1)
    assert ran(suite) == [case.key for case in suite.cases(0)]
    assert rows == tuple(made(case) for case in suite.cases(0))


def test_a_killed_run_loses_and_repeats_nothing(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path\nfrom test_bench_run import Counted\nfrom scrutable.bench import run_cases\n"
        f"suite = Counted(Path({str(tmp_path / 'log')!r}), sleep_at='odd/3')\n"
        f"run_cases(suite, suite.cases(0), out=Path({str(tmp_path)!r}), budget=1)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    suite = Counted(tmp_path / "log")
    deadline = time.monotonic() + 60
    while len(ran(suite)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert ran(suite) == ["even/0", "odd/1", "even/2"]
    run_cases(suite, suite.cases(0), out=tmp_path, budget=1)
    assert ran(suite) == [case.key for case in suite.cases(0)]


@pytest.mark.parametrize("damage", ["", "{", '{"key": "x"}', "[]"])
def test_a_damaged_row_is_made_again(tmp_path: Path, damage: str) -> None:
    suite = Counted(tmp_path / "log")
    first = run_cases(suite, suite.cases(0), out=tmp_path, budget=1)
    files = sorted((tmp_path / "rows").iterdir())
    text = files[0].read_text()
    files[0].write_text(damage)
    assert run_cases(suite, suite.cases(0), out=tmp_path, budget=1) == first
    assert len(ran(suite)) == 7
    files[0].write_text(text.replace('"bits"', '"bitz"'))
    assert run_cases(suite, suite.cases(0), out=tmp_path, budget=1) == first
    assert len(ran(suite)) == 8


def test_other_questions_are_not_answered_by_old_rows(tmp_path: Path) -> None:
    suite = Counted(tmp_path / "log")
    cases = suite.cases(0)
    run_cases(suite, cases, out=tmp_path, budget=1)
    run_cases(suite, cases, out=tmp_path, budget=2)
    run_cases(suite, suite.cases(1), out=tmp_path, budget=1, seed=1)
    changed = replace(cases[0], settings={"i": 5})
    assert run_cases(suite, [changed], out=tmp_path, budget=1)[0].bits == 37.5
    assert len(ran(suite)) == 19


def test_processes_give_the_same_rows(tmp_path: Path) -> None:
    suite = Counted(tmp_path / "log")
    rows = run_cases(suite, suite.cases(0), out=tmp_path / "two", budget=1, jobs=2)
    assert rows == run_cases(suite, suite.cases(0), out=None, budget=1)
    assert len(list((tmp_path / "two" / "rows").iterdir())) == 6


def test_a_case_that_fails_is_shown_and_tried_again(tmp_path: Path) -> None:
    suite = Counted(tmp_path / "log", fail_at="even/2")
    rows = run_cases(suite, suite.cases(0), out=tmp_path, budget=1)
    assert (rows[2].verdict, rows[2].solved, rows[2].why) == ("error", False, "ValueError: broken")
    assert run_cases(replace(suite, fail_at=""), suite.cases(0), out=tmp_path, budget=1)[2].verdict == "right"


def test_a_row_that_cannot_be_kept_is_shown_as_failed(tmp_path: Path) -> None:
    @final
    class Endless(Suite):
        name = "endless"

        def cases(self, seed: int) -> tuple[Case, ...]:
            return Counted(tmp_path / "log").cases(seed)

        def run(self, case: Case, *, budget: float) -> Row:
            return replace(made(case), bits=float("inf"))

    suite = Endless()
    assert {row.verdict for row in run_cases(suite, suite.cases(0), out=tmp_path, budget=1)} == {"error"}


def test_cases_are_chosen_by_family_and_pattern(tmp_path: Path) -> None:
    cases = Counted(tmp_path / "log").cases(0)
    assert [case.key for case in chosen(cases, family="odd")] == ["odd/1", "odd/3", "odd/5"]
    assert [case.key for case in chosen(cases, only="task 4")] == ["even/4"]
    assert [case.key for case in chosen(cases, only="e*/2")] == ["even/2"]
    with pytest.raises(UserError, match="expected one of even, odd"):
        chosen(cases, family="prime")
    with pytest.raises(UserError, match="matches no case"):
        chosen(cases, only="nothing of the kind")


def test_the_report_counts_each_family_and_keeps_every_row(tmp_path: Path) -> None:
    suite = Counted(tmp_path / "log")
    rows = run_cases(suite, suite.cases(0), out=None, budget=1)
    even, odd = summaries(rows)
    assert (even.family, even.solved.count, even.solved.n, odd.solved.count) == ("even", 1, 3, 1)
    assert even.solved.interval.low < 1 / 3 < even.solved.interval.high
    assert (even.marks["compact"].count, even.median_seconds, even.longest_seconds) == (1, 0.5, 1.0)
    report = Report("counted", {"seed": 0}, {"cores": "2"}, rows)
    table, data = report.save(tmp_path)
    text = table.read_text()
    assert all(row.key in text for row in rows)
    assert "1 of 3" in text
    assert len(read_rows(data)) == 6


def read_rows(path: Path) -> list[Row]:
    from scrutable.work import read_json

    return [read_as(Row, row) for row in read_json(path)["rows"]]
