"""Interventions against plain hooks and other libraries: `python bench/engine.py` writes docs/_measured/engine.md.

1000 interchange interventions replace what the branch of one of four residual blocks gives (width 64, 16 positions),
one request at a time (of the engine also all asked for at once) and in batches of 64. Sources were read before the
clock starts wherever a method can keep them ("cached"). Asked all at once, the engine starts with nothing but its
captured graph. Process CPU time, the best of REPEATS runs, one thread, all methods in turn; answers are compared with
the hooks'. The peers are optional: pip install nnsight pyvene.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scrutable.network.engine import Engine, Swap

TARGET = Path(__file__).parents[1] / "docs" / "_measured" / "engine.md"
WIDTH, POSITIONS, BLOCKS, INPUTS, REQUESTS, BATCH, REPEATS = 64, 16, 4, 64, 1000, 64, 5


class Attention(nn.Module):
    """Attention with four heads."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.qkv, self.out = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Mixed positions."""
        n, length, _ = x.shape
        q, k, v = (t.view(n, length, 4, -1).transpose(1, 2) for t in self.qkv(self.norm(x)).chunk(3, -1))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(mixed.transpose(1, 2).reshape(n, length, WIDTH))


class Block(nn.Module):
    """A residual block; the value that is replaced is what `branch` gives."""

    def __init__(self, *, attention: bool) -> None:
        super().__init__()
        self.attention = Attention() if attention else None
        layers = nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH)
        self.branch = nn.Sequential(nn.LayerNorm(WIDTH), *layers)

    def forward(self, x: Tensor) -> Tensor:
        """The value with both branches added."""
        if self.attention is not None:
            x = x + self.attention(x)
        return x + self.branch(x)


class Net(nn.Module):
    """Four residual blocks between two linear maps."""

    def __init__(self, *, attention: bool) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(8, WIDTH), nn.Linear(WIDTH, 8)
        self.blocks = nn.ModuleList(Block(attention=attention) for _ in range(BLOCKS))

    def forward(self, x: Tensor) -> Tensor:
        """Answers."""
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return self.last(x)


