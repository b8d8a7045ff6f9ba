"""Time budgets: how long a search may take, and a clock that says how much of it is left."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from scrutable.errors import UserError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
SMALLEST = 0.5


def parse_budget(text: str | float | int) -> float:
    """Seconds in `"60s"`, `"5m"`, `"1h"`, `"500ms"`, `"90"` or a plain number.

    Raises:
        UserError: not a time, or less than half a second.
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        seconds = float(text)
    else:
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)?\s*", str(text))
        if match is None:
            raise UserError(f'got the budget {str(text)[:40]!r}, expected a time such as "60s", "5m" or "1h"')
        seconds = float(match[1]) * _UNITS[match[2] or "s"]
    if not SMALLEST <= seconds < float("inf"):
        raise UserError(f'got a budget of {seconds:g} s, expected at least {SMALLEST:g} s; try "60s"')
    return seconds


@dataclass(frozen=True, slots=True)
class Clock:
    """A deadline. `Clock(60)` starts now; `clock.part(0.25)` gets a quarter of what is left.

    Arguments:
        seconds: by which parts are reckoned.
        ends: seconds after the start at which it is over if that is sooner. What shares its time out by such a clock
            does at first the very same as by one that has no such end.
    """

    seconds: float
    ends: float = float("inf")
    started: float = field(default_factory=time.monotonic)

    @property
    def used(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        """Seconds still available, never negative."""
        return max(0.0, min(self.seconds, self.ends) - self.used)

    @property
    def planned(self) -> float:
        """The seconds that parts are reckoned by: what is left, if it were not for `ends`."""
        return max(0.0, self.seconds - self.used)

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.left <= 0.0

    def part(self, share: float) -> Clock:
        """A clock for a share of the time that is left."""
        return Clock(self.planned * share, self.ends - self.used)

    def at_most(self, seconds: float) -> Clock:
        """A clock for so many seconds, or for what is left."""
        return Clock(min(seconds, self.planned), self.ends - self.used)

    def ending_after(self, seconds: float) -> Clock:
        """A clock for what is left, over after so many seconds, that shares its time out as if it were not."""
        return Clock(self.planned, min(seconds, self.ends - self.used))
