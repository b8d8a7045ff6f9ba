"""Formulas for real tables: symbolic regression by symmetries, subsets of terms, and snapped constants."""

from scrutable.synthesis.formula._method import Formulas

__all__ = ["Formulas"]
