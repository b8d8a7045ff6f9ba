"""`python -m scrutable` is the command line."""

from scrutable.cli import main

if __name__ == "__main__":
    main()
