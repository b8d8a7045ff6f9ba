"""How large the recurrent networks of the benchmark are: two sizes for each kind of task."""

from __future__ import annotations

from fnmatch import fnmatchcase

from scrutable.bench.recurrent._cells import Shape

SIZES = ("small", "generous")

SHAPES: dict[str, tuple[Shape, Shape]] = {
    "linear": (Shape(8, 0, 1, 1), Shape(16, 48, 2, 2)),
    "one input": (Shape(6, 32, 2, 2), Shape(16, 64, 2, 3)),
    "window": (Shape(8, 32, 2, 2), Shape(16, 64, 2, 2)),
    "plain": (Shape(8, 32, 2, 2), Shape(24, 64, 2, 2)),
    "hard": (Shape(16, 64, 2, 2), Shape(32, 96, 2, 2)),
    "deep": (Shape(12, 48, 3, 2), Shape(32, 64, 3, 2)),
}
"""By kind: small, generous."""

KINDS: tuple[tuple[str, str], ...] = (
    # names, kind; the first that fits, else plain
    ("Sum_*", "linear"),
    ("Prev[1-5]", "linear"),
    ("Current_Number", "linear"),
    ("Diff_Last2", "linear"),
    ("Newton_*", "linear"),
    ("Bit_Shift_Right", "linear"),
    ("Bitwise_*", "one input"),
    ("*_Detector", "one input"),
    ("Abs_Current", "one input"),
    ("Parity_Last*", "window"),
    ("Alternating_*", "window"),
    ("Abs_Diff", "window"),
    ("Diff_Abs_Values", "window"),
    ("Previous_Equals_Current", "window"),
    ("Base_[4-7]_Addition", "hard"),
    ("Add_Mod_[5-8]", "hard"),
    ("Majority_0_[23]", "hard"),
    ("Bit_Palindrome", "deep"),
    ("outside/alternating_sum", "linear"),
    ("outside/weighted_window", "linear"),
)


def shape_of(task: str, size: str) -> Shape:
    """The shape of a task's network, by the task's name and one of `SIZES`."""
    kind = next((kind for pattern, kind in KINDS if fnmatchcase(task, pattern)), "plain")
    return SHAPES[kind][SIZES.index(size)]
