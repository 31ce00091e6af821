# SPDX-License-Identifier: MIT
"""I11, secrets stay secret: never in argv, the environment of children, cache, log, traces or a core dump."""
import base64
import contextlib
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time
import uuid

import ewsfs
import pytest

USER = "bob"


@pytest.fixture
def secret():
    return f"Un1que-{uuid.uuid4().hex}"


@pytest.fixture
def server(new_server, secret):
    return new_server("--user", f"{USER}:{secret}", "--synthetic", f"{USER}:2:5:3000")


@pytest.fixture
def start(place):
    """Starts ewsfs in the foreground, with debug messages and, where there are any, traces; ends it."""
    started = []
    (place / "m").mkdir()

    def run(*options, source, env=None, **more):
        settings = [f"cache={place}/c.db", f"log={place}/log", *options]
        if "trace=" in ewsfs.run(ewsfs.EWSFS, "-h").stdout:
            settings.append(f"trace={place}/trace")
        ready, ready_child = os.pipe()
        process = subprocess.Popen(
            [ewsfs.EWSFS, "-f", "-d", "-o", ",".join(settings), source, place / "m"],
            pass_fds=[ready_child], **{"cwd": place, **more}, stdout=open(place / "out", "wb"), stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {}), "EWSFS_READY_FD": str(ready_child)})
        os.close(ready_child)
        started.append(process)
        return process, ready

    yield run
    for process in started:
        process.kill()
        process.wait(ewsfs.TIMEOUT_S)
    subprocess.run(["fusermount3", "-uz", place / "m"], stderr=subprocess.DEVNULL)


def forms(secret):
    """What the secret may look like; in base64 also as a part of something longer."""
    login = base64.b64encode(f"{USER}:{secret}".encode())
    parts = [base64.b64encode(b"x" * shift + secret.encode())[4:-4] for shift in range(3)]
    return [secret.encode(), login, *parts]


def family(pid):
    """A process and all below it."""
    found = [pid]
    for parent in found:
        for task in pathlib.Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(child) for child in task.read_text().split()]
    return found


def check_processes(pid, secret):
    seen = family(pid)
    for member in seen:
        for name in ("cmdline", "environ"):
            raw = pathlib.Path(f"/proc/{member}/{name}").read_bytes()
            assert not any(form in raw for form in forms(secret)), f"{name} of {member}"
    return seen


def check_files(place, secret, but=()):
    """Cache, WAL, shm, log, output, traces and cores; all that lies there."""
    files = [path for path in place.rglob("*") if path.is_file() and path not in but and place / "m" not in path.parents]
    for path in files:
        raw = path.read_bytes()
        assert not any(form in raw for form in forms(secret)), path
    return {path.name for path in files}


def memory(pid):
    """All that the process has in memory, core dump or not."""
    raw = b""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            begin, end = (int(word, 16) for word in line.split()[0].split("-"))
            if "rw-p" in line and end - begin < 64 << 20:
                with contextlib.suppress(OSError):
                    mem.seek(begin)
                    raw += mem.read(end - begin)
    return raw


def use(mount):
    """Reads everything and syncs."""
    with open(mount / ".ctl", "wb", buffering=0) as control:
        control.write(b"update\n")
    return [path.read_bytes() for path in mount.rglob("*.eml")]


def check_everything(process, place, secret, but=()):
    assert use(place / "m")
    if os.getuid() == 0:
        assert forms(secret)[0] in memory(process.pid)  # so that looking for it proves something
    check_processes(process.pid, secret)
    seen = check_files(place, secret, but)
    assert {"c.db", "c.db-wal", "log"} <= seen
    check_cores(process, place)
    check_files(place, secret, but)


