"""What goes wrong, sorted by whose mistake it is."""

from __future__ import annotations

from collections.abc import Iterable


class ScrutableError(Exception):
    """Anything this package raises on purpose."""


class UserError(ScrutableError):
    """The input cannot be used. The text says what was got, what was expected and what to try.

    The command line prints it without a traceback and leaves with exit code 2.
    """

    @classmethod
    def of(cls, reasons: Iterable[str]) -> UserError:
        """One error from every reason found, so that nobody has to fix them one at a time."""
        return cls("; ".join(reasons))


class ProgramError(ScrutableError):
    """A program met a value it cannot compute with, such as an integer beyond 64 bits."""
