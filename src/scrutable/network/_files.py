"""What a model file is, from its first bytes and its header. Nothing in the file is run."""

from __future__ import annotations

import hashlib
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from scrutable.errors import UserError
from scrutable.network._pickles import TORCH_LEGACY, globals_of, harmless, is_pickle, largest_number, pickle_of
from scrutable.network._safetensors import TensorFacts, looks_like_safetensors, read_header

Format = Literal["safetensors", "state dict", "pickled module", "TorchScript", "torch.export", "pickle", "unknown"]
LARGEST_ENTRY_PICKLE = 100 * 10**6
_BROKEN_ARCHIVE = (ValueError, NotImplementedError, RuntimeError, EOFError)  # what zipfile raises on damaged entries
WRAPPERS = ("state_dict", "model_state_dict", "model")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is in a model file.

    Arguments:
        file: its name without the folder. size: in bytes. sha256: of its bytes.
        tensors: what it holds, as far as that is known without running anything. metadata: free text by name.
        safe: whether it can be loaded without running code from it; `reason` says why not, in one sentence.
        dtype: of the first floating tensor, or "none".
    """

    file: str
    size: int
    sha256: str
    format: Format
    safe: bool
    reason: str = ""
    tensors: tuple[TensorFacts, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """How many numbers the tensors are."""
        return sum(math.prod(t.shape) for t in self.tensors)

    @property
    def dtype(self) -> str:
        """The dtype of the first floating tensor, or "none"."""
        return next((t.dtype for t in self.tensors if "float" in t.dtype), "none")


def inspect_file(path: str | Path) -> FileFacts:
    """What a model file is: format, hash, tensors, and whether it can be loaded safely. Weights are not read.

    Cost: one pass over the file for its hash. Torch is needed only for `.pt` and `.pth` files.

    Raises:
        UserError: no such file, or a damaged one.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise UserError(f"got {path}, expected a model file; there is no file of that name")
        return _inspect(path)
    except (OSError, zipfile.BadZipFile, zlib.error, struct.error, *_BROKEN_ARCHIVE) as error:
        raise UserError(f"got {path.name} that cannot be read ({str(error)[:80]}), expected a model file") from error


def _inspect(path: Path) -> FileFacts:
    size, digest = path.stat().st_size, _sha256(path)
    with path.open("rb") as file:
        start = file.read(64)
    if path.suffix == ".safetensors" or looks_like_safetensors(start, size):
        header = read_header(path)
        return FileFacts(
            path.name, size, digest, "safetensors", safe=True, tensors=header.tensors, metadata=header.metadata
        )
    format_ = _format(path, start)
    if format_ != "state dict":
        return FileFacts(path.name, size, digest, format_, safe=False, reason=refusal(path, format_))
    try:
        state = read_state_dict(path, meta=True)
    except UserError:
        blocked = blocked_globals(path)
        if not blocked:
            raise
        reason = refusal(path, "pickled module", blocked)
        return FileFacts(path.name, size, digest, "pickled module", safe=False, reason=reason)
    tensors = tuple(TensorFacts(name, str(t.dtype).removeprefix("torch."), tuple(t.shape)) for name, t in state.items())
    return FileFacts(path.name, size, digest, "state dict", safe=True, tensors=tensors)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _format(path: Path, start: bytes) -> Format:
    """The format from the content; the ending of the name only where the content says nothing."""
    if start.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        if any(
            n.endswith(("/archive_format", "serialized_exported_program.json")) or n == "archive_format" for n in names
        ):
            return "torch.export"
        if any(n.endswith("/constants.pkl") or "/code/" in n for n in names):
            return "TorchScript"
        return "state dict" if any(n.endswith("/data.pkl") for n in names) else "unknown"
    if start.startswith(TORCH_LEGACY):
        return "state dict"
    if is_pickle(start) or path.suffix in (".pkl", ".pickle", ".joblib"):
        return "pickle"
    return "state dict" if path.suffix in (".pt", ".pth", ".bin") and is_pickle(start) else "unknown"


