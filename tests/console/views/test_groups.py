import time
import uuid
from dataclasses import replace

import pytest

from console.kafka.errors import ClusterUnreachable
from console.kafka.group_requests import Missing
from console.kafka.group_resets import Move
from console.models import AuditEntry, Membership, Role
from console.services import lag_trends
from console.views import offset_resets
from tests.console.cast import Cast
from tests.console.fake_groups import DETAIL, HOSTILE_MEMBER, MEMBER, PARTITION, SUMMARY, FakeGroups
from tests.console.fake_kafka import HOSTILE

RESET = "groups/fraud-scoring/offset-reset/"
ASK = RESET + "?to=earliest&topic=orders.placed&partitions=all"
PAGES = ["groups/", "groups/fraud-scoring/", "topics/orders.placed/groups/"]
on_every_page = pytest.mark.parametrize("path", PAGES)
on_all = pytest.mark.parametrize("path", [*PAGES, RESET, ASK])
AGREED = {"seen": "0:691:0,1:10:15", "skips": "1"}


@pytest.fixture
def groups(kafka, monkeypatch) -> FakeGroups:
    return FakeGroups(kafka).put_in_place(monkeypatch)


def address(cast: Cast, path: str) -> str:
    return f"/clusters/{cast.cluster.pk}/{path}"


def text(client, cast, path: str, **headers) -> str:
    answer = client.get(address(cast, path), headers=headers)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def make_operator(cast: Cast) -> None:
    Membership.objects.update(role=Role.OPERATOR)


@on_every_page
def test_viewers_see_it_and_what_they_may_not(cast, groups, path):
    for client in (cast.owner, cast.viewer):
        assert "fraud-scoring" in text(client, cast, path)


@on_all
def test_who_is_not_signed_in_is_asked_to(cast, groups, path):
    answer = cast.nobody.get(address(cast, path))
    assert answer.status_code == 302 and answer.url.startswith("/login/?next=")


@on_all
def test_a_stranger_finds_nothing(cast, groups, path):
    assert cast.stranger.get(address(cast, path)).status_code == 404
    assert cast.owner.get(f"/clusters/{uuid.uuid4()}/{path}").status_code == 404


@on_every_page
def test_lists_and_pages_are_only_for_reading(cast, groups, path):
    assert cast.owner.post(address(cast, path)).status_code == 405


@on_all
def test_a_dead_cluster_gives_a_page_that_says_so_and_a_fragment_to_a_fragment(cast, groups, path):
    groups.kafka.die()
    answer = cast.owner.get(address(cast, path))
    assert answer.status_code == 503 and "connection refused by 127.0.0.1:9" in answer.content.decode()
    part = cast.owner.get(address(cast, path), headers={"HX-Request": "true", "HX-Target": "rows"})
    assert b"No broker answers" in part.content and b"<html" not in part.content


@on_every_page
def test_a_part_refreshes_itself_alone(cast, groups, path):
    part = text(cast.viewer, cast, path, **{"HX-Request": "true", "HX-Target": "rows"})
    assert part.lstrip().startswith('<div id="rows"') and "<html" not in part


def test_filters_and_sorting_are_asked_of_the_cluster_and_stay_in_the_refresh(cast, groups):
    shown = text(cast.viewer, cast, "groups/?q=fraud&state=Stable&sort=-lag")
    asked = {"query": "fraud", "state": "Stable", "sort": "lag", "descending": True, "page": 1}
    assert groups.asked == [asked]
    assert 'data-behavior="live"' in shown


def test_an_address_typed_wrongly_shows_the_list(cast, groups):
    for query in ("?sort=evil&page=x", "?page=-1", "?q=" + "x" * 999, "?q=%00", "?state=" + "y" * 99):
        assert cast.viewer.get(address(cast, "groups/" + query)).status_code == 200


def test_the_list_is_cut_into_pages(cast, groups):
    groups.groups = [replace(SUMMARY, name=f"group-{n:03}") for n in range(120)]
    shown = text(cast.viewer, cast, "groups/?page=2")
    assert "group-050" in shown and "group-049" not in shown and "51–100 of 120" in shown


