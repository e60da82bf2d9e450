"""Run the command line as `python -m compiler`."""

from compiler.cli import entry

if __name__ == "__main__":
    entry()
