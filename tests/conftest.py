"""Shapes are checked in tests: jaxtyping and beartype watch the rooms that annotate them. Every test starts anew."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def _one_seed() -> None:
    """Modules that tests make draw their weights from the global generators: the same ones in any order of tests."""
    import numpy as np
    import torch

    np.random.seed(0)  # noqa: NPY002 - what modules under test may use
    torch.manual_seed(0)
