"""The drawing of a program beside the network: which variable lives where."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import hypot

from scrutable.report._flow import Flow, Node
from scrutable.report._layout import Drawing, Place, arrange

CHAR, SMALL_CHAR = 7.9, 6.3
LONGEST_TEXT, LONGEST_SITE = 34, 40
MARGIN, LANE_GAP = 12.0, 76.0
CHIP, LAYER_HEAD, END, LOOP = 26.0, 24.0, 28.0, 14.0
_LAYER = re.compile(r"[^\[\s]*?(?=\[|\.along\(|\s|$)")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with a title and perhaps a second line, from its top left corner. The text of a site is its name."""

    x: float
    y: float
    width: float
    height: float
    title: str
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Curve:
    """An SVG path and what it stands for: "reads", "loop", "link" or "lane"."""

    d: str
    kind: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Diagram:
    """Everything to draw, in pixels, and the same in words for those who do not see it."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]
    lane_x: float | None
    words: str


def diagram(flow: Flow, sites: Mapping[str, str], *, recurrent: bool) -> Diagram | None:
    """Program on the left, the sites of its variables on the right; None when there is nothing readable to draw."""
    if not flow.drawable:
        return None
    sizes = {node.name: _size(node) for node in flow.nodes}
    drawing = arrange(sizes, flow.edges)
    left, top = MARGIN + LOOP * len(flow.loops), MARGIN + (24.0 if flow.loops else 0.0)
    nodes = {
        node.name: _node_box(node, drawing.places[node.name], sizes[node.name], left=left, top=top)
        for node in flow.nodes
    }
    curves = [*_reads(flow, drawing, nodes, left=left, top=top), *_loops(flow, nodes)]
    width, height = left + drawing.width + MARGIN, drawing.height + 2 * top
    used = {name: _cut(site, LONGEST_SITE) for name, site in sites.items() if name in nodes}
    lane: list[Box] = []
    if used:
        lane = _lane(used, nodes, width + LANE_GAP, height)
        curves += [*_lane_curves(lane, recurrent=recurrent), *_links(used, nodes, lane)]
        width = max(box.x + box.width for box in lane) + MARGIN + (22.0 if recurrent else 0.0)
        height = max(height, max(box.y + box.height for box in lane) + MARGIN)
    lane_x = lane[0].x if lane else None
    return Diagram(width, height, (*lane, *nodes.values()), tuple(curves), lane_x, _words(flow, used))


def graph(edges: Collection[tuple[str, str]], inputs: Collection[str]) -> Diagram | None:
    """Components and what each reads; None when there are none, or too many to be readable.

    Arguments:
        edges: (source, target). inputs: components that read nothing.
    """
    names = tuple(dict.fromkeys(name for edge in edges for name in edge))
    nodes = [Node(name, "input" if name in inputs else "variable", name == "output", "") for name in names]
    return diagram(Flow(tuple(nodes), tuple(edges), ()), {}, recurrent=False)


def _size(node: Node) -> tuple[float, float]:
    text = _cut(node.text)
    return max(56.0, CHAR * len(node.name) + 28, SMALL_CHAR * len(text) + 24), 46.0 if text else 34.0


def _node_box(node: Node, place: Place, size: tuple[float, float], *, left: float, top: float) -> Box:
    kind = node.kind + (" returned" if node.returned else "")
    width, height = size
    x, y = left + place.x - width / 2, top + place.y - height / 2
    return Box(x, y, width, height, node.name, _cut(node.text), kind)


def _reads(flow: Flow, drawing: Drawing, nodes: Mapping[str, Box], *, left: float, top: float) -> list[Curve]:
    """Edges within a step: from the lower border of a box through its waypoints to the upper border of the next."""
    curves = []
    for source, target in flow.edges:
        start, end = nodes[source], nodes[target]
        inner = [(left + p.x, top + p.y) for p in drawing.paths[source, target][1:-1]]
        points = [(start.x + start.width / 2, start.y + start.height), *inner, (end.x + end.width / 2, end.y - 1)]
        curves.append(Curve(_down(points), "reads", f"{target} reads {source}"))
    return curves


def _down(points: Sequence[tuple[float, float]]) -> str:
    """A smooth path that leaves and arrives vertically at every point."""
    x, y = points[0]
    path = f"M{x:.1f} {y:.1f}"
    for x2, y2 in points[1:]:
        middle = (y + y2) / 2
        path += f"C{x:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
        x, y = x2, y2
    return path


def _loops(flow: Flow, nodes: Mapping[str, Box]) -> list[Curve]:
    """Loops to the next step: out to the left of everything, up, and into the state from above."""
    curves = []
    edge = min(box.x for box in nodes.values())
    for k, (source, target) in enumerate(flow.loops):
        start, end = nodes[source], nodes[target]
        out, over = edge - LOOP * (k + 1), end.y - 12 - 7 * (k % 3)
        free = not any(box.y == start.y and box.x < start.x for box in nodes.values())
        y = start.y + start.height / 2 if free else start.y + start.height + 10 + 7 * (k % 3)
        points = [(start.x, y)] if free else [(start.x + 14, start.y + start.height), (start.x + 14, y)]
        x = end.x + end.width / 2 - 14 + 9 * (k % 3)
        path = _corners([*points, (out, y), (out, over), (x, over), (x, end.y - 1)])
        curves.append(Curve(path, "loop", f"{target} reads {source}, for the next step"))
    return curves


def _corners(points: Sequence[tuple[float, float]], radius: float = 9.0) -> str:
    """A path of straight lines with rounded corners."""
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        (x1, y1), (x2, y2) = _towards(corner, before, radius), _towards(corner, after, radius)
        path += f"L{x1:.1f} {y1:.1f}Q{corner[0]:.1f} {corner[1]:.1f} {x2:.1f} {y2:.1f}"
    return f"{path}L{points[-1][0]:.1f} {points[-1][1]:.1f}"


def _towards(start: tuple[float, float], end: tuple[float, float], distance: float) -> tuple[float, float]:
    """The point `distance` from `start` on the way to `end`, at most half way."""
    length = hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    share = min(distance / length, 0.5)
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _lane(sites: Mapping[str, str], nodes: Mapping[str, Box], x: float, height: float) -> list[Box]:
    """Input, one box for each layer with its sites inside, output: top to bottom, centred beside the program."""
    chips: dict[str, list[str]] = {}
    for site in sorted(set(sites.values()), key=lambda s: min(nodes[n].y for n in sites if sites[n] == s)):
        chips.setdefault(_layer_of(site), []).append(site)
    layers = sorted(chips, key=_natural)
    wide = max(_chip_width(site) for site in sites.values()) + 20
    tall = sum(LAYER_HEAD + (CHIP + 8) * len(chips[layer]) + 4 for layer in layers)
    gap = max(20.0, min(40.0, (height - 2 * MARGIN - tall - 2 * END) / (len(layers) + 1)))
    y = max(MARGIN, (height - tall - 2 * END - gap * (len(layers) + 1)) / 2)
    boxes = [Box(x, y, wide, END, "network input", "", "end")]
    y += END + gap
    for layer in layers:
        inside = LAYER_HEAD + (CHIP + 8) * len(chips[layer]) + 4
        boxes.append(Box(x, y, wide, inside, f"module {layer}" if layer[:1].isdecimal() else layer, "", "layer"))
        for k, site in enumerate(chips[layer]):
            title = site if site != layer else "all of it"
            boxes.append(Box(x + 10, y + LAYER_HEAD + (CHIP + 8) * k, wide - 20, CHIP, title, site, "site"))
        y += inside + gap
    return [*boxes, Box(x, y, wide, END, "network output", "", "end")]


def _lane_curves(lane: Sequence[Box], *, recurrent: bool) -> list[Curve]:
    parts = [box for box in lane if box.kind in ("end", "layer")]
    curves = []
    for above, below in zip(parts, parts[1:], strict=False):
        x = above.x + above.width / 2
        curves.append(Curve(f"M{x:.1f} {above.y + above.height:.1f}L{x:.1f} {below.y - 1:.1f}", "lane"))
    for box in parts if recurrent else ():
        if box.kind == "layer":
            right, middle = box.x + box.width, box.y + box.height / 2
            d = _corners(
                [(right, middle + 11), (right + 18, middle + 11), (right + 18, middle - 11), (right + 1, middle - 11)]
            )
            curves.append(Curve(d, "lane", f"{box.title} carries over to the next step"))
    return curves


def _links(sites: Mapping[str, str], nodes: Mapping[str, Box], lane: Sequence[Box]) -> list[Curve]:
    chips = {box.text: box for box in lane if box.kind == "site"}
    curves = []
    for name, site in sites.items():
        start, end = nodes[name], chips[site]
        x, y, x2, y2 = start.x + start.width, start.y + start.height / 2, end.x, end.y + end.height / 2
        bend = max(30.0, (x2 - x) / 2)
        d = f"M{x:.1f} {y:.1f}C{x + bend:.1f} {y:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        curves.append(Curve(d, "link", f"{name} at {site}"))
    return curves


def _chip_width(site: str) -> float:
    return max(96.0, SMALL_CHAR * len(site) + 24)


def _layer_of(site: str) -> str:
    match = _LAYER.match(site)
    return (match.group() if match else "") or site


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts `layers.2` before `layers.10`, `input` first and `output` last."""
    ends = {"input": -1, "output": 1}
    pieces = re.split(r"(\d+)", name)
    return [(ends.get(name, 0), 0, ""), *((0, int(p), "") if p.isdecimal() else (0, 0, p) for p in pieces)]


def _words(flow: Flow, sites: Mapping[str, str]) -> str:
    reads: dict[str, list[str]] = {}
    for source, target in flow.edges:
        reads.setdefault(target, []).append(source)
    parts = [f"{target} reads {', '.join(sources)}" for target, sources in reads.items()]
    parts += [f"{target} takes over {source} for the next step" for source, target in flow.loops]
    parts += [f"{name} is found at {site}" for name, site in sites.items()]
    parts += [f"{node.name} is returned" for node in flow.nodes if node.returned]
    return "; ".join(parts) + "."


def _cut(text: str, longest: int = LONGEST_TEXT) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}\u2026"
