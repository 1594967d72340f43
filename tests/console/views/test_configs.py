from dataclasses import replace

from tests.console.fake_kafka import CONFIGS, HOSTILE


def get(cast, query="", **headers):
    return cast.viewer.get(f"/clusters/{cast.cluster.pk}/topics/orders.placed/configs/{query}", headers=headers)


def test_values_are_said_for_people_and_exactly(cast, kafka):
    text = get(cast).content.decode()
    assert "14\u202fd" in text and "1\u202f209\u202f600\u202f000" in text and "7\u202fd" in text
    assert text.index("retention.ms") < text.index("cleanup.policy")


def test_only_what_somebody_set(cast, kafka):
    text = get(cast, "?changed=1", **{"HX-Request": "true", "HX-Target": "rows"}).content.decode()
    assert "retention.ms" in text and "cleanup.policy" not in text and "<html" not in text


def test_secrets_are_not_told_and_documentation_is_words(cast, kafka):
    kafka.configs = [
        replace(CONFIGS[0], name="password", value=None, sensitive=True),
        replace(CONFIGS[0], documentation="Use <code>all</code> &amp; be safe. " + HOSTILE, value=HOSTILE),
    ]
    text = get(cast).content.decode()
    assert "not told" in text and "Use all &amp; be safe." in text
    assert "<script>window" not in text and "<img" not in text and "\u202e" not in text
