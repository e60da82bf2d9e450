"""Whole stacks on the test bed: deployed, fed, queried, changed and deleted."""
