"""The drawing: layers, order, loops, and the lane of the network."""

from __future__ import annotations

import pytest
import studies
from hypothesis import given
from hypothesis import strategies as st

from scrutable.hypothesis import Evidence, Hypothesis, sites
from scrutable.program import INT, Input, Let, Program, Scan, Seq, State, Var, const
from scrutable.report._diagram import diagram
from scrutable.report._flow import Flow, Node, flow
from scrutable.report._layout import arrange, crossings, layers_of
from scrutable.report._spelling import assigned


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, tuple[float, float]], list[tuple[str, str]]]:
    n = draw(st.integers(1, 9))
    sizes = {f"v{i}": (draw(st.floats(20, 120)), draw(st.floats(20, 50))) for i in range(n)}
    pairs = [(f"v{i}", f"v{j}") for i in range(n) for j in range(i + 1, n)]
    return sizes, draw(st.lists(st.sampled_from(pairs), max_size=14)) if pairs else []


@given(graphs())
def test_nodes_stay_below_what_they_read_and_never_overlap(graph) -> None:
    sizes, edges = graph
    drawing = arrange(sizes, edges)
    boxes = {
        name: (p.x - sizes[name][0] / 2, p.y - sizes[name][1] / 2, p.x + sizes[name][0] / 2, p.y + sizes[name][1] / 2)
        for name, p in drawing.places.items()
    }
    for source, target in edges:
        assert boxes[source][3] < boxes[target][1]
        assert drawing.paths[source, target][0] == drawing.places[source]
    names = list(boxes)
    for i, a in enumerate(names):
        x0, y0, x1, y1 = boxes[a]
        assert x0 >= -1e-6 and y0 >= -1e-6 and x1 <= drawing.width + 1e-6 and y1 <= drawing.height + 1e-6
        for b in names[i + 1 :]:
            u0, v0, u1, v1 = boxes[b]
            assert x1 <= u0 or u1 <= x0 or y1 <= v0 or v1 <= y0


@given(graphs())
def test_layers_are_longest_paths(graph) -> None:
    sizes, edges = graph
    layers = layers_of(list(sizes), edges)
    for node in sizes:
        assert layers[node] == max((layers[s] + 1 for s, t in edges if t == node), default=0)


def test_cycles_are_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        layers_of(["a", "b"], [("a", "b"), ("b", "a")])


def test_crossings_are_removed_where_that_is_possible() -> None:
    sizes = {name: (40.0, 30.0) for name in "abcxyz"}
    edges = [("a", "z"), ("b", "y"), ("c", "x")]
    places = arrange(sizes, edges).places
    rows = [sorted("abc", key=lambda n: places[n].x), sorted("xyz", key=lambda n: places[n].x)]
    assert crossings(rows, edges) == 0


def test_the_adder_loops_back_into_its_carry() -> None:
    found = flow(studies.adder())
    assert set(found.edges) == {("a", "total"), ("b", "total"), ("carry", "total"), ("total", "output")}
    assert found.loops == (("total", "carry"),)
    kinds = {node.name: (node.kind, node.returned) for node in found.nodes}
    assert kinds["carry"] == ("state", False)
    assert kinds["output"] == ("variable", True)


def test_an_update_that_makes_no_cycle_is_an_ordinary_edge() -> None:
    x, x_t, odd = Var("x", Seq(INT)), Var("x_t", INT), Var("odd", INT)
    loop = Scan((("x_t", x),), (State("odd", const(0), (odd + x_t) % 2),), ())
    found = flow(Program("parity", (Input("x", Seq(INT)),), (loop,), ("odd",)))
    assert found.edges == (("x", "odd"),)
    assert found.loops == (("odd", "odd"),)


def test_the_lane_holds_one_box_for_each_layer_and_one_link_for_each_variable() -> None:
    sites = {"carry": "layers.10[0:2]", "total": "layers.2[3]"}
    drawn = diagram(flow(studies.adder()), sites, recurrent=False)
    assert drawn is not None and drawn.lane_x is not None
    assert [box.title for box in drawn.boxes if box.kind == "layer"] == ["layers.2", "layers.10"]
    assert [curve.title for curve in drawn.curves if curve.kind == "link"] == [
        "carry at layers.10[0:2]",
        "total at layers.2[3]",
    ]
    assert "carry is found at layers.10[0:2]" in drawn.words
    for box in drawn.boxes:
        assert box.x >= 0 and box.y >= 0
        assert box.x + box.width <= drawn.width and box.y + box.height <= drawn.height


def test_variables_may_share_a_site_and_sites_may_have_any_name() -> None:
    for site in ("hidden", "", "[", "é" * 100, ".along(", "hidden[:, 0].along(((1.0, 0.0),))"):
        drawn = diagram(flow(studies.adder()), {"carry": site, "total": site, "unknown": "x"}, recurrent=True)
        assert drawn is not None
        assert sum(curve.kind == "link" for curve in drawn.curves) == 2


def test_sites_come_from_the_tests_when_nothing_is_claimed() -> None:
    def found(reason: str, status: str = "pass") -> dict[str, str]:
        result = studies.result("interchange", "causal", status, reason=reason, details=(("site", "hidden"),))
        return dict(sites(Hypothesis(studies.adder(), evidence=Evidence((result,)))))

    assert found("the network follows the program") == {"carry": "hidden"}
    assert found("total at hidden: the network follows the program") == {"total": "hidden"}
    assert found("nobody at hidden: the network follows the program") == {"carry": "hidden"}
    assert found("the network does not follow", "fail") == {}
    claimed = studies.study().hypotheses[0]
    assert sites(claimed) == claimed.alignment.sites


def test_without_sites_there_is_no_lane() -> None:
    drawn = diagram(flow(studies.adder()), {}, recurrent=True)
    assert drawn is not None and drawn.lane_x is None
    assert not any(curve.kind == "link" for curve in drawn.curves)


def test_what_is_too_large_is_not_drawn() -> None:
    nodes = tuple(Node(f"v{i}", "variable", returned=False, text="") for i in range(60))
    assert diagram(Flow(nodes, (), ()), {}, recurrent=False) is None


def test_straight_programs_are_drawn_too() -> None:
    a, b = Var("a", INT), Var("b", INT)
    program = Program(
        "distance",
        (Input("a", INT), Input("b", INT)),
        (Let("difference", a - b), Let("distance", Var("difference", INT) * Var("difference", INT))),
        ("distance",),
    )
    found = flow(program)
    assert ("difference", "distance") in found.edges
    assert next(node.text for node in found.nodes if node.name == "difference") == "a - b"


def test_spellings_are_read_off_the_source_without_running_it() -> None:
    body = "    x = 0\n    x, y = y + 1, x\n    out = []\n    out.append(x % 2)\n    return max(x, y)\n"
    source = f"def helper():\n    x = 7\n\n\ndef f():\n{body}"
    assert assigned(source, "f") == {"x": ("0", "y + 1"), "y": ("x",), "out": ("x % 2",), "return": ("max(x, y)",)}
    assert assigned(source, "g") == assigned("not python at all (", "f") == {}


def test_what_is_returned_directly_is_the_text_of_the_output() -> None:
    a = Var("a", INT)
    program = Program("f", (Input("a", INT),), (Let("output", a * a),), ("output",))
    assert [node.text for node in flow(program).nodes] == ["", "a * a"]
