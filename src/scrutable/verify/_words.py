"""Words that lead a state machine through its states: inputs for programs with loops."""

from __future__ import annotations

import numpy as np

from scrutable.errors import ProgramError
from scrutable.program import Scan
from scrutable.verify._base import Case
from scrutable.verify._inputs import fresh_inputs

MOST_STATES = 128
MOST_SYMBOLS = 64


def access_words(case: Case, data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For every state seen and every symbol: a word that reaches the state, goes on by the symbol, then at random."""
    scans = [s for s in case.hypothesis.program.statements if isinstance(s, Scan) and s.states]
    if not scans or not case.network.inputs.is_sequence or data.shape[1] < 2:
        return data[:0]
    try:
        values = case.hypothesis.program.run(data)
    except ProgramError:
        return data[:0]
    states = np.stack([values[s.name] for scan in scans for s in scan.states], axis=-1)[:, :-1]
    flat = np.asarray(states, float).reshape(-1, states.shape[-1])
    first = np.unique(flat, axis=0, return_index=True)[1]
    if len(first) > MOST_STATES:
        first = rng.permutation(first)[:MOST_STATES]
    rows, steps = np.divmod(first, states.shape[1])
    symbols = steps_seen(data, MOST_SYMBOLS, rng)
    words = np.repeat(data[rows], len(symbols), axis=0)
    steps, tail = np.repeat(steps, len(symbols)), fresh_inputs(case, len(words), rng)
    after = np.arange(words.shape[1]) > steps[:, None]
    words = np.where(after.reshape(*after.shape, *[1] * (words.ndim - 2)), tail, words)
    words[np.arange(len(words)), steps + 1] = np.tile(symbols, (len(first), *[1] * (symbols.ndim - 1)))
    return words.astype(data.dtype)


def steps_seen(data: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """The distinct steps in the data, `(s, ...)`, at most so many of them."""
    steps = np.unique(data.reshape(-1, *data.shape[2:]), axis=0)
    return steps if len(steps) <= most else steps[np.sort(rng.permutation(len(steps))[:most])]
