"""Train the networks of `bench/modular.py`: `python bench/train_modular.py [SEEDS]`. Those that are there stay."""

from __future__ import annotations

import sys
import time

from scrutable.bench.modular._measures import measures
from scrutable.bench.modular._training import FOLDER, RECIPES, Trained, module_of, train
from scrutable.work import one_thread

SEEDS = {"attention": 5, "constant": 8, "between": 2, "by heart": 2}


@one_thread()
def main() -> None:
    """Seed by seed, all recipes."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else max(SEEDS.values())
    for seed in range(most):
        for recipe in (each for each in RECIPES if seed < SEEDS[each.name]):
            if (FOLDER / Trained(recipe.name, seed, 0, 0.0, 0.0).file).exists():
                continue
            started = time.process_time()
            facts = train(recipe, seed)
            found = measures(module_of(facts))
            print(facts, found, found.kind, f"{time.process_time() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
