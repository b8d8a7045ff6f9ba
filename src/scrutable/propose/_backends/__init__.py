"""Search engines of other packages, each run in a process of its own: a crash costs only its answer."""