def test_no_groups_no_match_and_silent_brokers_each_say_so(cast, groups):
    assert "The closest name is" in text(cast.viewer, cast, "groups/?q=fraud-scorring")
    groups.missing = (Missing(2, "connection refused"),)
    assert "The groups of broker 2 are not listed." in text(cast.viewer, cast, "groups/")
    groups.groups, groups.of_topic = [], []
    assert "kcat -b 127.0.0.1:9 -G readers numbers" in text(cast.viewer, cast, "groups/")
    assert "No group reads this topic" in text(cast.viewer, cast, "topics/orders.placed/groups/")


def test_a_group_says_who_reads_what_and_how_far_behind(cast, groups):
    unread = replace(PARTITION, index=1, reader=None, committed=None, lag=None, behind_ms=None)
    groups.detail = replace(DETAIL, partitions=[PARTITION, unread])
    shown = text(cast.viewer, cast, "groups/fraud-scoring/")
    for words in ("scorer-0", "10.0.0.7", "Stable", "4\u202fs", "no commit", "nobody", "Broker 1"):
        assert words in shown


def test_a_time_behind_that_is_not_whole_is_a_lower_bound_with_its_reason(cast, groups):
    untold = replace(PARTITION, index=1, behind_ms=None, behind_why="partition 1 has no leader")
    groups.detail = replace(DETAIL, partitions=[PARTITION, untold])
    shown = text(cast.viewer, cast, "groups/fraud-scoring/")
    assert "at least</small> 4\u202fs" in shown and "not known for 1 partition<" in shown
    assert "not known for 1 partition: partition 1 has no leader." in shown
    groups.detail = replace(DETAIL, partitions=[replace(PARTITION, index=0, lag=0, behind_ms=0), untold])
    shown = text(cast.viewer, cast, "groups/fraud-scoring/")
    assert "at least" not in shown and '<dt>Behind by</dt><dd><span class="zero">–</span>' in shown


def test_the_lag_says_what_it_leaves_out(cast, groups):
    unread = replace(PARTITION, index=1, committed=None, lag=None, behind_ms=None)
    groups.detail = replace(DETAIL, partitions=[PARTITION, unread, replace(unread, index=2)])
    shown = text(cast.viewer, cast, "groups/fraud-scoring/")
    assert "12 <small>records, and 2 partitions without a commit</small>" in shown
    assert shown.count('class="bar"') == 1
    groups.detail = replace(DETAIL, partitions=[PARTITION, replace(PARTITION, end=None, lag=None, error="no leader")])
    assert "records, and 1 partition whose end is not known" in text(cast.viewer, cast, "groups/fraud-scoring/")


def test_a_group_that_is_not_there_is_said_in_words(cast, groups):
    answer = cast.viewer.get(address(cast, "groups/nobody/"))
    assert answer.status_code == 404 and "There is no group nobody" in answer.content.decode()


def test_a_missing_group_leads_back_to_the_groups(cast, groups):
    shown = cast.viewer.get(address(cast, "groups/nobody/")).content.decode()
    assert "Groups of " in shown and "Topics of " not in shown
    assert "Topics of " in cast.viewer.get(address(cast, "topics/nothing/")).content.decode()


def test_a_group_without_a_protocol_says_why(cast, groups):
    for changes, words in (
        ({"members": (), "protocol": ""}, "none without members"),
        ({"members": (), "protocol": "", "protocol_type": ""}, "none, only commits"),
        ({"protocol": ""}, "not agreed yet"),
    ):
        groups.detail = replace(DETAIL, **changes)
        assert f"<dt>Protocol</dt><dd><small>{words}<" in text(cast.viewer, cast, "groups/fraud-scoring/")


def test_the_groups_of_a_topic_are_not_counted_as_if_some_were_hidden(cast, groups):
    shown = text(cast.viewer, cast, "topics/orders.placed/groups/")
    assert "1 group reads this topic or has commits in it." in shown and "1 of 5" not in shown


def test_hostile_names_are_only_words_and_have_addresses(cast, groups):
    names = [HOSTILE, "../../evil", ".", "a/b?c#d", "~tilde", "\x00", "é \u200b", "-rf"]
    groups.groups = [replace(SUMMARY, name=name, protocol=HOSTILE, problem=HOSTILE) for name in names]
    shown = text(cast.viewer, cast, "groups/")
    for name in names:
        from django.urls import reverse

        path = reverse("console:group-detail", args=[cast.cluster.pk, name])
        assert f'href="{path}"' in shown
        partition = replace(PARTITION, topic=name, metadata=HOSTILE, reader=HOSTILE_MEMBER, error=HOSTILE)
        groups.detail = replace(DETAIL, name=name, members=(HOSTILE_MEMBER,), partitions=[partition])
        detail = cast.viewer.get(path)
        assert detail.status_code == 200
        shown += detail.content.decode()
        shown += cast.owner.get(path + "offset-reset/?to=latest&topic=orders.placed").content.decode()
    for wrong in ("<script>window", "<img src=x", "\u202e", "\x07", "\x00"):
        assert wrong not in shown


