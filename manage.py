#!/usr/bin/env python3
"""Every command of Odradek: makes the environment it needs, then runs it.

Where the packages of the lock (requirements.txt; tests/requirements.txt for the tests and the code
checks) can be imported at the locked versions, they are used and nothing is created. Else they are
installed into .venv, and the command goes on in there.

Invariants:
- An interrupted set-up is begun anew, never used; two at a time do it once (a lock on this file).
- What cannot be done is said in one line, with what to do; the exit code is then not 0.
- Standard library only, and syntax that an old Python can parse: it must be able to say that it is too old.

Not here: what the commands do (console/management/commands/).
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
UNFINISHED = os.path.join(VENV, "unfinished")  # there while an installation is under way
REMEMBERED = os.path.join(VENV, "installed-locks")  # digests of the locks that were installed or seen to be
PYTHON_OLDEST = (3, 11)
TEST_COMMANDS = ("test", "check_code", "bench", "accept")  # they need the packages of tests/requirements.txt
ALREADY_SET_UP = "ODRADEK_SET_UP"  # in the environment of the command once it runs in .venv


def main():
    """Run the command line."""
    if sys.version_info < PYTHON_OLDEST:
        version = ".".join(str(part) for part in sys.version_info[:3])
        fail("Odradek needs Python 3.11 or newer; this is %s (%s)." % (version, sys.executable))
    if sys.argv[1:2] and sys.argv[1] in TEST_COMMANDS:
        enter_environment(os.path.join("tests", "requirements.txt"))
    else:
        enter_environment("requirements.txt")
    # These two name the data directory themselves, so they run before settings are read, and without Django.
    if sys.argv[1:2] == ["up"]:
        from console.management.up import main as up

        sys.exit(up(sys.argv[2:]))
    if sys.argv[1:2] == ["test"]:
        from console.management.testing import main as test

        sys.exit(test(sys.argv[2:]))
    take_data_directory(sys.argv[2:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.project.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def take_data_directory(arguments):
    """Let --data DIR of a command decide which data directory the settings are of."""
    for position, argument in enumerate(arguments):
        if argument == "--data" and position + 1 < len(arguments):
            os.environ["ODRADEK_DATA"] = os.path.abspath(arguments[position + 1])
        elif argument.startswith("--data="):
            os.environ["ODRADEK_DATA"] = os.path.abspath(argument[len("--data=") :])
        elif argument.partition("=")[0] in ("--d", "--da", "--dat"):
            # Commands would take it for --data, after the settings of another directory were read.
            fail("%s is no option: write --data in full." % argument.partition("=")[0])
    directory = os.environ.get("ODRADEK_DATA", "")
    if os.path.exists(directory) and not os.path.isdir(directory):
        fail("The data directory %s is a file: name a directory." % directory)


def fail(sentence):
    """End with one clear line."""
    sys.stderr.write(sentence + "\n")
    sys.exit(1)


def enter_environment(lock):
    """Return in a process that can import the locked packages; another one is exec'd if this one cannot."""
    digest = digest_of(lock)
    inside = os.path.realpath(sys.prefix) == os.path.realpath(VENV)
    if (inside and digest in remembered()) or not missing_packages(lock):
        return
    if os.environ.get(ALREADY_SET_UP) == digest:
        fail(
            "The packages of %s were installed into %s but cannot be found there: remove it and run again."
            % (lock, VENV)
        )
    if digest not in remembered():
        install(lock, digest)
    os.environ[ALREADY_SET_UP] = digest
    os.execv(VENV_PYTHON, [VENV_PYTHON, os.path.join(HERE, "manage.py")] + sys.argv[1:])


def digest_of(lock):
    """Name the content of a lock file."""
    import hashlib

    with open(os.path.join(HERE, lock), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def remembered():
    """Return the digests of what .venv is known to hold; none while an installation is under way there."""
    if os.path.exists(UNFINISHED) or not os.path.exists(VENV_PYTHON):
        return []
    try:
        with open(REMEMBERED) as file:
            return file.read().split()
    except OSError:
        return []


def missing_packages(lock):
    """Return the packages of a lock that this interpreter does not have at the locked version.

    One with an environment marker may be absent: the lock says that not every machine needs it.
    """
    from importlib import metadata

    missing = []
    with open(os.path.join(HERE, lock)) as file:
        pinned = [line.rstrip("\\\n ") for line in file if "==" in line and line[0] not in " #"]
    for line in pinned:
        requirement, _, marker = (part.strip() for part in line.partition(";"))
        name, _, version = requirement.partition("==")
        try:
            if metadata.version(name) != version:
                missing.append(name)
        except metadata.PackageNotFoundError:
            if not marker:
                missing.append(name)
    return missing


def install(lock, digest):
    """Install the packages of a lock into .venv, once however many ask at the same time."""
    import fcntl

    with open(os.path.abspath(__file__)) as this_file:
        fcntl.flock(this_file, fcntl.LOCK_EX)
        if digest in remembered():
            return
        try:
            make_venv()
            if run([VENV_PYTHON, os.path.abspath(__file__), "--has", lock])[0] != 0:
                install_packages(lock)
            with open(REMEMBERED, "a") as file:
                file.write(digest + "\n")
        except OSError as error:
            fail("Cannot set up %s: %s." % (VENV, error.strerror or error))


def make_venv():
    """Make .venv with pip in it, unless a whole one is there."""
    if os.path.exists(UNFINISHED) or (os.path.isdir(VENV) and not os.path.exists(VENV_PYTHON)):
        import shutil

        shutil.rmtree(VENV)
    if os.path.exists(VENV_PYTHON):
        return
    try:
        import ensurepip  # noqa: F401 - what Debian leaves out; without it venv fails halfway
        import venv  # noqa: F401
    except ImportError:
        fail(
            "This Python (%s) has no venv module: install it and run again"
            " (Debian, Ubuntu: apt install python%d.%d-venv)." % ((sys.executable,) + sys.version_info[:2])
        )
    print("Setting up %s (only this once) ..." % os.path.relpath(VENV), flush=True)
    os.mkdir(VENV)
    open(UNFINISHED, "w").close()
    code, output = run([sys.executable, "-m", "venv", VENV])
    if code != 0:
        fail("Could not make the virtual environment %s: %s" % (VENV, last_line(output)))
    os.remove(UNFINISHED)


def install_packages(lock):
    """Let pip install a lock into .venv, exactly: every file by its hash, nothing built, nothing besides."""
    print("Installing the packages of %s ..." % lock, flush=True)
    open(UNFINISHED, "w").close()
    options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-input", "--disable-pip-version-check"]
    quick = ["--retries", "1", "--no-compile", "--no-warn-script-location", "--progress-bar", "off"]
    code, output = run([VENV_PYTHON, "-m", "pip", "install"] + options + quick + ["-r", os.path.join(HERE, lock)])
    if code != 0:
        fail(
            "Could not install the packages of %s: no package index can be reached, or it lacks one of them."
            " Connect this machine, or name an index by PIP_INDEX_URL or a folder of wheels by PIP_FIND_LINKS,"
            " and run again. (pip: %s)" % (lock, last_line(output))
        )
    os.remove(UNFINISHED)


def run(command):
    """Run a command to its end; return its exit code and what it said."""
    import subprocess

    process = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=HERE
    )
    return process.returncode, process.stdout.decode(errors="replace")


def last_line(text):
    """Return the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--has"]:  # asked by another interpreter: does this one have that lock's packages?
        sys.exit(1 if missing_packages(sys.argv[2]) else 0)
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
