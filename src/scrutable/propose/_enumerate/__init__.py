"""Bottom-up enumeration of expressions: fast, typed, exact on every example."""

from scrutable.propose._enumerate._examples import equal, evaluate
from scrutable.propose._enumerate._goal import Found
from scrutable.propose._enumerate._grammar import Grammar, supported
from scrutable.propose._enumerate._joint import Together, cheapest_together, share_parts
from scrutable.propose._enumerate._search import MOST_CANDIDATES, Effort, Search, search, search_many

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