def test_a_name_that_no_address_holds_is_still_listed(cast, groups):
    groups.groups = [replace(SUMMARY, name="x" * 30_000)]
    assert "too long for a page" in text(cast.viewer, cast, "groups/")
    for code in ("~", "~!!", "~Zm9v", "~" + "A" * 2001, "~_w"):
        assert cast.viewer.get(address(cast, f"groups/{code}/")).status_code == 404


def test_a_viewer_may_not_reset_and_is_told_what_it_needs(cast, groups):
    assert "To reset: this needs the role operator, and you are viewer" in text(
        cast.viewer, cast, "groups/fraud-scoring/"
    )
    for answer in (cast.viewer.get(address(cast, RESET)), cast.viewer.post(address(cast, ASK), AGREED)):
        assert answer.status_code == 403 and "operator" in answer.content.decode()
    assert not groups.resets
    make_operator(cast)
    assert "Reset offsets of fraud-scoring" in text(cast.viewer, cast, RESET)


def test_of_a_read_only_connection_nobody_resets_and_the_page_says_so(cast, groups):
    cast.cluster.read_only = True
    cast.cluster.save()
    assert "This connection is read-only" in text(cast.admin, cast, "groups/fraud-scoring/")


def test_a_review_changes_nothing_and_shows_what_it_means(cast, groups):
    shown = text(cast.owner, cast, ASK)
    for words in ("Reset 2 partitions", "I have seen that 5 records are skipped", "691", "--to-earliest", "--execute"):
        assert words in shown
    assert 'value="0:691:0,1:10:15"' in shown and not groups.resets


def test_what_was_reviewed_is_reset_and_said(cast, groups):
    answer = cast.owner.post(address(cast, ASK), AGREED, follow=True)
    assert "2 partitions of orders.placed reset" in answer.content.decode()
    ((name, topic, moves, skips_seen),) = groups.resets
    assert (name, topic, skips_seen) == ("fraud-scoring", "orders.placed", True)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target, entry.result) == ("offsets.reset", "fraud-scoring: orders.placed", "done")
    assert entry.user_name == "olga" and entry.before.keys() == entry.after.keys()
    assert [(move.partition, move.before, move.after) for move in moves] == [(0, 691, 0), (1, 10, 15)]


def test_what_a_reset_does_to_a_lag_is_no_trend_of_it(cast, groups):
    key = (cast.cluster.pk, "fraud-scoring")
    lag_trends.seen(key, 0, 700, time.monotonic() - 10)
    cast.owner.post(address(cast, ASK), AGREED)
    assert lag_trends.seen(key, 1200, 700) is None


def test_a_refused_reset_says_why_and_shows_the_review_anew(cast, groups):
    groups.refused = "partition 0 stood at 691 in the review and stands at 0 now: somebody else moved it"
    answer = cast.owner.post(address(cast, ASK), AGREED)
    shown = answer.content.decode()
    assert answer.status_code == 409 and "somebody else moved it" in shown and "Reset 2 partitions" in shown


def test_a_topic_without_commits_can_be_chosen(cast, groups):
    shown = text(cast.owner, cast, RESET + "?to=latest&topic=hours")
    assert 'name="topic" list="topics" value="hours"' in shown and "Before and after" in shown
    assert '<option value="hours">' in text(cast.owner, cast, RESET)


def test_topics_are_offered_up_to_a_bound_and_found_by_typing(cast, groups, monkeypatch):
    monkeypatch.setattr(offset_resets, "OFFERED_MAX", 1)
    whole = text(cast.owner, cast, RESET)
    assert whole.count("<option") == 1 and "type a part of the name" in whole
    part = text(cast.owner, cast, RESET + "?topic=our", **{"HX-Request": "true", "HX-Target": "topics"})
    assert part.startswith("<datalist") and '<option value="hours">' in part


