"""The Python of the helpers that sequence and array operators print as."""

from scrutable.program._operators._base import Helper

SHIFTED = Helper(
    "shifted",
    '''def shifted(values, offset, fill):
    """The value `offset` steps back at each position, and `fill` where there is none."""
    count = len(values)
    return [values[t - offset] if 0 <= t - offset < count else fill for t in range(count)]
''',
)
POSITIONS = Helper(
    "positions",
    '''def positions(values):
    """0, 1, 2, ... for each value."""
    return list(range(len(values)))
''',
)
LAST_OF = Helper(
    "last_of",
    '''def last_of(values, default):
    """The last value, and `default` when there is none."""
    return values[-1] if len(values) else default
''',
)
SUM_OF = Helper(
    "sum_of",
    '''def sum_of(values):
    """The sum, added up from the left."""
    total = 0
    for value in values:
        total += value
    return total
''',
)
COUNT_TRUE = Helper(
    "count_true",
    '''def count_true(values):
    """How many values are true."""
    return sum(1 for value in values if value)
''',
)
COUNTS_OF = Helper(
    "counts_of",
    '''def counts_of(values, k):
    """How often each of 0, 1, ..., k - 1 occurs."""
    counts = [0] * k
    for value in values:
        if 0 <= value < k:
            counts[value] += 1
    return counts
''',
)
SELECT = Helper(
    "select",
    '''def select(keys, queries, relation):
    """For each query, which keys stand in `key relation query` to it. A single number stands for all positions."""
    if not isinstance(keys, (list, tuple)):
        keys = [keys] * len(queries)
    if not isinstance(queries, (list, tuple)):
        queries = [queries] * len(keys)
    holds = {
        "==": lambda key, query: key == query,
        "!=": lambda key, query: key != query,
        "<": lambda key, query: key < query,
        "<=": lambda key, query: key <= query,
        ">": lambda key, query: key > query,
        ">=": lambda key, query: key >= query,
        "any": lambda key, query: True,
    }[relation]
    return [[holds(key, query) for key in keys] for query in queries]
''',
)
AGGREGATE = Helper(
    "aggregate",
    '''def aggregate(selector, values, default):
    """For each query, the mean of the selected values, and `default` when none is selected."""
    means = []
    for row in selector:
        total = count = 0
        for selected, value in zip(row, values):
            if selected:
                total += value
                count += 1
        means.append(total / count if count else default)
    return means
''',
)
PICK_FIRST = Helper(
    "pick_first",
    '''def pick_first(selector, values, default):
    """For each query, the first selected value, and `default` when none is selected."""
    return [next((value for selected, value in zip(row, values) if selected), default) for row in selector]
''',
)
WIDTHS = Helper(
    "widths",
    '''def widths(selector):
    """For each query, how many keys are selected."""
    return [sum(row) for row in selector]
''',
)
DOT_PRODUCT = Helper(
    "dot_product",
    '''def dot_product(left, right):
    """The sum of products, added up from the left."""
    total = 0
    for x, y in zip(left, right):
        total += x * y
    return total
''',
)
ARGMAX = Helper(
    "index_of_max",
    '''def index_of_max(values):
    """The place of the largest value, the first of equals."""
    best = 0
    for place, value in enumerate(values):
        if value > values[best]:
            best = place
    return best
''',
)
