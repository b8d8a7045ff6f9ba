"""Which task is learnt by which kinds of transformer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from scrutable.bench.trained._form import Form
from scrutable.bench.trained._tasks import LESSONS, Lesson

KINDS: Mapping[str, Form] = {
    "small": Form(),
    "plain": Form(heads=2, norm="none", places="none"),
    "post": Form(layers=2, heads=2, norm="post", bend="gelu"),
    "attention": Form(layers=2, heads=2, width=48, hidden=0),
    "sines": Form(heads=2, places="sinusoidal", bend="gelu"),
    "loose": Form(layers=1, heads=2, places="none", bend="gelu"),
    "gpt2": Form(layers=2, heads=2, width=32, hidden=64, bend="gelu", causal=True, library=True),
    "deep": Form(layers=3, heads=2, width=32, hidden=48),
    "deeper": Form(layers=4, heads=2, width=24, hidden=48, bend="gelu"),
    "wide": Form(layers=1, heads=4, width=64, hidden=32),
}

CHOSEN: Mapping[str, tuple[str, ...]] = {
    "histogram": ("small", "loose", "post"),
    "reversed_tokens": ("small", "attention", "post"),
    "previous": ("small", "gpt2", "attention"),
    "mostly_ones": ("plain", "loose", "gpt2"),
    "first_time": ("sines", "gpt2", "small"),
    "sorted_tokens": ("small", "wide", "post"),
    "commonest": ("loose", "small", "post"),
    "sound_so_far": ("gpt2", "post", "deep"),
    "induction": ("attention", "gpt2", "deep"),
    "pointed_at": ("small", "attention", "sines"),
    "two_hops": ("attention", "post", "deeper"),
    "two_back": ("small", "sines", "gpt2"),
    "largest_so_far": ("loose", "gpt2", "deeper"),
    "zeros": ("loose", "small", "attention"),
    "smaller_tokens": ("loose", "wide"),
    "sum_with_previous": ("small", "gpt2"),
    "seen_before": ("small", "gpt2"),
    "count_of_first": ("post", "deep"),
}
"""Kinds by task, the first one first."""


def wanted(seeds: int) -> Iterator[tuple[Lesson, str, Form, int]]:
    """Every network to train: lesson, kind, form and seed; every task's first kind before any second one."""
    for seed in range(seeds):
        for turn in range(max(map(len, CHOSEN.values()))):
            for lesson in LESSONS:
                kinds = CHOSEN[lesson.name]
                if turn < len(kinds):
                    form = KINDS[kinds[turn]]
                    yield lesson, kinds[turn], replace(form, causal=lesson.task.causal or form.library), seed
