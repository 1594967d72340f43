import stat

import pytest

from console.project.secret_files import secret


def test_a_secret_is_made_once_and_private(tmp_path):
    path = tmp_path / "data" / "secrets" / "django"
    first = secret(path)
    assert len(first) >= 50 and secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]
    assert [one.name for one in path.parent.iterdir()] == ["django"]


def test_an_empty_secret_is_refused_in_words(tmp_path):
    (tmp_path / "django").touch()
    with pytest.raises(RuntimeError, match="is empty: delete it"):
        secret(tmp_path / "django")
