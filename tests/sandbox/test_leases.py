"""Claiming a sandbox while others do: in a database of its own, for threads there have connections as processes do."""

import json

from tests.sandbox.worker_process import in_django, make_database

RACE = """
import json, threading
from console.models import User
from sandbox.models import Sandbox
from sandbox.services import leases, sandboxes

owner = User.objects.create_user("owner")
made = [sandboxes.make(name=name, limits="member", owner=owner) for name in "123"]
assert leases.wake(made[0], "runner")
both_counted, count = threading.Barrier(2), sandboxes.running

def counted_and_waits(sandbox):
    found = count(sandbox)
    try:
        both_counted.wait(1.0)  # as long as it takes, if the other can count too before anybody has claimed
    except threading.BrokenBarrierError:
        pass
    return found

sandboxes.running = counted_and_waits
told = {}

def wake(sandbox, runner):
    try:
        told[runner] = leases.wake(sandbox, runner)
    except sandboxes.SandboxRefused as refused:
        told[runner] = str(refused)

threads = [threading.Thread(target=wake, args=(made[n], f"runner-{n}")) for n in (1, 2)]
for one in threads: one.start()
for one in threads: one.join()
print(json.dumps([list(told.values()), Sandbox.objects.filter(state="awake").count()]))
"""


def test_two_runners_that_wake_two_sandboxes_of_one_owner_at_one_moment_wake_one_if_there_is_room_for_one(tmp_path):
    make_database(tmp_path)
    told, awake = json.loads(in_django(tmp_path, RACE))
    assert awake == 2, "two of a member's may be awake"
    assert True in told and any("2 sandboxes of yours run" in str(one) for one in told)
