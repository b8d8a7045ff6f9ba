"""One step of each rule outside that keeps registers: `step(state, x_t) -> (state, y_t)` on columns `(n,)`.

No method may be tuned on them; see `_outside.py`, which says what they start from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Step = tuple[tuple[Any, ...], Any]


def sum_since_zero(state: Any, x: Any) -> Step:
    """A sum that starts again at 0."""
    (total,) = state
    total = np.where(x == 0, 0, total + x)
    return (total,), total


def max_since_zero(state: Any, x: Any) -> Step:
    """A maximum that starts again at 0."""
    (most,) = state
    most = np.where(x == 0, 0, np.maximum(most, x))
    return (most,), most


def min_since_nine(state: Any, x: Any) -> Step:
    """A minimum that starts again at 9."""
    (least,) = state
    least = np.where(x == 9, 9, np.minimum(least, x))
    return (least,), least


def count_to_four(state: Any, x: Any) -> Step:
    """The output is the count before it starts again, so 4 is seen."""
    (count,) = state
    count = count + x
    return (np.where(count == 4, 0, count),), count


def overflow(state: Any, x: Any) -> Step:
    """A sum that is lost when it passes 20."""
    (total,) = state
    total = np.where(total + x > 20, 0, total + x)
    return (total,), total


def run_length(state: Any, x: Any) -> Step:
    """(length, number): counts while the number stays the same."""
    length, number = state
    length = np.where(x == number, length + 1, 1)
    return (length, x), length


def longest_ones(state: Any, x: Any) -> Step:
    """(current, longest)."""
    current = (state[0] + 1) * x
    longest = np.maximum(state[1], current)
    return (current, longest), longest


def rising_run(state: Any, x: Any) -> Step:
    """(length, previous)."""
    length = np.where(x > state[1], state[0] + 1, 0)
    return (length, x), length


def since_one(state: Any, x: Any) -> Step:
    """(steps,)."""
    steps = (state[0] + 1) * (1 - x)
    return (steps,), steps


def last_nonzero(state: Any, x: Any) -> Step:
    """(number,)."""
    number = np.where(x != 0, x, state[0])
    return (number,), number


def set_reset(state: Any, x: Any) -> Step:
    """(latch,), for the channels (set, reset)."""
    latch = (state[0] | x[0]) & (1 - x[1])
    return (latch,), latch


def toggle(state: Any, x: Any) -> Step:
    """(side,)."""
    side = np.where(x == 3, 1 - state[0], state[0])
    return (side,), side


def ever_two_ones(state: Any, x: Any) -> Step:
    """(previous, found)."""
    found = state[1] | (state[0] & x)
    return (x, found), found


def sample_and_hold(state: Any, x: Any) -> Step:
    """(held,), for the channels (gate, number)."""
    held = np.where(x[0] > 5, x[1], state[0])
    return (held,), held


def schmitt(state: Any, x: Any) -> Step:
    """(side,)."""
    side = np.where(x > 6, 1, np.where(x < 3, 0, state[0]))
    return (side,), side


def debounce(state: Any, x: Any) -> Step:
    """(output, previous, the one before)."""
    steady = (x == state[1]) & (x == state[2])
    output = np.where(steady, x, state[0])
    return (output, x, state[1]), output


def up_down(state: Any, x: Any) -> Step:
    """(count,)."""
    count = np.clip(state[0] + 2 * x - 1, 0, 3)
    return (count,), count


def queue(state: Any, x: Any) -> Step:
    """(waiting,)."""
    waiting = np.maximum(state[0] + x - 2, 0)
    return (waiting,), waiting


def bounded_walk(state: Any, x: Any) -> Step:
    """(place,)."""
    place = np.clip(state[0] + x, -6, 6)
    return (place,), place


def halving(state: Any, x: Any) -> Step:
    """(level,)."""
    level = state[0] // 2 + x
    return (level,), level


def alternating_sum(state: Any, x: Any) -> Step:
    """(output,)."""
    output = x - state[0]
    return (output,), output


def fibonacci(state: Any, x: Any) -> Step:
    """(last output, the one before)."""
    output = (state[0] + state[1] + x) % 8
    return (output, state[0]), output


def negated_mod(state: Any, x: Any) -> Step:
    """(output,)."""
    output = (x - 2 * state[0]) % 5
    return (output,), output


def two_counters(state: Any, x: Any) -> Step:
    """(difference,)."""
    difference = np.maximum(state[0] + (x == 1) - (x == 2), 0)
    return (difference,), difference


def bit_comparator(state: Any, x: Any) -> Step:
    """(verdict,): 0 equal so far, 1 the first is larger, 2 the second is."""
    fresh = np.where(x[0] > x[1], 1, np.where(x[0] < x[1], 2, 0))
    verdict = np.where(state[0] == 0, fresh, state[0])
    return (verdict,), verdict


def digits_of_difference(state: Any, x: Any) -> Step:
    """(borrow,)."""
    left = x[0] - x[1] - state[0]
    return ((left < 0).astype(np.int64),), left % 10


def exchange(state: Any, x: Any) -> Step:
    """(first, second)."""
    a, b = state
    first = np.where(x == 0, b, np.where(x == 1, a + 1, a))
    second = np.where(x == 0, a, np.where(x == 2, a, b))
    return (first, second), second


def traffic_light(state: Any, x: Any) -> Step:
    """(phase,)."""
    (phase,) = state
    phase = np.where(x == 1, (phase + 1) % 4, np.where(phase == 2, 0, phase))
    return (phase,), phase


def value_mod_three(state: Any, x: Any) -> Step:
    """(remainder,)."""
    remainder = (2 * state[0] + x) % 3
    return (remainder,), remainder


def combination_lock(state: Any, x: Any) -> Step:
    """(entered,): a wrong number starts again, and counts as the first if it is 2."""
    (entered,) = state
    wanted = np.array([2, 0, 3, -1])[entered]
    again = np.where(x == 2, 1, 0)
    entered = np.where(entered == 3, 3, np.where(x == wanted, entered + 1, again))
    return (entered,), entered
