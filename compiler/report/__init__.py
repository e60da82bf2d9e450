"""The reports: `view` makes plain data of a compilation, and each other module prints that data its way."""
