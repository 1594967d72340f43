"""A group with named members, driven as a broker would: requests in, answers by waiter out."""

from dataclasses import dataclass, field

from engine.core.groups import joining, leaving, syncing
from engine.core.groups.answers import JoinAnswer, SyncAnswer
from engine.core.groups.group import Group
from engine.core.groups.joining import Join
from engine.core.groups.limits import GroupLimits
from engine.core.groups.syncing import Sync
from engine.wire.error_codes import ErrorCode

SUBSCRIPTION = b"\x00\x00" + b"\x00\x00\x00\x01" + b"\x00\x06orders" + b"\xff\xff\xff\xff"


@dataclass
class Stage:
    """One group, its clock, and the answers that were given, by waiter."""

    limits: GroupLimits = field(default_factory=lambda: GroupLimits(group_initial_rebalance_delay_ms=0))
    group: Group = field(default_factory=lambda: Group("readers"))
    now_ms: int = 1_000
    waiters: int = 0
    answers: dict = field(default_factory=dict)
    stores: bool = True  # whether generations are written at once

    def join(self, member_id: str = "", **settings) -> int:
        self.waiters += 1
        request = {
            "new_member_id": f"m{self.waiters}", "instance_id": None, "client_id": "c", "client_host": "/127.0.0.1",
            "protocol_type": "consumer", "protocols": [("range", SUBSCRIPTION)], "session_timeout_ms": 10_000,
            "rebalance_timeout_ms": 60_000, "needs_known_member_id": False, "skips_assignment": True, **settings,
        }  # fmt: skip
        joining.join(self.group, self.limits, Join(self.waiters, member_id, **request), self.now_ms)
        self.collect()
        return self.waiters

    def sync(self, member_id: str, generation_id: int, assignments: dict[str, bytes] | None = None, **settings) -> int:
        self.waiters += 1
        request = Sync(
            self.waiters, member_id, settings.get("instance_id"), generation_id, settings.get("protocol_type"),
            settings.get("protocol_name"), assignments or {},
        )  # fmt: skip
        syncing.sync(self.group, request, self.now_ms)
        self.collect()
        return self.waiters

    def leave(self, member_id: str, instance_id: str | None = None) -> None:
        leaving.leave(self.group, self.limits, member_id, instance_id, self.now_ms)
        self.collect()

    def pass_ms(self, milliseconds: int) -> None:
        """Let time pass as a driver does: every deadline in between is an event."""
        end_ms = self.now_ms + milliseconds
        for _ in range(1_000):
            deadline_ms = leaving.next_deadline_ms(self.group)
            if deadline_ms is None or deadline_ms > end_ms:
                break
            self.now_ms = max(self.now_ms, deadline_ms)
            leaving.on_deadline(self.group, self.limits, self.now_ms)
            self.collect()
        else:
            raise AssertionError("the group never comes to rest")
        self.now_ms = end_ms

    def collect(self) -> None:
        if self.stores and self.group.storing_generation is not None:
            syncing.on_stored(self.group, self.group.storing_generation, ErrorCode.NONE, self.limits, self.now_ms)
        for answer in self.group.answers:
            assert answer.waiter not in self.answers, "a waiter is answered once"
            self.answers[answer.waiter] = answer
        self.group.answers.clear()
        self.group.check_invariants()

    def joined(self, waiter: int) -> JoinAnswer:
        answer = self.answers[waiter]
        assert isinstance(answer, JoinAnswer)
        return answer

    def synced(self, waiter: int) -> SyncAnswer:
        answer = self.answers[waiter]
        assert isinstance(answer, SyncAnswer)
        return answer

    def stable(self, count: int = 2) -> list[str]:
        """Bring `count` members into a Stable generation; the first one leads."""
        first = self.join()
        names = [self.joined(first).member_id]
        for _ in range(count - 1):
            newcomer = self.join()
            waiters = {name: self.join(name) for name in names}
            answer = self.joined(newcomer)
            assert all(self.joined(waiter).generation_id == answer.generation_id for waiter in waiters.values())
            names.append(answer.member_id)
        assignments = {name: name.encode() for name in names}
        leader = self.group.leader_id
        for name in names:
            if name != leader:
                self.sync(name, self.group.generation_id)
        assert leader is not None
        self.sync(leader, self.group.generation_id, assignments)
        return names
