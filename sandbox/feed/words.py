"""What happened, as sentences: of marks on a timeline, of the steps of a chain of causes, of why something waits.

*Invariants*: names that people or clients gave stand in the sentences as they are; whoever shows them shows text.
*Not here*: what caused what (engine.simulation.hosted.why), how it is shown.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.wire.catalog import APIS

Facts = Mapping[str, Any]
SEEN_SHOWN = 3
THIN = "\u202f"  # between a number and its unit: they stay on one line
BEGINNINGS = ("you", "a", "the", "group", "topic", "retention", "producer", "consumer", "nothing")


def mark(found: Facts) -> str:
    """A mark on the timeline."""
    return sentence(action(found["facts"]) if found["kind"] == "act" else observation(found["facts"]))


def lasting(span: Facts) -> str:
    """A fault that lasts, without when."""
    node, facts = span["node"], span["facts"]
    slow = f", by {_ms(facts['by_us'] / 1000)}" if "by_us" in facts else ""
    return {
        "down": f"{node} is down",
        "slow disk": f"the disk of {node} is slow{slow}",
        "full disk": f"the disk of {node} is full",
        "frozen": f"{node} stands still",
        "cut off": f"{node} is cut off",
        "offline": f"the log directory of {node} is offline",
    }[span["state"]]


def sentence(words: str) -> str:
    """It begins with a capital, unless it begins with a name."""
    first = words.partition(" ")[0]
    return f"{words[0].upper()}{words[1:]}." if first in BEGINNINGS else f"{words}."


def steps(chain: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps of a chain, each with its sentence and the remark that ends the chain, if it does."""
    return [
        {
            "event": step["event"],
            "at_us": step["at_us"],
            "tone": _tone(step),
            "words": sentence(_step(step)),
            "end": _end(step),
        }
        for step in chain
    ]


def _step(step: Facts) -> str:
    if step["kind"] == "act":
        return action(step["facts"])
    told = [observation(one) for one in _telling(step["seen"])]
    if told:
        return "; ".join(told)
    return _event(step)


