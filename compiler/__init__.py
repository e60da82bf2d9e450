"""Compile one declarative analytics spec to CloudFormation."""

__version__ = "0.1.0"
