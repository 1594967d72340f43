"""A WebSocket of a test, against the application in this process."""

from typing import Any

from channels.testing import WebsocketCommunicator

PATIENCE_S = 20  # what a test waits for comes; how soon is the machine's matter


class Socket(WebsocketCommunicator):
    """One that waits longer than the second that is usual: on a loaded machine that is too short."""

    async def connect(self, timeout: float = PATIENCE_S) -> tuple[bool, Any]:
        return await super().connect(timeout)

    async def receive_output(self, timeout: float = PATIENCE_S) -> Any:
        return await super().receive_output(timeout)

    async def receive_from(self, timeout: float = PATIENCE_S) -> Any:
        return await super().receive_from(timeout)

    async def receive_json_from(self, timeout: float = PATIENCE_S) -> Any:
        return await super().receive_json_from(timeout)

    async def disconnect(self, code: int = 1000, timeout: float = PATIENCE_S) -> None:
        await super().disconnect(code, timeout)

    async def wait(self, timeout: float = PATIENCE_S) -> None:
        await super().wait(timeout)
