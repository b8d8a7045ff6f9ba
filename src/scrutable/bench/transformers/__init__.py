"""Programs on sequences, as ground truth for transformers: each can be compiled, so its circuit is known."""
