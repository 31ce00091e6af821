# SPDX-License-Identifier: MIT
"""The configuration file on real mounts; mount(8), fstab, owners and modes, as root and as a user."""
import os
import pathlib
import socket
import stat
import subprocess

import ewsfs
import pytest


@pytest.fixture
def home(place):
    """A home directory with a configuration, and a mountpoint."""
    (place / "home" / ".config" / "ewsfs").mkdir(parents=True)
    (place / "home" / "m").mkdir()
    yield place / "home"
    subprocess.run(["fusermount3", "-uz", place / "home" / "m"], stderr=subprocess.DEVNULL)


@pytest.fixture
def configure(home, small):
    """Writes the section `work`; what it answers runs a program there."""
    def write(*lines, mode=0o600, user=None):
        config = home / ".config" / "ewsfs" / "config"
        config.write_text("\n".join(["[work]", f"url = {small.url}", f"user = {ewsfs.USER}", *lines, ""]))
        config.chmod(mode)
        for path in [home, *home.rglob("*")] if user else []:
            os.chown(path, user["user"], user["group"])

        def run(*args, check=True, **more):
            env = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
            return ewsfs.run(*args, check=check, env={**env, "HOME": str(home), **more.pop("env", {})}, **(user or {}), **more)
        return run
    return write


PASSWORD = f"password = {ewsfs.PASSWORD}"


def mounted(path):
    """Type, source and options of the mount there, as the kernel tells them."""
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        source, where, kind, options = line.split()[:4]
        if where == str(path):
            return kind, source, options.split(",")
    return None


def test_an_account_is_mounted_by_its_name(home, configure):
    run = configure(PASSWORD, "exclude = Sent Items", "exclude = /Drafts")
    run(ewsfs.EWSFS, "work", home / "m")
    assert mounted(home / "m")[:2] == ("fuse.ewsfs", "work")
    names = os.listdir(home / "m")
    assert "Inbox" in names and "Sent Items" not in names and "Drafts" not in names
    cache = home / ".cache" / "ewsfs" / "work.db"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600 and stat.S_IMODE(cache.parent.stat().st_mode) == 0o700
    run("fusermount3", "-u", home / "m")


def test_the_command_line_overrides_the_file(home, configure):
    run = configure("password = wrong", "exclude = Drafts", "umask = 022")
    run(ewsfs.EWSFS, "-o", f"password_command=echo {ewsfs.PASSWORD},exclude=Outbox,umask=027", "work", home / "m")
    names = os.listdir(home / "m")
    assert "Drafts" in names and "Outbox" not in names
    assert stat.S_IMODE((home / "m" / "Inbox").stat().st_mode) == 0o550
    run("fusermount3", "-u", home / "m")


@pytest.mark.parametrize("lines, mode, says", [
    ([PASSWORD], 0o644, "chmod 600"), ([PASSWORD], 0o640, "chmod 600"),
    (["password = wrong"], 0o600, "refused"),
    ([PASSWORD, "password_command = true"], 0o600, "contradict"),
    (["passwort = secret"], 0o600, "config:4: unknown option 'passwort': did you mean 'password'"),
    ([PASSWORD, "", "poll = 1"], 0o600, "config:6: poll=1 is out of range"),
    ([PASSWORD, "url = http://x/"], 0o600, "twice"), ([PASSWORD, "nonsense"], 0o600, "line 5")])
def test_a_file_that_is_wrong_is_refused_in_one_line(home, configure, lines, mode, says):
    for flags in ([], ["-f"]):
        result = configure(*lines, mode=mode)(ewsfs.EWSFS, *flags, "work", home / "m", check=False)
        said = [line for line in result.stderr.splitlines() if " info: " not in line]  # the log, with -f
        assert result.returncode != 0 and result.stdout == "" and len(said) == 1
        assert says in result.stderr and "secret" not in result.stderr and ewsfs.PASSWORD not in result.stderr
        assert not mounted(home / "m")


