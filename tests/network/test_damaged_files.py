"""Files that are damaged, lie about their size, or hold random bytes: a result or a user's error, nothing else."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import mlp
from safetensors.torch import save_file

from scrutable.errors import UserError
from scrutable.network import inspect_file, load

fuzz = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def header(entries: dict, payload: bytes = b"") -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + payload


def entry(**changes: object) -> dict:
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}}


@pytest.mark.parametrize(
    "content, reason",
    [
        (struct.pack("<Q", 2**40) + b"{}", "a header of 1099511627776 bytes in a file of 10"),
        (struct.pack("<Q", 50) + b"{}", "a header of 50 bytes"),
        (b"abc", "a header of"),
        (header(entry(shape=[2**60]), bytes(8)), "in bytes 0 to 8 of 8"),
        (header(entry(shape=[-2]), bytes(8)), "not numbers"),
        (header(entry(shape=[2.0]), bytes(8)), "not numbers"),
        (header(entry(data_offsets=[0, 999]), bytes(8)), "of 8"),
        (header(entry(data_offsets=[8, 0]), bytes(8)), "of 8"),
        (header(entry(data_offsets=[0]), bytes(8)), "no dtype, shape and data_offsets"),
        (header(entry(dtype="Q9"), bytes(8)), "of type 'Q9'"),
        (header(entry(), bytes(12)), "4 bytes that belong to no tensor"),
        (header({**entry(), "b": entry()["a"]}, bytes(8)), "overlap"),
        (header({"__metadata__": {"a": 1}}), "metadata that are not text"),
        (header({"a": 3}), "no dtype"),
        (struct.pack("<Q", 7) + b'{"a":1,', "not JSON"),
        (struct.pack("<Q", 13) + b'{"a":1,"a":1}', "occurs twice"),
        (struct.pack("<Q", 20_000) + b"[" * 20_000, "not JSON"),
        (struct.pack("<Q", 2) + b"[]", "not a dictionary"),
    ],
)
def test_safetensors_headers_that_lie(tmp_path: Path, content: bytes, reason: str):
    path = tmp_path / "net.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError, match=reason):
        inspect_file(path)


def test_an_old_style_file_that_claims_more_than_it_stores(tmp_path: Path):
    path = tmp_path / "old.pt"
    torch.save({"a": torch.zeros(70_000)}, path, _use_new_zipfile_serialization=False)
    inspect_file(path)
    sound = path.read_bytes()
    assert sound.count(struct.pack("<i", 70_000)) >= 2
    path.write_bytes(sound.replace(struct.pack("<i", 70_000), struct.pack("<i", 2**31 - 1)))
    with pytest.raises(UserError, match="claims more than it stores"):
        inspect_file(path)


def test_a_view_that_claims_more_than_is_stored(tmp_path: Path):
    path = tmp_path / "view.pt"
    torch.save({"a": torch.zeros(1).expand(10**12)}, path)
    with pytest.raises(UserError, match="of 1000000000000 numbers, expected them in the file"):
        inspect_file(path)


def test_a_compressed_archive_is_refused(tmp_path: Path):
    path = tmp_path / "net.pt"
    torch.save(mlp().state_dict(), path)
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    with pytest.raises(UserError, match="compressed or huge entry"):
        inspect_file(path)


def survives(path: Path) -> None:
    """Inspecting and loading give a result or a user's error, nothing else."""
    for attempt in (
        inspect_file,
        lambda p: load(p, "networks:mlp", inputs="Reals(-1.0, 1.0, channels=2)", outputs="Reals()"),
    ):
        try:
            attempt(path)
        except UserError as error:
            assert "expected" in str(error)


@fuzz
@given(st.sampled_from(["safetensors", "pt", "pth", "pkl", "joblib", "x"]), st.binary(max_size=200))
def test_random_bytes(tmp_path: Path, end: str, content: bytes):
    path = tmp_path / f"random.{end}"
    path.write_bytes(content)
    survives(path)


@pytest.mark.filterwarnings("ignore")
@fuzz
@given(
    st.sampled_from(["safetensors", "pt", "pth"]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6),
    st.floats(0, 1),
    st.booleans(),
)
def test_damaged_and_truncated_files(tmp_path: Path, end: str, changes: list, keep: float, truncate: bool):
    sound = tmp_path / f"sound.{end}"
    if not sound.exists():
        state = mlp().state_dict()
        save_file(state, sound) if end == "safetensors" else torch.save(
            state, sound, _use_new_zipfile_serialization=end == "pt"
        )
    content = bytearray(sound.read_bytes())
    for where, byte in changes:
        content[int(where * (len(content) - 1))] = byte
    path = tmp_path / f"damaged.{end}"
    path.write_bytes(content[: int(keep * len(content))] if truncate else content)
    survives(path)


@fuzz
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["a", "dtype", "shape", "__metadata__"]), inner)
        ),
        max_leaves=8,
    )
)
def test_any_json_as_a_header(tmp_path: Path, data: object):
    path = tmp_path / "header.safetensors"
    text = json.dumps({"a": data} if not isinstance(data, dict) else data).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    survives(path)
