"""Bottom-up enumeration of expressions: fast, typed, exact on every example."""

from scrutable.synthesis._base import Found
from scrutable.synthesis.enumeration._examples import equal, evaluate
from scrutable.synthesis.enumeration._grammar import Grammar, supported
from scrutable.synthesis.enumeration._joint import Together, cheapest_together, share_parts
from scrutable.synthesis.enumeration._search import MOST_CANDIDATES, Effort, Search, search, search_many

__all__ = [
    "MOST_CANDIDATES",
    "Effort",
    "Found",
    "Grammar",
    "Search",
    "Together",
    "cheapest_together",
    "equal",
    "evaluate",
    "search",
    "search_many",
    "share_parts",
    "supported",
]
