"""Checks for parts that users bring: a proposer of your own passes `check_proposer` before it is registered."""

from scrutable.testing._proposers import check_proposer

__all__ = ["check_proposer"]
