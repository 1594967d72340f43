"""WebSockets: live tail and what updates itself."""