def requests(batch: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Bases and sources, in batches."""
    rng = np.random.default_rng(1)
    bases, sources = rng.integers(INPUTS, size=(2, REQUESTS))
    cuts = range(0, REQUESTS, batch)
    return [(bases[i : i + batch], sources[i : i + batch]) for i in cuts]


Run = Callable[[], Tensor]


def hook(module: nn.Module, block: int, x: Tensor, batch: int, *, cached: bool) -> Run:
    """A forward hook that replaces the value."""
    branch = module.blocks[block].branch  # type: ignore[union-attr]

    def read(rows: Tensor) -> Tensor:
        seen: list[Tensor] = []
        handle = branch.register_forward_hook(lambda _, __, output: seen.append(output))
        module(rows)
        handle.remove()
        return seen[0]

    kept = read(x) if cached else None

    def run() -> Tensor:
        results = []
        for base, source in requests(batch):
            value = kept[source] if kept is not None else read(x[source])
            handle = branch.register_forward_hook(lambda _, __, ___, value=value: value)
            results.append(module(x[base]))
            handle.remove()
        return torch.cat(results)

    return run


def engine_singly(module: nn.Module, block: int, x: Tensor, batch: int) -> Run:
    """The engine, each batch a call of its own; the runs before the site are kept between calls."""
    engine, site = _ready(module, x), f"blocks.{block}.branch"

    def run() -> Tensor:
        return torch.cat([engine.interchange(x, [Swap(base, {site: source})]) for base, source in requests(batch)])

    return run


def engine_fused(module: nn.Module, block: int, x: Tensor, batch: int) -> Run:
    """The engine, all requests in one call, nothing kept from the call before."""
    engine, site = _ready(module, x), f"blocks.{block}.branch"

    def run() -> Tensor:
        engine.bank.clear()
        return engine.interchange(x, [Swap(base, {site: source}) for base, source in requests(batch)])

    return run


def _ready(module: nn.Module, x: Tensor) -> Engine:
    engine = Engine(module)
    engine.graph(x)
    return engine


def nnsight(module: nn.Module, block: int, x: Tensor, batch: int) -> Run:
    """nnsight, sources kept."""
    from nnsight import NNsight

    model = NNsight(module)
    with model.trace(x):
        kept = model.blocks[block].branch.output.save()

    def run() -> Tensor:
        results = []
        for base, source in requests(batch):
            value = kept[source]
            with model.trace(x[base]):
                model.blocks[block].branch.output = value
                output = model.output.save()
            results.append(output)
        return torch.cat(results)

    return run


def pyvene(module: nn.Module, block: int, x: Tensor, batch: int) -> Run:
    """pyvene, sources kept; it is told of this kind of module as of one of its own."""
    import pyvene as pv
    from pyvene.models.intervenable_modelcard import type_to_dimension_mapping, type_to_module_mapping

    name = "branch"
    type_to_module_mapping[type(module)] = {name: ("blocks[%s].branch", "register_forward_hook")}
    type_to_dimension_mapping[type(module)] = {name: (str(WIDTH),)}
    module.config = type("Config", (), {"hidden_size": WIDTH})()  # type: ignore[assignment]
    model = pv.IntervenableModel(
        pv.IntervenableConfig([{"layer": block, "component": name, "intervention_type": pv.VanillaIntervention}]),
        model=module,
    )
    found: list[Tensor] = []
    handle = module.blocks[block].branch.register_forward_hook(lambda _, __, output: found.append(output))  # type: ignore[union-attr]
    module(x)
    handle.remove()
    key = next(iter(model.interventions))

    def run() -> Tensor:
        results = []
        for base, source in requests(batch):
            _, output = model({"x": x[base]}, source_representations={key: found[0][source]}, unit_locations=None)
            results.append(output)
        return torch.cat(results)

    return run


METHODS: dict[str, Callable[..., Run]] = {
    "torch hook, sources run again": lambda *a: hook(*a, cached=False),
    "torch hook, sources cached": lambda *a: hook(*a, cached=True),
    "nnsight, sources cached": nnsight,
    "pyvene, sources cached": pyvene,
    "engine, one call for each": engine_singly,
    "engine, all in one call": engine_fused,
}
HOOK = "torch hook, sources cached"


def measure(module: nn.Module, x: Tensor, block: int, batch: int, methods: list[str]) -> dict[str, float | str]:
    """CPU milliseconds of each method, or why there are none."""
    runs: dict[str, Run] = {}
    found: dict[str, float | str] = {}
    for name in methods:
        try:
            runs[name] = METHODS[name](module, block, x, batch)
            apart = float((runs[name]() - runs[methods[0]]()).abs().max())
            assert apart < 1e-5, f"answers {apart:.1g} from the hook's"
        except Exception as error:
            runs.pop(name, None)
            found[name] = f"{type(error).__name__}: {str(error)[:60]}"
    for _ in range(REPEATS):
        for name, run in runs.items():
            started = time.process_time()
            run()
            taken = 1000 * (time.process_time() - started)
            found[name] = min(taken, found.get(name, taken))  # type: ignore[type-var]
    return found


def nets() -> dict[str, tuple[nn.Module, Tensor]]:
    """The two networks and their inputs."""
    torch.manual_seed(0)
    return {
        "transformer": (Net(attention=True).eval(), torch.randn(INPUTS, POSITIONS, 8)),
        "MLP": (Net(attention=False).eval(), torch.randn(INPUTS, 8)),
    }


def table() -> list[str]:
    """All methods at the second block."""
    columns = {(n, b): measure(*nets()[n], 1, b, list(METHODS)) for n in nets() for b in (1, BATCH)}
    lines = ["| method | " + " | ".join(f"{name}, batch {batch}" for name, batch in columns) + " |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    for method in METHODS:
        cells = [_cell(found[method], found[HOOK]) for found in columns.values()]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return lines


def depths() -> list[str]:
    """The engine in batches, for each block, against the cached hook."""
    ways = "engine, one call for each", "engine, all in one call"
    lines = ["| batch 64, block | " + " | ".join(map(str, range(BLOCKS))) + " |", "|---" * (BLOCKS + 1) + "|"]
    for name, (module, x) in nets().items():
        found = [measure(module, x, block, BATCH, [HOOK, *ways]) for block in range(BLOCKS)]
        for way in ways:
            lines.append(f"| {name}, {way} | " + " | ".join(_cell(f[way], f[HOOK]) for f in found) + " |")
    return lines


def _cell(value: float | str, hook: float | str) -> str:
    if isinstance(value, str) or isinstance(hook, str):
        return f"none ({value})"
    return f"{value:.1f} ({value / hook:.3f})"


def imports() -> list[str]:
    """What importing costs, in CPU seconds: the median ratio of pairs of fresh processes, one after the other."""
    code = "import time; t = time.process_time(); {}; print(time.process_time() - t)"
    ways = "import torch", "import scrutable.network.engine"
    pairs = [[_seconds(code.format(way)) for way in ways] for _ in range(REPEATS)]
    ratio = statistics.median(ours / torch_ for torch_, ours in pairs)
    return [f"`import scrutable.network.engine` takes {ratio:.2f} of the time of `import torch` alone."]


def _seconds(code: str) -> float:
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Measure everything and write the tables."""
    torch.set_num_threads(1)
    with torch.no_grad():
        parts = [table(), depths(), imports()]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    head = f"CPU ms for {REQUESTS} interventions on {INPUTS} inputs (ratio to the torch hook with cached sources).\n\n"
    TARGET.write_text(head + "\n\n".join("\n".join(part) for part in parts) + "\n")
    print(TARGET.read_text())


if __name__ == "__main__":
    main()
