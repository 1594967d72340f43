"""What happens to sandboxes: made, leased, put to sleep, expired. Permission is already checked."""
