"""The list of lessons, and the panel: answered, acted, compared, gone on, begun anew."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from console.models import User
from sandbox.checks.answers import same
from sandbox.lessons import catalog
from sandbox.models import LessonRun, Sandbox
from sandbox.services import lesson_runs, sandboxes
from sandbox.templatetags.lesson_tags import whole_names


def url(name: str, *given) -> str:
    return reverse(f"sandbox:{name}", args=given)


@pytest.fixture
def run(hosts, sandbox):
    hosts.ask(sandbox.id, "pause")
    hosts.ask(sandbox.id, "step", events=3)
    return lesson_runs.begin(sandbox, "first-event", 3)


WHOLE = re.compile(r'<span class="whole">([^<]*)</span>')  # names that stay on one line


def text(response) -> str:
    return WHOLE.sub(r"\1", response.content.decode())


def solve(browser, hosts, run) -> None:
    """The open step by its own solution, through the pages' addresses."""
    step = lesson_runs.open_step(run)
    for move in step.solution:
        if "act" in move:
            hosts.ask(run.sandbox_id, "act", action=move["act"])
            hosts.run(run.sandbox_id, 50)
        elif "answer" in move:
            value = move.get("value") or str(size_of_log(hosts, run))
            assert browser.post(url("lesson-answer", run.sandbox_id), {move["answer"]: value}).status_code == 200
            run.refresh_from_db()
        else:
            hosts.run(run.sandbox_id, move.get("run_ms", 500))


def size_of_log(hosts, run) -> int:
    report = hosts.ask(
        run.sandbox_id, "lesson", lesson=run.slug, salt=run.salt, step="1.5", since=run.opened_at, answers=[]
    )
    return next(one["size"] for one in report["files"] if one["kind"] == "log" and one["partition"] == 0)


def test_the_list_says_what_how_long_and_how_far(hosts, browser, run):
    shown = text(browser.get(url("lesson-list")))
    assert "First event" in shown and "Keys, partitions, order" in shown and "about 8 minutes" in shown
    assert "0 of 5 steps done" in shown and "Go on in" in shown and "need more than one broker" in shown


def test_beginning_a_lesson_makes_a_sandbox_or_takes_one_that_is_there(hosts, browser, owner, data):
    made = browser.post(url("lesson-start", "first-event"))
    run = LessonRun.objects.get()
    assert made.url == url("sandbox-detail", run.sandbox_id)
    assert (run.user, run.sandbox.name, len(run.salt)) == (owner, "First event", 4)
    assert browser.post(url("lesson-start", "keys-partitions-order"), {"sandbox": run.sandbox_id}).status_code == 302
    assert [one.slug for one in run.sandbox.lesson_runs.filter(current=True)] == ["keys-partitions-order"]
    assert browser.post(url("lesson-start", "nonsense")).status_code == 404
    assert browser.post(url("lesson-start", "first-event"), {"sandbox": "x"}).status_code == 404


def test_the_first_lesson_from_its_first_step_to_its_end(hosts, browser, run):
    for number in range(5):
        panel = text(browser.get(url("lesson-panel", run.sandbox_id)))
        assert escape(catalog.lesson(run.slug, run.salt).steps[number].title) in panel and run.salt in panel
        refused = browser.post(url("lesson-next", run.sandbox_id))
        run.refresh_from_db()
        assert run.step == number, "a step that is not done is not left"
        assert "disabled" in text(refused)
        solve(browser, hosts, run)
        panel = text(browser.get(url("lesson-panel", run.sandbox_id)))
        run.refresh_from_db()
        assert run.reached_at is not None, panel[panel.find("clauses") :]
        browser.post(url("lesson-next", run.sandbox_id))
        run.refresh_from_db()
        assert run.step == number + 1
    assert "Reading did not remove it." in text(browser.get(url("lesson-panel", run.sandbox_id)))
    assert run.finished_at is not None
    assert "5 of 5 steps done" in text(browser.get(url("lesson-list")))


def test_a_wrong_prediction_is_kept_and_compared(hosts, browser, run):
    browser.post(url("lesson-answer", run.sandbox_id), {"first_number": "1"})
    hosts.ask(run.sandbox_id, "act", action={"do": "create topic", "topic": f"orders-{run.salt}"})
    hosts.run(run.sandbox_id, 500)
    panel = text(browser.get(url("lesson-panel", run.sandbox_id)))
    assert "You said <strong>1</strong>" in panel and "What came: <strong>0</strong>" in panel


