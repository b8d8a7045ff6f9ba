"""Training of the transformer: ordinary descent on fresh strings, to be gone on with later where it was left."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch.nn import functional as F

from scrutable.bench.parens._network import LENGTH, Balance
from scrutable.bench.parens._strings import balanced, strings
from scrutable.network import Bits, Category, Network
from scrutable.work import generator, write_atomically

WEIGHTS = Path(__file__).parent / "weights" / "balance.safetensors"
BATCH, RATE, STEPS = 256, 3e-3, 1500
KEEP_EVERY = 250


def train(seconds: float, checkpoint: Path, *, seed: int = 0) -> tuple[Balance, int]:
    """The module after some seconds of processor time, or when it has had 1500 steps, and the steps it has had.

    Arguments:
        checkpoint: where training is left, and gone on with when it is there.
    """
    torch.manual_seed(seed)
    module = Balance()
    optimiser = torch.optim.Adam(module.parameters(), lr=RATE)
    step, started = 0, time.process_time()
    if checkpoint.exists():
        held: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        module.load_state_dict(held["module"])
        optimiser.load_state_dict(held["optimiser"])
        step = held["step"]
    while step < STEPS and time.process_time() - started < seconds:
        optimiser.param_groups[0]["lr"] = RATE * min(1.0, 2 * (1 - step / STEPS))
        x = strings(BATCH, generator(seed, "parens", step))
        loss = F.cross_entropy(module(torch.from_numpy(x)), torch.from_numpy(balanced(x)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        if step % KEEP_EVERY == 0:
            state = {"module": module.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
            torch.save(state, checkpoint)
            print(f"step {step}: loss {loss.item():.4f}", flush=True)
    return module.eval(), step


def keep(module: Balance, path: Path = WEIGHTS) -> None:
    """Write the weights in half precision."""
    write_atomically(path, save({name: w.half().contiguous() for name, w in module.state_dict().items()}))


def network(path: Path = WEIGHTS) -> Network:
    """The trained network."""
    module = Balance()
    module.load_state_dict({name: w.float() for name, w in load_file(path).items()})
    return Network(module, inputs=Bits(LENGTH), outputs=Category(2), name="balance")


def share_right(net: Network, n: int = 20_000) -> float:
    """The share of fresh strings that a network judges rightly."""
    x = strings(n, generator(1, "parens", "fresh"))
    return float(np.mean(net.predict(x) == balanced(x)))
