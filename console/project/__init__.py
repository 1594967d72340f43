"""Django's settings, urls, ASGI and Celery app."""