def test_a_step_that_is_spoilt_says_so_and_begins_anew_in_a_fork(hosts, browser, run):
    solve(browser, hosts, run)
    browser.get(url("lesson-panel", run.sandbox_id))
    browser.post(url("lesson-next", run.sandbox_id))
    hosts.ask(run.sandbox_id, "act", action={"do": "delete topic", "topic": f"orders-{run.salt}"})
    hosts.run(run.sandbox_id, 500)
    panel = text(browser.get(url("lesson-panel", run.sandbox_id)))
    assert "This step cannot be done any more." in panel and f"You deleted orders-{run.salt}" in panel
    browser.post(url("lesson-restart", run.sandbox_id), {"step": "1.2"})
    branch = LessonRun.objects.exclude(pk=run.pk).get()
    hosts.run(branch.sandbox_id, 100)
    panel = text(browser.get(url("lesson-panel", branch.sandbox_id)))
    assert "A mistake, and its correction" in panel and "cannot be done any more" not in panel


def test_lessons_are_found_from_every_page_with_an_account_and_without(browser, sandbox):
    link = f'href="{url("lesson-list")}"'
    assert link in text(browser.get(reverse("console:cluster-list")))
    assert f'{link} aria-current="page"' in text(browser.get(url("lesson-list")))
    guest = Client()
    assert link in text(guest.get(url("sandbox-list")))
    assert f'{link} aria-current="page"' in text(guest.get(url("lesson-list")))


def test_names_that_a_learner_types_stay_on_one_line_and_nothing_in_a_text_is_markup():
    names = {"a": "x7-ada", "seven": "x7-ada-7", "topic": "sales-x7"}
    shown = whole_names("Send x7-ada-7, not <b>x7-ada</b>, to sales-x7.", names)
    assert WHOLE.findall(shown) == ["x7-ada-7", "x7-ada", "sales-x7"]
    assert WHOLE.sub(r"\1", shown) == escape("Send x7-ada-7, not <b>x7-ada</b>, to sales-x7.")


@pytest.mark.parametrize("said", ["6673", " 6673 ", "6,673", "6 673", "6\u202f673"])
def test_a_number_counts_however_its_thousands_are_set_off(said):
    assert same(said, 6673) and not same(said, 673)


def test_a_number_that_was_copied_off_the_page_is_an_answer(browser, run):
    shown = text(browser.post(url("lesson-answer", run.sandbox_id), {"first_number": "4\u202f865"}))
    assert "noted: 4865" in shown
    run.refresh_from_db()
    assert lesson_runs.answered(run, "first_number") == "4865"


def test_answers_that_are_none_are_refused_where_they_stand(hosts, browser, run):
    for value, words in [("", "a guess is enough"), ("one", "whole number"), ("9" * 400, "300 characters")]:
        shown = text(browser.post(url("lesson-answer", run.sandbox_id), {"first_number": value}))
        assert words in shown and 'aria-invalid="true"' in shown
        assert not value or value[:300] in shown, "what was typed is kept"
    shown = text(browser.post(url("lesson-answer", run.sandbox_id), {"step": "9.9"}))
    assert "not open any more" in shown
    run.refresh_from_db()
    assert run.answers == []


def test_a_form_of_the_step_acts_once_the_prediction_is_made_and_keeps_what_was_typed(hosts, browser, run):
    act = url("lesson-act", run.sandbox_id, 0)
    assert "First say what will happen" in text(browser.post(act, {"topic": "x", "partitions": "1"}))
    browser.post(url("lesson-answer", run.sandbox_id), {"first_number": "0"})
    shown = text(browser.post(act, {"topic": "bad name", "partitions": "1"}))
    assert 'value="bad name"' in shown and "error" in shown
    assert "whole number" in text(browser.post(act, {"topic": "orders", "partitions": "many"}))
    assert "Done." in text(browser.post(act, {"topic": "orders", "partitions": "1"}))
    hosts.run(run.sandbox_id, 500)
    assert "You made a topic called orders" in text(browser.get(url("lesson-panel", run.sandbox_id)))
    assert browser.post(url("lesson-act", run.sandbox_id, 9)).status_code == 404


