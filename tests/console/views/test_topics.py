from dataclasses import replace

from tests.console.fake_kafka import CONFIGS, SUMMARY


def page(client, cast, query="", **headers):
    return client.get(f"/clusters/{cast.cluster.pk}/topics/{query}", headers=headers)


def many(kafka, count=120):
    kafka.topics = [replace(SUMMARY, name=f"topic-{n:03}", records=n) for n in range(count)]
    kafka.topics.append(replace(SUMMARY, name="__consumer_offsets", internal=True))


def test_the_list_is_cut_into_pages_by_the_server(cast, kafka):
    many(kafka)
    text = page(cast.viewer, cast).content.decode()
    assert "topic-049" in text and "topic-050" not in text and "1–50 of 120" in text and "1 internal not listed" in text
    assert "topic-119" in page(cast.viewer, cast, "?page=3").content.decode()


def test_searching_sorting_and_internal_topics_are_asked_of_the_cluster(cast, kafka):
    many(kafka)
    page(cast.viewer, cast, "?q=topic-1&sort=-records&internal=1&page=2")
    assert kafka.asked[-1] == ("topic-1", "records", True, True, 2)


def test_an_address_typed_wrongly_shows_the_list(cast, kafka):
    for query in ("?sort=evil&page=x", "?page=-1", "?page=999999999999", "?q=" + "x" * 999, "?q=%00"):
        assert page(cast.viewer, cast, query).status_code == 200


def test_htmx_gets_the_rows_alone(cast, kafka):
    text = page(cast.viewer, cast, **{"HX-Request": "true", "HX-Target": "rows"}).content.decode()
    assert text.lstrip().startswith('<div id="rows" ') and "<html" not in text


def test_an_empty_cluster_says_how_to_begin(cast, kafka):
    kafka.topics = []
    text = page(cast.viewer, cast).content.decode()
    assert "No topics yet" in text and "kcat -b 127.0.0.1:9 -t numbers -P" in text


def test_nothing_matching_names_the_nearest(cast, kafka):
    text = page(cast.viewer, cast, "?q=orders.plcaed").content.decode()
    assert "Nothing matches" in text and "orders.placed</a>" in text


def test_hostile_searches_are_only_words(cast, kafka):
    text = page(cast.viewer, cast, "?q=<script>window.__x=1</script>&sort=%22onload=1").content.decode()
    assert "<script>window" not in text and '"onload' not in text


def test_health_is_a_shape_and_a_word(cast, kafka):
    kafka.topics = [
        replace(SUMMARY, name="a", offline=1), replace(SUMMARY, name="b", under_replicated=2),
        replace(SUMMARY, name="c", replication_factor=3), SUMMARY,
    ]  # fmt: skip
    text = page(cast.viewer, cast).content.decode()
    for words in ("1 of 6 without a leader", "2 of 6 under-replicated", "Healthy", "Healthy, one copy"):
        assert words in text


def test_a_cluster_that_lies_about_names_is_shown_without_harm(cast, kafka):
    names = ["<script>window.__x=1</script>", "../../evil", "", "a b\u202e", "x" * 300, "javascript:alert(1)"]
    kafka.topics = [replace(SUMMARY, name=name) for name in names]
    text = page(cast.viewer, cast).content.decode()
    assert text.count("not a legal name") == len(names)
    assert "<script>window" not in text and "\u202e" not in text and 'href="javascript' not in text
    assert page(cast.viewer, cast, "?q=scrpit").status_code == 200


def test_a_topic_from_which_nothing_is_removed_says_so(cast, kafka):
    kafka.topics = [replace(SUMMARY, cleanup_policy="")]
    assert 'soft">none</td>' in cast.viewer.get(f"/clusters/{cast.cluster.pk}/topics/").content.decode()
    kafka.configs = [replace(CONFIGS[0], value="", source="topic"), *CONFIGS[1:]]
    text = cast.viewer.get(f"/clusters/{cast.cluster.pk}/topics/{SUMMARY.name}/").content.decode()
    assert "for ever <small>nothing is removed</small>" in text
