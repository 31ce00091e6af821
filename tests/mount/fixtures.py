# SPDX-License-Identifier: MIT
"""What tests with servers and mounts begin with; mount, crash and model share it."""
import os
import pwd

import ewsfs
import pytest


@pytest.fixture(autouse=True, scope="session")
def needs():
    if not os.path.exists("/dev/fuse"):
        pytest.skip("needs /dev/fuse")
    for program in (ewsfs.EWSFS, ewsfs.TESTD):
        if not program.exists():
            pytest.fail(f"{program} is not built: run contrib/test")


@pytest.fixture
def place(tmp_path):
    """A directory of the test's own on a local disk."""
    return tmp_path


@pytest.fixture
def new_server(place):
    """Makes servers that end with the test; on stderr stand only lines with `may_say` in them."""
    made = []

    def make(*args, may_say=None, **more):
        log = open(place / f"server-{len(made)}.log", "w+")
        made.append((ewsfs.Server(*args, log=log, **more), log, may_say))
        return made[-1][0]

    yield make
    for server, log, may_say in made:
        server.stop()
        log.seek(0)
        said = "".join(line for line in log if not may_say or may_say not in line)
        log.close()
        assert not said, f"ews-testd complained: {said[-2000:]}"


@pytest.fixture
def new_mount(place):
    """Makes mounts that end with the test; their logs are looked into."""
    made = []

    def make(server, *options, name="m", cache=None, **more):
        url = server if isinstance(server, str) else server.url
        directory = place / name
        mount = ewsfs.Mount(url, directory, cache or place / f"{name}.db", *options, **more)
        made.append(mount)
        return mount

    yield make
    for mount in made:
        mount.close()


@pytest.fixture
def small(new_server):
    """A server with three folders of ten items."""
    return new_server("--synthetic", f"{ewsfs.USER}:3:10:3000:7")


@pytest.fixture
def user(place, fuse_for_all):
    """What makes subprocess run something as an ordinary user, who can reach `place`."""
    if os.getuid() != 0:
        pytest.skip("needs root to become another user")
    for path in [place, *place.parents]:
        if path.stat().st_uid == 0 and path.name.startswith(("pytest-", "test_")):
            path.chmod(0o755)
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": "/"}


@pytest.fixture
def fuse_for_all():
    """Debian lets every user open /dev/fuse; a container may not."""
    mode = os.stat("/dev/fuse").st_mode & 0o777
    if mode & 0o006 != 0o006 and os.getuid() == 0:
        os.chmod("/dev/fuse", 0o666)
    yield
    if os.getuid() == 0:
        os.chmod("/dev/fuse", mode)