def test_an_answer_brings_its_own_question_and_leaves_what_is_typed_elsewhere(hosts, browser, run):
    said = browser.post(url("lesson-answer", run.sandbox_id), {"first_number": "0"})
    shown = text(said)
    assert 'id="question-first_number"' in shown and "noted: 0" in shown
    assert "<aside" not in shown and 'name="partitions"' not in shown, "the forms of the step stay as they are"
    assert 'id="press-0" hx-swap-oob="true"' in shown and 'id="lesson-foot" hx-swap-oob="true"' in shown
    late = browser.post(url("lesson-answer", run.sandbox_id), {"step": "9.9"})
    assert late["HX-Retarget"] == "#lesson" and "<aside" in text(late)


def test_one_press_says_all_that_is_filled_in_and_what_came_true_stays(hosts, browser, run):
    LessonRun.objects.update(slug="keys-partitions-order")
    answer = url("lesson-answer", run.sandbox_id)
    shown = text(browser.post(answer, {"step": "3.1", "where_a": "2", "where_b": "two", "where_c": ""}))
    assert "noted: 2" in shown and "A whole number, such as 2." in shown and 'value="two"' in shown
    browser.post(answer, {"step": "3.1", "where_a": "2", "where_b": "1", "where_c": "0"})
    run.refresh_from_db()
    assert [(one["ask"], one["value"]) for one in run.answers] == [("where_a", "2"), ("where_b", "1"), ("where_c", "0")]


def test_what_came_true_is_not_said_anew_and_what_did_not_may_be():
    run = LessonRun(slug="keys-partitions-order", salt="k3f9", answers=[{"ask": "where_a", "value": "2", "event": 4}])
    typed = {"where_a": "2", "where_b": "", "where_c": ""}
    assert lesson_runs.answer_all(run, typed, ["where_a"], 9) == {}
    assert run.answers[-1]["event"] == 4, "the record that it came true with counts"


def test_conditions_do_not_give_away_what_is_to_be_foretold(hosts, browser, run):
    LessonRun.objects.update(step=1)
    panel = text(browser.get(url("lesson-panel", run.sandbox_id)))
    assert "The first one is where it was, unchanged" not in panel and "once you have said what will happen" in panel
    browser.post(url("lesson-answer", run.sandbox_id), {"first_event": "stays"})
    panel = text(browser.get(url("lesson-panel", run.sandbox_id)))
    assert "The first one is where it was, unchanged" in panel
    assert "You said: It stays as it was, beside the new one." in panel, "in the words of the answer"


def test_no_template_of_a_sentence_is_ever_shown(hosts, browser, run):
    solve(browser, hosts, run)
    LessonRun.objects.update(step=4)
    browser.post(url("lesson-answer", run.sandbox_id), {"after_kill": "all"})
    panel = text(browser.get(url("lesson-panel", run.sandbox_id)))
    assert "You said how many bytes it has" in panel and "{" not in panel[panel.find("clauses") :]


def test_a_hint_brings_the_press_that_removes_who_is_in_the_way(hosts, browser, sandbox):
    hosts.ask(sandbox.id, "pause")
    hosts.ask(sandbox.id, "step", events=3)
    run = lesson_runs.begin(sandbox, "keys-partitions-order", 3)
    LessonRun.objects.update(step=2)
    name, topic = f"nokey-{run.salt}", f"sales-{run.salt}"
    hosts.ask(sandbox.id, "act", action={"do": "create topic", "topic": topic, "partitions": 3})
    actor = {"kind": "producer", "name": name, "topic": topic, "keys": "round"}
    hosts.ask(sandbox.id, "act", action={"do": "add", "actor": actor})
    hosts.run(sandbox.id, 500)
    panel = text(browser.get(url("lesson-panel", sandbox.id)))
    assert "Remove it first" in panel and f"Remove {name}</button>" in panel and 'data-opens-with="keys"' in panel
    assert '<option value="none" selected>' in panel, "the step is about no keys"
    browser.post(url("lesson-answer", sandbox.id), {"spread": "runs"})
    assert "Done." in text(browser.post(url("lesson-act", sandbox.id, 1), {"name": name}))
    hosts.run(sandbox.id, 500)
    assert "Remove it first" not in text(browser.get(url("lesson-panel", sandbox.id)))


def test_a_guest_with_a_sandbox_begins_in_it_and_goes_on_to_the_next_lesson(hosts, settings, data):
    settings.GUESTS = True
    guest = Client(headers={"HX-Request": "true"})
    guest.post(url("sandbox-new"))
    sandbox = Sandbox.objects.get()
    shown = text(guest.get(url("lesson-list")))
    assert "in a new sandbox" not in shown and f'value="{sandbox.id}"' in shown
    assert guest.post(url("lesson-start", "first-event"), {"sandbox": sandbox.id}).status_code == 302
    LessonRun.objects.update(step=5)
    end = text(guest.get(url("lesson-panel", sandbox.id)))
    assert "Next lesson: Keys, partitions, order" in end and url("lesson-start", "keys-partitions-order") in end


