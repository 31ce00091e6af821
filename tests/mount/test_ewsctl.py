# SPDX-License-Identifier: MIT
"""ewsctl: what it says of a mount, what it tells it, and what it does to caches."""
import errno
import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import time

import ewsfs
import pytest

EWSCTL = ewsfs.BUILD / "src" / "ewsctl"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def ctl(*args, status=0, **more):
    """Its stdout; stderr is empty when it succeeds and one line when it fails."""
    result = ewsfs.run(EWSCTL, *args, check=False, **more)
    assert result.returncode == status, f"{args}: {result.returncode} {result.stdout} {result.stderr}"
    if status == 0:
        assert not result.stderr, result.stderr
    return result.stdout


def refused(*args, **more):
    """The one line that says why not."""
    result = ewsfs.run(EWSCTL, *args, check=False, **more)
    assert result.returncode == 1 and not result.stdout, f"{result.returncode} {result.stdout}"
    assert result.stderr.startswith("ewsctl: ") and result.stderr.count("\n") == 1, result.stderr
    return result.stderr.strip()


def wait_for(check, what):
    """Until check() is true; the patience is long, the success quick."""
    deadline = time.monotonic() + ewsfs.TIMEOUT_S
    while not (found := check()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


@pytest.fixture
def mount(small, new_mount):
    mount = new_mount(small)
    mount.update()
    return mount


def inbox_files(mount):
    return sorted((mount.path / "Inbox").iterdir())


# --- the command line ---

def test_help_and_version_are_there():
    help_text = ctl("-h")
    for command in ("status", "update", "resync", "clear", "verify", "inspect", "watch", "rebuild", "forget", "login", "check"):
        assert re.search(rf"^ +{command} ", help_text, re.M)
    assert all(len(line) <= 100 for line in help_text.splitlines())
    assert re.fullmatch(r"ewsctl \d+\.\d+\.\d+\n", ctl("-V"))


@pytest.mark.parametrize("args, expected", [
    ([], "ewsctl -h"), (["frobnicate"], "unknown command"), (["login"], "ewsctl login [-o OPTIONS] ACCOUNT"),
    (["check"], "ewsctl check [-o OPTIONS] SOURCE"), (["update"], "give ewsctl update [-r] DIR"),
    (["update", "a", "b"], "give ewsctl update"), (["status", "--frob"], "unknown option"),
    (["inspect", "/nonexistent"], "no such file"), (["update", "/"], "not in a mount"),
    (["watch", "/"], "not in a mount"), (["status", "/nonexistent"], "no such file"),
    (["inspect", "/etc/passwd"], "no item in a mount"), (["inspect", "/etc"], "no item in a mount")])
def test_what_cannot_be_is_refused_in_one_line(args, expected):
    assert expected in refused(*args)


def test_a_file_is_no_directory(mount):
    assert "give a directory" in refused("update", inbox_files(mount)[0])


def test_a_reader_that_went_is_an_error_and_no_crash(mount):
    result = subprocess.run(f"{EWSCTL} status {mount.path} > /dev/full", shell=True, text=True,
                            stderr=subprocess.PIPE)
    assert result.returncode == 1 and "input/output error" in result.stderr


# --- status ---

def test_status_shows_state_and_counts(mount):
    lines = ctl("status", mount.path).splitlines()
    assert lines[0] == f"{mount.path}: idle"
    assert lines[1].startswith("  items        30 items, ") and "unread" in lines[1]
    assert re.fullmatch(rf"  last sync    {TIME}", lines[2])
    assert "10 items" in ctl("status", mount.path / "Inbox")


def test_status_as_json_is_what_the_mount_says(mount):
    values = json.loads(ctl("status", "--json", mount.path / "Inbox"))
    assert values.pop("dir") == str(mount.path / "Inbox")
    expected = json.loads((mount.path / "Inbox" / ".ctl.json").read_text())
    for changing in ("requests", "bytes-in"):
        values.pop(changing), expected.pop(changing)
    assert values == expected


def test_status_without_a_directory_shows_every_mount(small, new_mount):
    mounts = [new_mount(small, name=name) for name in ("one", "two")]
    shown = [json.loads(line)["dir"] for line in ctl("status", "--json").splitlines()]
    assert {str(mount.path) for mount in mounts} <= set(shown)


def test_status_shows_progress_while_it_syncs(new_server, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:300:20000:3")
    server.op("fault", None, kind="delay", op="GetItem", ms=200, count=1000)
    mount = new_mount(server, "connections=1")
    text = wait_for(lambda: (text := ctl("status", mount.path)) and "[" in text and "left" in text and text, "a bar")
    assert re.search(r"^  \[[#.]{40}\]  +\d+ %  \S+ k?M?B of \S+ MB, \S+ k?M?B/s, \d+ s left$", text, re.M), text
    assert re.search(r"items, .* unread, \d+ pending", text)
    assert re.search(r"^  \[[#.]{40}\]  +\d+ %  \d+ of 300 items$", ctl("status", mount.path / "Inbox"), re.M)
    watch = Running("status", "--watch", mount.path)
    watch.wait_line(r": syncing, .* pending, \d+ %, .* of .* MB, .*/s, .* left$")
    assert watch.end() == (0, "")
    server.op("fault", None, kind="clear")
    mount.update()
    assert "[" not in ctl("status", mount.path)


class Running:
    """ewsctl in the background, its lines as they come."""

    def __init__(self, *args, stderr=subprocess.PIPE):
        self.process = subprocess.Popen([str(EWSCTL), *map(str, args)], stdout=subprocess.PIPE, stderr=stderr)
        self.text = b""

    def lines(self):
        while select.select([self.process.stdout], [], [], 0)[0]:
            more = os.read(self.process.stdout.fileno(), 65536)
            self.text += more
            if not more:
                break
        return self.text.decode().splitlines()

    def wait_line(self, pattern):
        return wait_for(lambda: [line for line in self.lines() if re.search(pattern, line)],
                        f"no line {pattern} in {self.text}")[0]

    def end(self, how=signal.SIGINT):
        if how:
            self.process.send_signal(how)
        out, err = self.process.communicate(timeout=ewsfs.TIMEOUT_S)
        self.text += out
        return self.process.returncode, err.decode()


def test_status_watch_prints_a_line_when_something_is_new(small, mount):
    watch = Running("status", "--watch", mount.path / "Inbox")
    watch.wait_line(r"Inbox: idle, 10 items")
    small.op("deliver", "Inbox", count=1)
    mount.update()
    watch.wait_line(r"Inbox: idle, 11 items")
    assert watch.end() == (0, "")
    assert len(watch.text.decode().splitlines()) <= 4


def test_status_watch_ends_with_the_mount(mount):
    watch = Running("status", "--watch", mount.path)
    watch.wait_line("idle")
    mount.unmount()
    assert watch.end(None) == (0, "")


def on_terminal(*args, until):
    """What a terminal is sent, up to the interrupt that follows `until`."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execv(EWSCTL, [str(EWSCTL), *map(str, args)])
    text = b""
    deadline = time.monotonic() + ewsfs.TIMEOUT_S
    while until and not re.search(until, text) and time.monotonic() < deadline:
        text += os.read(terminal, 65536)
    if until:
        os.write(terminal, b"\x03")
    try:
        while more := os.read(terminal, 65536):
            text += more
    except OSError as error:
        assert error.errno == errno.EIO
    os.close(terminal)
    return text, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_status_watch_redraws_in_place_on_a_terminal(mount):
    text, status = on_terminal("status", "--watch", mount.path, until=rb"\x1b\[\d+A\r\x1b\[J")
    assert status == 0 and b"idle" in text


# --- update ---

def test_update_brings_what_the_server_has(small, mount):
    new, = small.op("deliver", "Inbox", count=1)
    assert "idle, 11 items" in ctl("update", mount.path / "Inbox")
    assert new in mount.by_item_id()
    assert "31 items" in ctl("update", "-r", mount.path)


def test_update_on_a_terminal_leaves_the_result(mount):
    text, status = on_terminal("update", mount.path, until=None)
    assert status == 0 and b"idle, 30 items" in text


def test_update_without_the_server_says_what_to_do(small, new_mount):
    mount = new_mount(small, dirty_log=True)
    mount.update()
    small.stop()
    line = refused("update", mount.path)
    assert "server cannot be reached" in line and "network" in line
    assert mount.status()["last-error"] in line


# --- inspect ---

def test_inspect_decodes_the_keys_of_an_item(mount):
    path = inbox_files(mount)[0]
    text = ctl("inspect", path)
    raw = bytes.fromhex(ewsfs.xattr(path, "user.mapi.change_key"))
    assert len(raw) == 22
    guid = "-".join([raw[3::-1].hex(), raw[5:3:-1].hex(), raw[7:5:-1].hex(), raw[8:10].hex(), raw[10:16].hex()])
    counter = f"{guid}  counter 0x{raw[16:].hex()} ({int.from_bytes(raw[16:], 'big')})"
    lines = text.splitlines()
    assert lines[0] == str(path)
    assert f"  change key    {counter}" in lines
    assert any(line.startswith("  predecessors  ") and guid in line for line in lines)
    assert f"  item id       {ewsfs.xattr(path, 'user.ews.item_id')}" in lines
    assert lines[-1].startswith("ok: ")


def test_inspect_shows_a_folder(mount):
    text = ctl("inspect", mount.path / "Inbox")
    assert ewsfs.xattr(mount.path / "Inbox", "user.ews.folder_id") in text
    assert "known as      inbox" in text and text.endswith("\nidle\n")
    assert ctl("inspect", mount.path).endswith("\nidle\n")


def test_inspect_says_why_an_item_cannot_be_read(small, new_mount):
    bad = small.truth()["items"][0]["id"]
    small.op("fault", None, kind="unconvertible", items=[bad], count=1000)
    mount = new_mount(small, dirty_log=True)
    mount.update()
    path = mount.by_item_id()[bad]
    assert ctl("inspect", path, status=1).splitlines()[-1].startswith("error: the server cannot deliver it: ")


def test_inspect_explains_an_uncovered_item(small, mount):
    bad, = small.op("regress", "Inbox", count=1, by=1, uncovered=True)
    mount.update()
    text = ctl("inspect", mount.by_item_id()[bad], status=1)
    assert "\nuncovered: its predecessor list does not hold its own change key (" in text


# --- watch ---

def test_watch_prints_one_line_a_change(small, mount):
    watch = Running("watch", mount.path)
    time.sleep(1.5)  # the first look is no news; it must be over
    new, = small.op("deliver", "Inbox", count=1)
    mount.update()
    path = mount.by_item_id()[new]
    assert re.fullmatch(rf"{TIME}  new      {re.escape(str(path))}", watch.wait_line(r" new "))
    is_read = ewsfs.xattr(path, "user.ews.is_read") == "true"
    small.op("flag", "Inbox", item=new, read=not is_read)
    mount.update()
    watch.wait_line(rf"  {'unread' if is_read else 'read'} +{re.escape(str(path))}$")
    small.op("change", "Inbox", item=new)
    mount.update()
    watch.wait_line(rf"  changed  {re.escape(str(mount.by_item_id()[new].parent))}/")
    path = mount.by_item_id()[new]
    small.op("delete", "Inbox", item=new)
    mount.update()
    watch.wait_line(rf"  removed  {re.escape(str(path))}$")
    assert watch.end() == (0, "")


def test_watch_follows_folders(small, mount):
    watch = Running("watch", mount.path)
    time.sleep(1.5)
    small.op("mkdir", "Inbox", name="Below")
    small.op("deliver", "Inbox/Below", count=2)
    mount.update()
    watch.wait_line(r"  new      .*/Inbox/Below/$")
    wait_for(lambda: sum("/Inbox/Below/2" in line for line in watch.lines()) == 2, watch.text)
    small.op("delete", "Inbox/Below")
    mount.update()
    watch.wait_line(r"  removed  .*/Inbox/Below/$")
    assert watch.end() == (0, "")


def test_watch_ends_with_the_mount_and_does_not_keep_it(mount):
    process = subprocess.Popen([str(EWSCTL), "watch", "Inbox"], cwd=mount.path, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    wait_for(lambda: os.readlink(f"/proc/{process.pid}/cwd") == "/", "watch began")
    time.sleep(0.5)
    mount.unmount()
    out, err = process.communicate(timeout=ewsfs.TIMEOUT_S)
    assert (process.returncode, out, err) == (0, b"", b"")


# --- rebuild, forget ---

def test_rebuild_keeps_the_old_cache_until_the_new_one_is_complete(small, new_mount, place):
    mount = new_mount(small)
    mount.update()
    assert "unmount it first" in refused("rebuild", mount.cache)
    assert "unmount it first" in refused("forget", mount.cache)
    mount.unmount()
    old = pathlib.Path(f"{mount.cache}.old")
    assert "nothing was set aside" in refused("rebuild", "--compare", mount.cache)
    assert str(old) in ctl("rebuild", mount.cache)
    assert old.exists() and not mount.cache.exists()
    assert "no new cache yet" in refused("rebuild", mount.cache) and old.exists()

    changed, = small.op("change", "Inbox", count=1)
    new, = small.op("deliver", "Inbox", count=1)
    mount.start()
    mount.update()
    text = ctl("rebuild", mount.cache)  # the mount may hold the new one
    files = mount.by_item_id()
    assert f"changed  {files[changed].relative_to(mount.path)}" in text
    assert f"added    {files[new].relative_to(mount.path)}" in text
    assert "29 equal, 1 changed, 0 moved, 0 with another read flag, 0 gone, 1 added" in text
    assert not old.exists() and not [path for path in place.iterdir() if ".old" in path.name]
    assert "unmount it first" in refused("rebuild", mount.cache)


def test_an_account_is_the_name_of_its_cache(small, new_mount, place):
    home = place / "caches"
    (home / "ewsfs").mkdir(parents=True, mode=0o700)
    mount = new_mount(small, cache=home / "ewsfs" / "alice@127.0.0.1.db")
    mount.update()
    mount.unmount()
    environment = {**os.environ, "XDG_CACHE_HOME": str(home)}
    ctl("rebuild", "alice@127.0.0.1", env=environment)
    mount.start()
    mount.update()
    mount.unmount()
    assert "30 equal, 0 changed" in ctl("rebuild", "--compare", "alice@127.0.0.1", env=environment)
    ctl("rebuild", "alice@127.0.0.1", env=environment)
    for name in ("-damaged", ".new", ".new-wal", ".new-damaged"):
        (home / "ewsfs" / f"alice@127.0.0.1.db{name}").touch()
    assert ctl("forget", "alice@127.0.0.1", env=environment) == "alice@127.0.0.1 is forgotten\n"
    assert not [path for path in (home / "ewsfs").iterdir() if ".secret" not in path.name and ".log" not in path.name]
    assert "no such cache" in refused("forget", "alice@127.0.0.1", env=environment)


@pytest.mark.parametrize("like", ["exchange2019", "gromox"])
def test_rebuild_tells_other_bytes_under_the_same_change_key_apart(new_server, new_mount, like):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:10:500:7", "--like", like)
    mount = new_mount(server)
    mount.update()
    before = {path: path.read_bytes() for path in mount.files()}
    mount.unmount()
    ctl("rebuild", mount.cache)
    mount.start()
    mount.update()
    other = sum(path.read_bytes() != before[path] for path in mount.files())
    assert (other > 0) == (like == "gromox")
    text = ctl("rebuild", mount.cache)
    assert text.count("bytes    ") == other
    assert f"{10 - other} equal, 0 changed" in text and f"; {other} with other bytes under the same change key" in text


def test_files_that_are_no_cache_are_left_alone(place):
    path = place / "mine.db"
    path.write_text("mine")
    assert "not a cache" in refused("forget", path)
    assert "not a cache" in refused("rebuild", path)
    assert path.read_text() == "mine"


def test_a_damaged_old_cache_is_kept_and_said(small, new_mount):
    mount = new_mount(small)
    mount.update()
    mount.unmount()
    ctl("rebuild", mount.cache)
    mount.start()
    mount.update()
    old = pathlib.Path(f"{mount.cache}.old")
    old.write_text("rubbish" * 1000)
    assert "remove the .old yourself" in refused("rebuild", mount.cache) and old.exists()


def test_a_cache_that_is_not_complete_ends_no_old_one(new_server, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:20:3000:3")
    mount = new_mount(server)
    mount.update()
    mount.unmount()
    ctl("rebuild", mount.cache)
    server.op("fault", None, kind="delay", op="GetItem", ms=60000, count=1000)
    mount.start()
    assert "not complete" in refused("rebuild", mount.cache)
    assert pathlib.Path(f"{mount.cache}.old").exists()


# --- verify: its verdict, told of a directory that answers as a mount does ---

GUID = "00112233445566778899aabbccddeeff"


@pytest.fixture
def folder(place):
    """A directory with control files that stand still, and items with attributes."""
    directory = place / "folder"
    directory.mkdir()
    (directory / ".ctl").write_text("")
    try:
        os.setxattr(directory, "user.ews.folder_id", b"F")
    except OSError as error:
        pytest.skip(f"no attributes in {place}: {error}")

    def make(result, items="", **files):
        for name, sync in files.items():
            (directory / name).write_text("x")
            values = {"user.ews.item_id": name + "==", "user.ews.sync": sync, "user.mapi.change_key": GUID + "00000000002a",
                      "user.mapi.predecessor_change_list": "16" + GUID + "00000000002" + ("9" if sync == "uncovered" else "a")}
            for attribute, value in values.items():
                os.setxattr(directory / name, attribute, value.encode())
        report = {"state": "idle", "items": len(files), "last-verify": result, "last-verify-items": items}
        (directory / ".ctl.json").write_text(json.dumps(report))
        return directory
    return make


def test_the_verdict_of_an_equal_cache_is_to_look_elsewhere(folder):
    directory = folder("kept=2 changed=0 missing=0 extra=0 regressed=0 uncovered=0", one="ok", two="unknown")
    assert ctl("verify", directory) == "2 items: cache equals server: look elsewhere\n"
    assert (directory / ".ctl").read_text() == "verify\n"
    ctl("verify", "-r", directory)
    assert (directory / ".ctl").read_text() == "verify tree\n"


def test_the_verdict_names_what_outlook_would_not_sync_and_why(folder):
    directory = folder("kept=1 changed=0 missing=0 extra=0 regressed=2 uncovered=1",
                       "regressed=one== uncovered=two== regressed=four==", one="regressed", two="uncovered",
                       three="ok", four="ok")
    lines = ctl("verify", directory, status=1).splitlines()
    assert lines[0] == "Outlook would not sync: 2 regressed, 1 uncovered."
    told = {lines[i].strip(): lines[i + 1].strip().split(":")[0] for i in range(1, 7, 2)}
    assert told == {str(directory / "one"): "regressed", str(directory / "two"): "uncovered",
                    str(directory / "four"): "regressed"}


def test_the_verdict_names_what_differs(folder):
    directory = folder("kept=1 changed=1 missing=1 extra=1 regressed=0 uncovered=0",
                       "changed=one== missing=M== extra=two== ...", one="ok", two="ok", three="ok")
    lines = ctl("verify", directory, status=1).splitlines()
    assert lines[0] == "The cache differs from the server: 1 changed, 1 missing here, 1 no longer there."
    assert sorted(lines[1:5]) == ["  ... and more", f"  changed  {directory}/one", f"  extra    {directory}/two",
                                  "  missing   item id M=="]
    assert lines[5].endswith(f"ewsctl resync {directory}")


# --- resync, clear, verify on a mount ---

def test_verify_of_a_mount_in_step_says_so(mount):
    assert ctl("verify", mount.path / "Inbox") == "10 items: cache equals server: look elsewhere\n"
    assert ctl("verify", "-r", mount.path) == "30 items: cache equals server: look elsewhere\n"


def test_verify_names_the_items_that_went_backwards(small, mount):
    bad, = small.op("regress", "Inbox", count=1, by=5)
    mount.update()
    path = mount.by_item_id()[bad]
    text = ctl("verify", mount.path / "Inbox", status=1)
    assert "1 regressed, 0 uncovered" in text and f"  {path}\n    regressed: " in text
    assert "\nregressed: " in ctl("inspect", path, status=1)


def test_verify_names_what_the_cache_lacks(small, mount):
    new, = small.op("deliver", "Inbox", count=1)
    text = ctl("verify", mount.path / "Inbox", status=1)
    assert "1 missing here" in text and new in text


def test_resync_and_clear_say_what_came_of_them(mount):
    assert re.search(r"Inbox: kept=10 changed=0 added=0 gone=0 regressed=0$", ctl("resync", mount.path / "Inbox"), re.M)
    assert re.search(r"Inbox: kept=\d+ changed=\d+ added=0 gone=0 regressed=0$", ctl("clear", mount.path / "Inbox"), re.M)


def test_a_busy_folder_and_an_interrupt_are_explained(small, mount):
    small.op("fault", None, kind="delay", op="SyncFolderItems", ms=3000, count=1000)
    first = Running("resync", mount.path / "Inbox")
    wait_for(lambda: mount.status("Inbox")["state"] == "resyncing", "resyncing")
    assert "another command is running there" in refused("resync", mount.path / "Inbox")
    status, err = first.end()
    assert status == 1 and "the command goes on" in err and err.count("\n") == 1
    (mount.path / "Inbox" / ".ctl").write_text("cancel\n")