def _telling(seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What of an event says most: requests count when nothing else does."""
    plain = [one for one in seen if one["kind"] in ("request_sent", "request_received", "answer_received")]
    more = [one for one in seen if one not in plain]
    return (more or plain)[:SEEN_SHOWN]


def _event(step: Facts) -> str:
    facts, subject = step["facts"], step["subject"]
    if step["kind"] == "bytes":
        return f"{facts['node']} gets {facts.get('bytes', 'some')} bytes from {_host(facts['other'])}"
    return {
        "deadline": f"{subject} does what was due now",
        "synced": f"the disk of {subject} has written what it was asked to",
        "wake": f"{subject} goes on with what it does",
        "begin": f"{subject} begins",
        "close": f"{subject} ends, as it was asked to",
        "start": f"{subject} starts",
        "open": f"{facts.get('node', subject)} takes a connection from {_host(str(facts.get('other', 'somebody')))}",
        "opened": f"{facts.get('node', subject)} has a connection to {_host(str(facts.get('other', 'somebody')))}",
        "closed": f"a connection of {facts.get('node', subject)} is closed",
    }.get(step["kind"], f"{step['kind']} at {subject}")


def _end(step: Facts) -> str:
    facts = step["facts"]
    match step["because"]:
        case "action":
            return "Here the chain ends, in something you did."
        case "config":
            config = facts.get("config")
            meant = CONFIGS.get(str(config), "")
            return (
                f"Here the chain ends, in the config {config}{meant}."
                if config
                else "Here the chain ends, in its configs."
            )
        case "beginning":
            return "Here the chain ends: the sandbox began so."
        case "declared":
            return "It does so again and again, because it was declared:"
    return ""


CONFIGS = {  # what those mean that chains end in
    "group.initial.rebalance.delay.ms": ": a group that begins waits so long for more members",
    "log.retention.check.interval.ms": ": how often the broker looks for what is too old",
    "replica.high.watermark.checkpoint.interval.ms": ": how often it notes on its disk how far it is",
}


def _tone(step: Facts) -> str:
    kinds = {one["kind"] for one in step["seen"]}
    if kinds & {"killed", "crashed", "sync failed", "log_dir_offline", "partition_offline", "could not start", "dies"}:
        return "bad"
    if kinds & {
        "not acknowledged",
        "given up",
        "lost in memory",
        "commit failed",
        "severed",
        "frozen",
        "disk is slow",
        "disk is short",
    }:
        return "warn"
    return "thread" if step["kind"] == "act" else "none"


def waiting(facts: Facts) -> str:
    """Why the high watermark stands where it does."""
    name = f"{facts['topic']}-{facts['partition']}"
    match facts["why"]:
        case "nothing waits":
            return f"Nothing waits: every record of {name} is visible, up to {facts['end']}."
        case "not synced yet":
            lead = f"{name} ends at {facts['end']}, and its disk has made it durable up to {facts['synced_end']} only"
            return f"{lead}: durability is {facts['config']['durability']}, so the rest becomes visible then."
        case "disk is slow":
            return f"{name} waits for its disk, which is slow: synced up to {facts['synced_end']} of {facts['end']}."
        case "log directory is offline":
            return f"The log directory of {name} is offline: nothing can be written or synced."
        case "broker is down":
            return f"The broker of {name} is down."
    return f"{name}: {facts['why']}."


def action(done: Facts) -> str:
    """Something that the learner did."""
    rule = ACTIONS.get(done["do"])
    return rule(done) if rule else f"you: {done['do']}"


COMMITS = {  # when, as static/js/picture/rows.js says it
    "auto": "by itself",
    "after": "after its work",
    "before": "before its work",
    "each": "after each record",
    "never": "never",
}


def _declared(verb: str) -> Callable[[Facts], str]:
    def words(done: Facts) -> str:
        actor = done["actor"]
        if actor["kind"] == "producer":
            what = f"{actor['rate']:g} records a second to {actor['topic']}, acks={actor['acks']}"
        else:
            commits = f"commits {COMMITS.get(actor['commit'], actor['commit'])}"
            group = f"in group {actor['group']}, {commits}" if actor["group"] else "without a group"
            what = f"reads {actor['topic']} {group}"
        return f"you {verb} {actor['kind']} {actor['name']}: {what}"

    return words


ACTIONS: dict[str, Callable[[Facts], str]] = {
    "add": _declared("add"),
    "change": _declared("change"),
    "remove": lambda done: f"you remove {done['name']}",
    "stop client": lambda done: f"you stop {done['name']} in order",
    "start client": lambda done: f"you start {done['name']}",
    "crash client": lambda done: f"you crash {done['name']} for {_ms(done['down_ms'])}",
    "kill": lambda done: (
        f"you kill {done['name']}" + (" and lose what is not synced" if done["loses"] == "unsynced" else "")
    ),
    "stop": lambda done: f"you stop {done['name']} in order",
    "start": lambda done: f"you start {done['name']}",
    "slow disk": lambda done: (
        f"you make the disk of {done['name']} slower by {_ms(done['by_ms'])}" if done["by_ms"]
        else f"you make the disk of {done['name']} as fast as before"
    ),
    "full disk": lambda done: (
        f"you fill the disk of {done['name']}" if done["full"] else f"you make room on the disk of {done['name']}"
    ),
    "cut": lambda done: f"you cut {done['name']} off for {_ms(done['for_ms'])}",
    "freeze": lambda done: f"you freeze {done['name']} for {_ms(done['for_ms'])}",
    "leap": lambda done: f"you set the clock of {done['name'] or 'everybody'} by {_ms(done['by_ms'])}",
    "send": lambda done: "you send a request, by a page of the console",
    "produce": lambda done: f"you produce to {done['topic']}-{done['partition']}" + _acks(done["acks"]),
    "create topic": lambda done: f"you create topic {done['topic']} with {_count(done['partitions'], 'partition')}",
    "add partitions": lambda done: f"you give {done['topic']} {done['partitions']} partitions",
    "change topic": lambda done: f"you change {done['topic']}: {_configs(done['configs'])}",
    "delete topic": lambda done: f"you delete topic {done['topic']}",
    "hang up": lambda done: "a program outside closes its connection",
}  # fmt: skip


def _acks(acks: int) -> str:
    return {0: ", acks=0", 1: ", acks=1"}.get(acks, "")


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"


def _configs(configs: Mapping[str, str]) -> str:
    told = [f"{name}={value}" if value else f"{name} back to its default" for name, value in configs.items()]
    return ", ".join(told[:4]) + (" and more" if len(told) > 4 else "")


def observation(seen: Facts) -> str:
    """Something that was seen in an event."""
    rule = SEEN.get(seen["kind"])
    if rule is not None:
        return rule(seen)
    values = ", ".join(f"{name} {value}" for name, value in seen.items() if name not in ("kind", "node"))
    return f"{seen['node']}: {seen['kind'].replace('_', ' ')}" + (f" ({values})" if values else "")


def _place(seen: Facts) -> str:
    return f"{seen['topic']}-{seen['partition']}"


def _gone(lost_bytes: int) -> str:
    return f"and {lost_bytes} bytes that were not synced" if lost_bytes else "and nothing with it: all was synced"


def _offsets(first: int, last: int) -> str:
    return f"record {first}" if first == last else f"records {first} to {last}"


def _numbers(seen: Facts) -> str:
    """Of records without an offset: as their producer counts them."""
    first, last = seen["first"], seen["last"]
    return f"its record no. {first}" if first == last else f"its records no. {first} to {last}"


def _group_state(seen: Facts) -> str:
    members = "1 member" if seen["members"] == 1 else f"{seen['members']} members"
    return f"group {seen['group']} is {seen['state']}, generation {seen['generation']}, {members}"


SEEN: dict[str, Callable[[Facts], str]] = {
    "started": lambda s: f"{s['node']} is up",
    "could not start": lambda s: f"{s['node']} could not start: {s['reason']}",
    "stopped": lambda s: f"{s['node']} has stopped",
    "killed": lambda s: f"{s['node']} is killed; what its machine has in memory stays",
    "crashed": lambda s: f"{s['node']} loses its power, {_gone(s['lost_bytes'])}",
    "opened": lambda s: f"{s['node']} opens {_place(s)}: from {s['start']} to {s['end']}",
    "removed": lambda s: f"topic {s['topic']} is removed",
    "appended": lambda s: f"{s['node']} appends {_offsets(s['first'], s['end'] - 1)} to {_place(s)}",
    "duplicate": lambda s: f"{s['node']} has these records of {_place(s)} already, at {s['offset']}",
    "synced": lambda s: f"the disk has {_place(s)} up to {s['end']}",
    "high_watermark": lambda s: f"{_place(s)} is visible up to {s['offset']}",
    "log_start": lambda s: f"{_place(s)} begins at {s['offset']} now",
    "segments_deleted": lambda s: f"retention deletes the beginning of {_place(s)}, up to {s['start']}",
    "log_dir_offline": lambda s: f"the log directory of {s['node']} goes offline: {s['reason']}",
    "partition_offline": lambda s: f"{_place(s)} goes offline: {s['reason']}",
    "sync failed": lambda s: f"the disk of {s['node']} fails to sync",
    "group": _group_state,
    "committed": lambda s: f"group {s['group']} has committed {s['offset']} in {_place(s)}",
    "request_sent": lambda s: f"{s['node']} sends {_api(s)}",
    "request_received": lambda s: f"{s['node']} receives {_api(s)}",
    "answer_received": lambda s: f"{s['node']} has the answer to {_api(s)}",
    "acknowledged": lambda s: f"{s['node']} hears that record {s['offset']} of {_place(s)} is kept",
    "sent": lambda s: f"{s['node']} sends record {s['record']} to {_place(s)} and waits for nothing",
    "not acknowledged": lambda s: (
        f"{s['node']} does not know whether its record is kept: {s['reason']}" if s["unsure"]
        else f"{s['node']} hears that its record is not kept: {s['reason']}"
    ),
    "given up": lambda s: (
        f"{s['node']} was closed before it heard of {_numbers(s)}: nobody knows whether they are kept" if s["unsure"]
        else f"{s['node']} was closed before it had sent {_numbers(s)}: they are given up"
    ),
    "lost in memory": lambda s: (
        f"{s['node']} was killed before it heard of {_numbers(s)}: nobody knows whether they are kept" if s["unsure"]
        else f"{s['node']} was killed with {_numbers(s)} unsent in its memory: they are lost"
    ),
    "delivered": lambda s: f"{s['node']} has {_offsets(s['first'], s['last'])} of {_place(s)}",
    "processed": lambda s: f"{s['node']} has processed {_offsets(s['first'], s['last'])} of {_place(s)}",
    "assignment": lambda s: f"{s['node']} holds {_places(s['places'])}, generation {s['generation']}",
    "rebalanced": lambda s: f"{s['node']} {s['change']} {_places(s['places'])}",
    "begins_at": lambda s: f"{s['node']} begins {_place(s)} at {s['offset']}",
    "offset_reset": lambda s: f"{s['node']} had no offset for {_place(s)} and begins at {s['offset']}",
    "commit_sent": lambda s: f"{s['node']} commits",
    "commit_acknowledged": lambda s: f"{s['node']} hears that its commit is kept",
    "commit failed": lambda s: f"{s['node']} could not commit: {s['reason']}",
    "poll failed": lambda s: f"{s['node']} could not read: {s['reason']}",
    "left": lambda s: f"{s['node']} leaves group {s['group']}",
    "dies": lambda s: f"{s['node']} dies {s['at']}",
    "client crashed": lambda s: f"{s['node']} crashes",
    "client started": lambda s: f"{s['node']} begins again",
    "client stopped": lambda s: f"{s['node']} has stopped",
    "added": lambda s: f"{s['what']} {s['node']} is there, for {s['topic']}",
    "changed": lambda s: f"{s['node']} is declared anew",
    "removed actor": lambda s: f"{s['node']} is gone",
    "disk is short": lambda s: f"the disk of {s['node']} has {s['spare_bytes']} bytes left",
    "disk has room": lambda s: f"the disk of {s['node']} has room again",
    "disk is slow": lambda s: f"the disk of {s['node']} takes {_ms(s['by_us'] / 1000)} longer",
    "disk is as fast as before": lambda s: f"the disk of {s['node']} is as fast as before",
    "wall clock leapt": lambda s: f"the clock of {s['node']} leaps by {_ms(s['by_ms'])}",
    "frozen": lambda s: f"{s['node']} stands still for {_ms(s['for_us'] / 1000)}",
    "thawed": lambda s: f"{s['node']} goes on",
    "mended": lambda s: f"{s['node']} and {s['other']} reach each other again",
    "severed": lambda s: f"{s['node']} and {s['other']} are cut off from each other for {_ms(s['for_us'] / 1000)}",
    "link cut": lambda s: f"a connection of {s['node']} is cut",
}  # fmt: skip


def _api(seen: Facts) -> str:
    api = APIS.get(seen["api"])
    return f"{api.name} {seen['correlation']}" if api else f"request {seen['api']}"


def _places(places: list[list[Any]]) -> str:
    return ", ".join(f"{topic}-{partition}" for topic, partition, *_ in places[:8]) or "nothing"


def _host(address: str) -> str:
    return address.partition(":")[0]


def _ms(milliseconds: float) -> str:
    sign, size = ("−" if milliseconds < 0 else ""), abs(milliseconds)
    for unit, length in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if size >= length:
            return f"{sign}{size / length:g}{THIN}{unit}"
    return f"{sign}{size:g}{THIN}ms"
