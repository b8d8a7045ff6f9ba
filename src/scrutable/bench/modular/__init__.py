"""Small transformers that add modulo a prime, some by the clock and some by the pizza, and what tells the two apart."""
