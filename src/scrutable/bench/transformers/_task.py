"""A task of the suite: a program, written as ordinary Python that also runs on lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from scrutable.network import Tokens
from scrutable.program import INT, Program, Seq, trace


@final
@dataclass(frozen=True, slots=True)
class Task:
    """One program and the inputs it is for.

    Arguments:
        function: takes a list of tokens and returns a list, by way of the helpers of the language.
        tokens: how many there are. length: of the longest input.
        causal: whether no position depends on later ones, so that a causal network can do it too.
    """

    function: Callable[[Any], Any]
    tokens: int = 3
    length: int = 5
    causal: bool = False

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.function.__name__

    @property
    def family(self) -> str:
        """The name of the file it is in: tasks that are counted together."""
        return self.function.__module__.rpartition("._")[2]

    @property
    def inputs(self) -> Tokens:
        """What goes in."""
        return Tokens(self.tokens, length=self.length)

    def program(self) -> Program:
        """The function as a program."""
        return trace(self.function, {"x": Seq(INT)})
