"""Proposers that run only when they are asked for: back ends of other packages, and a user's own."""

from __future__ import annotations

from collections.abc import Iterable

from scrutable.errors import UserError
from scrutable.propose._base import Proposer
from scrutable.propose.cvc5 import Cvc5
from scrutable.propose.operon import Operon

BACKENDS: dict[str, Proposer] = {each.name: each for each in (Operon(), Cvc5())}
"""By name. They cost more time than they save, so that they are no part of the usual search."""


def optional(also: Iterable[str | Proposer]) -> tuple[Proposer, ...]:
    """The proposers meant by these names of back ends, and those given as they are; each once.

    Raises:
        UserError: an unknown name, or something that is no proposer.
    """
    if isinstance(also, str):
        also = (also,)
    found: dict[str, Proposer] = {}
    for each in also:
        proposer = BACKENDS.get(each) if isinstance(each, str) else each
        if not isinstance(proposer, Proposer):
            known = ", ".join(BACKENDS)
            raise UserError(f"got {each!r:.60} as a further proposer, expected one of {known}, or a Proposer")
        if proposer.name in found:
            raise UserError(f"got two further proposers called {proposer.name}, expected different names")
        found[proposer.name] = proposer
    return tuple(found.values())
