"""Programs read from text mean what the text means when Python runs it."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.errors import UserError
from scrutable.program import INT, REAL, Seq, read_program

TEXTS = [
    ("def f(x, y):\n    return x + 2 * y", {"x": INT, "y": INT}),
    ("def f(x, y):\n    if x > y:\n        z = x\n    else:\n        z = -y\n    return z % 5", {"x": INT, "y": INT}),
    ("K = 7\ndef twice(a):\n    return 2 * a\ndef f(x, y):\n    return twice(x) + K", {"x": INT, "y": INT}),
    ("TABLE = {0: 5, 1: 3}\ndef f(x, y):\n    return TABLE.get(x, 9)", {"x": INT, "y": INT}),
    ("import math\ndef f(x, y):\n    return math.floor(abs(x) / 2)", {"x": INT, "y": INT}),
    ("from math import floor as down\ndef f(x, y):\n    return down(x / 3) + max(x, y, 1)", {"x": INT, "y": INT}),
]


@pytest.mark.parametrize(("text", "inputs"), TEXTS)
def test_it_means_what_python_makes_of_it(text: str, inputs: dict):
    rng = np.random.default_rng(0)
    x = rng.integers(-9, 10, (50, 2))
    scope: dict = {}
    exec(text, scope)  # texts of this file
    wanted = [scope["f"](*row) for row in x.tolist()]
    assert (read_program(text, inputs)(x) == np.array(wanted)).all()


def test_loops_over_sequences():
    loop = "    for each in x:\n        total = total + each\n        out.append(total)\n"
    text = f"def f(x):\n    total = 0\n    out = []\n{loop}    return out"
    x = np.arange(12).reshape(2, 6)
    assert (read_program(text, {"x": Seq(INT)})(x) == x.cumsum(axis=1)).all()


def test_name_docstring_and_pi():
    made = read_program('from math import pi\ndef f(x):\n    """Says pi."""\n    return pi * x', {"x": REAL}, name="g")
    assert made.name == "g" and made.summary == "Says pi."
    assert np.allclose(made(np.array([2.0])), 2 * np.pi)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "without a function"),
        ("def f(x:", "no Python"),
        ("def f(x): return open('a')", "cannot express"),
        ("def f(x): return g(x)\ndef g(x): return f(x)", "not defined"),
        ("def f(*x): return 1", r"\*"),
        ("def f(x): return y", "not defined"),
        ("K = [0] * 9\ndef f(x): return K[x]", "neither a number nor a table"),
        ("y" * 30_000, "characters"),
        ("def f(x): return " + "(x+" * 70 + "1" + ")" * 70, "deep"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, message: str):
    with pytest.raises(UserError, match=message):
        read_program(text, {"x": INT} if "*x" not in text and "return y" not in text else None)


def test_printed_programs_with_helpers_are_read_back() -> None:
    text = """
def f(x):
    earlier = select(x, x, "<")
    late = select_and(earlier, select(shifted(x, 1, 0), x, "!="))
    mean = aggregate(late, x, 0.5)
    return [m + n + p for m, n, p in zip(mean, widths(earlier), pick_first(late, x, -1))]
"""
    program = read_program(text, {"x": Seq(INT)})
    assert read_program(program.source, {"x": Seq(INT)}) == program


def test_a_changed_helper_is_not_taken_for_the_operator() -> None:
    text = "def widths(selector):\n    return selector\n\n\ndef f(x):\n    return widths(x)\n"
    assert "widths" not in str(read_program(text, {"x": Seq(INT)}).statements)