def check_cores(process, place):
    """The one that root's debugger makes has no memory; none is written when it crashes, whatever its limit."""
    if shutil.which("gdb") and os.getuid() == 0:
        ewsfs.run("gdb", "-p", process.pid, "-batch", "-nx", "-ex", f"gcore {place}/core.gdb", check=False)
        assert (place / "core.gdb").stat().st_size > 0
    with contextlib.suppress(PermissionError):
        resource.prlimit(process.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    before = set(place.iterdir())
    process.send_signal(signal.SIGSEGV)
    assert process.wait(ewsfs.TIMEOUT_S) == -signal.SIGSEGV
    subprocess.run(["fusermount3", "-uz", place / "m"], stderr=subprocess.DEVNULL)
    assert not [path for path in set(place.iterdir()) - before if "core" in path.name]


def test_I11_what_password_command_prints_is_found_nowhere(server, start, place, secret):
    """The command waits for the secret, so that it can be looked at while it runs."""
    fifo = place / "fifo"
    os.mkfifo(fifo)
    process, ready = start(f"user={USER}", f"password_command=cat {fifo}", source=server.url)
    with open(fifo, "w") as pipe:  # opens when the command reads
        seen = family(process.pid)
        assert len(seen) > 1
        check_processes(process.pid, secret)
        pipe.write(secret + "\n")
    ewsfs.wait_ready(ready, process, "ewsfs")
    check_everything(process, place, secret)


def test_I11_a_token_is_found_nowhere(new_server, start, place, secret):
    if "token_command" not in ewsfs.run(ewsfs.EWSFS, "-h").stdout:
        pytest.skip("needs login by token")
    server = new_server("--synthetic", f"{ewsfs.USER}:2:5:3000", "--auth", "bearer", "--token", secret)
    (place.parent / f"{place.name}.token").write_text(secret)
    process, ready = start(f"user={ewsfs.USER}", "auth=bearer", f"token_command=cat {place}.token", source=server.url)
    ewsfs.wait_ready(ready, process, "ewsfs")
    check_everything(process, place, secret)


def test_I11_a_password_of_the_configuration_file_is_found_nowhere_else(server, start, place, secret):
    config = place / "ewsfs" / "config"
    config.parent.mkdir()
    config.write_text(f"[work]\nurl = {server.url}\nuser = {USER}\npassword = {secret}\n")
    config.chmod(0o600)
    process, ready = start(source="work", env={"XDG_CONFIG_HOME": str(place)})
    ewsfs.wait_ready(ready, process, "ewsfs")
    check_everything(process, place, secret, but=[config])


def test_I11_a_password_of_the_proxy_is_not_told(start, place, secret):
    config = place / "ewsfs" / "config"
    config.parent.mkdir()
    config.write_text("[work]\nurl = https://mail.invalid/EWS/Exchange.asmx\nuser = bob\npassword = x\n"
                      f"proxy = http://bob:{secret}@127.0.0.1:9\n")
    config.chmod(0o600)
    process, _ = start(source="work", env={"XDG_CONFIG_HOME": str(place)})
    assert process.wait(ewsfs.TIMEOUT_S) != 0
    assert "proxy" in (place / "out").read_text()
    check_files(place, secret, but=[config])


def test_I11_another_process_of_the_user_cannot_look_into_it(server, start, place, secret, user):
    """As an ordinary user: root may look into everything."""
    (place / "secret").write_text(secret)
    for path in (place, place / "m", place / "secret"):
        os.chown(path, user["user"], user["group"])
    process, ready = start(f"user={USER}", f"password_command=cat {place}/secret", source=server.url, **user)
    ewsfs.wait_ready(ready, process, "ewsfs")
    for name in ("environ", "mem", "maps", "fd/0"):
        look = subprocess.run(["cat", f"/proc/{process.pid}/{name}"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, **user)
        assert "Permission denied" in look.stderr
    assert "Inbox" in ewsfs.run("ls", place / "m", **user).stdout


def gone(pid):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            if pathlib.Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("flags", [[], ["-f"]])
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_command_ends_with_the_mount_that_asked_it(server, place, flags, end):
    (place / "m").mkdir()
    fifo = place / "fifo"
    os.mkfifo(fifo)
    settings = f"user={USER},password_command={{ pwd; echo $$; }} >{fifo}; sleep 1000; true,cache={place}/c.db"
    # Whoever started the tests may ignore the signal, and what is ignored stays so.
    process = subprocess.Popen([ewsfs.EWSFS, *flags, "-o", settings, server.url, place / "m"],
                               stderr=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(end, signal.SIG_DFL))
    directory, pid = fifo.read_text().split()
    assert directory == "/"
    everybody = family(process.pid)
    assert int(pid) in everybody
    process.send_signal(end)
    assert process.wait(ewsfs.TIMEOUT_S) == -end
    assert all(gone(member) for member in everybody)
    assert not os.path.ismount(place / "m")
