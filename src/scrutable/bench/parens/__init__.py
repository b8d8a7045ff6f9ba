"""A small transformer that says whether parentheses are balanced, and what is claimed of its insides."""