def test_an_account_that_is_not_there_is_named_with_the_file(home, configure):
    result = configure(PASSWORD)(ewsfs.EWSFS, "home", home / "m", check=False)
    assert "no account 'home'" in result.stderr and str(home / ".config/ewsfs/config") in result.stderr


def test_owner_group_and_umask_are_as_told(home, configure):
    run = configure(PASSWORD, "uid = 12", "gid = 34", "umask = 037", "allow_other = yes")
    run(ewsfs.EWSFS, "work", home / "m")
    ewsfs.run("sh", "-c", f"echo update >{home}/m/.ctl")
    for path, mode in [(home / "m", 0o540), (home / "m" / "Inbox", 0o540), (next((home / "m" / "Inbox").iterdir()), 0o440),
                       (home / "m" / ".ctl", 0o640)]:
        found = path.stat()
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12, 34, mode)
    run("fusermount3", "-u", home / "m")


def test_without_allow_other_nobody_else_gets_in(home, configure, user):
    run = configure(PASSWORD)
    home.chmod(0o755)
    run(ewsfs.EWSFS, "work", home / "m")
    assert subprocess.run(["ls", home / "m"], stderr=subprocess.DEVNULL, **user).returncode != 0
    run("fusermount3", "-u", home / "m")


def test_with_allow_other_the_modes_decide(home, configure, user):
    run = configure(PASSWORD)
    home.chmod(0o755)
    for umask, gets_in in (("022", True), ("027", False)):
        run(ewsfs.EWSFS, "-o", f"allow_other,umask={umask}", "work", home / "m")
        result = subprocess.run(["ls", home / "m"], stderr=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **user)
        assert ("Inbox" in result.stdout) == gets_in
        run("fusermount3", "-u", home / "m")


def test_a_user_may_let_others_in_where_fuse_conf_says_so(home, configure, user, place):
    run = configure(PASSWORD, user=user)
    (place / "fuse.conf").write_text("user_allow_other\n")
    refused = run(ewsfs.EWSFS, "-o", "allow_other", "work", home / "m", check=False)
    assert "user_allow_other" in refused.stderr and refused.stderr.count("\n") == 1
    script = f"""mount --bind {place}/fuse.conf /etc/fuse.conf
        {as_user(user)} {ewsfs.EWSFS} -o allow_other,umask=022 work {home}/m
        ls {home}/m
        {as_user(user)} fusermount3 -u {home}/m"""
    assert "Inbox" in alone(home, script)


def as_user(user):
    return f"setpriv --reuid={user['user']} --regid={user['group']} --clear-groups --"


@pytest.fixture
def namespace():
    if os.getuid() != 0:
        pytest.skip("needs root, for a mount namespace")


