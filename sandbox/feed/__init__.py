"""Live pages of sandboxes: frames, commands and answers over one WebSocket, in words."""
