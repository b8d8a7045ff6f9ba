"""A confidence sequence: an interval after every unit, all of which hold the truth together.

An ordinary interval keeps its promise for a number of units that was fixed beforehand. Looked at after every unit,
until it says what one hopes for, it promises nothing. A confidence sequence may be looked at as often as one likes.
"""

from __future__ import annotations

from math import log

import numpy as np

from scrutable.hypothesis._evidence import Interval
from scrutable.hypothesis._intervals import checked

PRIOR = 0.5
HALVINGS = 60


def confidence_sequence(successes: float, n: int, *, level: float = 0.95) -> Interval:
    """The interval after `n` units, however it was decided to stop there.

    A gambler bets on each unit by what the ones before were like. In a fair game, which it is at the true share, the
    capital ever exceeds `1 / (1 - level)` times its beginning with probability at most `1 - level` (Ville 1939). The
    shares at which it has not yet are the interval. The bets are those of the Jeffreys mixture of Bernoulli laws
    (Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical Statistics
    1970; for betting in general Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting",
    JRSS B 2023).

    Arguments:
        successes: the sum of the units so far: right or wrong, or any numbers from 0 to 1, each of the same expectation
            whatever the ones before it were.

    Raises:
        ValueError: no units, or more successes than units.
    """
    checked(successes, n)
    share, most = successes / n, -log(1 - level)

    def end(outside: float) -> float:
        inside = share
        for _ in range(HALVINGS):
            middle = (inside + outside) / 2
            if log_capital(successes, n, middle) < most:
                inside = middle
            else:
                outside = middle
        return outside

    return Interval(0.0 if successes == 0 else end(0.0), 1.0 if successes == n else end(1.0), level)


def log_capital(successes: np.ndarray | float, n: np.ndarray | float, share: float) -> np.ndarray:
    """The logarithm of the capital of a gambler who doubts that the true share is `share`. Broadcasts."""
    from scipy.special import betaln, xlog1py, xlogy

    successes, failures = np.asarray(successes, float), np.asarray(n, float) - successes
    told = betaln(successes + PRIOR, failures + PRIOR) - betaln(PRIOR, PRIOR)
    return told - xlogy(successes, share) - xlog1py(failures, -share)
