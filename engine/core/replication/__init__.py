"""When records count: fetch sessions, acknowledgements, the high watermark."""
