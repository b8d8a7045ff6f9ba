"""What every synthesis method promises, checked on small tables made here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from scrutable.program import variables
from scrutable.synthesis import Found, Method, Table, misfit_bits, scored, values
from scrutable.work import Clock, generator

ROWS = 96
LATE = 2.0
MOST = 32


def check_method(method: Method, *, seconds: float = 5.0) -> None:
    """Raise AssertionError, naming the broken promise and the table, unless `method` keeps all of them.

    The promises: a name; a reason in words when a table does not suit it; `Found` objects whose expressions read the
    table's columns and nothing else, with finite lengths; no residual for an expression of whole numbers or truths
    that is wrong somewhere; a stop soon after the clock has run out; the same answer for the same seed, when
    there is time enough; the table left
    as it was; no exceptions.

    Cost: at most about twice `seconds` for each of the tables.
    """
    assert method.name and method.name.strip() == method.name, "a method has a name"
    for what, table in _tables():
        try:
            _check_on(method, table, seconds)
        except AssertionError as error:
            raise AssertionError(f"on {what}: {error}") from error


def _tables() -> Iterator[tuple[str, Table]]:
    rng = generator(0, "conformance", "tables")
    whole = {name: rng.integers(-9, 10, ROWS) for name in "ab"}
    bits = {name: rng.random(ROWS) < 0.5 for name in "pqr"}
    real = {name: rng.uniform(0.5, 3.0, ROWS) for name in "uv"}
    yield "a sum of whole numbers", Table(whole, whole["a"] + 2 * whole["b"])
    yield "a comparison", Table(whole, whole["a"] > whole["b"])
    yield "a remainder", Table(whole, (whole["a"] + whole["b"]) % 5)
    yield "truths", Table(bits, (bits["p"] & ~bits["q"]) | bits["r"])
    yield "real numbers", Table(real, 2.5 * real["u"] * real["v"] + 1.0, independent=64)
    yield "one answer", Table(whole, np.full(ROWS, 4))
    yield "noise", Table(whole, rng.integers(0, 10, ROWS))
    yield "a single row", Table({"a": np.array([3])}, np.array([4]))


def _check_on(method: Method, table: Table, seconds: float) -> None:
    reason = _attempt("unsuitable", lambda: method.unsuitable(table))
    if reason is not None:
        assert isinstance(reason, str) and len(reason) > 3, "unsuitable() gives a reason in words, or None"
        return
    columns, target = {name: column.copy() for name, column in table.columns.items()}, table.target.copy()
    clock = Clock(seconds)
    found = _found(method, table, clock)
    late = clock.used - seconds
    assert late < max(LATE, seconds), f"stops when the clock has run out, not {late:.1f} s later"
    same = all(np.array_equal(columns[name], column) for name, column in table.columns.items())
    assert same and np.array_equal(target, table.target), "leaves the table as it was"
    for each in found:
        _check_found(each, table)
    quick, clock = clock.used < seconds / 2, Clock(seconds)
    again = _found(method, table, clock)
    if quick and clock.used < seconds / 2:
        assert [f.expr for f in found] == [f.expr for f in again], "same seed, same answer"
    clock = Clock(0.0)
    _found(method, table, clock)
    assert clock.used < LATE, f"stops at once when the clock had run out before, not after {clock.used:.1f} s"


def _found(method: Method, table: Table, clock: Clock) -> list[Any]:
    def work() -> list[Any]:
        return [each for each, _ in zip(method.find(table, clock), range(MOST), strict=False)]

    return _attempt("find", work)


def _attempt(name: str, work: Any) -> Any:
    try:
        return work()
    except Exception as error:
        raise AssertionError(f"{name}() raises nothing, not {type(error).__name__}: {error}") from error


def _check_found(found: Any, table: Table) -> None:
    assert isinstance(found, Found), f"yields Found objects, not {type(found).__name__}"
    unknown = variables(found.expr) - set(table.columns)
    assert not unknown, f"its expressions read the table's columns, not {', '.join(sorted(unknown))}"
    assert np.isfinite(found.bits) and found.bits > 0, "its expressions have a finite length in bits"
    assert np.isfinite(found.residual) and found.residual >= 0, "a residual is a finite number of bits from 0 on"
    if found.residual == 0:
        honest = (
            misfit_bits(table, values(found.expr, table.columns)) < 1
            if table.real
            else not scored(found.expr, table).residual
        )
        assert honest, "no residual is claimed only for what is right on every row"
