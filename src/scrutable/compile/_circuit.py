"""Which part of a compiled network computes which variable, and which part reads which: the known truth.

Components are named by where they are in the module: "token" and "position" (embeddings), "blocks.1.attention.0" (the
first head of the second block), "blocks.1.mlp", "unembed".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

from scrutable.compile._plan import Attend, Map, Operation, Plan, Variable, reads

Work = Literal["pick", "mean", "width", "map", "dead"]
Port = Literal["query", "key", "value", "input"]


@final
@dataclass(frozen=True, slots=True)
class Role:
    """What a component does; an MLP has one role for each variable it computes, a head has one.

    Arguments:
        component: see the module's text.
        work: what kind of work. "dead" components compute nothing that is read.
        variable: the variable of the program that it computes or helps to compute (a head and an MLP compute a width
            together), or a name made for a part that has none there; "" for dead components.
        selector: how the program writes what a head selects; "" for maps.
        units: the first hidden unit and the one after the last; None for heads.
    """

    component: str
    work: Work
    variable: str
    selector: str = ""
    units: tuple[int, int] | None = None


@final
@dataclass(frozen=True, slots=True)
class Edge:
    """`target` reads what `source` wrote: `variable`, by way of its query, key, value, or input."""

    source: str
    target: str
    port: Port
    variable: str


@final
@dataclass(frozen=True, slots=True)
class Circuit:
    """All roles and all edges. What heads read at the start token, a constant, is no edge."""

    roles: tuple[Role, ...]
    edges: tuple[Edge, ...]

    def components(self, variable: str) -> tuple[str, ...]:
        """The components that compute a variable."""
        return tuple(dict.fromkeys(role.component for role in self.roles if role.variable == variable))

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        names = ("component", "work", "variable", "selector")
        roles = [
            {name: getattr(role, name) for name in names} | ({"units": list(role.units)} if role.units else {})
            for role in self.roles
        ]
        return {"roles": roles, "edges": [[e.source, e.target, e.port, e.variable] for e in self.edges]}


def circuit_of(plan: Plan, components: Mapping[Operation, Iterable[Role]], dead: Iterable[str]) -> Circuit:
    """The circuit of a plan.

    Arguments:
        components: the roles that were given to each operation. dead: components that nothing reads.
    """
    writers: dict[Variable, list[str]] = {plan.token: ["token"], plan.position: ["position"]}
    edges: list[Edge] = []
    for operation, given in components.items():
        names = [role.component for role in given]
        for name in names:
            edges += [
                Edge(source, name, port, variable.of)
                for port, variable in _reads(operation, plan)
                for source in writers[variable]
            ]
        writers[operation.output] = names
    edges += [Edge(source, "unembed", "input", plan.output.of) for source in writers[plan.output]]
    roles = [role for given in components.values() for role in given]
    roles += [Role(name, "dead", "") for name in dead]
    return Circuit(tuple(roles), tuple(dict.fromkeys(edges)))


def _reads(operation: Operation, plan: Plan) -> tuple[tuple[Any, Variable], ...]:
    """What an operation reads; a head that takes the first of several keys also reads their positions."""
    if isinstance(operation, Map) or not operation.first:
        return reads(operation)
    return tuple(dict.fromkeys((*reads(operation), ("key", plan.position))))


def role_of(operation: Operation, component: str, units: tuple[int, int] | None = None) -> Role:
    """The role of a component that carries out an operation."""
    if isinstance(operation, Attend):
        return Role(component, operation.kind, operation.output.of, operation.selector)
    return Role(component, "map", operation.output.of, units=units)
