# SPDX-License-Identifier: MIT
"""`ewsctl login` with a real keyring: what is kept, where a mount finds it, and how it goes again."""
import os
import pty
import shutil
import subprocess
import termios
import time

import ewsfs
import pytest

CTL = ewsfs.BUILD / "src" / "ewsctl"


# A session bus that starts nothing by itself: another keyring would be a locked one.
BUS = """<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><policy context="default">
<allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"""


class Keyring:
    """A session bus with gnome-keyring on it, unlocked, with a home of its own."""

    def __init__(self, place):
        self.home = place / "home"
        (self.home / ".config" / "ewsfs").mkdir(parents=True)
        self.env = {"HOME": str(self.home), "PATH": os.environ["PATH"]}
        config = place / "bus.conf"
        config.write_text(BUS)
        self.bus = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--print-address=1", "--nofork"],
                                    env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.env["DBUS_SESSION_BUS_ADDRESS"] = self.bus.stdout.readline().strip()
        self.daemon = subprocess.Popen(["gnome-keyring-daemon", "--unlock", "--foreground", "--components=secrets"],
                                       env=self.env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, text=True)
        self.daemon.stdin.write("keyring")
        self.daemon.stdin.close()
        until = time.monotonic() + ewsfs.TIMEOUT_S
        while subprocess.run(["secret-tool", "store", "--label=x", "probe", "x"], env=self.env, input="x", text=True,
                             stderr=subprocess.DEVNULL, timeout=ewsfs.TIMEOUT_S).returncode:
            assert time.monotonic() < until and self.daemon.poll() is None, "no keyring"

    def lookup(self, account):
        result = subprocess.run(["secret-tool", "lookup", "service", "ewsfs", "account", account], env=self.env,
                                stdout=subprocess.PIPE, text=True, timeout=ewsfs.TIMEOUT_S)
        return result.stdout if result.returncode == 0 else None

    def configure(self, text):
        config = self.home / ".config" / "ewsfs" / "config"
        config.write_text(text)
        config.chmod(0o600)

    def ctl(self, *words, **more):
        more.setdefault("stdin", subprocess.DEVNULL) if "input" not in more else None
        return ewsfs.run("setsid", "-w", CTL, *words, check=False, env=self.env, **more)  # without a terminal

    def close(self):
        for process in (self.daemon, self.bus):
            process.kill()
            process.wait()


@pytest.fixture
def keyring(place):
    for tool in ("secret-tool", "gnome-keyring-daemon", "dbus-daemon"):
        if not shutil.which(tool):
            pytest.skip(f"needs {tool}")
    made = Keyring(place)
    yield made
    made.close()


@pytest.fixture
def account(keyring, small):
    keyring.configure(f"[work]\nurl = {small.url}\nuser = {ewsfs.USER}\nauth = basic\n")
    return "work"


def test_what_login_keeps_is_what_a_mount_uses_until_it_is_forgotten(keyring, account, place):
    result = keyring.ctl("login", account, input=ewsfs.PASSWORD + "\n")
    assert result.returncode == 0 and "is kept" in result.stdout and not result.stderr
    assert keyring.lookup(account) == ewsfs.PASSWORD
    (place / "m").mkdir()
    ewsfs.run(ewsfs.EWSFS, account, place / "m", env=keyring.env)
    assert "Inbox" in os.listdir(place / "m")
    ewsfs.run("fusermount3", "-u", place / "m")
    assert keyring.ctl("check", account).returncode == 0
    until = time.monotonic() + ewsfs.TIMEOUT_S  # the mount lets go of its cache when it has ended
    while keyring.ctl("forget", account).returncode:
        assert time.monotonic() < until
    assert keyring.lookup(account) is None
    assert not list((keyring.home / ".cache" / "ewsfs").glob("work.db*"))
    line = ewsfs.run(ewsfs.EWSFS, account, place / "m", env=keyring.env, check=False).stderr
    assert line.count("\n") == 1 and "ewsctl login" in line


def test_a_wrong_password_is_not_kept(keyring, account):
    result = keyring.ctl("login", account, input="wrong-one\n")
    assert result.returncode == 1 and "refused" in result.stderr and "wrong-one" not in result.stderr
    assert keyring.lookup(account) is None


def test_a_server_that_cannot_be_asked_keeps_no_password_away(keyring):
    keyring.configure(f"[away]\nurl = http://127.0.0.1:9/EWS/Exchange.asmx\nuser = {ewsfs.USER}\n")
    result = keyring.ctl("login", "away", input=ewsfs.PASSWORD + "\n")
    assert result.returncode == 0 and "was not tried" in result.stdout
    assert keyring.lookup("away") == ewsfs.PASSWORD
    assert keyring.ctl("forget", "away").returncode == 0 and keyring.lookup("away") is None


def test_the_account_of_a_url_is_called_as_its_cache_is(keyring, small):
    result = keyring.ctl("login", "-o", f"user={ewsfs.USER}", small.url, input=ewsfs.PASSWORD + "\n")
    assert result.returncode == 0
    assert keyring.lookup(f"{ewsfs.USER}@127.0.0.1") == ewsfs.PASSWORD


def test_an_account_with_another_password_keeps_none(keyring, small):
    keyring.configure(f"[work]\nurl = {small.url}\nuser = {ewsfs.USER}\npassword_command = echo x\n")
    result = keyring.ctl("login", "work", input=ewsfs.PASSWORD + "\n")
    assert result.returncode == 1 and "another password" in result.stderr and keyring.lookup("work") is None


def test_the_password_is_asked_on_the_terminal_without_an_echo(keyring, account):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(CTL, ["ewsctl", "login", account], keyring.env)
    said = b""
    while b"Password of work: " not in said:
        said += os.read(terminal, 1024)
    until = time.monotonic() + ewsfs.TIMEOUT_S
    while termios.tcgetattr(terminal)[3] & termios.ECHO:  # it flushes what came before
        assert time.monotonic() < until
    os.write(terminal, ewsfs.PASSWORD.encode() + b"\n")
    try:
        while more := os.read(terminal, 1024):
            said += more
    except OSError:
        pass  # it has ended
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert ewsfs.PASSWORD.encode() not in said and b"is kept" in said
    assert keyring.lookup(account) == ewsfs.PASSWORD


def test_without_secret_tool_the_line_says_what_to_do(small, place):
    tools = place / "tools"
    tools.mkdir()
    env = {"HOME": str(place), "PATH": str(tools)}
    result = subprocess.run(["/usr/bin/setsid", "-w", CTL, "login", "-o", f"user={ewsfs.USER}", small.url],
                            input=ewsfs.PASSWORD + "\n", env=env, text=True, capture_output=True, timeout=ewsfs.TIMEOUT_S)
    assert result.returncode == 1 and "libsecret-tools" in result.stderr and result.stderr.count("\n") == 1
