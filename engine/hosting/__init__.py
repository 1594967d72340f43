"""Where Celery meets the broker. No Django."""
