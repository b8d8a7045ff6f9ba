"""The types of the program language.

Scalars form a ladder, `Bool` below `Int` below `Real`: a value may always be used where a wider one is expected.
`Category(k)` is one of `k` labels; it counts as an `Int` when an operator does arithmetic with it. `Array` is a
fixed-shape block of scalars, `Seq` a sequence of any length, and `Selector` the relation between two positions that
`select` makes (an attention pattern).
"""

from __future__ import annotations

from dataclasses import dataclass

from scrutable.errors import UserError


class Type:
    """What a value is. Abstract; the final types below are the whole list."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Bool(Type):
    """True or false."""

    def __str__(self) -> str:
        return "Bool"


@dataclass(frozen=True, slots=True)
class Int(Type):
    """An integer. Evaluation keeps it exact and refuses what does not fit in 64 bits."""

    def __str__(self) -> str:
        return "Int"


@dataclass(frozen=True, slots=True)
class Real(Type):
    """A real number, held in double precision."""

    def __str__(self) -> str:
        return "Real"


@dataclass(frozen=True, slots=True)
class Category(Type):
    """One of `k` labels, numbered from zero."""

    k: int

    def __str__(self) -> str:
        return f"Category({self.k})"


@dataclass(frozen=True, slots=True)
class Array(Type):
    """A block of scalars of one fixed shape."""

    shape: tuple[int, ...]
    item: Type

    def __str__(self) -> str:
        return f"Array({self.shape}, {self.item})"


@dataclass(frozen=True, slots=True)
class Seq(Type):
    """A sequence of any length."""

    item: Type

    def __str__(self) -> str:
        return f"Seq({self.item})"


@dataclass(frozen=True, slots=True)
class Selector(Type):
    """For each query position of a sequence, the set of key positions it selects."""

    def __str__(self) -> str:
        return "Selector"


BOOL, INT, REAL = Bool(), Int(), Real()
_LADDER: dict[type[Type], int] = {Bool: 0, Category: 1, Int: 1, Real: 2}


def is_scalar(type_: Type) -> bool:
    """Whether `type_` is a single number or label."""
    return type(type_) in _LADDER


def scalar_of(type_: Type) -> Type:
    """The scalar inside `type_`: the item of a sequence or array, or the scalar itself."""
    if isinstance(type_, (Seq, Array)):
        return scalar_of(type_.item)
    return type_


def join(left: Type, right: Type) -> Type:
    """The narrowest type that holds values of both.

    Raises:
        UserError: the types have nothing in common, such as a sequence and a selector.
    """
    if left == right:
        return left
    if isinstance(left, Seq) or isinstance(right, Seq):
        return Seq(join(_item(left, Seq), _item(right, Seq)))
    if isinstance(left, Array) or isinstance(right, Array):
        return _join_arrays(left, right)
    if not (is_scalar(left) and is_scalar(right)):
        raise UserError(f"got a {left} beside a {right}, expected types that can be mixed")
    if isinstance(left, Category) and isinstance(right, Category):
        return Category(max(left.k, right.k))
    rank = max(_LADDER[type(left)], _LADDER[type(right)])
    return (BOOL, INT, REAL)[rank]


def _item(type_: Type, kind: type[Seq]) -> Type:
    return type_.item if isinstance(type_, kind) else type_


def _join_arrays(left: Type, right: Type) -> Type:
    shapes = [t.shape for t in (left, right) if isinstance(t, Array)]
    if len(set(shapes)) > 1:
        raise UserError(f"got arrays of shapes {shapes[0]} and {shapes[1]}, expected equal shapes")
    return Array(shapes[0], join(scalar_of(left), scalar_of(right)))


def type_to_text(type_: Type) -> str:
    """The printed form of a type, read back by `type_from_text`."""
    return str(type_)


def type_from_text(text: str) -> Type:
    """Read the printed form of a type, without running anything.

    Raises:
        UserError: the text is not a type of the language.
    """
    import ast

    try:
        return _from_tree(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise UserError(f"got {text[:80]!r}, expected a type such as Int or Seq(Category(3))") from error


def _from_tree(tree: object) -> Type:
    import ast

    names = {"Bool": BOOL, "Int": INT, "Real": REAL, "Selector": Selector()}
    if isinstance(tree, ast.Name) and tree.id in names:
        return names[tree.id]
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and not tree.keywords:
        match tree.func.id, tree.args:
            case "Category", [k]:
                return Category(int(ast.literal_eval(k)))
            case "Seq", [item]:
                return Seq(_from_tree(item))
            case "Array", [shape, item]:
                return Array(tuple(int(n) for n in ast.literal_eval(shape)), _from_tree(item))
    raise ValueError("not a type")
