"""Runs a suite, case by case, with every finished row on disk: a run that was stopped continues where it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from scrutable.bench._base import MISSING, Case, MissingNetwork, Row, Suite
from scrutable.errors import ScrutableError, UserError
from scrutable.hypothesis import plain, read_as
from scrutable.work import Journal, executor, one_thread

ROWS = "rows"
FAILED = "error"
"""The verdict of a case that could not be run. Such rows are shown and not kept: a resumed run tries again."""
Listener = Callable[[Row], None]


def chosen(cases: Sequence[Case], *, only: str | None = None, family: str | None = None) -> tuple[Case, ...]:
    """The cases of one family whose key or task matches a pattern (`*` and `?` as in file names; any part will do).

    Raises:
        UserError: no such family, or nothing matches.
    """
    families = list(dict.fromkeys(case.family for case in cases))
    if family is not None and family not in families:
        raise UserError(f"got the family {family[:40]!r}, expected one of {', '.join(families)}")
    kept = [case for case in cases if family is None or case.family == family]
    if only is not None:
        kept = [case for case in kept if any(fnmatchcase(text, f"*{only}*") for text in (case.key, case.task))]
    if not kept:
        raise UserError(f"got --only {(only or '')[:40]!r}, which matches no case; the keys look like {cases[0].key!r}")
    return tuple(kept)


def run_cases(
    suite: Suite,
    cases: Sequence[Case],
    *,
    out: Path | None,
    budget: float,
    seed: int = 0,
    jobs: int = 1,
    on_row: Listener = lambda _: None,
) -> tuple[Row, ...]:
    """Run the cases that are not finished in `out`, and return all rows in the order of the cases.

    Every process writes a row the moment it is finished, so that neither Ctrl-C nor a kill loses one. A row that was
    written by another version of the case, another seed or budget, or that is damaged, is made again.

    Arguments:
        out: where rows are kept; None keeps none.
        budget: seconds for each case.
        jobs: local processes.
        on_row: told of each row, in order.
    """
    journal = Journal(None if out is None else out / ROWS, f"{suite.name}/{seed}/{budget:g}")
    work = Work(suite, journal, budget)
    rows = []
    for row in executor(jobs).map(work, cases):
        rows.append(row)
        on_row(row)
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Work:
    """Makes the row of a case, once. Runs in whichever process it was sent to."""

    suite: Suite
    journal: Journal
    budget: float

    def __call__(self, case: Case) -> Row:
        key = f"{case.key}/{case.digest}"
        finished = _read(self.journal.find(key))
        if finished is not None:
            return finished
        try:
            with one_thread():
                row = self.suite.run(case, budget=self.budget)
            self.journal.record(key, plain(row))
        except MissingNetwork as error:
            return _empty(case, MISSING, str(error))
        except Exception as error:
            return _failed(case, error)
        return row


def _read(item: object) -> Row | None:
    if item is None:
        return None
    try:
        return read_as(Row, item)
    except ScrutableError:
        return None


def _failed(case: Case, error: Exception) -> Row:
    """A fault in one case is a row like any other: it counts as not solved, and the rest still runs."""
    why = f"{type(error).__name__}: {(str(error).splitlines() or ['no message'])[0][:200]}"
    return _empty(case, FAILED, why)


def _empty(case: Case, verdict: str, why: str) -> Row:
    return Row(case.key, case.family, case.task, None, None, None, verdict, 0.0, {}, solved=False, why=why)
