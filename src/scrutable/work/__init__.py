"""Budgets, seeds, parallel execution, atomic and resumable storage."""

from scrutable.work._arrays import flat_rows
from scrutable.work._budget import Clock, parse_budget
from scrutable.work._executor import Executor, Here, Processes, executor
from scrutable.work._journal import Journal
from scrutable.work._memo import Memo
from scrutable.work._seeds import generator
from scrutable.work._storage import read_json, write_atomically, write_json
from scrutable.work._threads import one_thread

__all__ = [
    "Clock",
    "Executor",
    "Here",
    "Journal",
    "Memo",
    "Processes",
    "executor",
    "flat_rows",
    "generator",
    "one_thread",
    "parse_budget",
    "read_json",
    "write_atomically",
    "write_json",
]
