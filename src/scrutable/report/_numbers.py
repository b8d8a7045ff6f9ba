"""Numbers as people read them. Rounding never turns "almost all" into "all"."""

from __future__ import annotations

import math

from scrutable.hypothesis import Interval

MINUS = "\u2212"


def number(value: float | None, *, digits: int = 3) -> str:
    """A statistic with `digits` decimals, more where rounding would reach 0 or 1 without being there.

    `number(0.99996)` is "0.99996", not "1.000"; a missing value is an en dash.
    """
    if value is None:
        return "\u2013"
    if not math.isfinite(value):
        return str(value)
    for places in range(digits, 9):
        text = f"{value:.{places}f}"
        if not (float(text) in (0.0, 1.0) and float(text) != value):
            return text.replace("-", MINUS)
    return (
        f"{value:.3g}".replace("-", MINUS)
        if abs(value) < 0.5
        else f"1 {MINUS if value < 1 else '+'} {abs(1 - value):.1g}"
    )


def interval(value: Interval | None) -> str:
    """`[low, high]`; "exact" where nothing was left to chance."""
    if value is None:
        return "\u2013"
    return "exact" if value.level >= 1 else f"[{number(value.low)}, {number(value.high)}]"


def level(value: Interval) -> str:
    """The confidence level, as in "95%"."""
    return f"{100 * value.level:g}%"


def count(value: int) -> str:
    """A whole number with thousands separated."""
    return f"{value:,}"


def plural(value: int, noun: str, nouns: str | None = None) -> str:
    """`plural(1, "input")` is "1 input", `plural(2000, "input")` is "2,000 inputs"."""
    return f"{count(value)} {noun if value == 1 else nouns or noun + 's'}"


def seconds(value: float) -> str:
    """A time, as in "0.4 s", "12 s" or "3 min 20 s"."""
    if value < 0.05:
        return "< 0.1 s"
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def bits(value: float) -> str:
    """A description length."""
    return f"{value:,.0f} bits"


def sentence(text: str) -> str:
    """`text` with a capital at the start (unless it starts with a code name) and a full stop at the end."""
    text = text.strip()
    first = text.split(" ", 1)[0]
    if text and not any(c in first for c in "._"):
        text = text[0].upper() + text[1:]
    return text if not text or text[-1] in ".!?\u2026" else f"{text}."
