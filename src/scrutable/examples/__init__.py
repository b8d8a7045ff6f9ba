"""Small networks that ship with the package, each trained by `python -m scrutable.examples.train`."""

from scrutable.examples._catalogue import CATALOGUE, Example, example, inputs_for, load, names

__all__ = ["CATALOGUE", "Example", "example", "inputs_for", "load", "names"]
