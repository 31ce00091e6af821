# SPDX-License-Identifier: MIT
"""Bad input: one line that says what to do, a status, nothing mounted, no process left."""
import http.server
import os
import pathlib
import re
import signal
import subprocess
import threading

import ewsfs
import pytest


def refused(command, mountpoint=None, **more):
    """Runs a mount that must fail; its one line."""
    more.setdefault("env", {**os.environ, "EWSFS_TEST_TAG": str(mountpoint)})
    result = ewsfs.run(*command, check=False, **more)
    assert result.returncode != 0
    assert result.stdout == "" and result.stderr.count("\n") == 1, result.stderr
    assert result.stderr.startswith("ewsfs: ")
    if mountpoint:
        assert not os.path.ismount(mountpoint)
        assert not running(mountpoint)
    return result.stderr


def running(mountpoint):
    """Processes of ewsfs with that mountpoint on their command line."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"ewsfs") and os.fsencode(mountpoint) in words:
            found.append(int(process.parent.name))
    return found


@pytest.fixture
def at(place):
    (place / "m").mkdir()
    yield place / "m"
    if os.path.ismount(place / "m"):
        ewsfs.run("fusermount3", "-uz", place / "m")


def command(place, at, url, *options, password=ewsfs.PASSWORD):
    settings = [f"user={ewsfs.USER}", f"password_command=echo {password}", f"cache={place}/c.db", "timeout=5", *options]
    return [ewsfs.EWSFS, "-o", ",".join(settings), url, at]


class Html(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><html><title>Outlook</title></html>")

    def log_message(self, *args):
        pass


@pytest.fixture
def html_url():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Html)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/EWS/Exchange.asmx"
    server.shutdown()


def test_a_server_that_is_not_there(place, at):
    assert "127.0.0.1:9" in refused(command(place, at, "http://127.0.0.1:9/EWS/Exchange.asmx"), at)


def test_a_wrong_path_on_the_server(small, place, at):
    refused(command(place, at, small.url.replace("/EWS/Exchange.asmx", "/nothing")), at)


def test_a_server_that_is_not_EWS(html_url, place, at):
    assert "EWS" in refused(command(place, at, html_url), at)


def test_a_refused_login(small, place, at):
    line = refused(command(place, at, small.url, password="wrong"), at)
    assert "password" in line and "wrong" not in line


def test_a_password_command_that_fails(small, place, at):
    settings = f"user=a,password_command=exit 3,cache={place}/c.db"
    assert "password_command" in refused([ewsfs.EWSFS, "-o", settings, small.url, at], at)


def test_a_mountpoint_that_does_not_exist(small, place):
    missing = place / "missing"
    assert str(missing) in refused(command(place, missing, small.url), missing)


def test_a_mountpoint_that_is_not_empty(small, place, at):
    (at / "file").write_text("x")
    assert "empty" in refused(command(place, at, small.url), at)
    assert (at / "file").read_text() == "x"


def test_a_mountpoint_that_is_a_file(small, place):
    file = place / "file"
    file.write_text("x")
    refused(command(place, file, small.url), file)


@pytest.mark.parametrize("option, says", [
    ("conections=4", "connections"), ("poll=0", "poll"), ("poll=soon", "poll"), ("batch=1000", "batch"),
    ("mtime=never", "mtime"), ("password=secret", "password_command"), ("auth=bearer", "contradict"),
    ("token_command=", "needs a value"), ("mailbox=bob", "no address"),
    ("impersonate=bob", "no address"), ("trees=mailbox+search", "not available yet"),
    ("cache_limit=1G", "needs content=ondemand"), ("cache_limit=much", "500M"),
    ("since=30", "30d"), ("exclude=/", "names no folder"),
    ("trace=/tmp", "others may look into it"), ("trace=/proc/x/y", "trace="), ("layout=maildir", "not available yet"), ("write", "not available yet"),
    ("delete=trash", "not available yet"), ("umask=9", "umask"), ("cafile=/nonexistent", "cafile")])
def test_an_option_that_is_wrong(small, place, at, option, says):
    line = refused(command(place, at, small.url, option), at)
    assert says in line and "secret" not in line


def test_a_number_that_is_out_of_range(small, place, at):
    """Of every option that -h lists with a range."""
    text = ewsfs.run(ewsfs.EWSFS, "-h").stdout
    ranges = re.findall(r"^ {4}([a-z_]+)=[A-Z]+ .* (\d+) to (\d+)(?: |$)", text, re.M)
    assert len(ranges) >= 4
    for name, least, most in ranges:
        for value in (int(least) - 1, int(most) + 1, "x", ""):
            assert name in refused(command(place, at, small.url, f"{name}={value}"), at)


def test_a_word_that_is_none(small, place, at):
    """Of every option that -h lists with words; the line has those that there are."""
    text = ewsfs.run(ewsfs.EWSFS, "-h").stdout
    choices = re.findall(r"^ {4}([a-z_]+)=WORD .*: ([a-z, ]+) \(", text, re.M)
    assert len(choices) >= 5
    for name, words in choices:
        line = refused(command(place, at, small.url, f"{name}=nonsense"), at)
        assert line == f"ewsfs: {name}=nonsense is unknown: give one of {words}\n"


@pytest.mark.parametrize("source", ["alice@", "work", "ftp://example.com/", "http://mail.example.com/EWS/Exchange.asmx"])
def test_a_source_that_cannot_be_mounted(place, at, source):
    refused(command(place, at, source), at)


def test_a_cache_of_another_mailbox(new_server, place, at, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:3:500")
    mount = new_mount(server, name="first", cache=place / "c.db")
    mount.unmount()
    line = refused(command(place, at, server.url, "user=bob"), at)
    assert "alice@" in line and "bob@" in line


def test_a_cache_with_wider_rights(small, place, at):
    (place / "c.db").touch(mode=0o644)
    assert "c.db" in refused(command(place, at, small.url), at)


def test_mount_options_of_fstab_change_nothing(small, place, at):
    options = "rw,nosuid,nodev,noatime,nofail,_netdev,x-systemd.automount,exec"
    ewsfs.run(*command(place, at, small.url, options))
    assert os.path.ismount(at) and os.listdir(at)
    ewsfs.run("umount", at)


def test_mount_8_mounts_it(small, place, at):
    """mount(8) looks for the program in the system's directories, unless it is told the path."""
    if os.getuid() != 0:
        pytest.skip("only root may call mount(8)")
    settings = f"rw,user={ewsfs.USER},password_command=echo {ewsfs.PASSWORD},cache={place}/c.db"
    ewsfs.run("mount", "-t", "fuse", "-o", settings, f"{ewsfs.EWSFS}#{small.url}", at)
    assert os.path.ismount(at)
    ewsfs.run("umount", at)


