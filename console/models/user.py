"""People who sign in."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person. A superuser ("admin") sees every cluster; others see those they are a member of."""
