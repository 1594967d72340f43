"""What a machine knows of one connection: its out-queue and the order of its replies."""
