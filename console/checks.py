"""What Django's system checks say about this installation.

*Not here*: checks of broker settings (engine) and of packages (manage.py).
"""

import stat
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register()
def secrets_are_private(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn when somebody else on this machine may read a secret."""
    directory = Path(settings.DATA_DIR) / "secrets"
    if not directory.is_dir():
        return []
    found = [path for path in directory.iterdir() if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    return [
        Warning(f"{path} can be read by others", hint=f"chmod 600 {path}", id="console.W001") for path in sorted(found)
    ]


@register(Tags.security, deploy=True)
def others_come_by_https(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn when the console is served under other names than this machine's own and not by https."""
    others = [name for name in settings.ALLOWED_HOSTS if name not in ("localhost", "127.0.0.1", "[::1]")]
    if settings.HTTPS or not others:
        return []
    words = f"ODRADEK_HOSTS lets others come ({', '.join(others)}), and passwords would cross the network in plain"
    hint = "put a proxy with TLS before it that sets X-Forwarded-Proto, and set ODRADEK_HTTPS=1"
    return [Warning(words, hint=hint, id="console.W002")]
