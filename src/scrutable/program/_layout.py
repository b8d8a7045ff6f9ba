"""Laying out one line of Python: what does not fit is broken at its outermost operators or commas."""

from __future__ import annotations

import ast
from collections.abc import Iterable

WIDTH = 100
_INDENT = "    "


def statement_lines(text: str, level: int) -> list[str]:
    """One simple statement or loop header as indented lines of at most `WIDTH` characters where that can be done."""
    indent = _INDENT * level
    if len(indent) + len(text) <= WIDTH:
        return [indent + text]
    head, expr, tail = _parts(text)
    broken = _broken(expr, level, len(head) + len(tail))
    return (indent + head + "\n".join(broken) + tail).split("\n")


def header_lines(name: str, parameters: list[str]) -> list[str]:
    """The first line of a function, or as many as its parameters need."""
    line = f"def {name}({', '.join(parameters)}):"
    if len(line) <= WIDTH:
        return [line]
    return [f"def {name}(", *_filled([f"{parameter}," for parameter in parameters], _INDENT), "):"]


def _parts(text: str) -> tuple[str, str, str]:
    """A statement as what comes before its one expression, the expression, and what comes after."""
    for keyword in ("return ", "if ", "assert "):
        if text.startswith(keyword):
            colon = ":" if text.endswith(":") else ""
            return keyword, text.removeprefix(keyword).removesuffix(":"), colon
    statement = ast.parse(text + " pass" if text.endswith(":") else text).body[0]
    if isinstance(statement, ast.For):
        return _cut(text, statement.iter)
    assert isinstance(statement, (ast.Expr, ast.Assign))
    return _cut(text, statement.value)


def _cut(text: str, node: ast.expr) -> tuple[str, str, str]:
    """The text of `node` with its own parentheses, and what stands around it."""
    start, end = _extent(text, node)
    while text[start - 1 : start] == "(" and text[end : end + 1] == ")" and not _called(text, start - 1):
        start, end = start - 1, end + 1
    return text[:start], text[start:end], text[end:]


def _called(text: str, start: int) -> bool:
    """Whether the parenthesis at `start` is that of a call."""
    while text[start - 1 : start] == "(":
        start -= 1
    return start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_")


def _extent(text: str, node: ast.AST) -> tuple[int, int]:
    """Where a node of a text of one line begins and ends. The parser counts bytes."""
    start, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0)
    if text.isascii():
        return start, end
    raw = text.encode()
    return len(raw[:start].decode()), len(raw[:end].decode())


def _broken(text: str, level: int, beside: int) -> list[str]:
    """`text` over several lines; the first carries no indentation, the others all of it."""
    indent = _INDENT * level
    if len(indent) + beside + len(text) <= WIDTH:
        return [text]
    node = ast.parse(text, mode="eval").body
    opened, items, closed = _pieces(text, node)
    if not items:
        return [text]
    inner = _INDENT * (level + 1)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and all(map(_is_literal, node.elts)):
        return [opened, *_filled([item + after for _, item, after in items], inner), indent + closed]
    lines = [opened]
    for before, item, after in items:
        first, *rest = _broken(item, level + 1, len(before) + len(after))
        lines += [inner + before + first, *rest]
        lines[-1] += after
    return [*lines, indent + closed]


def _is_literal(node: ast.expr) -> bool:
    """Whether a node is a number, perhaps with a minus."""
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)


def _filled(words: list[str], indent: str) -> list[str]:
    """Short words, as many to a line as fit."""
    lines = [indent + words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= WIDTH:
            lines[-1] += " " + word
        else:
            lines.append(indent + word)
    return lines


def _pieces(text: str, node: ast.expr) -> tuple[str, list[tuple[str, str, str]], str]:
    """Opening text, items (text before, item, text after) and closing text; no items if it cannot be broken."""

    def source(part: ast.AST) -> str:
        start, end = _extent(text, part)
        return text[start:end]

    match node:
        case ast.Call(func=func, args=[ast.GeneratorExp() as only]) if not node.keywords:
            return source(func) + "(", _clauses(text, only), ")"
        case ast.Call(func=func, args=[only]) if not node.keywords:
            inside = _between(text, func, [only])[0]
            opened, items, _ = _pieces(inside, ast.parse(inside, mode="eval").body)
            return source(func) + "(", items if opened == "(" else [("", inside, "")], ")"
        case ast.UnaryOp(op=op, operand=operand):
            inside = _cut(text, operand)[1]
            opened, items, closed = _pieces(inside, ast.parse(inside, mode="eval").body)
            return ("not " if isinstance(op, ast.Not) else "-") + opened, items, closed
        case ast.Call(func=func, args=args) if args and not node.keywords:
            return source(func) + "(", [("", part, ",") for part in _between(text, func, args)], ")"
        case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts) if elts:
            ends = {"List": "[]", "Tuple": "()", "Set": "{}"}[type(node).__name__]
            return ends[0], [("", source(item), ",") for item in elts], ends[1]
        case ast.Dict(keys=keys, values=values) if keys:
            rows = [(f"{source(key)}: ", source(value), ",") for key, value in zip(keys, values, strict=True) if key]
            return "{", rows, "}"
        case ast.ListComp():
            return "[", _clauses(text, node), "]"
        case ast.BinOp() | ast.BoolOp() | ast.Compare() | ast.IfExp():
            return "(", _operands(text, node), ")"
    return "", [], ""


def _between(text: str, func: ast.expr, args: list[ast.expr]) -> list[str]:
    """The arguments of a call, each with the parentheses it was written in."""
    return [_cut(text, arg)[1] for arg in args]


def _clauses(text: str, node: ast.ListComp | ast.GeneratorExp) -> list[tuple[str, str, str]]:
    items = [("", _cut(text, node.elt)[1], "")]
    for clause in node.generators:
        target = _cut(text, clause.target)[1]
        items.append((f"for {target} in ", _cut(text, clause.iter)[1], ""))
        items += [("if ", _cut(text, test)[1], "") for test in clause.ifs]
    return items


def _operands(text: str, node: ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp) -> list[tuple[str, str, str]]:
    """The operands of the outermost operators, each behind the operator that joins it to the one before."""
    parts: Iterable[ast.expr]
    match node:
        case ast.BinOp():
            parts = _spine(text, node)
        case ast.BoolOp(values=values):
            parts = values
        case ast.Compare(left=left, comparators=others):
            parts = [left, *others]
        case ast.IfExp(test=test, body=body, orelse=orelse):
            parts = [body, test, orelse]
    items: list[tuple[str, str, str]] = []
    done = _extent(text, node)[0]
    for part in parts:
        head, inside, _ = _cut(text, part)
        joint = text[done : len(head)].strip() if items else ""
        items.append((joint + " " if joint else "", inside, ""))
        done = len(head) + len(inside)
    return items


def _spine(text: str, node: ast.BinOp) -> list[ast.expr]:
    """The operands of a chain of operators of one precedence, leaving parenthesised parts whole."""
    sums, products = (ast.Add, ast.Sub), (ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
    kinds = sums if isinstance(node.op, sums) else products
    left = node.left
    wrapped = len(_cut(text, left)[0]) < _extent(text, left)[0]
    joined = isinstance(left, ast.BinOp) and isinstance(left.op, kinds) and not wrapped
    return [*(_spine(text, left) if joined else [left]), node.right]  # type: ignore[arg-type]
