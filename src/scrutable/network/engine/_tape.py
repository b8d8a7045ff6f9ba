"""Every tensor operation of one run of a module, in order: which operation, on what, with which result.

Operations are recorded where PyTorch dispatches them (ATen), after in-place writes have been turned into new values
(`torch.func.functionalize`), so each value is written once. Hooks that are there for this run only say which values the
submodules give. What no operation shows (a branch on a computed number, random numbers) is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.backends import mha
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten_with_path, tree_map, tree_unflatten

from scrutable.errors import ScrutableError
from scrutable.network._layout import first_tensor
from scrutable.network.engine._node import parts_of

_functorch: Any = torch._C._functorch  # type: ignore[attr-defined]


class NotCaptured(ScrutableError):
    """A module whose forward is no fixed sequence of tensor operations on rows; the text says why."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor of the tape: the result, or one of the results, of an entry."""

    entry: int
    part: int


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One operation, or a tensor that was there before (then `operation` is None).

    Arguments:
        arguments: positional and keyword arguments, with a `Ref` for each tensor.
        results: the tensors it gave; None for those of several results that are none.
        path: the submodule that it ran in. label: a weight's own name.
        live: whether it depends on the input. single: whether the operation gives one tensor, not several.
    """

    operation: Any
    arguments: tuple[tuple[Any, ...], dict[str, Any]]
    results: tuple[Tensor | None, ...]
    path: str
    label: str = ""
    live: bool = False
    single: bool = True


@dataclass(slots=True)
class Tape:
    """What one run did. `named` gives the values of submodules in the order in which they were given."""

    entries: list[Entry] = field(default_factory=list)
    named: list[tuple[str, Ref]] = field(default_factory=list)
    output: Ref = field(default_factory=lambda: Ref(-1, 0))


def record(module: nn.Module, x: Tensor, *, open_attention: bool) -> Tape:
    """Run a module once and record it. The module is left as it was.

    Arguments:
        open_attention: compute attention by its parts, not by one operation that shows nothing of them.

    Raises:
        NotCaptured: it draws random numbers, branches on computed numbers, writes into its own weights or buffers, or
            cannot be run with in-place writes turned into values.
    """
    recorder = _Recorder(module, x)

    def run(given: Tensor) -> Tensor:
        recorder.inside = True
        output = first_tensor(module(given))
        recorder.inside = False
        recorder.tape.output = recorder.ref(_plain(output))
        return output

    try:
        with torch.no_grad(), _attention(opened=open_attention), recorder.watching(module), recorder:
            torch.func.functionalize(run)(x)
    except NotCaptured:
        raise
    except Exception as error:  # the module is the user's, and may do anything when it is followed
        text = " ".join(str(error).split())[:160]
        raise NotCaptured(f"its forward cannot be followed ({type(error).__name__}: {text})") from error
    return recorder.tape


@final
class _Recorder(TorchDispatchMode):
    """Writes each operation on a tape while it runs."""

    def __init__(self, module: nn.Module, x: Tensor) -> None:
        super().__init__()
        self.tape, self.inside, self.paths = Tape(), False, [""]
        self.refs: dict[int, Ref] = {}
        self.labels = {id(t): name for name, t in [*module.named_parameters(), *module.named_buffers()]}
        self._append(Entry(None, ((), {}), (x,), "", "input", live=True))

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else the first use imports the compiler, which takes seconds

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation and note it."""
        kwargs = kwargs or {}
        if not self.inside:
            return func(*args, **kwargs)
        held = tree_map(lambda a: self.ref(a) if isinstance(a, Tensor) else a, (tuple(args), dict(kwargs)))
        live = any(self.tape.entries[r.entry].live for r in parts_of(held, Ref))
        self._refuse(func, args, kwargs, live=live)
        noted = self._without_writing(func, held)
        results = func(*args, **kwargs)
        tensors = tuple(results) if isinstance(results, (tuple, list)) else (results,)
        tensors = tuple(t if isinstance(t, Tensor) else None for t in tensors)
        if any(t is not None for t in tensors):
            self._append(Entry(noted, held, tensors, self.paths[-1], live=live, single=isinstance(results, Tensor)))
        elif live:
            raise NotCaptured(f"what it does next depends on a computed number ({bare(func)}{self._where})")
        return results

    def ref(self, t: Tensor) -> Ref:
        """Where a tensor comes from; one that no operation gave is a weight or a constant."""
        if id(t) not in self.refs:
            label = self.labels.get(id(t), "")
            self._append(Entry(None, ((), {}), (t,), "" if label else self.paths[-1], label or "constant"))
        return self.refs[id(t)]

    @contextmanager
    def watching(self, module: nn.Module) -> Iterator[None]:
        """The path of the submodule that is running is kept, and what each one gives is noted, while the body runs."""
        with ExitStack() as stack:
            for path, part in module.named_modules():
                before = part.register_forward_pre_hook(lambda *_, path=path: self.paths.append(path))
                after = part.register_forward_hook(lambda _, __, output, path=path: self._leave(path, output))
                stack.callback(before.remove)
                stack.callback(after.remove)
            yield

    def _append(self, entry: Entry) -> None:
        for part, tensor in enumerate(entry.results):
            if tensor is not None:
                self.refs[id(tensor)] = Ref(len(self.tape.entries), part)
        self.tape.entries.append(entry)

    def _leave(self, path: str, output: Any) -> Any:
        """A submodule ends: each tensor it gives becomes a value of its own, so that it can be replaced by itself."""
        if not path:
            return output
        leaves, spec = tree_flatten_with_path(output)
        fresh, first = [], True
        for keys, leaf in leaves:
            if isinstance(leaf, Tensor):
                leaf = torch.clone(leaf)
                self.tape.named.append((path if first else f"{path}:{_spelled(keys)}", self.ref(_plain(leaf))))
                first = False
            fresh.append(leaf)
        self.paths.pop()
        return tree_unflatten(fresh, spec)

    @property
    def _where(self) -> str:
        return f" in {self.paths[-1]}" if self.paths[-1] else ""

    def _refuse(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], *, live: bool) -> None:
        what = f"({bare(func)}{self._where})"
        schema = func._schema.arguments
        given = {argument.name: argument.default_value for argument in schema}
        given |= {**dict(zip(given, args, strict=False)), **kwargs}
        if torch.Tag.nondeterministic_seeded in func.tags and given.get("dropout_p") != 0:
            raise NotCaptured(f"it draws random numbers {what}")
        if "batch_norm" in func.name() and (given.get("training") or given.get("train")):
            raise NotCaptured(f"batch norm in training mode couples the rows {what}")
        if live and torch.Tag.data_dependent_output in func.tags:
            raise NotCaptured(f"what it does next depends on a computed number {what}")
        if live and torch.Tag.dynamic_output_shape in func.tags:
            raise NotCaptured(f"the shape of a value depends on computed numbers {what}")
        if live and func is torch.ops.aten.as_strided.default:
            raise NotCaptured(f"it reads memory by strides {what}")

    def _without_writing(self, func: Any, held: Any) -> Any:
        """The operation that gives as a new value what this one would write: some kernels write into what they made."""
        if not func._schema.is_mutable:
            return func
        target, plain = held[0][0] if held[0] else None, _plain_twin(func)
        if plain is None or not isinstance(target, Ref) or self.tape.entries[target.entry].operation is None:
            raise NotCaptured(f"it writes into what it did not make, such as a buffer ({bare(func)}{self._where})")
        before = self.tape.entries[target.entry]
        kept = tuple(t.clone() if t is not None and at == target.part else t for at, t in enumerate(before.results))
        self.tape.entries[target.entry] = replace(before, results=kept)
        return plain


