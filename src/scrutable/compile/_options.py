"""What makes a compiled network look like a trained one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from scrutable.errors import UserError

MOST_HEADS = 64


@final
@dataclass(frozen=True, slots=True)
class Options:
    """How a program is laid out in weights. The default is the plain layout: every coordinate has a meaning.

    Arguments:
        causal: heads see earlier positions only; a program whose selectors may select a later one is refused.
        rotate: turn the residual stream by a random rotation, so that no coordinate has a meaning of its own.
        width: of the residual stream: that many directions are kept, those in which the activations are largest. Fewer
            than there are meanings puts them in superposition; what they then do to each other is measured.
        noise: every weight is multiplied by `1 + noise * z`, `z` standard normal.
        shared_heads: how many heads do the work of each act of attention together.
        dead_heads: in each block, heads with random weights whose output nothing reads.
        step: the least difference between attention scores that counts, in nats: how hard attention is.

    Raises:
        UserError: numbers that cannot be used; all reasons at once.
    """

    causal: bool = False
    rotate: bool = False
    width: int | None = None
    noise: float = 0.0
    shared_heads: int = 1
    dead_heads: int = 0
    step: float = 12.0

    def __post_init__(self) -> None:
        reasons = []
        if self.width is not None and self.width < 1:
            reasons.append(f"got a width of {self.width}, expected at least 1")
        if not (math.isfinite(self.noise) and 0 <= self.noise < 1):
            reasons.append(f"got noise {self.noise}, expected a number from 0 up to 1, such as 0.001")
        if not 1 <= self.shared_heads <= MOST_HEADS:
            reasons.append(f"got {self.shared_heads} shared heads, expected 1 to {MOST_HEADS}")
        if not 0 <= self.dead_heads <= MOST_HEADS:
            reasons.append(f"got {self.dead_heads} dead heads, expected 0 to {MOST_HEADS}")
        if not (math.isfinite(self.step) and 5 <= self.step <= 100):
            reasons.append(f"got a step of {self.step} nats, expected 5 to 100")
        if reasons:
            raise UserError.of(reasons)

    @property
    def exact(self) -> bool:
        """Whether nothing was done to the network that could change what it computes."""
        return self.noise == 0 and self.width is None
