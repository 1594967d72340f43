"""What deletes groups: one request to the coordinator, tried once.

*Not here*: resets (services/offset_resets.py), who may and what is noted (services/group_deletions.py).
"""

from console.kafka.connection import ConnectionSpec, Session, run
from console.kafka.errors import NotFound, refused
from console.kafka.groups import listed_group
from engine.client.cluster_metadata import error_code
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse


def delete_group(spec: ConnectionSpec, name: str) -> None:
    """Delete a group with all that it committed. The coordinator refuses it while it has members."""

    async def write(session: Session) -> None:
        group = await listed_group(session, name)
        answer: DeleteGroupsResponse = await session.send(DeleteGroupsRequest([name]), node=group.node)
        for result in answer.results:
            code = error_code(result.error_code)
            if code is ErrorCode.GROUP_ID_NOT_FOUND:
                raise NotFound(f"there is no group {name}")
            if code is not ErrorCode.NONE:
                raise refused(code)

    run(spec, write)
