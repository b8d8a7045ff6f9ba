"""Train the networks of `bench/modular.py`: `python bench/train_modular.py`. Those that are there stay."""

from __future__ import annotations

import time

from scrutable.bench.modular._measures import measures
from scrutable.bench.modular._training import FOLDER, RECIPES, Trained, module_of, train
from scrutable.work import one_thread

SEEDS = {
    "attention": (0, 1, 2, 3),
    "attention long": (0,),
    "constant": (0, 1, 2, 3, 4),
    "constant early": (0, 3, 6, 8),
    "between": (1,),
    "by heart": (0, 1),
}


@one_thread()
def main() -> None:
    """Recipe by recipe."""
    for recipe in RECIPES:
        for seed in SEEDS[recipe.name]:
            if (FOLDER / Trained(recipe.name, seed, 0, 0.0, 0.0).file).exists():
                continue
            started = time.process_time()
            facts = train(recipe, seed)
            found = measures(module_of(facts))
            print(facts, found, found.kind, f"{time.process_time() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
