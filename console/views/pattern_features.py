"""What the page of components shows of single features: their own parts, with examples of their data.

Each feature has one function here and one template in templates/console/patterns/.
*Not here*: the components themselves (pattern_examples.py), the page (patterns.py).
"""

from dataclasses import dataclass, field

from console.kafka.configs import ConfigEntry
from console.kafka.probe import Probe, Step
from console.views.calculator import Answer, answer_for
from console.views.pattern_examples import HOSTILE
from console.views.setting_rows import SettingRows, setting_rows

SETTINGS = [
    ConfigEntry(
        "retention.ms", "604800000", "604800000", "default", "long", "How long records are kept.", False, False
    ),
    ConfigEntry("cleanup.policy", "delete", "delete", "default", "list", "What becomes of old records.", False, False),
    ConfigEntry("max.message.bytes", "1048588", "1048588", "broker (static)", "int", None, False, False),
]
TYPED = {"retention.ms": "soon", "max.message.bytes": "4 MB"}
REFUSED = {"set.retention.ms": "Invalid value soon for configuration retention.ms: Not a number of type LONG"}

PROBE = Probe(
    (
        Step("Name", "good", "Name found", "10.4.7.21, 10.4.7.22", took_ms=3),
        Step("Connection", "good", "Connected", "10.4.7.21", took_ms=1),
        Step("TLS", "unused", "No TLS", "All that is sent, passwords too, can be read on the way."),
        Step("Sign-in", "bad", "Sign-in refused", f"pay-kafka-1 does not sign in {HOSTILE}", "Is the password right?"),
        Step("Kafka", "none", "Kafka: not reached"),
    ),
    took_ms=212,
)


@dataclass(frozen=True, slots=True)
class FeatureExamples:
    """Examples by feature."""

    settings: SettingRows = field(default_factory=lambda: setting_rows(SETTINGS, TYPED, REFUSED))
    probe: Probe = PROBE
    calculation: Answer = field(default_factory=lambda: answer_for("id_1234", "text", "3"))
