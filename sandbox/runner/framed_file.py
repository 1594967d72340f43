"""A file that is only appended to: pieces of bytes, numbered from 0.

*Invariants*: a piece that was cut off by a crash is cut away when the file is opened; the others are whole.
*Not here*: what the pieces are, signatures.
"""

import os
import struct
from array import array
from pathlib import Path

LENGTH = struct.Struct(">I")


class FramedFile:
    """Pieces in a file, found by their number. No descriptor stays open between two calls."""

    def __init__(self, path: Path) -> None:
        """Find the pieces that are there."""
        self.path = path
        self.starts = array("Q")
        self.end = 0
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return
        with path.open("rb") as file:
            while len(head := file.read(LENGTH.size)) == LENGTH.size:
                end = self.end + LENGTH.size + LENGTH.unpack(head)[0]
                if end > size:
                    break
                self.starts.append(self.end)
                self.end = end
                file.seek(end)

    def __len__(self) -> int:
        return len(self.starts)

    def append(self, pieces: list[bytes], *, durable: bool = False) -> None:
        """Add pieces at the end."""
        with self.path.open("ab" if self.end or not self.path.exists() else "r+b") as file:
            if file.tell() != self.end or file.seek(0, os.SEEK_END) != self.end:
                file.truncate(self.end)
                file.seek(self.end)
            for piece in pieces:
                self.starts.append(self.end)
                file.write(LENGTH.pack(len(piece)) + piece)
                self.end += LENGTH.size + len(piece)
            file.flush()
            if durable:
                os.fsync(file.fileno())

    def read(self, number: int) -> bytes:
        """One piece."""
        with self.path.open("rb") as file:
            file.seek(self.starts[number])
            return file.read(LENGTH.unpack(file.read(LENGTH.size))[0])

    def read_all(self) -> list[bytes]:
        """Every piece, in order."""
        if not self.end:
            return []
        with self.path.open("rb") as file:
            return [file.read(LENGTH.unpack(file.read(LENGTH.size))[0]) for _ in self.starts]

    def copy_to(self, path: Path, count: int) -> "FramedFile":
        """Another file with the first pieces."""
        end = self.starts[count] if count < len(self.starts) else self.end
        with path.open("wb") as copy:
            if end:
                with self.path.open("rb") as file:
                    os.sendfile(copy.fileno(), file.fileno(), 0, end)
        copied = object.__new__(FramedFile)
        copied.path, copied.starts, copied.end = path, self.starts[:count], end
        return copied
