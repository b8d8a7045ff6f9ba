"""Time a printed program against its evaluated form: `python bench/printed.py` writes docs/_measured/printed.md.

The peer is the printed Python run row by row in the same process; both compute the same outputs, which is checked.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from scrutable.program import Program, trace

TARGET = Path(__file__).parents[1] / "docs" / "_measured" / "printed.md"


def adder(a: list[int], b: list[int]) -> list[int]:
    """Adds two binary numbers, least significant bit first."""
    output = []
    carry = 0
    for a_t, b_t in zip(a, b, strict=True):
        total = a_t + b_t + carry
        output.append(total % 2)
        carry = total // 2
    return output


def distance(a: int, b: int) -> int:
    """How far apart two numbers are."""
    return max(a - b, b - a)


def timed(run) -> float:  # noqa: ANN001
    """The best of five."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)


def row(program: Program, x: np.ndarray) -> str:
    """Evaluate both ways, compare every value, and report the ratio."""
    space: dict[str, object] = {"__name__": "printed"}
    exec(compile(program.source, "printed", "exec"), space)  # noqa: S102 - our own program, printed a line ago
    function = space[program.name]
    rows = [row.T.tolist() if row.ndim == 2 else row.tolist() for row in x]
    assert np.array_equal(program(x), [function(*row) for row in rows])  # type: ignore[operator]
    evaluated = timed(lambda: program(x))
    printed = timed(lambda: [function(*row) for row in rows])  # type: ignore[operator]
    cells = [program.name, len(x), *(f"{1e6 * seconds / len(x):.2f}" for seconds in (printed, evaluated))]
    return f"| {' | '.join(map(str, cells))} | {printed / evaluated:.1f} |"


def main() -> None:
    """Measure both programs on a few sizes."""
    rng = np.random.default_rng(0)
    lines = [
        "| program | rows | printed, us a row | evaluated, us a row | printed / evaluated |",
        "|---|---|---|---|---|",
    ]
    for n in (100, 10_000):
        lines.append(row(trace(adder), rng.integers(0, 2, (n, 10, 2))))
        lines.append(row(trace(distance), rng.integers(0, 16, (n, 2))))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text("\n".join(lines) + "\n")
    print(TARGET.read_text())


if __name__ == "__main__":
    main()
