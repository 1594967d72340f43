"""What stands around every page: the clusters one may choose, and who one is."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from console.permissions import listed_clusters_of


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of base.html. Lazy: a page without navigation asks the database nothing."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"nav_clusters": SimpleLazyObject(lambda: list(listed_clusters_of(user)[:100]))}
