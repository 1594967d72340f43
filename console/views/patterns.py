"""Every component in every state that exists, with the real style sheets: drawn here first, used elsewhere second.

With ?still=1 it has vendored faces and no motion, to be compared as pictures (tests/browser/test_patterns.py).
"""

from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.services import comparison, payloads
from console.views import pattern_examples as examples
from console.views import pattern_lessons, pattern_pictures
from console.views.pattern_features import FeatureExamples


@dataclass(frozen=True, slots=True)
class PatternListPage:
    """Context of console/patterns.html."""

    still: bool
    hostile: str = examples.HOSTILE
    long: str = examples.LONG
    scripts: str = examples.SCRIPTS
    rates: tuple[int, ...] = examples.RATES
    events: tuple[examples.Event, ...] = examples.EVENTS
    coverage: tuple[tuple[str, str, int], ...] = examples.COVERAGE
    changes: tuple[tuple[str, str | None, str | None], ...] = examples.CHANGES
    tabs: tuple[tuple[str, str, int | None, bool], ...] = examples.TABS
    chips: tuple[tuple[str, str, int | None, bool], ...] = examples.CHIPS
    page_numbers: tuple[int | None, ...] = (1, 2, 3, None, 3000)
    none: tuple[int, ...] = ()
    form: examples.ExampleForm = field(default_factory=examples.example_form)
    document: payloads.Payload = field(default_factory=examples.document)
    binary: payloads.Payload = field(default_factory=examples.binary)
    lines: list[comparison.Line] = field(default_factory=examples.comparison_lines)
    features: FeatureExamples = field(default_factory=FeatureExamples)
    pictures: tuple[tuple[str, str, str], ...] = pattern_pictures.PICTURES
    picture_numbers: str = pattern_pictures.NUMBERS
    timelines: tuple[tuple[str, str], ...] = pattern_pictures.TIMELINES
    stays: tuple[dict[str, Any], ...] = pattern_lessons.STAYS
    shares: tuple[tuple[dict[str, Any], ...], ...] = pattern_lessons.SHARES
    cluster: None = None
    place: str = "patterns"


@require_safe
def pattern_list(request: HttpRequest) -> HttpResponse:
    """For those who build: staff only, because it is no place for others."""
    if not request.user.is_staff:
        raise Http404("for staff")
    return render(request, "console/patterns.html", {"page": PatternListPage(still="still" in request.GET)})