def alone(home, script):
    """Runs a script where nobody else sees its mounts; ewsfs is installed there, and `home` is root's home."""
    bin_directory = home.parent / "bin"
    bin_directory.mkdir(exist_ok=True)
    (bin_directory / "ewsfs").symlink_to(ewsfs.EWSFS)
    return ewsfs.run("unshare", "--mount", "--propagation", "private", "sh", "-eu", "-c",
                     f"mount --bind {bin_directory} /usr/local/bin; mount --bind {home} /root; {script}",
                     env={"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home)}).stdout


def test_mount_8_mounts_the_type_as_root(home, configure, namespace):
    configure(PASSWORD)
    said = alone(home, f"""mount -t fuse.ewsfs -o ro,nodev,noatime,umask=022 work {home}/m
        grep {home}/m /proc/mounts; ls {home}/m; umount {home}/m; ! mountpoint -q {home}/m""")
    assert said.startswith(f"work {home}/m fuse.ewsfs ") and "Inbox" in said


def test_a_line_of_fstab_is_mounted_by_root(home, configure, small, namespace):
    configure(PASSWORD)
    (home / "pw").write_text(ewsfs.PASSWORD)
    (home / "n").mkdir()
    (home / "fstab").write_text(
        f"work {home}/m fuse.ewsfs noauto,_netdev,nofail,x-systemd.automount 0 0\n"
        f"{small.url} {home}/n fuse.ewsfs _netdev,user={ewsfs.USER},password_command=cat\\040{home}/pw,"
        f"cache={home}/n.db,uid=5 0 0\n")
    said = alone(home, f"""mount --bind {home}/fstab /etc/fstab
        mount {home}/m; ls {home}/m; umount {home}/m; mount {home}/n; stat -c %u {home}/n; umount {home}/n""")
    assert "Inbox" in said and said.endswith("5\n")


def test_a_line_of_fstab_is_mounted_by_a_user(home, configure, user, namespace):
    """Whose home the password file of the system knows; mount(8) says that it is root's."""
    configure(PASSWORD, user=user)
    (home / "fstab").write_text(f"work {home}/m fuse.ewsfs noauto,user 0 0\n")
    said = alone(home, f"""mount --bind {home}/fstab /etc/fstab; mount --bind {passwd(home, user)} /etc/passwd
        {as_user(user)} mount {home}/m
        {as_user(user)} ls {home}/m
        {as_user(user)} fusermount3 -u {home}/m""")
    assert "Inbox" in said


def passwd(home, user):
    """A password file that knows the user by that home."""
    path = home / "passwd"
    path.write_text(f"root:x:0:0::/root:/bin/sh\nuser:x:{user['user']}:{user['group']}::{home}:/bin/sh\n")
    return path


def test_root_mounts_for_a_user_by_a_line_of_fstab(home, configure, user, namespace):
    configure(PASSWORD, user=user)
    (home / "fstab").write_text(f"work {home}/m fuse.ewsfs setuid=user,_netdev 0 0\n")
    said = alone(home, f"""mount --bind {home}/fstab /etc/fstab; mount --bind {passwd(home, user)} /etc/passwd
        mount {home}/m
        {as_user(user)} ls {home}/m
        umount {home}/m""")
    assert "Inbox" in said


def test_systemd_is_told_when_the_mount_is_ready(home, configure, place):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(place / "notify"))
        told.settimeout(ewsfs.TIMEOUT_S)
        run = configure(PASSWORD)
        run(ewsfs.EWSFS, "work", home / "m", env={"NOTIFY_SOCKET": str(place / "notify")})
        lines = told.recv(4096).decode().split("\n")
        pid = int(lines[1].removeprefix("MAINPID="))
        assert lines[0] == "READY=1" and b"work" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        assert mounted(home / "m")
        run("fusermount3", "-u", home / "m")


def test_systemd_is_told_nothing_of_a_mount_that_failed(home, configure, place):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(place / "notify"))
        configure("password = wrong")(ewsfs.EWSFS, "work", home / "m", check=False,
                                      env={"NOTIFY_SOCKET": str(place / "notify")})
        told.setblocking(False)
        with pytest.raises(BlockingIOError):
            told.recv(4096)


def test_the_commands_of_the_systemd_unit_mount_and_unmount(home, configure, place):
    text = (ewsfs.ROOT / "contrib" / "systemd" / "ewsfs@.service.in").read_text()
    for what, value in (("@bindir@", ewsfs.EWSFS.parent), ("%h", home), ("%i", "work")):
        text = text.replace(what, str(value))
    commands = dict(line.split("=", 1) for line in text.splitlines() if line.startswith("Exec"))
    run = configure(PASSWORD)
    run(*commands["ExecStartPre"].split())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(place / "notify"))
        told.settimeout(ewsfs.TIMEOUT_S)
        env = {**os.environ, "HOME": str(home), "NOTIFY_SOCKET": str(place / "notify")}
        env.pop("XDG_CONFIG_HOME", None)
        process = subprocess.Popen(commands["ExecStart"].split(), stderr=subprocess.DEVNULL, env=env)
        assert told.recv(4096).decode() == f"READY=1\nMAINPID={process.pid}"
    assert "Inbox" in os.listdir(home / "mail" / "work")
    run(*commands["ExecStop"].split())
    assert process.wait(ewsfs.TIMEOUT_S) == 0
