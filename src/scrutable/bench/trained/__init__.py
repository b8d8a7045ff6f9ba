"""Small transformers trained by ordinary descent on tasks with known programs."""
