"""The small picture in each row of the evidence table: value, interval and null scores on a line from 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scrutable.hypothesis import Result
from scrutable.report._numbers import interval, level, number, plural

LEFT, SPAN = 3.0, 94.0
MOST_DOTS = 200


@dataclass(frozen=True, slots=True)
class Dot:
    """A null score: position in percent of the width, and a row of its own (0, 1, 2) against overlap."""

    x: str
    row: int


@dataclass(frozen=True, slots=True)
class Strip:
    """Positions in percent of the width, ready for SVG; `text` says the same in words."""

    value: str
    low: str
    width: str
    dots: tuple[Dot, ...]
    text: str


TICKS = tuple((f"{LEFT + SPAN * x:g}%", label) for x, label in ((0.0, "0"), (0.5, "0.5"), (1.0, "1")))


def strip(result: Result) -> Strip | None:
    """The picture of a result; None when there is no number, or it is not between 0 and 1."""
    nulls = tuple(min(1.0, max(0.0, score)) for score in null_scores(result))
    found = found_score(result)
    value = found if nulls and found is not None else result.value
    if value is None or not 0 <= value <= 1:
        return None
    shown = result.interval if value == result.value else None
    low, high = (shown.low, shown.high) if shown else (value, value)
    return Strip(
        value=_at(value),
        low=_at(max(0.0, low)),
        width=f"{SPAN * max(0.0, min(1.0, high) - max(0.0, low)):.2f}%",
        dots=_dots(nulls),
        text=_words(value, result, nulls),
    )


def null_scores(result: Result) -> tuple[float, ...]:
    """The scores of the controls, when the result carries them; of a lookup table, its own score."""
    if result.name == "guard.lookup" and result.value is not None:
        return (result.value,)
    for key in ("null_scores", "nulls", "null"):
        for name, value in result.details:
            if name == key and isinstance(value, (tuple, list)):
                return tuple(float(v) for v in value if isinstance(v, (int, float)))
    return ()


def found_score(result: Result) -> float | None:
    """The score the controls are compared with, when the result carries it."""
    for key in ("found_score", "found", "program"):
        for name, value in result.details:
            if name == key and isinstance(value, (int, float)):
                return float(value)
    return None


def _at(value: float) -> str:
    return f"{LEFT + SPAN * value:.2f}%"


def _dots(nulls: Sequence[float]) -> tuple[Dot, ...]:
    ordered = sorted(nulls)
    if len(ordered) > MOST_DOTS:
        ordered = [ordered[round(i * (len(ordered) - 1) / (MOST_DOTS - 1))] for i in range(MOST_DOTS)]
    return tuple(Dot(_at(score), (1, 0, 2)[i % 3]) for i, score in enumerate(ordered))


def _words(value: float, result: Result, nulls: Sequence[float]) -> str:
    parts = [number(value)]
    if result.interval is not None and value == result.value:
        parts.append(f"{level(result.interval)} interval {interval(result.interval)}")
    if nulls:
        parts.append(f"{plural(len(nulls), 'control')} from {number(min(nulls))} to {number(max(nulls))}")
    return ", ".join(parts)
