"""`Network`: a module or function under study, with what goes in and what comes out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, final

import numpy as np
from torch import nn

from scrutable.errors import UserError
from scrutable.network import _controls
from scrutable.network._captured import Captured, captured
from scrutable.network._checks import ROWS, check, choose, probe_inputs
from scrutable.network._controls import untouched_random
from scrutable.network._domain import Domain, shape_text
from scrutable.network._edge_popup import Choice, edge_popup
from scrutable.network._facts import NetworkFacts
from scrutable.network._find_layers import FoundLayers, find_layers
from scrutable.network._fingerprint import weights_hash
from scrutable.network._gradient import input_gradient
from scrutable.network._insides import Either
from scrutable.network._layers import Layer
from scrutable.network._masks import Mask, masked
from scrutable.network._patch import layer_places, patch_layers, patch_states, read_layers, recurrent_places
from scrutable.network._recognise import Recognised, describe, recognise, stepping
from scrutable.network._recurrence import Recurrence
from scrutable.network._recurrent import Recurrent
from scrutable.network._runner import Runner
from scrutable.network._selection import Place, Selection, checked_steps, checked_values, resolve
from scrutable.network._site import Site
from scrutable.network._sklearn import is_estimator, translated
from scrutable.network._spec import as_domain
from scrutable.network._together import apart, as_site, gathered
from scrutable.network._walks import Walks


@final
class Network:
    """The network under study. It is never trained or changed, and no hook stays in it.

    A module is copied once (so it takes its memory twice) and the copy put into evaluation mode. Construction runs
    it on a few sampled inputs to find out which tensors it wants, and checks it; `facts.checks` says what was found.

    Arguments:
        module: an `nn.Module`, a `Recurrent`, a fitted scikit-learn estimator (see `from_sklearn`), or any function on
            arrays (then its insides cannot be seen).
        inputs, outputs: domains, or their specs as text.
        name: for reports.

    Raises:
        UserError: it cannot be run on its inputs, its outputs do not fit their domain, it is not deterministic, rows
            influence each other, or it gives NaN.
    """

    def __init__(
        self,
        module: nn.Module | Callable[..., Any] | Any,
        inputs: Domain | str,
        outputs: Domain | str,
        *,
        name: str = "network",
    ) -> None:
        if not (callable(module) or is_estimator(module)) or isinstance(module, type):
            raise UserError(
                f"got {_kind(module)} as a network, expected an nn.Module (made, not its class) or a function"
            )
        inputs, outputs = as_domain(inputs, what="inputs"), as_domain(outputs, what="outputs")
        module, told = translated(module, inputs, outputs) if is_estimator(module) else (module, ())
        x, drawn = probe_inputs(inputs, ROWS)
        with untouched_random(module):
            runner = choose(_private(module), inputs, outputs, x)
            checks = check(runner, module, x, drawn)
            found = recognise(runner, x)
        self._settle(runner, found, x, name, (*told, *checks))

    def _settle(self, runner: Runner, found: Recognised, x: np.ndarray, name: str, checks: tuple[str, ...]) -> None:
        self._runner, self._found, self._name, self._checks = runner, found, name, checks
        self._probe = x
        recurrence = found.recurrence
        self._places: dict[str, Place] = (
            layer_places(runner, x[:3]) if recurrence is None else recurrent_places(recurrence)
        )
        self._file: tuple[str, str, str] | None = None

    @property
    def name(self) -> str:
        """What reports call it."""
        return self._name

    @property
    def inputs(self) -> Domain:
        """What goes in."""
        return self._runner.inputs

    @property
    def outputs(self) -> Domain:
        """What comes out."""
        return self._runner.outputs

    @property
    def each_step(self) -> bool:
        """Whether there is one output for each step of the input, rather than one for each sequence."""
        return self._runner.each_step

    @property
    def recurrence(self) -> Recurrence | None:
        """The network as a step function on a state; None when it has none (see `no_recurrence`)."""
        return self._found.recurrence

    @property
    def no_recurrence(self) -> str:
        """Why there is no recurrence; "" when there is one."""
        return self._found.reason

    @property
    def layers(self) -> tuple[Layer, ...] | None:
        """The network as a chain of affine maps and activations, in double precision; None when it is none (see
        `no_layers`). `scrutable.network.run_layers` runs it. The first use follows the module's forward once."""
        return self._chain.layers

    @property
    def no_layers(self) -> str:
        """Why there is no chain of layers; "" when there is one."""
        return self._chain.reason

    @cached_property
    def _chain(self) -> FoundLayers:
        return find_layers(self._runner, self._probe, frozenset(self._places))

    @cached_property
    def captured(self) -> Captured:
        """The network as a graph of named values. The first use runs the module a few times.

        Raises:
            NotCaptured: its forward is no fixed sequence of tensor operations on rows; the reason.
        """
        return captured(self._runner, self._probe)

    @property
    def no_graph(self) -> str:
        """Why values inside are reached by forward hooks, each time in a whole run; "" while the captured graph serves,
        of which only what a change reaches is run."""
        return self._inside.reason

    @cached_property
    def _walks(self) -> Walks:
        assert self.recurrence is not None
        return Walks(self.recurrence)

    @cached_property
    def _inside(self) -> Either:
        return Either(self._runner)

    @property
    def sites(self) -> tuple[str, ...]:
        """The names of the places inside: "hidden" (and its parts) of a recurrent network, else the submodules.

        Values between operations, such as "blocks.0.attn.softmax", can be read and patched too where there is a graph:
        with one index for each axis, "blocks.0.attn.softmax[2, :, 0:4]", as `(n, numbers)`.
        """
        return tuple(self._places)

    def width(self, name: str) -> int:
        """How many units the site of that name has.

        Raises:
            UserError: no such site.
        """
        return resolve(Site(name), self._places).width

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The network's answers, `(n, ...)`, decoded into the output domain.

        Arguments:
            x: `(n, *inputs.shape)`; sequences may have another length if the network takes it.

        Raises:
            UserError: `x` has the wrong shape or values that no network can take, or the raw outputs are not finite.
        """
        return self.outputs.decode(self.raw(x))

    def raw(self, x: np.ndarray) -> np.ndarray:
        """Outputs before decoding: scores on the last axis for labels, else numbers in the layout of the outputs."""
        return self._runner.raw(self._checked(x))

    def gradient(self, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """The gradient of `sum(direction * raw(x))` with respect to the inputs of each row, `(n, *inputs.shape)`.

        Arguments:
            direction: weights of the raw outputs, shaped as `raw(x)`.

        Raises:
            UserError: the network reads labels, is a plain function or gives no gradient; or wrong data.
        """
        return input_gradient(self._runner, self._checked(x), direction)

    def site(self, text: str | Site) -> Site:
        """A place inside this network, such as "hidden[:, 0:2]" or "fc1[0:4]".

        Raises:
            UserError: not a site, or not one of this network.
        """
        first, *others = (self._resolve(part).site for part in as_site(text).parts)
        return replace(first, beside=tuple(others))

    def at(self, site: str | Site, outputs: Domain | str | None = None) -> Network:
        """The value at a place as a network of its own, so that a unit or a direction can be explained like an output.

        Its weights are this network's, and places before the target can be read and patched. A state of a recurrent
        network is taken after every step.

        Arguments:
            site: units, or a direction: "fc1[3]", `net.site("fc1").along(...)`; also "output[2]", the score of a label.
            outputs: what the value is: `Reals` if left out, `Bits(threshold=0.0)` for whether a unit is active.

        Raises:
            UserError: no such site, or its value cannot be given as `outputs`.
        """
        from scrutable.network._target import target_of

        return target_of(self, self._runner, self._resolve(site), outputs)

    def read(self, x: np.ndarray, sites: Iterable[str | Site] | str | Site) -> dict[Site, np.ndarray]:
        """The numbers at sites: `(n, L, k)`, or `(n, k)` at one step or without steps.

        Along directions they are coordinates: k is then the number of directions.

        Raises:
            UserError: a site that does not exist, or wrong data.
        """
        several = [as_site(site) for site in ([sites] if isinstance(sites, (str, Site)) else sites)]
        parts = dict.fromkeys(part for site in several for part in site.parts)
        return gathered(several, self._read([self._resolve(part) for part in parts], self._checked(x)))

    def _read(self, chosen: list[Selection], x: np.ndarray) -> dict[Site, np.ndarray]:
        if self.recurrence is not None:
            states, _ = self._walks.upto(x, x.shape[1]) if len(x) else self.recurrence.walk(x)
            return {s.site: s.read(states) for s in chosen}
        if len(x) == 0:
            return {s: v[:0] for s, v in self._read(chosen, np.zeros((1, *x.shape[1:]), x.dtype)).items()}
        return dict(zip([s.site for s in chosen], read_layers(self._inside, self._runner, x, chosen), strict=True))

    def patched(
        self, x: np.ndarray, values: Mapping[Site | str, np.ndarray], *, steps: np.ndarray | None = None
    ) -> np.ndarray:
        """The network's decoded answers with the values at sites replaced. It is unchanged afterwards.

        A recurrent state is replaced *after* a step: the output of that step stays, later ones see the new state.

        Arguments:
            values: what to put at each site, shaped as `read` gives it. Along directions the rest of the units stays:
                `h + P (v - h)`.
            steps: `(n,)`: for each row the one step at which to replace; values are then `(n, k)`, or `(n, L, k)`.

        Raises:
            UserError: a site that does not exist, values of another shape or not finite, wrong data.
        """
        return self.outputs.decode(self.patched_raw(x, values, steps=steps))

    def patched_raw(
        self, x: np.ndarray, values: Mapping[Site | str, np.ndarray], *, steps: np.ndarray | None = None
    ) -> np.ndarray:
        """Outputs before decoding, with the values at sites replaced. See `patched`."""
        x = self._checked(x)
        if len(x) == 0:
            return self.raw(x)
        length = x.shape[1] if self.inputs.is_sequence else None
        single = {self._resolve(site): v for site, v in apart(values, lambda part: self._resolve(part).width).items()}
        at = checked_steps(steps, list(single), n=len(x), length=length)
        wanted = {s: checked_values(s, v, n=len(x), length=length, steps=at) for s, v in single.items()}
        if self.recurrence is None:
            return patch_layers(self._inside, self._runner, x, wanted, at)
        raw = patch_states(self._walks, x, wanted, at)
        return raw if self.each_step else raw[:, -1]

    def reinitialised(self, seed: int) -> Network | None:
        """A copy with fresh weights, each module's own `reset_parameters`; None for functions without weights."""
        return self._twin(_controls.reinitialised, seed, "re-initialised")

    def permuted(self, seed: int) -> Network | None:
        """A copy with the entries of each weight tensor shuffled; None for functions without weights."""
        return self._twin(_controls.permuted, seed, "permuted")

    def masked(self, mask: Mask) -> Network | None:
        """A copy with the weights outside the mask at zero; None for functions without weights.

        Raises:
            UserError: the mask is not of this network.
        """
        return self._twin(lambda module, _: masked(module, mask), 0, "masked")

    def subnetwork(
        self, inputs: np.ndarray, answers: np.ndarray, *, rng: np.random.Generator, choice: Choice | None = None
    ) -> Mask:
        """The weights to keep for `answers`, `(n, ...)` in the output domain, to `inputs`, `(n, ...)`, as far as
        edge-popup finds them. No weight is changed.

        Raises:
            UserError: the network is a function without weights, or the share to keep is not between 0 and 1.
        """
        return edge_popup(self._runner, self._checked(inputs), answers, choice or Choice(), rng)

    @cached_property
    def facts(self) -> NetworkFacts:
        """Plain data about the network, for studies and reports."""
        module = self._runner.module
        weights = [] if module is None else list(module.parameters())
        sha256, file, format_ = self._file or (weights_hash(module), None, None)
        return NetworkFacts(
            name=self.name,
            kind="function" if module is None else type(module).__name__,
            parameters=sum(w.numel() for w in weights),
            dtype=str(weights[0].dtype).removeprefix("torch.") if weights else "none",
            sha256=sha256,
            file=file,
            format=format_,
            inputs=self.inputs.spec,
            outputs=self.outputs.spec,
            recurrence=describe(self.recurrence, self.no_recurrence, module),
            checks=self._checks,
        )

    def from_file(self, *, sha256: str, file: str, format: str, checks: tuple[str, ...] = ()) -> Network:
        """The same network with the file it was loaded from in its facts."""
        twin = copy.copy(self)
        twin.__dict__.pop("facts", None)
        twin._file, twin._checks = (sha256, file, format), (*self._checks, *checks)
        return twin

    def __repr__(self) -> str:
        facts = self.facts
        return (
            f"Network({facts.name!r}, {facts.kind}, {facts.parameters} parameters, {facts.inputs} -> {facts.outputs})"
        )

    def _resolve(self, site: str | Site) -> Selection:
        site = as_site(site).alone
        if self.recurrence is not None or site.name in ("input", "output"):
            return resolve(site, self._places)
        if site.name in self._places and site.position is None:
            return resolve(site, self._places)
        inner = self._inside.place(self._probe, site.name)
        return resolve(site, self._places if inner is None else {**self._places, site.name: inner})

    def _twin(self, change: Callable[[nn.Module, int], nn.Module], seed: int, what: str) -> Network | None:
        module = self._runner.module
        seen = module.cell if isinstance(module, Recurrent) else module
        if module is None or not isinstance(seen, nn.Module) or not any(p.numel() for p in seen.parameters()):
            return None
        runner = replace(self._runner, call=change(module, seed).eval())
        found = self._found
        if found.recurrence is not None:
            found = Recognised(stepping(runner, self._probe), "")
        twin = Network.__new__(Network)
        twin._settle(runner, found, self._probe, f"{self.name} ({what})", (f"weights {what} with seed {seed}",))
        return twin

    def _checked(self, x: Any) -> np.ndarray:
        """Data that can be run: the right shape (sequences of any length) and finite numbers; labels within range."""
        array = np.asarray(x)
        inputs = self.inputs
        if inputs.is_sequence and array.ndim == len(inputs.shape) + 1 and 0 < array.shape[1] <= 10**6:
            inputs = inputs.with_length(array.shape[1])
        if array.shape[1:] != inputs.shape or array.ndim == 0 or array.dtype.kind not in "biuf":
            reasons = inputs.problems(array)
            raise UserError.of(reasons or [f"got data of shape {array.shape}, expected {shape_text(inputs.shape)}"])
        if len(array) and (inputs.classes is not None or (array.dtype.kind == "f" and not np.isfinite(array).all())):
            reasons = inputs.problems(array)
            if reasons:
                raise UserError.of(reasons)
        return array


def _private(module: Any) -> Any:
    """A copy in evaluation mode; a function as it is."""
    if not isinstance(module, nn.Module):
        return module
    try:
        return copy.deepcopy(module).eval()
    except Exception as error:
        raise UserError(
            f"got a module that cannot be copied ({str(error)[:120]}), expected one that copy.deepcopy takes"
        ) from error


def _kind(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
