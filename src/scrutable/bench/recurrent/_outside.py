"""Recurrent rules that no method may be tuned on: they are used for one thing, the number that is reported.

They were fixed before any method was tried on them. None is one of the 62 tasks with another constant: registers that
reset, latches, windows with feedback, run lengths, time since, automata, pairs of registers that read each other.
Changing or removing a rule after a method has been measured on it is not allowed either; new ones go to the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scrutable.bench.recurrent import _outside_steps as steps
from scrutable.bench.recurrent._sequences import (
    SequenceRule,
    SequenceTask,
    lagged,
    positions,
    stepwise,
    whole,
    windowed,
)


def _task(name: str, low: int, high: int, said: str, rule: SequenceRule, **more: Any) -> SequenceTask:
    return SequenceTask(f"outside/{name}", low, high, said, rule, **more)


def _total(x: np.ndarray) -> np.ndarray:
    return np.cumsum(x, axis=1)


def _least(x: np.ndarray) -> np.ndarray:
    return np.minimum.accumulate(x, axis=1)


def _most(x: np.ndarray) -> np.ndarray:
    return np.maximum.accumulate(x, axis=1)


RESETS = (
    _task("sum_since_zero", 0, 5, "sum of the numbers since the last 0", stepwise(steps.sum_since_zero, 0)),
    _task("max_since_zero", 0, 9, "maximum since the last 0", stepwise(steps.max_since_zero, 0)),
    _task("min_since_nine", 0, 9, "minimum since the last 9 (9 at the start)", stepwise(steps.min_since_nine, 9)),
    _task("count_to_four", 0, 1, "ones counted; at 4 the count starts again from 0", stepwise(steps.count_to_four, 0)),
    _task("overflow", 0, 9, "running sum that falls back to 0 when it passes 20", stepwise(steps.overflow, 0)),
)
RUNS = (
    _task("run_length", 0, 2, "how often the current number has just been repeated", stepwise(steps.run_length, 0, -1)),
    _task("longest_ones", 0, 1, "length of the longest run of ones so far", stepwise(steps.longest_ones, 0, 0)),
    _task("rising_run", 0, 9, "steps for which the numbers have been rising", stepwise(steps.rising_run, 0, 0)),
    _task("since_one", 0, 1, "steps since the last 1 (since the start if none)", stepwise(steps.since_one, 0)),
    _task(
        "changes",
        0,
        2,
        "how often the number has changed (from 0 at the start)",
        whole(lambda x: _total(x != lagged(x, 1))),
    ),
)
LATCHES = (
    _task("last_nonzero", 0, 4, "the last number that was not 0", stepwise(steps.last_nonzero, 0)),
    _task(
        "set_reset",
        0,
        1,
        "1 set by the first bit, cleared by the second, which wins",
        stepwise(steps.set_reset, 0),
        channels=2,
    ),
    _task("toggle", 0, 3, "switches over at every 3", stepwise(steps.toggle, 0)),
    _task("ever_two_ones", 0, 1, "1 from the first two ones in a row on", stepwise(steps.ever_two_ones, 0, 0)),
    _task(
        "first_number", 0, 9, "the first number of the sequence", whole(lambda x: np.broadcast_to(x[:, :1], x.shape))
    ),
    _task(
        "sample_and_hold",
        0,
        7,
        "the second number, as it was when the first was last above 5",
        stepwise(steps.sample_and_hold, 0),
        channels=2,
    ),
    _task("schmitt", 0, 9, "1 from above 6 until below 3", stepwise(steps.schmitt, 0)),
    _task("debounce", 0, 1, "follows the bit once it has been the same three times", stepwise(steps.debounce, 0, 0, 0)),
)
EDGES = (
    _task("rising_edge", 0, 1, "1 where the bit goes from 0 to 1", windowed(2, lambda x, p: (x == 1) & (p == 0))),
    _task(
        "edges_mod_three",
        0,
        1,
        "rising edges so far, mod 3",
        whole(lambda x: _total((x == 1) & (lagged(x, 1) == 0)) % 3),
    ),
    _task(
        "local_peak",
        0,
        5,
        "1 if the previous number was above both of its neighbours",
        windowed(3, lambda x, p, q: (p > x) & (p > q)),
    ),
    _task(
        "new_record",
        0,
        20,
        "1 if the number is above all before it (above 0 at first)",
        whole(lambda x: x > lagged(_most(x), 1)),
    ),
    _task(
        "sign_flips",
        -5,
        5,
        "how often the running sum has crossed below 0",
        whole(lambda x: _total((_total(x) < 0) & (lagged(_total(x), 1) >= 0))),
    ),
)
CLIPPED = (
    _task("up_down", 0, 1, "up by 1 on 1, down by 1 on 0, kept from 0 to 3", stepwise(steps.up_down, 0)),
    _task("queue", 0, 5, "a queue: arrivals come, two are served at each step", stepwise(steps.queue, 0)),
    _task("bounded_walk", -3, 3, "a walk kept from -6 to 6", stepwise(steps.bounded_walk, 0)),
    _task("worst_fall", 0, 12, "the largest fall from the highest number so far", whole(lambda x: _most(_most(x) - x))),
    _task("spread", 0, 15, "largest minus smallest number so far", whole(lambda x: _most(x) - _least(x))),
)
AFFINE = (
    _task("halving", 0, 9, "half of the last output, rounded down, plus the number", stepwise(steps.halving, 0)),
    _task("alternating_sum", 0, 9, "x_t minus the last output", stepwise(steps.alternating_sum, 0)),
    _task("fibonacci", 0, 2, "the last two outputs added, plus the number, mod 8", stepwise(steps.fibonacci, 0, 0)),
    _task("weighted_window", -9, 9, "2 x_t - 3 x_{t-1} + x_{t-3}", windowed(4, lambda x, p, _, r: 2 * x - 3 * p + r)),
    _task("position_weighted", 0, 3, "the sum of t x_t so far", whole(lambda x: _total(positions(x) * x))),
    _task("negated_mod", 0, 4, "minus twice the last output plus the number, mod 5", stepwise(steps.negated_mod, 0)),
)
PAIRS = (
    _task(
        "more_ones",
        0,
        1,
        "1 if the first bit string has had more ones",
        whole(lambda x: _total(x[..., 0]) > _total(x[..., 1])),
        channels=2,
    ),
    _task("two_counters", 0, 2, "ones so far minus twos so far, from 0 if ever below", stepwise(steps.two_counters, 0)),
    _task(
        "bigger_sum",
        0,
        9,
        "the larger of the two running sums",
        whole(lambda x: np.maximum(_total(x[..., 0]), _total(x[..., 1]))),
        channels=2,
    ),
    _task(
        "bit_comparator",
        0,
        1,
        "which number is larger so far, most significant bit first: 0, 1 or 2",
        stepwise(steps.bit_comparator, 0),
        channels=2,
    ),
    _task(
        "digits_of_difference",
        0,
        9,
        "digit of first minus second number, least significant first",
        stepwise(steps.digits_of_difference, 0),
        channels=2,
    ),
    _task(
        "exchange",
        0,
        2,
        "two registers: 0 swaps them, 1 adds 1 to the first, 2 copies it to the second; the second",
        stepwise(steps.exchange, 0, 0),
    ),
    _task(
        "gated_sum",
        0,
        6,
        "sum of the second numbers at the steps where the first is even",
        whole(lambda x: _total(np.where(x[..., 0] % 2 == 0, x[..., 1], 0))),
        channels=2,
    ),
)
AUTOMATA = (
    _task(
        "ends_in_word",
        0,
        2,
        "1 if the last three numbers are 0, 2, 1",
        windowed(3, lambda x, p, q: (x == 1) & (p == 2) & (q == 0)),
    ),
    _task(
        "traffic_light",
        0,
        1,
        "four phases; 1 goes to the next, 0 stays except in phase 2, which goes back to 0",
        stepwise(steps.traffic_light, 0),
    ),
    _task(
        "value_mod_three",
        0,
        1,
        "the binary number so far, most significant bit first, mod 3",
        stepwise(steps.value_mod_three, 0),
    ),
    _task(
        "combination_lock",
        0,
        3,
        "numbers of the code 2, 0, 3 entered so far; open at 3 for good",
        stepwise(steps.combination_lock, 0),
    ),
    _task("two_of_three", 0, 1, "majority of the last three bits", windowed(3, lambda x, p, q: x + p + q >= 2)),
    _task(
        "gray_step",
        0,
        1,
        "the number of ones so far mod 4, in Gray code read as a number",
        whole(lambda x: (_total(x) % 4) ^ (_total(x) % 4 // 2)),
    ),
)

OUTSIDE: tuple[SequenceTask, ...] = (
    *RESETS,
    *RUNS,
    *LATCHES,
    *EDGES,
    *CLIPPED,
    *AFFINE,
    *PAIRS,
    *AUTOMATA,
)