def blocked_globals(path: Path) -> tuple[str, ...]:
    """The names in a PyTorch checkpoint that safe loading does not allow. Nothing is run."""
    import torch

    try:
        return tuple(sorted(torch.serialization.get_unsafe_globals_in_checkpoint(str(path))))
    except Exception:  # old formats and damaged files: list them from the opcodes instead
        return tuple(name for name in globals_of(pickle_of(path)) if not harmless(name))


def refusal(path: Path, format_: Format, names: tuple[str, ...] = ()) -> str:
    """Why a file is not loaded, in one sentence."""
    instead = "expected safetensors, or a state dict with its architecture"
    if format_ == "unknown":
        return f"got {path.name} of an unknown format, {instead}"
    names = names or tuple(n for n in globals_of(pickle_of(path)) if not harmless(n))
    named = f" (it names {', '.join(n[:60] for n in names[:5])}{', ...' if len(names) > 5 else ''})" if names else ""
    what = {"pickle": "a pickle", "TorchScript": "TorchScript", "torch.export": "a torch.export archive"}
    return (
        f"got {path.name}, {what.get(format_, 'a pickled module')}, which can run any code when it is loaded{named}, "
        f"{instead}; try torch.save(model.state_dict(), ...), or --trust (trust=True) if you trust whoever made it"
    )


def read_state_dict(path: Path, *, meta: bool = False) -> dict[str, Any]:
    """The tensors of a PyTorch checkpoint by name, loaded with `weights_only=True`.

    A dictionary under "state_dict", "model_state_dict" or "model" is taken, and a common "module." prefix removed.

    Arguments:
        meta: names, dtypes and shapes only, without the numbers.

    Raises:
        UserError: damaged, not a state dict, or sizes that lie.
    """
    import torch

    _check_archive(path)
    try:
        data = torch.load(path, weights_only=True, map_location="meta" if meta else "cpu")
    except Exception as error:  # a damaged checkpoint can raise anything
        text = (str(error).splitlines() or [repr(error)])[0][:120]
        raise UserError(
            f"got {path.name} that PyTorch cannot load safely ({text}), "
            "expected a state dict; try writing it again with torch.save(model.state_dict(), ...)"
        ) from error
    for wrapper in WRAPPERS:
        if isinstance(data, Mapping) and isinstance(data.get(wrapper), Mapping):
            data = data[wrapper]
    if not isinstance(data, Mapping) or not data or not all(isinstance(t, torch.Tensor) for t in data.values()):
        raise UserError(f"got {path.name} holding {_contents(data)}, expected a state dict: tensors by name")
    state = {str(name): tensor for name, tensor in data.items()}
    if all(name.startswith("module.") for name in state):
        state = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    _check_tensors(path, state)
    return state


def _contents(data: Any) -> str:
    if isinstance(data, Mapping):
        return f"a dictionary of {', '.join(str(k)[:30] for k in list(data)[:5]) or 'nothing'}"
    return f"a {type(data).__name__}"


def _check_archive(path: Path) -> None:
    """Refuse compressed entries, whose true size a file can hide, a huge pickle, and sizes beyond an old-style file."""
    if not zipfile.is_zipfile(path):
        if largest_number(pickle_of(path), pickles=4) > max(path.stat().st_size, 2**16):
            raise UserError(f"got {path.name} that claims more than it stores, expected one that torch.save wrote")
        return
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            packed = info.compress_type != zipfile.ZIP_STORED or info.file_size > path.stat().st_size
            if packed or (info.filename.endswith(".pkl") and info.file_size > LARGEST_ENTRY_PICKLE):
                raise UserError(f"got {path.name} with a compressed or huge entry, expected one that torch.save wrote")


def _check_tensors(path: Path, state: Mapping[str, Any]) -> None:
    """Refuse tensors that claim more numbers than are stored."""
    total = path.stat().st_size
    for name, tensor in state.items():
        if tensor.layout is not _strided() or tensor.numel() * tensor.element_size() > total:
            raise UserError(
                f"got {path.name} with {name[:60]!r} of {tensor.numel()} numbers, expected them in the file"
            )


def _strided() -> Any:
    import torch

    return torch.strided
