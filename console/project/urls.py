"""All addresses: the console's own, and the pages for what went wrong.

*Not here*: the addresses themselves (console/urls.py, sandbox/urls.py), WebSockets (console/live/routing.py).
"""

from django.urls import include, path

urlpatterns = [
    path("v3/", include("console.rest.urls")),
    path("sandboxes/", include("sandbox.urls")),
    path("", include("console.urls")),
]

handler400 = "console.views.errors.bad_request"
handler403 = "console.views.errors.forbidden"
handler404 = "console.views.errors.not_found"
handler500 = "console.views.errors.server_error"
