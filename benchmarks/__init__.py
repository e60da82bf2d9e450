"""Measurements, run by `make bench`: each module of this folder has a `main` that prints a table."""
