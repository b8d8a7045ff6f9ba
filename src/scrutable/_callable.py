"""Rooms that share a name with a public function.

`scrutable.explain` is a room, and `sc.explain(net)` is the call a user makes. Python binds the room to that name as
soon as anything imports from it, so the room itself answers the call, with the function that the front door
(`scrutable/__init__.py`) lists under its name.
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import Any


class CallableRoom(ModuleType):
    """A room that can be called like the public function of its own name."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return _namesake(self)(*args, **options)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(_namesake(self))


def _namesake(room: ModuleType) -> Any:
    package, _, name = room.__name__.rpartition(".")
    return sys.modules[package].public(name)


def answers_calls(room: str) -> None:
    """Let the module named `room` be called as the public function of the same name."""
    sys.modules[room].__class__ = CallableRoom
