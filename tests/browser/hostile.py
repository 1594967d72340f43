"""What a record, a name or a word may contain to harm who looks at it, and every place where such a text is shown.

A new place adds a row to SINKS, with a test of test_hostile.py that plants the payloads there and looks at its pages
with `must_be_harmless`. A place that is not built yet stands in COMING, so that it is not forgotten.
"""

import re
from collections.abc import Iterable, Iterator

from playwright.sync_api import Page

PAYLOADS = (
    "<script>window.__x=1</script>",
    '"><img src=x onerror=window.__x=1>',
    "<svg onload=window.__x=1>",
    "<svg><script>window.__x=1</script>",
    "<details open ontoggle=window.__x=1>",
    '<iframe srcdoc="<script>parent.__x=1</script>">',
    "javascript:window.__x=1",
    "data:text/html,<script>window.__x=1</script>",
    "</script><script>window.__x=1</script>",
    "</textarea><img src=x onerror=window.__x=1>",
    "</title><svg onload=window.__x=1>",
    "{{7*7}}",
    "{% debug %}",
    "${7*7}",
    "';window.__x=1//",
    "\\u003cscript\\u003e",
    '<a href="jAvAsCrIpT:window.__x=1">',
    "[x](javascript:window.__x=1)",
    '<math><mi xlink:href="javascript:window.__x=1">',
    "<style>@import'//e'</style>",
    '=HYPERLINK("//e")',
    "\u202egnp.exe",
    "\x00\ufeff<script>window.__x=1</script>",
    "<" * 2**20,
)

# Where a text from outside is shown, and what shows it.
SINKS = {
    "record key": "list, record, tail",
    "record value": "list, record, tail, download",
    "record value, JSON with such names and values": "list, record, tail",
    "header name": "record",
    "header value": "record",
    "group name": "groups, group, reset, groups of a topic",
    "metadata of a commit": "group",
    "client id of a member": "group, reset",
    "id of a member, static": "group",
    "cluster name": "clusters, navigation, pages of the cluster",
    "bootstrap address and the error text with it": "clusters, pages of a cluster that does not answer",
    "user name": "navigation",
    "name at signing in, and where to go on": "sign in",
    "search for topics and for groups": "lists",
    "start of reading: offset, time, partition": "records",
    "fields of a reset": "reset",
    "path of an address": "not found",
    "config value and documentation": "settings (tests/console/views/test_hostile.py: no cluster takes one)",
    "error text of a broker": "refusals (the same)",
    "name of a downloaded file": "download",
    "audit: who, where from, target, before, after, reason": "audit log and its entries (hostile_texts.py)",
    "API token: name": "tokens (hostile_texts.py)",
    "invite: note": "invite links (hostile_texts.py)",
    "browser and address of a session": "account (hostile_texts.py)",
    "query of a search, filter and partitions of a tail": "search, tail",
    "fields of forms: new topic, settings, partitions, deletion, calculator": "these pages",
    "fields of a record that is not sent, of a connection that is not saved": "produce, connection",
    "downloads as CSV and JSON lines": "export (tests/console/search: formulas in CSV)",
}
COMING = {
    "transactional id": "transactions",
    "client software": "connections",
    "schema: subject, doc, alias, enum, default": "schemas",
    "log viewer": "sandbox",
}

# What must never reach the page as a character: controls but for white space, bidi overrides, byte order marks.
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
STATE = """() => ({
  ran: window.__x !== undefined,
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  text: document.body.innerText,
  title: document.title,
  names: [...document.querySelectorAll("[aria-label], [title], [alt]")]
    .flatMap((e) => [e.ariaLabel, e.title, e.alt]).filter(Boolean).join(" "),
  foreign: document.querySelectorAll("iframe, math, object, embed, base, main img, main style, main script").length,
  links: [...document.querySelectorAll("[href], [action], [src]")]
    .map((e) => e.getAttribute("href") ?? e.getAttribute("action") ?? e.getAttribute("src"))
    .filter((to) => /^\\s*(javascript|data|vbscript):/i.test(to)).length,
})"""


def packed(size_max: int, *, joined_by: str = " ", without: str = "") -> Iterator[str]:
    """All payloads in few texts of at most `size_max` characters; what is longer is cut. `without` is left out."""
    text = ""
    for payload in PAYLOADS:
        kept = "".join(character for character in payload if character not in without)[:size_max]
        if text and len(text) + len(joined_by) + len(kept) > size_max:
            yield text
            text = ""
        text = f"{text}{joined_by}{kept}" if text else kept
    yield text


def must_be_harmless(page: Page, *, shows: Iterable[str] = ()) -> None:
    """The page that is open: nothing ran, nothing is wider than the screen, what it shows is text and can be seen."""
    state = page.evaluate(STATE)
    assert not state["ran"], f"a script ran on {page.url}"
    assert state["wide"] <= 0, f"{page.url} is {state['wide']} px wider than the screen"
    assert not state["foreign"] and not state["links"], f"{page.url} made elements of data"
    for where in ("text", "title", "names"):
        found = UNSEEN.search(state[where])
        assert not found, f"{page.url}: U+{ord(found[0]):04X} in its {where}"
    for words in shows:
        assert words in state["text"], f"{page.url} does not show {words!r} as text"
