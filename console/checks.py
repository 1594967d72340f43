"""What Django's system checks say about this installation.

*Not here*: checks of broker settings (engine) and of packages (manage.py).
"""

import stat
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


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
