"""Pure rules: no clock, no I/O; everything is given."""
