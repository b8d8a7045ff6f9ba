"""What a transformer is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

Norm = Literal["none", "pre", "post"]
Places = Literal["none", "learned", "sinusoidal"]
Bend = Literal["relu", "gelu"]


@final
@dataclass(frozen=True, slots=True)
class Form:
    """The shape of a transformer.

    Arguments:
        layers, heads, width: the usual ones. hidden: units of the block after each attention; 0 for attention alone.
        norm: where layers are normalised. places: how positions are told. bend: the activation of the units.
        causal: whether no position reads later ones. library: GPT-2 of the `transformers` package (pre-norm, learned
            positions, GELU, causal), not a module of our own.
    """

    layers: int = 1
    heads: int = 1
    width: int = 32
    hidden: int = 64
    norm: Norm = "pre"
    places: Places = "learned"
    bend: Bend = "relu"
    causal: bool = False
    library: bool = False

    @property
    def text(self) -> str:
        """For tables."""
        if self.library:
            return f"GPT-2, {self.layers} x {self.heads} heads, width {self.width}"
        units = f"{self.hidden} {self.bend}" if self.hidden else "no units"
        norm = "no norm" if self.norm == "none" else f"{self.norm}-norm"
        reading = "causal" if self.causal else "both ways"
        shape = f"{self.layers} x {self.heads} heads, width {self.width}"
        return f"{shape}, {units}, {norm}, {self.places} places, {reading}"
