"""The asyncio loop that shells run on: uvloop where it is installed, else the standard one."""

import asyncio

Loop = asyncio.AbstractEventLoop


def new_loop() -> Loop:
    """Make a loop for the calling thread; the caller closes it."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
