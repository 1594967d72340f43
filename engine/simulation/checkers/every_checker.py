"""All checkers, new for one run.

Not here: what each checks.
"""

from engine.simulation.checkers.acked_not_lost import AckedNotLost
from engine.simulation.checkers.checker import Checker
from engine.simulation.checkers.client_groups import ClientGroups
from engine.simulation.checkers.disk_full import DiskFullLeavesNothing
from engine.simulation.checkers.groups import Groups
from engine.simulation.checkers.high_watermark import HighWatermark
from engine.simulation.checkers.idempotence import Idempotence
from engine.simulation.checkers.list_offsets import ListOffsets
from engine.simulation.checkers.metadata_kept import MetadataKept
from engine.simulation.checkers.offsets import Offsets
from engine.simulation.checkers.one_value import OneValue
from engine.simulation.checkers.producer_ids import ProducerIds
from engine.simulation.checkers.recovery import Recovery
from engine.simulation.checkers.replies import Replies
from engine.simulation.checkers.retention import Retention


def every_checker() -> list[Checker]:
    """Return one of each."""
    return [
        HighWatermark(),
        Replies(),
        Retention(),
        Recovery(),
        DiskFullLeavesNothing(),
        MetadataKept(),
        Offsets(),
        AckedNotLost(),
        OneValue(),
        Idempotence(),
        ProducerIds(),
        ListOffsets(),
        Groups(),
        ClientGroups(),
    ]
