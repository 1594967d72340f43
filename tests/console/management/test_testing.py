"""What `manage.py test` provides of the system, on machines that it may and may not change."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.management.refusals import Refused
from console.management.testing import Machine, provide


@dataclass
class Fake:
    """A machine with these programs, on which these commands work."""

    programs: dict[str, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    apt_works: bool = True
    download_works: bool = True

    def which(self, name: str) -> str | None:
        return self.programs.get(name)

    def run(self, command: list[str]) -> bool:
        self.ran.append(" ".join(command[command.index("-m") :] if "-m" in command else command))
        if "playwright" in command:
            return self.download_works
        if self.apt_works and "install" in command:
            self.programs.update({name: f"/usr/bin/{name}" for name in ("kcat", "chromium") if name in command})
        return self.apt_works


def machine(fake: Fake, tmp_path: Path, name: str = "debian", *, root: bool = True, packages: bool = True) -> Machine:
    release = tmp_path / "os-release"
    release.write_text(f'NAME="X"\nID={name}\n')
    fake.programs.setdefault("apt-get", "/usr/bin/apt-get")
    return Machine(system_packages=packages, which=fake.which, run=fake.run, is_root=root, os_release=release)


def test_what_is_there_is_used(tmp_path: Path) -> None:
    fake = Fake({"kafkacat": "/usr/bin/kafkacat", "google-chrome": "/opt/chrome"})
    assert provide(machine(fake, tmp_path)) == {"ODRADEK_CHROMIUM": "/opt/chrome"}
    assert fake.ran == []


def test_root_on_debian_installs_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake = Fake()
    assert provide(machine(fake, tmp_path)) == {"ODRADEK_CHROMIUM": "/usr/bin/chromium"}
    assert fake.ran == ["apt-get update -q", "apt-get install -y -q --no-install-recommends kcat chromium"]
    assert capsys.readouterr().out.splitlines() == [
        "Installing kcat and chromium with apt-get (--no-system-packages forbids that) ..."
    ]


def test_ubuntu_gets_playwrights_chromium_because_its_own_is_a_snap(tmp_path: Path) -> None:
    fake = Fake()
    assert provide(machine(fake, tmp_path, "ubuntu")) == {}
    assert fake.ran[-2:] == [
        "apt-get install -y -q --no-install-recommends kcat",
        "-m playwright install --with-deps chromium",
    ]


def test_no_system_packages_means_none(tmp_path: Path) -> None:
    fake = Fake({"kcat": "/usr/bin/kcat"})
    assert provide(machine(fake, tmp_path, packages=False)) == {}
    assert fake.ran == ["-m playwright install chromium"]


@pytest.mark.parametrize(("name", "root"), [("fedora", True), ("debian", False)])
def test_elsewhere_one_line_says_what_to_install(tmp_path: Path, name: str, root: bool) -> None:
    fake = Fake()
    with pytest.raises(Refused, match="kcat is missing: install it"):
        provide(machine(fake, tmp_path, name, root=root))
    assert fake.ran == []


def test_a_download_that_fails_is_said_in_one_line(tmp_path: Path) -> None:
    fake = Fake({"kcat": "/usr/bin/kcat"}, apt_works=False, download_works=False)
    with pytest.raises(Refused, match="Chromium is missing and could not be downloaded: install it"):
        provide(machine(fake, tmp_path))
