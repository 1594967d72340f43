"""Records as a file: those of a search, or those of a topic that match a filter.

*Invariants*: streamed from a thread, a piece at a time, and no faster than the browser takes it; one person has at
most DOWNLOADS_MAX going; a browser saves the file and never interprets it.
*Not here*: lines and limits (search/downloads.py).
"""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from console.kafka import topics
from console.models import Cluster
from console.permissions import VIEW, cluster_for
from console.search import FilterError, downloads, parse
from console.services import figures, outages
from console.services.clusters import connection_spec
from console.views.searches import Query, query_of, search_for

DOWNLOADS_MAX = 2  # of one person in this process
LIMIT_DEFAULT = 10_000

_going: dict[int, int] = {}  # downloads by user
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class DownloadFormPage:
    """Context of console/downloads/form.html."""

    cluster: Cluster
    name: str
    partitions: int
    query: Query
    form: str
    limit: str
    refused: str
    limit_max: int = downloads.RECORDS_MAX
    place: str = "topics"


class FileResponse(StreamingHttpResponse):
    """A file in the making; gives back its place when it ends, however it ends."""

    def __init__(
        self, user_id: int, blocks: Iterator[bytes], first: bytes, left_out: downloads.LeftOut, **settings: Any
    ) -> None:
        self.user_id: int | None = user_id
        self.blocks = blocks
        self.left_out = left_out
        super().__init__(self._pieces(first), **settings)

    async def _pieces(self, first: bytes) -> AsyncIterator[bytes]:
        try:
            block: bytes | None = first
            while block is not None:
                yield block
                block = await asyncio.to_thread(next, self.blocks, None)
        finally:
            self._leave()

    def close(self) -> None:
        """End it, once."""
        super().close()
        self._leave()

    def _leave(self) -> None:
        self.left_out.unwanted = True  # a thread may be reading on, and find nothing for minutes
        user_id, self.user_id = self.user_id, None
        if user_id is not None:
            _leave(user_id)


@require_safe
def topic_download(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """What to save; with `format` the file itself."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    spec = connection_spec(cluster)
    text, form, limit = (request.GET.get(key, "") for key in ("q", "format", "limit"))
    refused = ""
    if form:
        try:
            asked, count = parse(text.strip()), _limit(limit)
            left_out = downloads.LeftOut()
            return _file(request, name, form, downloads.matching(spec, name, asked, left_out), left_out, count)
        except FilterError:
            pass  # said at its place
        except ValueError as error:
            refused = str(error)
    detail = topics.describe_topic(spec, name)
    outages.answered(cluster.pk)
    page = DownloadFormPage(
        cluster, name, len(detail.partitions), query_of(text), form or "jsonl", limit or str(LIMIT_DEFAULT), refused
    )
    return render(request, "console/downloads/form.html", {"page": page}, status=409 if form else 200)


@require_safe
def search_download(request: HttpRequest, cluster_id: uuid.UUID, name: str, search_id: uuid.UUID) -> HttpResponse:
    """The records that a search has found so far."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    search = search_for(cluster, name, search_id)
    addresses = list(search.hits.order_by("partition", "offset").values_list("partition", "offset"))
    left_out = downloads.LeftOut()
    records = downloads.picked(connection_spec(cluster), name, addresses, left_out)
    try:
        return _file(request, name, request.GET.get("format", ""), records, left_out, downloads.RECORDS_MAX)
    except ValueError as error:
        return HttpResponse(str(error), content_type="text/plain; charset=utf-8", status=409)


def _file(
    request: HttpRequest, name: str, form: str, records: Iterator[Any], left_out: downloads.LeftOut, limit: int
) -> HttpResponse:
    """Begin a file; ValueError says why not. What fails before the first record is an error page, as anywhere."""
    if form not in downloads.FORMATS:
        raise Http404("a file is jsonl or csv")
    maker, content_type = downloads.FORMATS[form]
    user_id = request.user.pk
    if request.method == "HEAD":
        return HttpResponse(content_type=content_type)
    _enter(user_id)
    try:
        blocks = downloads.blocks(records, maker, left_out, limit=limit)
        first = next(blocks)
    except BaseException:
        _leave(user_id)
        raise
    response = FileResponse(user_id, blocks, first, left_out, content_type=content_type)
    stamp = timezone.now().strftime("%Y%m%dT%H%M%SZ")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{stamp}.{form}"'
    return response


def _limit(text: str) -> int:
    text = text.strip() or str(LIMIT_DEFAULT)
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 0 < int(text) <= downloads.RECORDS_MAX):
        raise ValueError(f"The number of records is from 1 to {figures.thin(downloads.RECORDS_MAX)}.")
    return int(text)


def _enter(user_id: int) -> None:
    with _lock:
        if _going.get(user_id, 0) >= DOWNLOADS_MAX:
            raise ValueError(f"You have {DOWNLOADS_MAX} downloads going. Wait for one to end.")
        _going[user_id] = _going.get(user_id, 0) + 1


def _leave(user_id: int) -> None:
    with _lock:
        _going[user_id] -= 1
        if not _going[user_id]:
            del _going[user_id]
