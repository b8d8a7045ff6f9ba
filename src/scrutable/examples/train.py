"""Train the example networks and write their weights: `python -m scrutable.examples.train [NAME ...]`.

Every network is trained from scratch with a fixed seed on data made here (digits: scikit-learn's own images). Weights
carry their accuracy on fresh data, domains and seed in the file's metadata.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from scrutable.examples._catalogue import Example, example, names

Batch = tuple[Tensor, Tensor]
Sampler = Callable[[torch.Generator], Batch]
BATCH = 512
RECURRENT_GAIN = 6.0


def binary_addition(rng: torch.Generator) -> Batch:
    """Two numbers bit by bit, least significant first; the bits of their sum, the last carry dropped."""
    x = torch.randint(0, 2, (BATCH, 10, 2), generator=rng)
    digits, carry = [], torch.zeros(BATCH, dtype=torch.long)
    for t in range(x.shape[1]):
        total = x[:, t].sum(-1) + carry
        digits.append(total % 2)
        carry = total // 2
    return x.float(), torch.stack(digits, 1)


def tomita_4(rng: torch.Generator) -> Batch:
    """Words of 24 symbols with few 1s; after each symbol, whether 000 has not occurred yet."""
    x = (torch.rand(BATCH, 24, generator=rng) < 0.55).long()
    run, dead = torch.zeros(BATCH, dtype=torch.long), torch.zeros(BATCH, dtype=torch.bool)
    labels = []
    for t in range(x.shape[1]):
        run = torch.where(x[:, t] == 0, run + 1, 0)
        dead = dead | (run >= 3)
        labels.append((~dead).long())
    return x, torch.stack(labels, 1)


def tomita_5(rng: torch.Generator) -> Batch:
    """Words of one random length up to 20; whether both symbols occur an even number of times."""
    length = int(torch.randint(1, 21, (1,), generator=rng))
    x = torch.randint(0, 2, (BATCH, length), generator=rng)
    ones = x.sum(1)
    return x, ((ones % 2 == 0) & ((length - ones) % 2 == 0)).long()


def distance(rng: torch.Generator) -> Batch:
    """Pairs of numbers from 0 to 15 and how far apart they are."""
    x = torch.randint(0, 16, (BATCH, 2), generator=rng)
    return x.float(), (x[:, 0] - x[:, 1]).abs()


def digits(rng: torch.Generator) -> Batch:
    """Images of scikit-learn's digits, pixels from 0 to 1; the last 297 are kept for measuring."""
    x, y = _digits_data()
    rows = torch.randint(0, len(x) - 297, (BATCH,), generator=rng)
    return x[rows], y[rows]


def _digits_data() -> Batch:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return torch.tensor(x / 16.0, dtype=torch.float32), torch.tensor(y)


def loss_of(raw: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy for logits; for a single regression output the robust loss of Michaud et al. (2024)."""
    if raw.shape[-1] == 1:
        return 0.5 * torch.log1p((raw.squeeze(-1) - y) ** 2).mean()
    return F.cross_entropy(raw.flatten(0, -2), y.flatten())


def accuracy_of(module: nn.Module, sampler: Sampler, rng: torch.Generator, batches: int = 8) -> float:
    """The share of outputs that are right on fresh data."""
    right, count = 0, 0
    with torch.no_grad():
        for _ in range(batches):
            x, y = sampler(rng)
            raw = module(x)
            answer = raw.squeeze(-1).round().long() if raw.shape[-1] == 1 else raw.argmax(-1)
            right += int((answer == y).sum())
            count += y.numel()
    return right / count


STEPS = {"binary_addition": 4000, "tomita_4": 3000, "tomita_5": 6000, "distance": 12000, "digits": 3000}
SAMPLERS: dict[str, Sampler] = {
    "binary_addition": binary_addition,
    "tomita_4": tomita_4,
    "tomita_5": tomita_5,
    "distance": distance,
    "digits": digits,
}


def train(entry: Example) -> tuple[nn.Module, float]:
    """The trained module and its accuracy; raises nothing and tunes nothing."""
    torch.manual_seed(entry.seed)
    rng = torch.Generator().manual_seed(entry.seed)
    module, sampler, steps = entry.module(), SAMPLERS[entry.name], STEPS[entry.name]
    optimiser = torch.optim.AdamW(module.parameters(), lr=3e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=3e-3, total_steps=steps)
    for step in range(steps):
        x, y = sampler(rng)
        loss = loss_of(module(x), y)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 500 == 0:
            print(f"  {entry.name} step {step}/{steps} loss {loss.item():.5f}", flush=True)
    return module, _measured(entry, module, sampler)


def _measured(entry: Example, module: nn.Module, sampler: Sampler) -> float:
    if entry.name == "digits":
        x, y = (part[-297:] for part in _digits_data())
        with torch.no_grad():
            return float((module(x).argmax(-1) == y).float().mean())
    return accuracy_of(module, sampler, torch.Generator().manual_seed(entry.seed + 1))


def untrained(entry: Example) -> nn.Module:
    """Random weights whose recurrent gain keeps the state moving, and a head that gives both answers equally often."""
    torch.manual_seed(entry.seed)
    module = entry.module()
    with torch.no_grad():
        module.gru.weight_hh_l0 *= RECURRENT_GAIN
        raw = module(torch.randint(0, 2, (4096, 12)))
        module.head.bias[1] -= (raw[..., 1] - raw[..., 0]).median()
    return module


def main(wanted: list[str]) -> None:
    """Train the wanted networks (all of them if none is named) and write their weights."""
    torch.set_num_threads(1)
    for name in wanted or names():
        entry = example(name)
        module, accuracy = (untrained(entry), None) if name == "untrained" else train(entry)
        metadata = {
            "scrutable.inputs": entry.inputs,
            "scrutable.outputs": entry.outputs,
            "scrutable.architecture": f"scrutable.examples._modules:{entry.factory}",
            "scrutable.task": entry.task,
            "scrutable.seed": str(entry.seed),
            "scrutable.accuracy": "none: never trained" if accuracy is None else f"{accuracy:.6f}",
        }
        save_file(module.state_dict(), entry.path, metadata=metadata)
        print(f"{name}: accuracy {metadata['scrutable.accuracy']}, {entry.path.stat().st_size} bytes", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
