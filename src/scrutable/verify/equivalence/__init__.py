"""Equality of program and network on every input: by a census, by bounds, or by a solver."""

from __future__ import annotations

from scrutable.verify.equivalence._test import Equivalence, is_finite

__all__ = ["Equivalence", "is_finite"]
