"""The command line: `scrutable demo | inspect | explain | verify | report | doctor`, one file for each command.

Heavy imports happen inside the commands: `scrutable --help` loads neither torch nor NumPy.
"""

from scrutable.cli._main import main

__all__ = ["main"]
