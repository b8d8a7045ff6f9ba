"""Slow answers for the rules outside, one word at a time, in plain Python. See `recurrent_oracles.py`."""

from __future__ import annotations

from itertools import accumulate, groupby, pairwise
from typing import Any

from recurrent_oracles import Oracle, Prefix


def after_last(p: Prefix, stop: int) -> Prefix:
    """What came after the last time that a number was there, and whether it ever was is not said."""
    return p[len(p) - p[::-1].index(stop) :] if stop in p else p


def walk(step: Any, start: Any) -> Oracle:
    """The output of a loop whose state is its output."""

    def last(p: Prefix) -> Any:
        value = start
        for x in p:
            value = step(value, x)
        return value

    return last


def count_to_four(p: Prefix) -> int:
    ones = p.count(1)
    return 4 if ones and ones % 4 == 0 and p[-1] == 1 else ones % 4


def rising_run(p: Prefix) -> int:
    run = 0
    for a, b in reversed(list(pairwise([0, *p]))):
        if b <= a:
            break
        run += 1
    return run


def set_reset(p: Prefix) -> int:
    for up, down in reversed(p):
        if down:
            return 0
        if up:
            return 1
    return 0


def sample_and_hold(p: Prefix) -> int:
    return next((value for gate, value in reversed(p) if gate > 5), 0)


def schmitt(p: Prefix) -> int:
    return next((int(x > 6) for x in reversed(p) if x > 6 or x < 3), 0)


def debounce(p: Prefix) -> int:
    padded = [0, 0, *p]
    for t in range(len(padded) - 1, 1, -1):
        if len(set(padded[t - 2 : t + 1])) == 1:
            return padded[t]
    return 0


def edges(p: Prefix) -> int:
    return "".join(map(str, [0, *p])).count("01")


def crossings(p: Prefix) -> int:
    return sum(a >= 0 > b for a, b in pairwise([0, *accumulate(p)]))


def reflected(p: Prefix) -> int:
    """The height of a walk that cannot fall below 0 is its height above its lowest point so far."""
    heights = [0, *accumulate({0: 0, 1: 1, 2: -1}[x] for x in p)]
    return heights[-1] - min(heights)


def queue(p: Prefix) -> int:
    heights = [0, *accumulate(x - 2 for x in p)]
    return heights[-1] - min(heights)


def fibonacci(p: Prefix) -> int:
    outputs = [0, 0]
    for x in p:
        outputs.append((outputs[-1] + outputs[-2] + x) % 8)
    return outputs[-1]


def comparator(p: Prefix) -> int:
    first, second = ([pair[i] for pair in p] for i in (0, 1))
    return 1 if first > second else 2 if first < second else 0


def difference(p: Prefix) -> int:
    a, b = (int("".join(str(pair[i]) for pair in reversed(p))) for i in (0, 1))
    return (a - b) // 10 ** (len(p) - 1) % 10


def exchange(p: Prefix) -> int:
    registers = {"a": 0, "b": 0}
    for x in p:
        if x == 0:
            registers["a"], registers["b"] = registers["b"], registers["a"]
        elif x == 1:
            registers["a"] += 1
        else:
            registers["b"] = registers["a"]
    return registers["b"]


def light(p: Prefix) -> int:
    phase = "red"
    there = {"red": "amber", "amber": "green", "green": "blue", "blue": "red"}
    for x in p:
        if x:
            phase = there[phase]
        elif phase == "green":
            phase = "red"
    return list(there).index(phase)


def lock(p: Prefix) -> int:
    text = "".join(map(str, p))
    if "203" in text:
        return 3
    return 2 if text.endswith("20") else int(text.endswith("2"))


OUTSIDE_ORACLES: dict[str, Oracle] = {
    "sum_since_zero": lambda p: sum(after_last(p, 0)),
    "max_since_zero": lambda p: max([0, *after_last(p, 0)]),
    "min_since_nine": lambda p: min([9, *after_last(p, 9)]),
    "count_to_four": count_to_four,
    "overflow": walk(lambda s, x: s + x if s + x <= 20 else 0, 0),
    "run_length": lambda p: len(list([list(run) for _, run in groupby(p)][-1])),
    "longest_ones": lambda p: max(map(len, "".join(map(str, p)).split("0"))),
    "rising_run": rising_run,
    "since_one": lambda p: len(after_last(p, 1)),
    "changes": lambda p: len(list(groupby([0, *p]))) - 1,
    "last_nonzero": lambda p: ([0] + [x for x in p if x])[-1],
    "set_reset": set_reset,
    "toggle": lambda p: p.count(3) & 1,
    "ever_two_ones": lambda p: int("11" in "".join(map(str, p))),
    "first_number": lambda p: p[0],
    "sample_and_hold": sample_and_hold,
    "schmitt": schmitt,
    "debounce": debounce,
    "rising_edge": lambda p: int(([0, *p])[-2:] == [0, 1]),
    "edges_mod_three": lambda p: edges(p) % 3,
    "local_peak": lambda p: int(([0, 0, *p])[-2] > max(([0, 0, *p])[-3], p[-1])),
    "new_record": lambda p: int(p[-1] > max([0, *p[:-1]])),
    "sign_flips": crossings,
    "up_down": walk(lambda s, x: min(3, s + 1) if x else max(0, s - 1), 0),
    "queue": queue,
    "bounded_walk": walk(lambda s, x: sorted((-6, s + x, 6))[1], 0),
    "worst_fall": lambda p: max(a - b for i, a in enumerate(p) for b in p[i:]),
    "spread": lambda p: sorted(p)[-1] - sorted(p)[0],
    "halving": walk(lambda s, x: (s >> 1) + x, 0),
    "alternating_sum": lambda p: sum(x * (-1) ** i for i, x in enumerate(reversed(p))),
    "fibonacci": fibonacci,
    "weighted_window": lambda p: 2 * p[-1] - 3 * ([0, *p])[-2] + ([0, 0, 0, *p])[-4],
    "position_weighted": lambda p: sum(t * x for t, x in enumerate(p, 1)),
    "negated_mod": lambda p: sum(x * (-2) ** i for i, x in enumerate(reversed(p))) % 5,
    "more_ones": lambda p: int(sum(a for a, _ in p) > sum(b for _, b in p)),
    "two_counters": reflected,
    "bigger_sum": lambda p: max(sum(a for a, _ in p), sum(b for _, b in p)),
    "bit_comparator": comparator,
    "digits_of_difference": difference,
    "exchange": exchange,
    "gated_sum": lambda p: sum(b for a, b in p if a in (0, 2, 4, 6)),
    "ends_in_word": lambda p: int(p[-3:] == [0, 2, 1] or p == [2, 1]),
    "traffic_light": light,
    "value_mod_three": lambda p: int("".join(map(str, p)), 2) % 3,
    "combination_lock": lock,
    "two_of_three": lambda p: int(p[-3:].count(1) > 1),
    "gray_step": lambda p: [0, 1, 3, 2][p.count(1) % 4],
}
