"""Ordinary Python that people write, to be traced: the plain functions say what is right. Functions of sequences."""

# ruff: noqa: B905, PLR1730, SIM108

from __future__ import annotations

from typing import Any

from program.ordinary import MACHINE, helper
from scrutable.program._functions import aggregate, select, select_and, shifted, widths


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
