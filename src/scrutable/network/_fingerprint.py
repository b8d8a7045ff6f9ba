"""What tells one set of weights from another."""

from __future__ import annotations

import hashlib

import torch
from torch import nn


def weights_hash(module: nn.Module | None) -> str | None:
    """SHA-256 of names, types, shapes and values of all weights; None for functions."""
    if module is None:
        return None
    digest = hashlib.sha256()
    for key, tensor in module.state_dict().items():
        if isinstance(tensor, torch.Tensor):
            data = tensor.detach().cpu().contiguous()
            digest.update(f"{key} {data.dtype} {tuple(data.shape)}\n".encode())
            digest.update(data.reshape(-1).view(torch.uint8).numpy().tobytes() if data.numel() else b"")
    return digest.hexdigest()