def test_the_reason_of_what_stays_is_also_there_on_a_phone(cast, groups):
    groups.moves = (Move(0, 691, 691), Move(1, 10, None, "stays: it has no leader"))
    shown = text(cast.owner, cast, ASK)
    for words in ("It stands there already", "Stays: it has no leader"):
        assert f'<tr class="narrow-only"><td colspan="6" class="wrap"><span class="sub">{words}' in shown


def test_the_first_moment_of_1970_is_a_time(cast, groups):
    text(cast.owner, cast, RESET + "?to=time&time=1970-01-01&topic=orders.placed")
    text(cast.owner, cast, RESET + "?to=time&time=2026-11-24 14:02:11.999&topic=orders.placed")
    assert [asked["wish"].value for asked in groups.asked] == [0, 1_795_528_931_999]


def test_a_review_that_is_not_whole_says_so_where_one_agrees(cast, groups):
    groups.moves = (Move(0, 691, 0), Move(1, 10, None, "stays: it has no leader"))
    shown = text(cast.owner, cast, ASK)
    assert "1 of 2 partitions stay where they are" in shown and "Stays: it has no leader" in shown


def test_a_reset_that_was_only_taken_in_part_does_not_say_that_nothing_was_reset(cast, groups):
    groups.incomplete = "1 of 2 partitions were reset; partition 1 was not: the partition is not there any more"
    answer = cast.owner.post(address(cast, ASK), AGREED)
    shown = answer.content.decode()
    assert answer.status_code == 409 and "Not all was reset" in shown and "Nothing was reset" not in shown


@pytest.mark.parametrize("seen", ["", "x", "0:1", "0:1:99999999999999999999", "0:-1:5", "0:1:9223372036854775808"])
def test_an_agreement_to_nothing_readable_resets_nothing(cast, groups, seen):
    assert cast.owner.post(address(cast, ASK), {"seen": seen}).status_code == 409
    assert cast.owner.post(address(cast, RESET), AGREED).status_code == 409
    assert not groups.resets


def test_members_are_named_as_the_reason(cast, groups):
    groups.state = replace(groups.state, state="Stable", members=(MEMBER,), refusal="the group has a member")
    shown = text(cast.owner, cast, ASK)
    assert "The group has a member." in shown and "scorer-0 on 10.0.0.7" in shown
    assert "Reset 2 partitions" not in shown


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("to=time&topic=a", "Type a time."),
        ("to=time&time=noon&topic=a", "A time looks like"),
        ("to=time&time=0001-01-01&topic=a", "Times begin at 1970-01-01"),
        ("to=time&time=1969-12-31 23:59:59.999&topic=a", "Times begin at 1970-01-01"),
        ("to=time&time=1969-12-31 23:59:59.998&topic=a", "Times begin at 1970-01-01"),
        ("to=bogus&topic=orders.placed", "“bogus” is nowhere to move to; choose one of these."),
        ("to=bogus&topic=nosuch", "There is no topic nosuch."),
        ("to=latest&topic=nosuch", "There is no topic nosuch."),
        ("to=offset&offset=-1&topic=a", "Offsets begin at 0."),
        ("to=offset&offset=nine&topic=a", "An offset is a whole number."),
        ("to=shift&topic=a", "Type a number of records."),
        ("to=latest&topic=a&partitions=7-3", "7-3 is no range of partitions."),
        ("to=latest&topic=a&partitions=0-99999999", "is no range of partitions."),
        ("to=latest&topic=a&partitions=x", "Partitions look like 0,3,5-7, or all."),
    ],
)
def test_what_cannot_be_understood_is_said_at_its_field(cast, groups, query, words):
    shown = text(cast.owner, cast, f"{RESET}?{query}")
    assert words in shown and "Before and after" not in shown


def test_a_cluster_that_dies_during_a_reset_leaves_no_doubt_that_there_is_doubt(cast, groups, monkeypatch):
    def die(*given, **asked):
        raise ClusterUnreachable("it hangs. Perhaps the offsets were reset: look at the group")

    monkeypatch.setattr("console.services.offset_resets.reset", die)
    answer = cast.owner.post(address(cast, ASK), AGREED)
    assert answer.status_code == 503 and "Perhaps the offsets were reset" in answer.content.decode()
