"""Reading Python functions as programs: the parts of `trace`, one kind of Python in each file."""
