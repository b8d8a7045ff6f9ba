"""Shapes are checked in tests: jaxtyping and beartype watch the rooms that annotate them."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
