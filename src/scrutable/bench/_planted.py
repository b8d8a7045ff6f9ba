"""Networks whose variables are known to live at given sites: interchange intervention training.

Beside the program's answers a network is taught, with a site taken from another input, the program's answers with the
variable taken from there (Geiger et al., "Inducing causal structure for interpretable neural networks", 2022, arXiv
2112.00826). Each variable is then where it was put, which ordinary training leaves open.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scrutable.errors import UserError
from scrutable.network import Domain, Network
from scrutable.program import Program, Setting
from scrutable.verify.scrubbing._spots import Spot
from scrutable.work import generator

BATCH, RATE = 256, 5e-3


@final
@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Inputs with answers; with a site taken from `source`, where there is one."""

    base: np.ndarray
    answers: np.ndarray
    site: str = ""
    source: np.ndarray | None = None


def trained_to(
    program: Program,
    module: nn.Module,
    *,
    inputs: Domain,
    outputs: Domain,
    sites: Mapping[str, str],
    steps: int = 600,
    seed: int = 0,
) -> Network:
    """A copy of a module, trained until it answers as a program does and holds its variables at sites.

    Arguments:
        inputs: what inputs are drawn from, uniformly. outputs: labels.
        sites: variable, with one value for each input, to site; none for ordinary training of the same length.
        steps: of gradient descent, each on 256 inputs for the answers and 256 pairs for each variable.

    Raises:
        UserError: outputs are not labels, or there is no such variable or site.
        NotCaptured: the module's forward cannot be followed.
    """
    if outputs.classes is None:
        raise UserError(f"got {outputs.spec} outputs to teach, expected labels such as Category(2)")
    network = Network(copy.deepcopy(module), inputs=inputs, outputs=outputs)
    weights = {name: w.detach().clone().requires_grad_(True) for name, w in module.named_parameters()}
    optimiser = torch.optim.Adam(weights.values(), lr=RATE)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = RATE * min(1.0, 2 * (1 - step / steps))
        rng = generator(seed, "planted", step)
        loss = torch.stack([_loss(network, weights, each) for each in _lessons(program, inputs, sites, rng)]).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    taught = copy.deepcopy(module)
    taught.load_state_dict({**module.state_dict(), **{name: w.detach() for name, w in weights.items()}})
    return Network(taught, inputs=inputs, outputs=outputs)


def _lessons(program: Program, inputs: Domain, sites: Mapping[str, str], rng: np.random.Generator) -> list[Lesson]:
    base, source = inputs.sample(BATCH, rng), inputs.sample(BATCH, rng)
    lessons = [Lesson(base, np.asarray(program(base)))]
    held = program.run(source) if sites else {}
    for name, site in sites.items():
        if name not in held:
            raise UserError(f"got the variable {name!r}, expected one of the program's: {', '.join(program.variables)}")
        run = program.run(base, set={name: Setting(held[name])})
        lessons.append(Lesson(base, np.asarray(run[program.outputs[0]]), site, source))
    return lessons


def _loss(network: Network, weights: Mapping[str, Tensor], lesson: Lesson) -> Tensor:
    """The cross-entropy of a lesson's answers under some weights."""
    captured = network.captured
    graph, edits = captured.graph, {}
    known = {name: w for name, w in weights.items() if name in graph.names}
    if lesson.source is not None:
        spot = Spot.of(graph, lesson.site)
        given = {graph.nodes[0].name: captured.tensor(lesson.source), **known}
        new = spot.read(graph.evaluate([spot.name], given)[spot.name])
        edits[spot.name] = lambda value: spot.put(value, new)
    given = {graph.nodes[0].name: captured.tensor(lesson.base), **known}
    raw = captured.arranged(graph.evaluate(["output"], given, edits=edits)["output"], lesson.base)
    return F.cross_entropy(raw.reshape(-1, raw.shape[-1]), torch.from_numpy(lesson.answers.reshape(-1)).long())
