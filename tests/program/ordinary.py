"""Ordinary Python that people write, to be traced: the plain functions say what is right."""

# ruff: noqa: B905, PLR1730, SIM108

from __future__ import annotations

import math
from typing import Any

from scrutable.program._functions import aggregate, select, select_and, shifted, widths

MACHINE = {(0, 0): 1, (0, 1): 2, (1, 0): 2, (1, 1): 0, (2, 0): 0, (2, 1): 1}
NESTED = [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
SQUARES = {1, 4, 9}
OFFSET = 3


def helper(u, v=2):
    w = u * v
    return w + OFFSET


def late_return(u):
    if u < 0:
        return -1
    if u == 0:
        return 0
    return 1


def arithmetic(a, b):
    c = a + 2 * b
    c = c - 1
    c += a // 3
    return (c % 7) * -a


def branches(a, b):
    if a < b:
        y = a
    elif a == b:
        y = 0
        z = y + 1
        y = z * 2
    else:
        y = b - a
    return y + 1


def early(a):
    if a > 10:
        return 10
    if a < -10:
        return -10
    b = a * a
    if b > 50:
        b = 50
    return b


def chained(a, b, c):
    return 1 if a < b <= c else (2 if not (a == b or b != c) else 3)


def builtins(a: float, b: float):
    return (min(a, b, 0.5), max(a, b), abs(a), float(round(b)), float(int(a)), math.floor(a) + math.ceil(b) * 1.0)


def transcendental(a: float):
    return math.sqrt(abs(a)) + math.exp(a / 10) + math.sin(a) * math.cos(a) + math.tanh(a) + math.log(1 + a**2)


def inlined(a, b):
    return helper(a) + helper(v=b, u=3) + late_return(a - b)


def membership(a):
    return (a in SQUARES) + 2 * (a not in (1, 2, 3)) + 4 * (a in range(-2, 3))


def lookup(a, b):
    return MACHINE.get((a, b), -1) + NESTED[a % 3][b % 3] * 10


def nested_function(a):
    def double(v):
        return v * 2

    triple = lambda v: v * 3  # noqa: E731
    return double(a) + triple(a)


def logic(a, b):
    both = a > 0 and b > 0
    either = a > 0 or b
    return int(both) + (either or 7) + (5 if a and not b else 0) + bool(a)


def unrolled(a, b):
    total = 0
    for weight in (1, 2, 3):
        for value in [a, b]:
            total += weight * value
    return total


def divisions(a, b):
    q, r = divmod(a, 5)
    return q * 100 + r + (a // b if b else 0) + (a % b if b != 0 else a)


def loop_state(x):
    best = 0
    count = 0
    for x_t in x:
        if x_t > best:
            best = x_t
        count += 1
    return best * 100 + count


def running(x):
    total = 0
    output = []
    for t, x_t in enumerate(x):
        total += x_t * t
        output.append(total)
    return output


def two_outputs(a, b):
    ys, zs = [], []
    previous = 0
    for a_t, b_t in zip(a, b):
        y = max(a_t, b_t)
        ys.append(y)
        zs.append(previous)
        previous = y
    return list(zip(ys, zs))


def tuples(a, b):
    output = []
    for a_t, b_t in zip(a, b):
        output.append((a_t + b_t, a_t - b_t))
    return output


def fibonacci(x):
    p, q = 0, 1
    output = []
    for _ in x:
        p, q = q, (p + q) % 1000
        output.append(p)
    return output


def machine(x):
    state = 0
    states = []
    for x_t in x:
        state = MACHINE[state, x_t % 2]
        states.append(state)
    return states


def conditional_append(x):
    output = []
    seen = False
    for x_t in x:
        if x_t < 0:
            seen = True
            output.append(-1)
        elif seen:
            output.append(x_t * 2)
        else:
            output.append(x_t)
    return output


def reused_names(x):
    total = 0
    for x_t in x:
        y = x_t + 1
        y = y * y
        total = total + y
    signs = []
    for x_t in x:
        y = -1 if x_t < total else 1
        signs.append(y)
    return signs


def computed_start(x):
    first = sum(x)
    value = first % 5
    values = []
    for x_t in x:
        value = (value + x_t) % 7
        values.append(value)
    return values


def after_computed_start(x):
    value = len(x) * 2
    for x_t in x:
        value = value + x_t
    return value


def comprehension(a, b):
    c = [u + 2 * v for u, v in zip(a, b)]
    return [w if w > 0 else helper(w) for w in c]


def reductions(x):
    return sum(v * v for v in x) + 5 * sum(1 for v in x if v > 0) + any(v > 3 for v in x) * 1000


def more_reductions(x):
    long = all(v > -5 for v in x) * 2000 + len([v for v in x if v == 2]) * 7
    return long + sum(v for v in x if v < 3) + x.count(1) * 11 + len(x) + (3 in x) * 13


def extremes(x):
    return max(x, default=0) * 100 + min((v * 2 for v in x), default=5)


def ends(x):
    last = x[-1] if x else -7
    return last + (x[0] if x else 0)


def empty_guard(x):
    if not x:
        return 0
    return x[-1] + sum(x)


def by_index(x):
    output = []
    for t in range(len(x)):
        before = x[t - 1] if t > 0 else 9
        output.append(x[t] - before)
    return output


def index_comprehension(x):
    return [x[t] * t for t in range(len(x))]


def attention(x):
    earlier = select(range_of(x), range_of(x), "<=")
    same = select_and(earlier, select(x, x, "=="))
    return widths(same)


def range_of(x):
    return [t for t in range(len(x))]


def means(x):
    before = shifted(x, offset=1, fill=0)
    return aggregate(select(x, before, "<"), x, 0.0)


def whole_then_loop(x):
    mean = sum(x) // len(x) if x else 0
    above = 0
    for v in x:
        if v > mean:
            above = above + 1
    return above


def centred(x):
    return [v - sum(x) for v in x]


def vectors(x: tuple[int, int, int]):
    weights = [1, -2, 3]
    score = sum(w * v for w, v in zip(weights, x))
    shifted_ = [v + 1 for v in x]
    return score + shifted_[2] * x[0] + max(x) + x[-1]


def pair_state(x):
    low, high = 0, 0
    for v in x:
        low, high = min(low, v), max(high, v)
    return high - low


def temporary(x):
    y = 5
    out = []
    for v in x:
        y = v * 2
        out.append(y + v)
    return out


def shadowing(x):
    sum = 0  # noqa: A001
    for input in x:  # noqa: A001
        sum = sum + input
    return sum


def either_value(a: float, b: float):
    return (a or b) + (a and b)


def picked(a, b):
    options = [a, b, a + b]
    return options[a % 3] * 10 + options[b % 3 - 3] + [4, 5, 6][b % 3 - 3]


def grown(a, b):
    values = []
    for weight in range(3):
        values.append(a * weight + b)
    return values[0] * values[2] + sum(values) + max(values)


def power(base, exponent):
    return 1 if exponent == 0 else base * power(base, exponent - 1)


def recursive(a):
    return power(a, 4)


def vector_state(x):
    window = [0, 0, 0]
    output = []
    for v in x:
        window = [v, window[0], window[1]]
        output.append(sum(window) + max(window))
    return output


def inner_list(x):
    output = []
    for v in x:
        row = []
        for k in range(3):
            row.append(v * k)
        if v > 0:
            row = [r + 1 for r in row]
        output.append(row[0] + row[2])
    return output


def held(x):
    kept, age = 0, 0
    output = []
    for v in x:
        if v > 2:
            kept, age = v, 0
        else:
            age += 1
            if age > 2:
                kept = -kept
        output.append(kept)
    return output


SCALARS: list[tuple[Any, int]] = [
    (arithmetic, 2),
    (branches, 2),
    (early, 1),
    (chained, 3),
    (builtins, 2),
    (transcendental, 1),
    (inlined, 2),
    (membership, 1),
    (lookup, 2),
    (nested_function, 1),
    (logic, 2),
    (unrolled, 2),
    (divisions, 2),
    (either_value, 2),
    (picked, 2),
    (grown, 2),
    (recursive, 1),
]
SEQUENCES: list[tuple[Any, int]] = [
    (loop_state, 1),
    (running, 1),
    (two_outputs, 2),
    (tuples, 2),
    (fibonacci, 1),
    (machine, 1),
    (conditional_append, 1),
    (reused_names, 1),
    (computed_start, 1),
    (after_computed_start, 1),
    (comprehension, 2),
    (reductions, 1),
    (more_reductions, 1),
    (extremes, 1),
    (ends, 1),
    (empty_guard, 1),
    (by_index, 1),
    (index_comprehension, 1),
    (attention, 1),
    (means, 1),
    (whole_then_loop, 1),
    (centred, 1),
    (pair_state, 1),
    (temporary, 1),
    (shadowing, 1),
    (vector_state, 1),
    (inner_list, 1),
    (held, 1),
]
