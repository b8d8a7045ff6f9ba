"""An interpretation of a network: a tree of values, each with what it is said to depend on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.errors import UserError

MOST_PARTS = 256


@final
@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a hypothesis answers where a part is exchanged.

    Arguments:
        answers: `(m, ...)`. known: `(m,)`, whether it says anything of what then happens.
    """

    answers: np.ndarray
    known: np.ndarray


@final
@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A value of the network and what it is said to depend on.

    A part affects the part above it along every path of the network that no other part named beside it cuts off. A path
    on which it should not matter is named by a part of its own, with the feature None.

    Arguments:
        name: of what the value carries, such as "count". Parts of one name have the same feature.
        site: the value, such as "blocks.1.heads[:, 0:8]"; "output" for the whole network.
        feature: what the value is said to tell about the input, `(n, ...)` inputs to `(n,)` or `(n, k)` values: inputs
            that agree on it are exchanged for each other. None: nothing, any input will do.
        parents: the parts that it is computed from; everything else that it is computed from is said not to matter.
            Without parents the whole computation of the value is left as it is on the exchanged input.
        whole: what it is one position of, such as "count" of a part "count at 3"; "" for what is no part of a sequence.
        said: of a position, what the hypothesis answers to inputs `(m, ...)` where it has there what it has on others,
            `(m, ...)`. Something must rest on each part, but for positions on which by this no answer depends.
    """

    name: str
    site: str
    feature: Callable[[np.ndarray], np.ndarray] | None
    parents: tuple[Part, ...] = ()
    whole: str = ""
    said: Callable[[np.ndarray, np.ndarray], Said] | None = None

    def tree(self) -> Iterator[Part]:
        """This part and all below it, one that is named twice twice."""
        yield self
        for parent in self.parents:
            yield from parent.tree()


def checked(root: Part) -> list[Part]:
    """All parts of an interpretation, the root first.

    Raises:
        UserError: the root is not the output, parts of one name have several features, or there are too many.
    """
    found: list[Part] = []
    for part in root.tree():
        found.append(part)
        if len(found) > MOST_PARTS:
            raise UserError(f"got an interpretation of more than {MOST_PARTS} parts, expected fewer: each is run apart")
    reasons = []
    if root.site != "output":
        reasons.append(f"got a root at {root.site}, expected the output")
    for name in dict.fromkeys(part.name for part in found):
        if len({id(part.feature) for part in found if part.name == name}) > 1:
            reasons.append(f"got several features for parts named {name!r}, expected one for each name")
    if reasons:
        raise UserError.of(reasons)
    return found
