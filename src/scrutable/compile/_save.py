"""A compiled network as two files: safetensors that every command can load, and a plain description of what it is."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import save as tensor_bytes

from scrutable.compile._compile import Compiled
from scrutable.hypothesis import plain
from scrutable.work import write_atomically, write_json

ARCHITECTURE = "scrutable.compile._transformer:Transformer"


def save(compiled: Compiled, path: str | Path) -> tuple[Path, Path]:
    """Write the weights to `path` and the description beside it, ending in `.json`.

    The safetensors file names its architecture, sizes and domains, so that `scrutable.load(path)` needs nothing else.
    The description holds the program, the circuit, where each variable is held, and the agreement.

    Raises:
        UserError: the folder cannot be written to.
    """
    path = Path(path)
    metadata = {
        "scrutable.architecture": ARCHITECTURE,
        "scrutable.settings": json.dumps(compiled.module.settings),
        "scrutable.inputs": compiled.inputs.spec,
        "scrutable.outputs": compiled.outputs.spec,
    }
    described = path.with_suffix(".json")
    write_atomically(path, tensor_bytes(compiled.module.state_dict(), metadata=metadata))
    write_json(described, description(compiled))
    return path, described


def description(compiled: Compiled) -> dict[str, Any]:
    """What a compiled network is, as plain data."""
    return {
        "program": compiled.program.to_data(),
        "source": compiled.program.source,
        "inputs": compiled.inputs.spec,
        "outputs": compiled.outputs.spec,
        "options": asdict(compiled.options),
        "seed": compiled.seed,
        "settings": compiled.module.settings,
        "circuit": compiled.circuit.to_data(),
        "directions": {name: rows.tolist() for name, rows in compiled.directions.items()},
        "agreement": plain(compiled.agreement) | {"interval": plain(compiled.agreement.interval)},
        "undisturbed": plain(compiled.undisturbed),
    }
