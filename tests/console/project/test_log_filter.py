"""What of Django's lines an operator reads."""

import logging

import pytest
from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.core.handlers.exception import response_for_exception
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.log import configure_logging

from console.kafka.errors import ClusterUnreachable


@pytest.fixture
def lines():
    """The lines that would be written, by the installation's own settings."""
    found = []
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
    handler = logging.getLogger("django").handlers[0]
    before, handler.emit = handler.emit, lambda record: found.append(record.getMessage())
    yield found
    handler.emit = before


def test_what_somebody_is_told_on_the_page_is_no_line(cast, kafka, lines):
    assert cast.owner.post(reverse("console:user-new"), {"name": "", "kind": "person"}).status_code == 409
    assert cast.owner.get("/nowhere/").status_code == 404
    assert cast.viewer.get("/users/").status_code == 403
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/login/", {"name": "x", "password": "y"}).status_code == 403
    kafka.down = ClusterUnreachable("gone")
    assert cast.owner.get(f"/clusters/{cast.cluster.pk}/topics/").status_code == 503
    response_for_exception(RequestFactory().get("/"), RequestDataTooBig("too big"))
    assert lines == []


def test_faults_of_ours_and_a_host_that_is_not_ours_are_lines(lines):
    request = RequestFactory().get("/broken/")
    logging.getLogger("django.request").error("Internal Server Error: /broken/", extra={"status_code": 500})
    logging.getLogger("django.request").exception("sending to t failed")
    logging.getLogger("django.channels").error("a live page is closed")
    response_for_exception(request, DisallowedHost("Invalid HTTP_HOST header: 'x'"))
    assert len(lines) == 4
