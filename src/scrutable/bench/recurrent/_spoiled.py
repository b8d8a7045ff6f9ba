"""Networks that make a few mistakes: Gaussian noise on the weights of right ones, so much that 97% to 99.5% of the
outputs at T are still right. Made anew each time; the same seed gives the same network."""

from __future__ import annotations

import copy
from pathlib import Path

import torch

from scrutable.bench._base import Case, MissingNetwork
from scrutable.bench.recurrent._networks import answering, module_of, network_around, task_named
from scrutable.bench.recurrent._sequences import SequenceTask
from scrutable.bench.recurrent._store import FOLDER
from scrutable.bench.recurrent._subjects import Subject, needed, subject_of, task_case
from scrutable.bench.recurrent._tested import shares
from scrutable.network import Recurrent

RULES = (
    *("Parity_Last2", "Parity_Last3", "Parity_Last4", "Parity_All", "Parity_Zeros"),
    *("Alternating_Last3", "Alternating_Last4", "Bit_Dot_Prod_Mod2", "Balanced_Parenthesis", "Majority_0_1"),
    *("Div_3", "Div_5", "Add_Mod_3", "Add_Mod_5", "Binary_Addition", "Base_3_Addition", "Base_5_Addition"),
)
"""Tasks of finitely many states up to T, whose small networks are right."""
LEAST, AIM, MOST = 0.97, 0.985, 0.995
LOOK = 8_192
"""Sequences on which mistakes are counted."""
HALVINGS, DRAWS = 24, 10
WIDEST = 1.0
"""The largest noise that is tried, in root mean squares of a weight tensor."""


def spoiled_cases(seed: int, folder: Path = FOLDER) -> list[Case]:
    """One for each of `RULES`. Their seeds are not those of the networks that they are made from."""
    return [task_case("spoiled", task_named(name), "small", seed + 1000 + i, folder) for i, name in enumerate(RULES)]


def spoiled_subject(case: Case, folder: Path = FOLDER) -> Subject:
    """The network of a case of this family.

    Raises:
        MissingNetwork: the network that it is made from has not been trained, or none of `DRAWS` draws of noise leaves
            it in the range.
    """
    name, size = needed(case)
    task, right = task_named(name), module_of(name, size, folder=folder)
    for draw in range(DRAWS):
        module, scale, share = spoiled(right, task, seed=case.seed + 7919 * draw)
        if LEAST <= share <= MOST:
            return subject_of(network_around(module, task), task, {"noise": scale, "outputs right": share})
    raise MissingNetwork(f"no noise of {DRAWS} leaves between {LEAST:.0%} and {MOST:.1%} of the outputs right")


def spoiled(right: Recurrent, task: SequenceTask, *, seed: int) -> tuple[Recurrent, float, float]:
    """The network with noise, its size (in root mean squares of each weight tensor), and the share of outputs right.

    The direction of the noise is drawn once; its size is found by bisection, towards `AIM`.
    """
    rng = torch.Generator().manual_seed(seed)
    noise = {
        name: torch.randn(value.shape, generator=rng) * value.square().mean().sqrt()
        for name, value in right.named_parameters()
    }
    low, high = 0.0, WIDEST
    for _ in range(HALVINGS):
        scale = (low + high) / 2
        module = _with_noise(right, noise, scale)
        share, _ = shares(answering(module), task, task.length, LOOK, name="spoiled")
        if LEAST + 0.005 <= share <= MOST - 0.002:
            break
        low, high = (scale, high) if share > AIM else (low, scale)
    return module, scale, share


def _with_noise(right: Recurrent, noise: dict[str, torch.Tensor], scale: float) -> Recurrent:
    module = copy.deepcopy(right)
    with torch.no_grad():
        for name, value in module.named_parameters():
            value.add_(noise[name], alpha=scale)
    return module.eval()
