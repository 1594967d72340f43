"""A log on a Disk: segments, indexes, recovery, checkpoints."""
