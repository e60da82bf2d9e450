"""The commands: each module has `configure`, which declares its arguments, and `run`, which does it."""
