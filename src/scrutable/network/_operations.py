"""Which operations of torch are affine in a value, and which are activations."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from scrutable.network._layers import Activation

CASTS = frozenset({"float", "double", "to", "type", "contiguous", "clone", "detach", "type_as", "cpu"})
"""Methods that leave the value of a number as it is, in double precision."""

AFFINE_MODULES = (
    nn.Linear,
    nn.Identity,
    nn.Flatten,
    nn.Unflatten,
    nn.Conv1d,
    nn.Conv2d,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.AvgPool1d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool1d,
    nn.AdaptiveAvgPool2d,
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
)

BILINEAR: dict[Any, bool] = {
    operator.mul: True,
    torch.mul: True,
    "mul": True,
    operator.matmul: True,
    torch.matmul: True,
    torch.mm: True,
    "matmul": True,
    "mm": True,
    operator.truediv: False,
    torch.div: False,
    "div": False,
    F.linear: False,
}
"""Affine in one argument as long as the other does not depend on the inputs; False: only in the first."""

AFFINE_FUNCTIONS: frozenset[Any] = frozenset(
    {
        *BILINEAR,
        operator.add,
        operator.sub,
        operator.neg,
        operator.getitem,
        torch.add,
        torch.sub,
        torch.neg,
        torch.cat,
        torch.stack,
        torch.flatten,
        torch.reshape,
        torch.squeeze,
        torch.unsqueeze,
        torch.transpose,
        torch.permute,
        torch.sum,
        torch.mean,
        torch.addmm,
        F.dropout,
        F.avg_pool1d,
        F.avg_pool2d,
        F.conv1d,
        F.conv2d,
        "add",
        "sub",
        "neg",
        "view",
        "reshape",
        "flatten",
        "squeeze",
        "unsqueeze",
        "transpose",
        "permute",
        "sum",
        "mean",
        "expand",
        "select",
        "narrow",
    }
)

IN_PLACE: dict[Any, Any] = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
    "add_": "add",
    "sub_": "sub",
    "mul_": "mul",
    "div_": "div",
}
"""Operations that change their argument, and the ones that do the same to a copy."""

_MODULES: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.SiLU: "silu",
}
_SOFTMAXES: dict[Any, str] = {
    F.softmax: "softmax",
    torch.softmax: "softmax",
    "softmax": "softmax",
    F.log_softmax: "log_softmax",
    torch.log_softmax: "log_softmax",
    "log_softmax": "log_softmax",
}
_WITH_SETTINGS: dict[Any, tuple[str, dict[str, Any]]] = {
    F.leaky_relu: ("leaky_relu", {"negative_slope": 0.01}),
    F.hardtanh: ("hardtanh", {"min_val": -1.0, "max_val": 1.0}),
    F.elu: ("elu", {"alpha": 1.0}),
}
_CLAMPS = frozenset({torch.clamp, torch.clip, "clamp", "clip", "clamp_"})
_FUNCTIONS: dict[Any, str] = {
    F.relu: "relu",
    torch.relu: "relu",
    torch.relu_: "relu",
    "relu": "relu",
    "relu_": "relu",
    torch.tanh: "tanh",
    F.tanh: "tanh",
    "tanh": "tanh",
    torch.sigmoid: "sigmoid",
    F.sigmoid: "sigmoid",
    "sigmoid": "sigmoid",
    torch.abs: "abs",
    "abs": "abs",
    operator.abs: "abs",
    torch.sign: "sign",
    "sign": "sign",
    torch.sin: "sin",
    "sin": "sin",
    torch.cos: "cos",
    "cos": "cos",
    F.silu: "silu",
}
COMPARISONS: dict[Any, tuple[str, bool]] = {
    operator.gt: ("step", False),
    torch.gt: ("step", False),
    "gt": ("step", False),
    operator.ge: ("step_closed", False),
    torch.ge: ("step_closed", False),
    "ge": ("step_closed", False),
    operator.lt: ("step", True),
    torch.lt: ("step", True),
    "lt": ("step", True),
    operator.le: ("step_closed", True),
    torch.le: ("step_closed", True),
    "le": ("step_closed", True),
}
"""A comparison is a step of the difference of its sides: which one, and whether of the right less the left side."""


def activation_of(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Activation | None:
    """The activation that an operation applies to its first argument; None for other operations."""
    if isinstance(target, nn.Module):
        return _of_module(target)
    if target is F.relu6:
        return Activation("hardtanh", settings=(0.0, 6.0))
    if target in _FUNCTIONS:
        return Activation(_FUNCTIONS[target])
    if target in _CLAMPS:
        return _clamp(*_bound(args, kwargs, {"min": None, "max": None}))
    if target in _WITH_SETTINGS:
        kind, defaults = _WITH_SETTINGS[target]
        return _with_settings(kind, *_bound(args, kwargs, defaults))
    return _with_one_setting(target, args, kwargs)


def _with_one_setting(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Activation | None:
    """Functions whose settings are either the usual ones or not known here."""
    if target is F.softplus:
        return Activation("softplus") if _bound(args, kwargs, {"beta": 1}) == [1] else None
    if target is F.gelu:
        return Activation("gelu") if _bound(args, kwargs, {"approximate": "none"}) == ["none"] else None
    if target in _SOFTMAXES:
        return Activation(_SOFTMAXES[target]) if _bound(args, kwargs, {"dim": None})[0] in (-1, 1) else None
    return None


def _of_module(module: nn.Module) -> Activation | None:
    kind = _MODULES.get(type(module))
    if kind is not None:
        return Activation(kind)
    if isinstance(module, nn.LeakyReLU):
        return _with_settings("leaky_relu", module.negative_slope)
    if isinstance(module, nn.PReLU) and module.weight.numel() == 1:
        return _with_settings("leaky_relu", float(module.weight))
    if isinstance(module, nn.Hardtanh):  # and nn.ReLU6, which is one
        return _with_settings("hardtanh", module.min_val, module.max_val)
    if isinstance(module, nn.ELU):
        return _with_settings("elu", module.alpha)
    if isinstance(module, nn.Softplus) and module.beta == 1:
        return Activation("softplus")
    if isinstance(module, nn.GELU) and module.approximate == "none":
        return Activation("gelu")
    if isinstance(module, (nn.Softmax, nn.LogSoftmax)) and module.dim in (-1, 1):
        return Activation("softmax" if isinstance(module, nn.Softmax) else "log_softmax")
    return None


def _bound(args: tuple[Any, ...], kwargs: dict[str, Any], defaults: dict[str, Any]) -> list[Any]:
    """The arguments after the first, by the names and defaults they have."""
    return [
        args[place] if place < len(args) else kwargs.get(name, default)
        for place, (name, default) in enumerate(defaults.items(), start=1)
    ]


def _clamp(low: Any, high: Any) -> Activation | None:
    if not all(end is None or isinstance(end, (int, float)) for end in (low, high)):
        return None
    if low == 0 and high is None:
        return Activation("relu")
    return None if low is None or high is None else _with_settings("hardtanh", low, high)


def _with_settings(kind: str, *settings: Any) -> Activation | None:
    if not all(isinstance(value, (int, float)) for value in settings):
        return None
    return Activation(kind, settings=tuple(map(float, settings)))
