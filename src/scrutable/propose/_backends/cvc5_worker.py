"""Syntax-guided synthesis by cvc5, on its own: a question as JSON comes in, one solution term goes out.

The term is written as nested lists: an operator's name and its arguments, `["var", place]` or `["const", value]`.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

KINDS = {
    "ADD": "add",
    "SUB": "sub",
    "MULT": "mul",
    "NEG": "neg",
    "ITE": "if",
    "LEQ": "le",
    "LT": "lt",
    "GEQ": "ge",
    "GT": "gt",
    "EQUAL": "eq",
    "AND": "and",
    "OR": "or",
    "XOR": "xor",
    "NOT": "not",
    "INTS_DIVISION": "floordiv",
    "INTS_MODULUS": "mod",
}


def main() -> None:
    """Print the solution, if there is one; the process that asked stops this one when time is up."""
    cvc5: Any = import_module("cvc5")
    question = json.load(sys.stdin)
    solver = cvc5.Solver()
    solver.setOption("sygus", "true")
    solver.setOption("sygus-enum", "fast")  # a hundred times faster than its default on examples
    solver.setOption("seed", str(question["seed"]))
    solver.setLogic("NIA")
    sorts = {"int": solver.getIntegerSort(), "bool": solver.getBooleanSort()}
    variables = [solver.mkVar(sorts[kind], f"x{i}") for i, kind in enumerate(question["kinds"])]
    function = solver.synthFun("f", variables, sorts[question["gives"]], _grammar(solver, sorts, variables, question))
    for row, answer in zip(question["rows"], question["answers"], strict=True):
        applied = solver.mkTerm(cvc5.Kind.APPLY_UF, function, *(_literal(solver, value) for value in row))
        solver.addSygusConstraint(solver.mkTerm(cvc5.Kind.EQUAL, applied, _literal(solver, answer)))
    if solver.checkSynth().hasSolution():
        places = {str(variable): i for i, variable in enumerate(variables)}
        solution = solver.getSynthSolution(function)
        body = solution[1] if len(variables) else solution
        print(json.dumps(_plain(body, places)), flush=True)


def _grammar(solver: Any, sorts: dict[str, Any], variables: list[Any], question: dict[str, Any]) -> Any:
    """Terms and conditions over the variables; without a grammar the solver would list the examples."""
    kinds: Any = import_module("cvc5").Kind
    number, truth = solver.mkVar(sorts["int"], "N"), solver.mkVar(sorts["bool"], "B")
    order = (number, truth) if question["gives"] == "int" else (truth, number)
    grammar = solver.mkGrammar(variables, order)
    numbers = [v for v, kind in zip(variables, question["kinds"], strict=True) if kind == "int"]
    literals = [solver.mkInteger(value) for value in question["literals"]]
    rules = [*numbers, *literals]
    rules += [solver.mkTerm(kind, number, number) for kind in (kinds.ADD, kinds.SUB)]
    rules += [solver.mkTerm(kinds.MULT, number, each) for each in (*numbers, *literals)]
    divisors = [solver.mkInteger(value) for value in question["literals"] if value > 1]
    rules += [solver.mkTerm(kind, number, by) for kind in (kinds.INTS_DIVISION, kinds.INTS_MODULUS) for by in divisors]
    rules.append(solver.mkTerm(kinds.ITE, truth, number, number))
    grammar.addRules(number, rules)
    tests = [v for v, kind in zip(variables, question["kinds"], strict=True) if kind == "bool"]
    tests += [solver.mkTerm(kind, number, number) for kind in (kinds.LEQ, kinds.EQUAL)]
    tests += [solver.mkTerm(kind, truth, truth) for kind in (kinds.AND, kinds.OR)]
    tests.append(solver.mkTerm(kinds.NOT, truth))
    grammar.addRules(truth, tests)
    return grammar


def _literal(solver: Any, value: Any) -> Any:
    return solver.mkBoolean(value) if isinstance(value, bool) else solver.mkInteger(value)


def _plain(term: Any, places: dict[str, int]) -> list[Any]:
    if term.isIntegerValue():
        return ["const", int(term.getIntegerValue())]
    if term.isBooleanValue():
        return ["const", bool(term.getBooleanValue())]
    if str(term) in places:
        return ["var", places[str(term)]]
    name = str(term.getKind()).rsplit(".", 1)[-1]
    return [KINDS.get(name, name), *(_plain(child, places) for child in term)]


if __name__ == "__main__":
    main()
