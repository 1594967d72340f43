"""A lesson played without a page: a world, a watch, and the moves that a lesson's file declares."""

from functools import cache

from engine.client.partitioners import partition_of
from engine.simulation.hosted.keepers import MemoryKeeper
from engine.simulation.hosted.shape import Shape
from engine.simulation.hosted.timeline import Timeline
from sandbox.checks.evaluate import Evaluation, Report
from sandbox.checks.gathered import Answer
from sandbox.lessons import catalog
from sandbox.runner import lesson_watch

SALT = "k3f9"


class Played:
    """One learner in one lesson."""

    def __init__(self, slug: str, salt: str = SALT, seed: int = 7, timeline: Timeline | None = None) -> None:
        self.lesson = catalog.lesson(slug, salt)
        self.timeline = timeline or Timeline(seed, Shape(), MemoryKeeper())
        if timeline is None:
            self.timeline.run(3)
        self.watch = None
        self.answers: list[Answer] = []
        self.open(0)

    def open(self, number: int) -> None:
        self.step = self.lesson.steps[number]
        self.since, self.answers = self.timeline.world.events, []
        self.look()

    def look(self) -> Report:
        self.watch = lesson_watch.watch(self.watch, self.step, self.since, self.answers, (self.lesson.slug,))
        while (report := self.watch.look(self.timeline)) is None:
            pass  # it takes so many events at a time
        return report

    def play(self, moves) -> Report:
        for move in moves:
            self.move(move)
        return self.look()

    def move(self, move) -> None:
        timeline = self.timeline
        if "act" in move:
            timeline.act(move["act"])
            timeline.run(1)
        elif "run" in move:
            timeline.run(move["run"])
        elif "run_ms" in move:
            timeline.run(50_000, timeline.world.now_us + move["run_ms"] * 1000)
        else:
            self.answers.append(Answer(move["answer"], self.value(move), timeline.world.events))

    def value(self, move) -> str:
        if "hash" in move:
            of = move["hash"]
            return str(partition_of(of.get("partitioner", "murmur2"), of["key"].encode(), of["count"]))
        if "truth" in move:
            self.look()
            return str(Evaluation(self.watch.gathered).resolve(move["truth"]))
        return move["value"]


@cache
def solved(slug: str) -> tuple[Played, list[int], list[Report]]:
    """A lesson by its solution: where each step opened, and what was said when it was done."""
    played, opened, told = Played(slug), [], []
    for number in range(len(played.lesson.steps)):
        played.open(number)
        opened.append(played.since)
        assert not played.look().done, f"{played.step.id} is done when it opens"
        told.append(played.play(played.step.solution))
    return played, opened, told


def up_to(slug: str, number: int) -> Played:
    """The steps before are solved, this one is open: a world forked from there."""
    played, opened, _ = solved(slug)
    branch = Played(slug, timeline=played.timeline.fork(opened[number]))
    branch.open(number)
    return branch


def missing(report: Report) -> list[tuple[str, str]]:
    return [(one.id, one.because) for one in report.verdicts if not one.met]
