# SPDX-License-Identifier: MIT
"""ews-testd and ewsfs as objects: start, ask, stop. No fixed sleeps: readiness comes through pipes."""
import base64
import contextlib
import datetime
import functools
import hashlib
import json
import os
import pathlib
import select
import signal
import ssl
import struct
import subprocess
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("EWSFS_BUILD", ROOT / "build"))
EWSFS = BUILD / "src" / "ewsfs"
TESTD = BUILD / "tests" / "server" / "ews-testd"
TIMEOUT_S = 120
USER, PASSWORD = "alice", "wonderland"


def iso(seconds):
    """A time as the interface spells it; None stays None."""
    if seconds is None:
        return None
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def wait_ready(fd, process, what):
    """Waits for the byte that says ready; a process that ends first is an error, or says nothing."""
    says_so = select.select([fd], [], [], TIMEOUT_S)[0]
    ready = os.read(fd, 1) if says_so else b""
    os.close(fd)
    if not says_so:
        process.kill()
    if not ready:
        process.wait(TIMEOUT_S)
        raise AssertionError(f"{what} ended with {process.returncode} before it was ready")


class Server:
    """One ews-testd with one mailbox of USER."""

    def __init__(self, *args, log=None, port=0, address="127.0.0.1"):
        self.args = [str(TESTD), "--user", f"{USER}:{PASSWORD}", *args]
        self.log = log
        self.address = address
        self.start(port)

    def start(self, port=0):
        ready, ready_child = os.pipe()
        self.process = subprocess.Popen(
            [*self.args, "--listen", f"{self.address}:{port}", "--ready-fd", str(ready_child)],
            pass_fds=[ready_child], stdout=subprocess.PIPE, stderr=self.log, text=True)
        os.close(ready_child)
        wait_ready(ready, self.process, "ews-testd")
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.split("/")[2].rsplit(":", 1)[1])

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(TIMEOUT_S)
        self.process.stdout.close()

    def _call(self, method, path, body=None):
        request = urllib.request.Request(
            f"{self.url.split(':')[0]}://127.0.0.1:{self.port}{path}", method=method,
            data=None if body is None else json.dumps(body).encode())
        unverified = ssl._create_unverified_context()  # what is tested is how the mount connects
        with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=unverified) as reply:
            text = reply.read()
        return json.loads(text) if text.strip() else None

    def op(self, name, folder, /, **more):
        """A test control; the ids that it answers."""
        return self._call("POST", f"/test/{name}", {"user": USER, "folder": folder, **more})["ids"]

    def requests(self):
        return self._call("GET", "/test/requests")

    def reset_requests(self):
        self._call("DELETE", "/test/requests")

    def truth(self):
        """The mailbox as the server has it: {"folders": [...], "items": [...]}, times as attributes show them."""
        folders = [folder for folder in self._call("GET", f"/test/mailbox?user={USER}")["folders"]
                   if folder["distinguished"] != "root"]
        items = []
        for folder in folders:
            for item in folder.pop("items"):
                times = {name: iso(item[name]) for name in ("received", "sent", "created", "modified", "start")}
                items.append({**item, **times, "folder": folder["id"]})
        return {"folders": folders, "items": items}