def _plain_twin(func: Any) -> Any:
    """The operation of the same arguments that writes into none of them; None when there is none."""
    name = bare(func)
    twin = getattr(torch.ops.aten, name.removesuffix("_"), None) if name.endswith("_") else None
    wanted = [str(argument.type) for argument in func._schema.arguments]
    for overload in twin.overloads() if twin is not None else ():
        candidate = getattr(twin, overload)
        if [str(argument.type) for argument in candidate._schema.arguments] == wanted:
            return candidate
    return None


def _plain(t: Tensor) -> Tensor:
    """The tensor that a functional one stands for."""
    return _functorch._unwrap_functional_tensor(t, True) if _functorch.is_functionaltensor(t) else t


def bare(func: Any) -> str:
    """The name of an operation without its namespace and overload."""
    return func.name().removeprefix("aten::").partition(".")[0]


def _spelled(keys: tuple[Any, ...]) -> str:
    """Where a tensor is in what a submodule gave, such as "logits" or "1:0"."""
    names = [getattr(k, "key", getattr(k, "idx", getattr(k, "name", k))) for k in keys]
    return ":".join(str(name).replace(" ", "_") for name in names)


@contextmanager
def _attention(*, opened: bool) -> Iterator[None]:
    """Attention is computed by the operations that its module names (opened: by its parts) while the body runs."""
    before = mha.get_fastpath_enabled()
    mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH) if opened else nullcontext():
            yield
    finally:
        mha.set_fastpath_enabled(before)
