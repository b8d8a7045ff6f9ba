"""Checks for parts that users bring: a proposer or a synthesis method of your own passes them before it is used."""

from scrutable.testing._methods import check_method
from scrutable.testing._proposers import check_proposer

__all__ = ["check_method", "check_proposer"]
