"""Networks from files. By default nothing in a file is run; formats that run code need the user's trust."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scrutable.errors import UserError
from scrutable.network._architecture import COMPILED, make_compiled, make_module, make_ours
from scrutable.network._domain import Domain
from scrutable.network._files import FileFacts, inspect_file, read_state_dict
from scrutable.network._network import Network
from scrutable.network._sklearn import is_estimator
from scrutable.network._spec import as_domain

SHOWN = 4


def load(
    path: str | Path,
    architecture: str | None = None,
    *,
    inputs: Domain | str | None = None,
    outputs: Domain | str | None = None,
    trust: bool = False,
    name: str | None = None,
) -> Network:
    """The network in a file.

    Arguments:
        path: a safetensors file or a PyTorch state dict (`.pt`, `.pth`).
        architecture: "package.module:function" that makes the module; the current directory can be imported from.
        inputs, outputs: domains or their specs. A safetensors file written for this package may name them (and one of
            the package's own architectures) in its metadata.
        trust: also load whole pickled modules, TorchScript, torch.export archives, pickles and joblib files. These can
            run any code: trust whoever made them first.
        name: for reports; the file's name without its ending if left out.

    Raises:
        UserError: see the text; every mistake of a file or an argument has its own.
    """
    path = Path(path)
    facts = inspect_file(path)
    if not facts.safe and not trust:
        raise UserError(facts.reason)
    domains = _domains(facts, inputs, outputs)
    if facts.safe:
        module, text = _with_weights(path, facts, architecture)
    else:
        module, text = _trusted(path, facts, architecture)
    if isinstance(module, nn.Module):
        module = _evaluating(module)
    network = Network(module, inputs=domains[0], outputs=domains[1], name=name or path.stem)
    return network.from_file(sha256=facts.sha256, file=facts.file, format=facts.format, checks=(text,))


def _domains(facts: FileFacts, inputs: Domain | str | None, outputs: Domain | str | None) -> tuple[Domain, Domain]:
    given = {"inputs": inputs, "outputs": outputs}
    found = {key: facts.metadata.get(f"scrutable.{key}") if value is None else value for key, value in given.items()}
    missing = [key for key, value in found.items() if value is None]
    if missing:
        raise UserError(
            f"got no {' and no '.join(missing)} for {facts.file}, expected what goes in and comes out; "
            'try inputs="Tokens(2, length=8)", outputs="Category(2)"'
        )
    first, second = (as_domain(value, what=key) for key, value in found.items())  # type: ignore[arg-type]
    return first, second


def _with_weights(path: Path, facts: FileFacts, architecture: str | None) -> tuple[nn.Module, str]:
    """The architecture with the file's weights in it, and a sentence about that."""
    named = facts.metadata.get("scrutable.architecture", "")
    if architecture is not None:
        module = make_module(architecture)
    elif named == COMPILED:
        module = make_compiled(facts.metadata.get("scrutable.settings", ""), parameters=facts.parameters)
    else:
        module = make_ours(named)
    if module is None:
        theirs = f" (the file names {named[:60]!r}, which is used only if you give it)" if named else ""
        raise UserError(
            f"got {facts.file} without an architecture{theirs}, expected the function that makes the module; "
            'try architecture="my_net:make_net"'
        )
    state = _safetensors(path) if facts.format == "safetensors" else read_state_dict(path)
    return module, fill(module, state, facts.file)


def _safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError, RuntimeError, AttributeError) as error:
        raise UserError(f"got {path.name} that cannot be read ({str(error)[:100]}), expected safetensors") from error


def fill(module: nn.Module, state: Mapping[str, Tensor], file: str) -> str:
    """Put weights into a module; a sentence about it.

    Raises:
        UserError: names or shapes do not match; the first few of each kind are named.
    """
    own = module.state_dict()
    shapes = {key: tuple(t.shape) for key, t in own.items() if isinstance(t, Tensor)}
    missing = [key for key in own if key not in state]
    unexpected = [key for key in state if key not in own]
    wrong = [
        f"{key} {tuple(state[key].shape)}, not {shapes[key]}"
        for key in shapes
        if key in state and tuple(state[key].shape) != shapes[key]
    ]
    reasons = [_some(what, keys) for what, keys in (("without", missing), ("with unknown", unexpected)) if keys]
    reasons += [_some("with wrong shapes:", wrong)] if wrong else []
    if reasons:
        raise UserError(
            f"got {file} {', '.join(reasons)}, expected the weights of {type(module).__name__}; try its class"
        )
    dtypes = {t.dtype for t in state.values() if t.is_floating_point()}
    if len(dtypes) == 1 and dtypes <= {torch.float32, torch.float64}:
        module.to(next(iter(dtypes)))
    with torch.no_grad():
        module.load_state_dict(dict(state))
    kinds = ", ".join(sorted(str(d).removeprefix("torch.") for d in dtypes)) or "no floating type"
    return f"{len(state)} tensors of {file} ({kinds}) fill the architecture exactly, by name and shape"


def _some(what: str, keys: list[str]) -> str:
    shown = ", ".join(key[:80] for key in keys[:SHOWN])
    return f"{what} {shown}{f' and {len(keys) - SHOWN} more' if len(keys) > SHOWN else ''}"


def _evaluating(module: nn.Module) -> nn.Module:
    try:
        return module.eval()
    except NotImplementedError:  # exported programs are in one mode for good
        return module


def _trusted(path: Path, facts: FileFacts, architecture: str | None) -> tuple[Any, str]:
    """Whatever a trusted file holds, as something that can be called."""
    try:
        found = _unpickled(path, facts)
    except Exception as error:  # user code runs here
        raise UserError(f"got {type(error).__name__} while loading {facts.file}: {str(error)[:160]}") from error
    if isinstance(found, Mapping):
        if architecture is None:
            raise UserError(f'got weights in {facts.file}, expected their architecture; try "my_net:make_net"')
        module = make_module(architecture)
        return module, fill(module, {str(k): v for k, v in found.items() if isinstance(v, Tensor)}, facts.file)
    text = f"{facts.format} loaded on trust: code in the file was run"
    if isinstance(found, nn.Module):
        return found, text
    return _callable(found, facts), text


def _unpickled(path: Path, facts: FileFacts) -> Any:
    if facts.format == "TorchScript":
        return torch.jit.load(str(path), map_location="cpu")
    if facts.format == "torch.export":
        exported = torch.export.load(str(path)).module()
        return lambda x: exported(x)
    if facts.format == "pickled module":
        return torch.load(path, weights_only=False, map_location="cpu")
    import joblib  # type: ignore[import-untyped]

    return joblib.load(path)


def _callable(found: Any, facts: FileFacts) -> Callable[..., Any]:
    """An estimator as it is; else a function on arrays: the object itself, or its `predict_proba` or `predict`."""
    if is_estimator(found):
        return found
    for method in ("predict_proba", "predict"):
        if hasattr(found, method):
            return getattr(found, method)
    if callable(found):
        return found
    raise UserError(f"got a {type(found).__name__} in {facts.file}, expected a module, function or estimator")
