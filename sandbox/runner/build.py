"""Which build this is: keyframes are restored by the build that wrote them only.

*Invariant*: another text of the engine, or another Python, is another build.
*Not here*: what becomes of a keyframe of another build (hosted.py).
"""

import hashlib
import sys
from functools import cache
from pathlib import Path

import engine


@cache
def build_of() -> str:
    """A short digest of everything that decides what a pickled world means."""
    found = hashlib.sha256(sys.version.encode())
    root = Path(engine.__path__[0])
    for path in sorted(root.rglob("*.py")):
        found.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return found.hexdigest()[:16]
