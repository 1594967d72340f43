"""What a sandbox that wakes has still to do: from its nearest keyframe to where it stood is a way like any other.

After kill -9, or when keyframes were thinned or are another build's, that way is long: it is gone in slices, and who
asks for the sandbox is answered when it is there.

*Invariant*: until then nobody sees its world or acts in it.
*Not here*: slices (hosted.py), who waits (links.py).
"""

from dataclasses import dataclass

from engine.simulation.hosted.timeline import ACT_EVENTS_MAX, Timeline


class NotYet(Exception):
    """The sandbox wakes: ask again in a later round."""


@dataclass(slots=True)
class Waking:
    """The way to the present, and from there to where somebody looked."""

    stood: int  # where the playhead was, when that was last written
    head: int  # the present, as it was then
    last_action: int  # behind so many events the last action was accepted
    at_present: bool = False

    def arrived(self, timeline: Timeline) -> int | None:
        """It has come as far as it was to go: where to next; None if it stands where it stood."""
        if self.at_present:
            return None
        self.at_present = True
        actions = timeline.keeper.actions
        if actions and timeline.head == self.last_action:  # what it did at its very time was seen by who did it
            at_us = max(one.at_us for one in actions if one.after == self.last_action)
            timeline.run(ACT_EVENTS_MAX, until_us=at_us)
        return self.stood if self.stood < self.head and self.head >= self.last_action else None
