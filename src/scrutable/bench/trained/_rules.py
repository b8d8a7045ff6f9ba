"""Tasks that only networks to be trained have."""

from __future__ import annotations

from scrutable.program import count_true


def commonest(x):
    """The token that occurs most often, the smallest of equals."""
    zeros = count_true([t == 0 for t in x])
    ones = count_true([t == 1 for t in x])
    twos = count_true([t == 2 for t in x])
    winner = 0 if zeros >= ones and zeros >= twos else 1 if ones >= twos else 2
    return [winner for t in x]