def stale(command, at, **more):
    """A mount whose process was killed."""
    ewsfs.run(*command, **more)
    pid = min(running(at))  # the other is the one that outlives it
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(OSError):
        while True:
            os.listdir(at)


def test_a_stale_mountpoint_is_mounted_again(small, place, at):
    stale(command(place, at, small.url), at)
    ewsfs.run(*command(place, at, small.url))
    assert "Inbox" in os.listdir(at)
    ewsfs.run("fusermount3", "-u", at)
    assert not os.path.ismount(at)


def test_a_stale_mountpoint_is_mounted_again_by_a_user(small, place, at, user):
    own = place / "own"
    own.mkdir(mode=0o700)
    (own / "m").mkdir()
    for path in (own, own / "m"):
        os.chown(path, user["user"], user["group"])
    stale(command(own, own / "m", small.url), own / "m", **user)
    ewsfs.run(*command(own, own / "m", small.url), **user)
    assert "Inbox" in ewsfs.run("ls", own / "m", **user).stdout
    ewsfs.run("fusermount3", "-u", own / "m", **user)


def test_the_caller_hears_of_readiness_through_a_descriptor(small, place, at):
    read_end, write_end = os.pipe()
    result = subprocess.Popen([str(word) for word in command(place, at, small.url)], pass_fds=[write_end],
                              env={**os.environ, "EWSFS_READY_FD": str(write_end)})
    os.close(write_end)
    assert len(os.read(read_end, 1)) == 1
    assert "Inbox" in os.listdir(at)
    assert result.wait(ewsfs.TIMEOUT_S) == 0
    os.close(read_end)
    ewsfs.run("fusermount3", "-u", at)


def test_a_failure_is_one_line_whatever_it_quotes(place):
    refused([ewsfs.EWSFS, "-o", "an\noption\x1b[2J", "x", place / "m"])
    missing = place / "m" / ("x" * 250 + "/") / ("y" * 250 + "/") / ("z" * 250 + "/") / ("\n" * 250) / ("u" * 250)
    for flags in ([], ["-f"]):
        settings = f"user=a,password_command=true,cache={place}/c.db"
        refused([ewsfs.EWSFS, *flags, "-o", settings, "https://mail.example/", missing])


def test_a_caller_without_terminal(small, place, at):
    """What is opened first must not become stdin, stdout or stderr."""
    ewsfs.run("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command(place, at, small.url))
    assert "Inbox" in os.listdir(at)
    ewsfs.run("fusermount3", "-u", at)


def test_help_that_cannot_be_printed():
    with open("/dev/full", "w") as full:
        result = subprocess.run([ewsfs.EWSFS, "-h"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode != 0 and result.stderr.count("\n") == 1


def test_help_and_version_are_printed(place):
    text = ewsfs.run(ewsfs.EWSFS, "-h").stdout
    assert "password_command" in text and "connections" in text
    assert ewsfs.run(ewsfs.EWSFS, "-V").stdout.startswith("ewsfs ")
