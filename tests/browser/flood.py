"""A flood of records on a topic that somebody watches, and what it costs the browser and the web process."""

import re
import threading
import time
from dataclasses import dataclass

from confluent_kafka import Producer
from playwright.sync_api import Page, expect

from tests.browser.conftest import Installation, Open

OBSERVE = """() => {
  window.__longest = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.__longest = Math.max(window.__longest, entry.duration);
  }).observe({ type: "longtask" });
}"""
STEP_S = 0.01


@dataclass
class Cost:
    """What was measured."""

    produced: int
    per_s: float
    counters: dict[str, int]
    rows: int
    longest_task_ms: float
    heap_mb: float  # more than before
    daphne_mb: float  # more than before

    def __str__(self) -> str:
        counters = ", ".join(f"{name} {count}" for name, count in self.counters.items())
        return (
            f"tail: {self.produced} records at {self.per_s:.0f}/s; {counters}; {self.rows} rows, longest task "
            f"{self.longest_task_ms:.0f} ms, heap {self.heap_mb:+.1f} MB, daphne {self.daphne_mb:+.1f} MB"
        )


def flood(installation: Installation, open_page: Open, topic: str, *, seconds: float, per_s: int = 20_000) -> Cost:
    """Produce at this rate while a viewer looks; wait until everything arrived."""
    installation.make_topic(topic, 3)
    page = open_page(f"topics/{topic}/live/")
    expect(page.locator("[data-tail=state]")).to_have_text("Live", timeout=10_000)
    _produce(installation, topic, 0.5, per_s)  # caches are warm, and the table is full, before it is measured
    time.sleep(1)
    before = number(page, "arrived")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.evaluate(OBSERVE)
    heap, memory = _heap(session), _resident(installation.web_pid)
    begun = time.monotonic()
    made: list[int] = []
    producing = threading.Thread(target=lambda: made.append(_produce(installation, topic, seconds, per_s)))
    producing.start()
    rows = most = 0
    while producing.is_alive():
        page.wait_for_timeout(250)
        rows = max(rows, page.locator("#tail-rows tr").count())
        most = max(most, _resident(installation.web_pid))
    took = time.monotonic() - begun
    expect(page.locator("[data-tail=arrived]")).to_have_text(thin(before + made[0]), timeout=30_000)
    page.wait_for_timeout(200)
    return Cost(
        produced=made[0],
        per_s=made[0] / took,
        counters=counters(page),
        rows=rows,
        longest_task_ms=page.evaluate("window.__longest"),
        heap_mb=(_heap(session) - heap) / 1e6,
        daphne_mb=(max(most, _resident(installation.web_pid)) - memory) / 1e6,
    )


def number(page: Page, name: str) -> int:
    return int(re.sub(r"\D", "", page.locator(f"[data-tail={name}]").text_content() or ""))


def counters(page: Page) -> dict[str, int]:
    """All of one moment: rows that wait for their turn are shown meanwhile."""
    names = ["arrived", "matching", "shown", "dropped", "others", "unread"]
    read = "(names) => names.map((name) => document.querySelector(`[data-tail=${name}]`).textContent)"
    return {name: int(re.sub(r"\D", "", text)) for name, text in zip(names, page.evaluate(read, names), strict=True)}


def thin(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")


def _produce(installation: Installation, topic: str, seconds: float, per_s: int) -> int:
    producer = Producer({"bootstrap.servers": installation.bootstrap, "linger.ms": 5, "log_level": 0})
    begun, made, lost = time.monotonic(), 0, []
    while (passed := time.monotonic() - begun) < seconds:
        while made < passed * per_s:
            producer.produce(
                topic, value=b"x" * 100, key=b"key-%d" % made, on_delivery=lambda e, m: lost.append(e) if e else None
            )
            made += 1
        producer.poll(0)
        time.sleep(STEP_S)
    assert producer.flush(30) == 0 and not lost
    return made


def _heap(session) -> int:
    session.send("HeapProfiler.collectGarbage")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize")


def _resident(pid: int) -> int:
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))