def test_nothing_is_sent_when_nothing_has_changed(hosts, browser, run):
    status = url("lesson-status", run.sandbox_id)
    shown = text(browser.get(status, {"step": 0}))
    seen = shown.split("seen=")[1].split('"')[0]
    assert browser.get(status, {"step": 0, "seen": seen}).status_code == 204
    assert browser.get(status, {"step": 3, "seen": seen}).status_code == 204
    browser.post(url("lesson-answer", run.sandbox_id), {"first_number": "0"})
    assert browser.get(status, {"step": 0, "seen": seen}).status_code == 200


def test_a_step_begins_anew_in_a_fork_from_where_it_opened(hosts, browser, run):
    solve(browser, hosts, run)
    browser.get(url("lesson-panel", run.sandbox_id))
    browser.post(url("lesson-next", run.sandbox_id))
    gone = browser.post(url("lesson-restart", run.sandbox_id), {"step": "1.1"})
    branch = Sandbox.objects.get(parent=run.sandbox)
    assert gone["HX-Redirect"] == url("sandbox-detail", branch.id)
    again = branch.lesson_runs.get()
    assert (again.step, again.opened_at, again.answers, again.salt) == (0, 3, [], run.salt)
    assert hosts.ask(branch.id, "frame")["topics"] == []
    shown = text(browser.post(url("lesson-restart", run.sandbox_id), {"step": "1.5"}))
    assert "has not been open yet" in shown


def test_the_past_and_a_runner_that_is_away_are_said(hosts, browser, run):
    hosts.ask(run.sandbox_id, "jump", to=1)
    assert "looking at the past" in text(browser.get(url("lesson-panel", run.sandbox_id)))
    hosts.down = True
    assert "No process hosts sandboxes" in text(browser.get(url("lesson-panel", run.sandbox_id)))
    assert "No process hosts" in text(browser.post(url("lesson-answer", run.sandbox_id), {"first_number": "0"}))


def test_the_gadget_shows_three_ways_and_the_articles_own_numbers(hosts, browser):
    shown = text(browser.get(url("lesson-hash"), {"key": "id_1234", "count": "3"}))
    assert "-286100597" in shown and "murmur2" in shown and "CRC-32" in shown
    assert browser.get(url("lesson-hash"), {"key": "\0<b>", "count": "x"}).status_code == 200


def test_a_lesson_of_somebody_else_is_not_there(hosts, run):
    other = Client()
    other.force_login(User.objects.create_user("other"))
    for name, more in [("lesson-panel", ()), ("lesson-status", ())]:
        assert other.get(url(name, run.sandbox_id, *more)).status_code == 404
    for name, more in [
        ("lesson-answer", ()),
        ("lesson-next", ()),
        ("lesson-act", (0,)),
        ("lesson-restart", ()),
        ("lesson-leave", ()),
    ]:
        assert other.post(url(name, run.sandbox_id, *more)).status_code == 404
        assert Client().post(url(name, run.sandbox_id, *more)).status_code == 404


def test_a_guest_begins_at_the_machine_itself_and_keeps_it_on_signing_in(hosts, settings, owner, data):
    settings.GUESTS = True
    guest = Client()
    assert guest.get(url("lesson-list")).status_code == 200
    made = guest.post(url("lesson-start", "first-event"))
    run = LessonRun.objects.get()
    assert made.status_code == 302 and run.user is None
    sandboxes.keep_for(owner, run.sandbox.guest)
    assert lesson_runs.farthest(owner, Sandbox.objects.filter(owner=owner))["first-event"] == run


def test_putting_it_aside_keeps_what_is_done(hosts, browser, run):
    assert browser.post(url("lesson-leave", run.sandbox_id))["HX-Redirect"] == url("lesson-list")
    assert browser.get(url("lesson-panel", run.sandbox_id)).status_code == 404
    browser.post(url("lesson-start", run.slug), {"sandbox": run.sandbox_id})
    assert LessonRun.objects.get().salt == run.salt


def test_progress_outlives_its_sandbox(hosts, browser, run):
    LessonRun.objects.update(step=2)
    run.sandbox.cluster.delete()
    assert "2 of 5 steps done" in text(browser.get(url("lesson-list")))
