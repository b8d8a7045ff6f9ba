"""Train the recurrent networks of the benchmark: `python bench/train_recurrent.py [PATTERN ...]`.

Networks that are there and right at T are not trained again (`--again` tries to better those that are not right at 2T);
an interrupted run goes on where it was. Patterns are those of file names: `Sum_*`, `outside/*`, `language/*`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from scrutable.bench.recurrent import _classifiers as classifiers
from scrutable.bench.recurrent import _networks as networks
from scrutable.bench.recurrent._outside import OUTSIDE
from scrutable.bench.recurrent._readers import KINDS
from scrutable.bench.recurrent._shapes import SIZES
from scrutable.bench.recurrent._store import FOLDER, NetworkFacts, facts_in, file_name, write_index
from scrutable.bench.recurrent._tasks import RECURRENT
from scrutable.work import executor, one_thread


@dataclass(frozen=True, slots=True)
class Item:
    """One network to train."""

    task: str
    size: str
    seed: int
    seconds: float
    polish: bool = False

    def __call__(self) -> NetworkFacts:
        """Train it on one thread."""
        room = classifiers if self.size in KINDS else networks
        work: Callable[..., NetworkFacts] = room.polish if self.polish else room.train
        with one_thread():
            return work(self.task, self.size, seed=self.seed, seconds=self.seconds)

    def wanted(self, *, again: bool) -> bool:
        """Whether there is no network yet, or one that may be bettered; to polish, one there must be."""
        facts = facts_in(FOLDER / file_name(self.task, self.size, self.seed))
        if self.polish:
            return facts is not None and (again or facts.imperfect or (self.size in KINDS and (facts.far or 0) < 1))
        return facts is None or facts.imperfect or (again and facts.beyond < 1)


def items(words: argparse.Namespace) -> Iterator[Item]:
    """All that was asked for, every task's first network before any second one."""
    for seed in range(words.seeds):
        for sizes, names in (
            (words.sizes, [task.name for task in (*RECURRENT, *OUTSIDE)]),
            (KINDS, [language.name for language in classifiers.LANGUAGES]),
        ):
            for size in sizes:
                chosen = [n for n in names if any(fnmatchcase(n, pattern) for pattern in words.patterns)]
                yield from (Item(name, size, seed, 60 * words.minutes, words.polish) for name in chosen)


def told(facts: NetworkFacts) -> str:
    """One line for a finished network."""
    name = f"{facts.task} {facts.size} {facts.seed}"
    far = "" if facts.far is None else f"  5T {facts.far:.6f}"
    return f"{name:44} T {facts.right:.6f}  2T {facts.beyond:.6f}{far}  {facts.steps:6} steps {facts.seconds:6.0f} s"


def run(item: Item) -> NetworkFacts:
    """Train one, in whichever process."""
    return item()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("patterns", nargs="*", default=["*"], help="names of tasks, * and ? as in file names")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--seeds", type=int, default=1, help="networks of each task and size")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--minutes", type=float, default=3.0, help="of processor time for each network")
    parser.add_argument(
        "--polish",
        action="store_true",
        help="go on with the networks there are, where they are wrong, classifiers on longer words",
    )
    parser.add_argument("--again", action="store_true", help="also those right at T and not at 2T; to go on with, all")
    words = parser.parse_args()
    todo = [item for item in items(words) if item.wanted(again=words.again)]
    print(f"{len(todo)} networks to train", flush=True)
    for facts in executor(words.jobs).map(run, todo):
        print(time.strftime("%H:%M:%S"), told(facts), flush=True)
        write_index()
