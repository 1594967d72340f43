"""What a cluster takes from the produce form, in memory; nothing runs in a thread."""

from console.kafka import producing
from console.kafka.producing import Written
from console.services import sendings


class FakeProducer:
    """Takes what is sent; `answers` are given to the first records, the others are written."""

    def __init__(self):
        self.sent = []
        self.settings = []
        self.again = []
        self.answers = []
        self.fails = None

    def put_in_place(self, monkeypatch) -> "FakeProducer":
        sendings._sendings.clear()
        monkeypatch.setattr(producing, "produce", self.produce)
        monkeypatch.setattr(sendings, "_start", lambda work: work())
        return self

    def produce(self, spec, records, settings, told, *, again=()):
        if self.fails:
            raise self.fails
        self.settings.append(settings)
        for group in [*[(sent_as, list(group)) for sent_as, group in again], (None, list(records))]:
            if not group[1]:
                continue
            (self.again if group[0] else self.sent).extend(group[1])
            answers = [self.answers.pop(0) if self.answers else self.written(record) for record in group[1]]
            if not told(answers, 6.2) or not all(isinstance(answer, Written) for answer in answers):
                return

    def written(self, record):
        return Written(record.partition, 100 + len(self.sent), record.timestamp_ms)