class Mount:
    """One ewsfs in the foreground, its log in a file that must stay clean."""

    def __init__(self, url, directory, cache, *options, log=None, dirty_log=False, source_user=USER,
                 env=None, prefix=()):
        self.path = pathlib.Path(directory)
        self.cache = pathlib.Path(cache)
        self.log_path = pathlib.Path(log or f"{cache}.log")
        self.dirty_log = dirty_log
        secret = pathlib.Path(f"{cache}.secret")
        secret.parent.mkdir(parents=True, exist_ok=True)
        secret.write_text(PASSWORD + "\n")
        self.options = [f"user={source_user}", f"password_command=cat {secret}", f"cache={cache}", *options]
        if not any(option.startswith("notify=") for option in options):
            self.options.append("notify=off")
        self.url = url
        self.env = env or {}
        self.prefix = prefix
        self.process = None
        self.start()

    def command(self, *flags):
        return [*self.prefix, str(EWSFS), *flags, "-o", ",".join(self.options), self.url, str(self.path)]

    def start(self):
        with contextlib.suppress(FileExistsError):  # a mount left by a crash cannot be looked at
            self.path.mkdir()
        ready, ready_child = os.pipe()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command("-f"), pass_fds=[ready_child], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env={**os.environ, **self.env, "EWSFS_READY_FD": str(ready_child)})
        os.close(ready_child)
        try:
            wait_ready(ready, self.process, "ewsfs")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.log_path.read_text()[-500:]}") from None

    def update(self):
        """Everything that the server has now is visible when this returns. One write: a buffer would repeat
        one that fails."""
        with open(self.path / ".ctl", "wb", buffering=0) as control:
            control.write(b"update\n")

    def status(self, directory="."):
        lines = (self.path / directory / ".ctl").read_text().splitlines()
        return dict(line.split(": ", 1) for line in lines)

    def unmount(self):
        subprocess.run(["fusermount3", "-u", str(self.path)], check=True, timeout=TIMEOUT_S)
        assert self.process.wait(TIMEOUT_S) == 0

    def kill(self):
        self.process.kill()
        self.process.wait(TIMEOUT_S)

    def close(self):
        """Unmounts if need be, and looks into the log: nothing but what happens in health."""
        if self.process.poll() is None:
            subprocess.run(["fusermount3", "-u", str(self.path)], stderr=subprocess.PIPE, timeout=TIMEOUT_S)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                subprocess.run(["fusermount3", "-uz", str(self.path)], timeout=TIMEOUT_S)
                self.process.wait(TIMEOUT_S)
        text = self.log_path.read_text()
        suspicious = [line for line in text.splitlines()
                      if any(word in line for word in (" error: ", " warning: ", "Sanitizer", "runtime error"))]
        if not self.dirty_log:
            assert not suspicious, f"the mount's log is not clean: {suspicious[:5]}"
        assert "Sanitizer" not in text and "runtime error" not in text, text[-3000:]

    def rss_kb(self, field="VmHWM"):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise AssertionError(f"no {field}")

    def files(self):
        """Every regular file below the mount, as paths."""
        return [pathlib.Path(top) / name for top, _, names in os.walk(self.path) for name in names]

    def directories(self):
        return [pathlib.Path(top) for top, _, _ in os.walk(self.path)]

    def by_item_id(self):
        return {xattr(path, "user.ews.item_id"): path for path in self.files()}

    def by_folder_id(self):
        return {xattr(path, "user.ews.folder_id"): path for path in self.directories()}


def xattr(path, name):
    return os.getxattr(path, name).decode()


def xattrs(path):
    return {name: xattr(path, name) for name in os.listxattr(path)}


def check_against(mount, server, unshown=(), mime=True):
    """The mounted tree equals the server's: ids, places, contents, sizes, flags. `unshown`: folders by id that
    have no directory; what is hidden has none either, nor what is below."""
    truth = server.truth()
    parents = {folder["id"]: folder["parent_id"] for folder in truth["folders"]}
    away = {folder["id"] for folder in truth["folders"] if folder["hidden"]} | set(unshown)
    while below := {folder_id for folder_id, parent in parents.items() if parent in away} - away:
        away |= below
    places, files = mount.by_folder_id(), mount.by_item_id()
    assert set(places) == set(parents) - away
    for folder in truth["folders"]:
        if folder["id"] in places and folder["distinguished"] != "msgfolderroot":
            assert places[folder["id"]].parent == places[folder["parent_id"]]
            assert xattr(places[folder["id"]], "user.ews.display_name") == folder["name"]
    expected = {item["id"]: item for item in truth["items"] if item["folder"] in places}
    assert set(files) == set(expected)
    for item_id, path in files.items():
        item, content = expected[item_id], path.read_bytes()
        assert path.parent == places[item["folder"]]
        assert path.stat().st_size == len(content)
        if path.suffix == ".eml" and mime:
            assert hashlib.sha256(content).hexdigest() == item["mime_sha256"]
        assert xattr(path, "user.ews.change_key") == item["change_key"]
        assert xattr(path, "user.ews.is_read") == str(item["is_read"]).lower()
    run("ls", "-lR", mount.path)


def mapi_change_key(ews_change_key):
    """The 22 bytes inside a ChangeKey of Exchange's form, as hex."""
    raw = base64.b64decode(ews_change_key)
    assert raw[4:8] == b"\x16\0\0\0" and len(raw) == 30
    return raw[8:].hex()


PAGE = 4096


def add_word(total, word):
    total = (total ^ word) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    return total << 32 & 0xFFFFFFFFFFFFFFFF | total >> 32


def seal(cache):
    """Puts the sums of all pages right (src/store/pages.c), after another program has written to them."""
    raw = bytearray(pathlib.Path(cache).read_bytes())
    for at in range(0, len(raw), PAGE):
        lanes = [at + 1] * 4
        for i, word in enumerate((*struct.unpack_from("<511Q", raw, at), 0)):
            lanes[i % 4] = add_word(lanes[i % 4], word)
        struct.pack_into("<Q", raw, at + PAGE - 8, functools.reduce(add_word, lanes))
    pathlib.Path(cache).write_bytes(raw)


def run(*args, check=True, **more):
    """A tool as a user would run it; its output as text, which must be without complaint."""
    more.setdefault("timeout", TIMEOUT_S)
    result = subprocess.run([str(arg) for arg in args], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **more)
    if check:
        assert result.returncode == 0 and not result.stderr, f"{args}: {result.returncode} {result.stderr}"
    return result


def temporary_directory():
    return tempfile.TemporaryDirectory(prefix="ewsfs-test-")
