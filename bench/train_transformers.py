"""Train the transformers of the benchmark: `python bench/train_transformers.py [PATTERN ...]`.

Networks that are there are not trained again, but with `--again` those that do not do their task are, with another
start. An interrupted run goes on where it was. Patterns are those of names: `histogram.*`, `*.gpt2.*`.
"""

from __future__ import annotations

import argparse
import time
from fnmatch import fnmatchcase

from torch import nn

from scrutable.bench.trained._catalogue import wanted
from scrutable.bench.trained._form import Form
from scrutable.bench.trained._store import TrainedFacts, facts_in, keep, path_of
from scrutable.bench.trained._tasks import Lesson
from scrutable.bench.trained._training import right_share, taught
from scrutable.work import one_thread


def main() -> None:
    """Train what is not there yet, one line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("patterns", nargs="*", default=["*"], help="names, * and ? as in file names")
    parser.add_argument("--seeds", type=int, default=1, help="networks of each task and kind")
    parser.add_argument("--steps", type=int, default=4000, help="of training, at most")
    parser.add_argument("--again", action="store_true", help="also those that do not do their task")
    given = parser.parse_args()
    for lesson, kind, form, seed in wanted(given.seeds):
        name, before = f"{lesson.name}.{kind}.{seed}", facts_in(path_of(lesson.name, kind, seed))
        skipped = before is not None and (before.able or not given.again)
        if skipped or not any(fnmatchcase(name, pattern) for pattern in given.patterns):
            continue
        facts = trained(lesson, kind, form, seed, steps=given.steps, least=0.0 if before is None else before.right)
        longer = "" if facts.longer is None else f"  2L {facts.longer:.4f}"
        print(time.strftime("%H:%M:%S"), f"{name:36} L {facts.right:.4f}{longer}  {facts.seconds:.0f} s", flush=True)


@one_thread()
def trained(lesson: Lesson, kind: str, form: Form, seed: int, *, steps: int, least: float) -> TrainedFacts:
    """Train one and keep it, if it is better than `least`."""
    made = taught(lesson, form, seed=seed if least == 0 else seed + 1000, steps=steps)
    module, length = made.module.half().float(), lesson.task.length
    facts = TrainedFacts(
        task=lesson.name,
        kind=kind,
        form=form,
        seed=seed,
        right=right_share(module, lesson, length),
        longer=_longer(module, lesson, form),
        steps=made.steps,
        seconds=round(made.seconds, 1),
    )
    if facts.right > least:
        keep(module, facts)
    return facts


def _longer(module: nn.Module, lesson: Lesson, form: Form) -> float | None:
    if form.places == "learned" or form.library:
        return None
    return right_share(module, lesson, 2 * lesson.task.length)


if __name__ == "__main__":
    main()
