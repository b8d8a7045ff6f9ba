"""What a pickle would import if it were loaded, found by reading its opcodes. Nothing is run. Needs no torch."""

from __future__ import annotations

import io
import pickletools
import zipfile
from pathlib import Path

LARGEST_SCAN = 200 * 2**20
TORCH_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"


def is_pickle(start: bytes) -> bool:
    """Whether the first bytes are those of a binary pickle."""
    return len(start) >= 2 and start[0] == 0x80 and 2 <= start[1] <= 5


def globals_of(data: bytes) -> tuple[str, ...]:
    """The names that a pickle refers to, such as "os.system"; those before the first damaged byte."""
    found: dict[str, None] = {}
    texts: list[str] = []
    stream = io.BytesIO(data)
    try:
        while stream.tell() < len(data):
            for opcode, argument, _ in pickletools.genops(stream):
                if opcode.name in ("GLOBAL", "INST"):
                    found[str(argument).replace(" ", ".")] = None
                elif opcode.name == "STACK_GLOBAL" and len(texts) >= 2:
                    found[".".join(texts[-2:])] = None
                elif isinstance(argument, str):
                    texts.append(argument)
    except Exception:  # pickletools raises many kinds of error for bytes that are no pickle
        pass
    return tuple(found)


def largest_number(data: bytes, *, pickles: int) -> int:
    """The largest whole number in the first few pickles of a file, the first (a magic number) left out."""
    largest, stream = 0, io.BytesIO(data)
    try:
        for index in range(pickles):
            numbers = [a for _, a, _ in pickletools.genops(stream) if type(a) is int]
            largest = max(largest, *numbers, 0) if index else 0
    except Exception:  # damaged; loading it says so
        pass
    return largest


def pickle_of(path: Path) -> bytes:
    """The pickle inside a file: itself, or the `data.pkl` of a PyTorch archive."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.endswith("data.pkl") and info.file_size <= LARGEST_SCAN:
                    return archive.read(info)
        return b""
    with path.open("rb") as file:
        return file.read(LARGEST_SCAN)


def harmless(name: str) -> bool:
    """Whether `torch.load(weights_only=True)` is likely to allow a name; used only to shorten messages."""
    return name in (
        "collections.OrderedDict",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_parameter",
    ) or (name.startswith("torch.") and name.endswith("Storage"))
