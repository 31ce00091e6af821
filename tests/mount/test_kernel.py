# SPDX-License-Identifier: MIT
"""The kernel side alone: ewsfs over a tree in memory (tests/unit/fake-mailbox.c), on real mounts."""
import contextlib
import errno
import mmap
import os
import pathlib
import pwd
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("EWSFS_BUILD", ROOT / "build"))
FAKE = BUILD / "tests" / "unit" / "ewsfs-fake"
URL = "https://mail.example/EWS/Exchange.asmx"
OPTIONS = "user=alice,password_command=true,cache=/nonexistent.db"
TIMEOUT_S = 60
PARK = '$SIG{INT} = sub {}; open(F, ">", ".ctl"); print defined(syswrite(F, "park\n")) ? 0 : $! + 0'


def result(writer):
    """The errno that its write ended with."""
    return int(writer.communicate(timeout=TIMEOUT_S)[0])


def item(n):
    return f"2024-01-30 101512 Item {n:05}.{n:012x}.eml"


def wait_until(condition, what):
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.002)


class Fake:
    """One mount in the foreground."""

    def __init__(self, place, *options, url=URL, flags=("-f",), prefix=()):
        self.path = place / "m"
        self.log_path = place / "log"
        ready, ready_child = os.pipe()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*prefix, str(FAKE), *flags, "-o", ",".join([OPTIONS, *options]), url, str(self.path)],
                pass_fds=[ready_child], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "EWSFS_READY_FD": str(ready_child)})
        os.close(ready_child)
        assert os.read(ready, 1) == b"\n", self.log_path.read_text()
        os.close(ready)

    def command(self, line, directory="."):
        (self.path / directory / ".ctl").write_text(line + "\n")

    def counts(self):
        lines = (self.path / ".ctl").read_text().splitlines()
        return {name: int(value) for name, value in (line.split(": ") for line in lines)}

    def park(self, directory="."):
        """A process that waits in a write. (Perl's syswrite, since Python tries again after EINTR.)"""
        before = self.counts()["parked"]
        writer = subprocess.Popen(["perl", "-e", PARK], cwd=self.path / directory, stdout=subprocess.PIPE, text=True)
        wait_until(lambda: self.counts()["parked"] > before, "the write is parked")
        return writer

    def is_mounted(self):
        return f" {self.path} fuse.ewsfs " in pathlib.Path("/proc/mounts").read_text()

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(TIMEOUT_S)
        if self.is_mounted():
            subprocess.run(["fusermount3", "-uz", str(self.path)], check=True)


@pytest.fixture
def new_fake(tmp_path):
    made = []
    (tmp_path / "m").mkdir()

    def make(*options, **more):
        made.append(Fake(tmp_path, *options, **more))
        return made[-1]

    yield make
    for fake in made:
        fake.end()
        assert fake.process.returncode in (0, -signal.SIGKILL)
        log = fake.log_path.read_text()
        assert not re.search(r" (error|warning): |Sanitizer|runtime error", log), log[-3000:]


@pytest.fixture
def fake(new_fake):
    return new_fake()


def run(*args, **more):
    return subprocess.run([str(arg) for arg in args], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=TIMEOUT_S, **more)


# --- what the kernel keeps ---

def test_a_third_scan_asks_nothing(fake):
    """Or a later one: a machine short of memory takes pages away."""
    def scan():
        before = fake.counts()
        assert run("grep", "-r", "not there", fake.path).returncode == 1
        after = fake.counts()
        return {name: after[name] - before[name] for name in ("lists", "reads", "lookups", "attrs", "loads")}

    asked = [scan() for _ in range(3)]
    while sum(asked[-1].values()) > 0 and len(asked) < 12:
        asked.append(scan())
    assert sum(asked[-1].values()) == 0, asked


def content(path):
    """What the fake mailbox puts into that file: it names its inode, so that no other's will do."""
    info = path.stat()
    lines = (f"inode {info.st_ino:08x} at {n:07x}\n" for n in range(info.st_size // 26 + 1))
    return "".join(lines)[:info.st_size].encode()


def pushed_pages(fake):
    text = (fake.path / ".ctl.metrics").read_text()
    return int(re.search(r"^ewsfs_pushed_pages_total (\d+)$", text, re.M).group(1))


def test_what_lies_behind_a_file_that_is_read_comes_unasked(fake):
    files = [fake.path / "Inbox" / item(n) for n in range(20)]
    assert len(os.listdir(fake.path / "Inbox")) == 20  # the kernel knows them now
    reads = fake.counts()["reads"]
    assert files[0].read_bytes() == content(files[0])
    wait_until(lambda: pushed_pages(fake) == 19, "the others have come")
    for path in files:
        assert path.read_bytes() == content(path)
    assert fake.counts()["reads"] == reads + 1


def test_what_the_kernel_has_dropped_comes_unasked_again(fake):
    files = [fake.path / "Inbox" / item(n) for n in range(20)]
    os.listdir(fake.path / "Inbox")
    files[0].read_bytes()
    wait_until(lambda: pushed_pages(fake) == 19, "the others have come")
    for path in files:
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    files[1].read_bytes()
    wait_until(lambda: pushed_pages(fake) == 19 + 18, "those behind it have come")


def test_a_swapped_name_leads_to_the_new_inode_when_the_command_returns(fake):
    path = fake.path / "Inbox" / item(3)
    for _ in range(50):
        before = (path.stat().st_ino, path.read_bytes())
        fake.command(f"swap {item(3)}", "Inbox")
        after = (path.stat().st_ino, path.read_bytes())
        assert after[0] != before[0] and f"inode {after[0]:08x} ".encode() in after[1]
        assert item(3) in os.listdir(fake.path / "Inbox")


def test_held_and_mapped_files_keep_what_they_hold(fake):
    path = fake.path / "Large" / item(0)
    with open(path, "rb", buffering=0) as held, open(path, "rb") as mapped_file:
        ino, size = os.fstat(held.fileno()).st_ino, os.fstat(held.fileno()).st_size
        first = held.read(1 << 20)
        mapped = mmap.mmap(mapped_file.fileno(), 0, prot=mmap.PROT_READ)
        assert mapped[:20] == first[:20]
        fake.command(f"swap {item(0)}", "Large")
        assert path.stat().st_ino != ino and path.stat().st_size == size + 1
        rest = b"".join(iter(lambda: held.read(1 << 20), b""))
        assert len(first) + len(rest) == size and set(re.findall(rb"inode (\w+)", rest)) == {b"%08x" % ino}
        assert first + rest == mapped[:]
        assert os.fstat(held.fileno()).st_nlink == 0
        mapped.close()


def test_a_flag_moves_ctime_and_keeps_the_pages(fake):
    path = fake.path / "Inbox" / item(5)
    path.read_bytes()
    before, reads = path.stat(), fake.counts()["reads"]
    fake.command(f"flag {item(5)}", "Inbox")
    path.read_bytes()
    after = path.stat()
    assert after.st_ctime_ns > before.st_ctime_ns and after.st_mtime_ns == before.st_mtime_ns
    assert after.st_ino == before.st_ino and fake.counts()["reads"] == reads


def test_a_name_that_was_not_there_appears_and_goes(fake):
    path, inbox = fake.path / "Inbox" / "new.eml", fake.path / "Inbox"
    for _ in range(20):
        assert not path.exists() and len(os.listdir(inbox)) == 20
        fake.command("add new.eml", "Inbox")
        assert path.stat().st_size == 100 and len(os.listdir(inbox)) == 21
        fake.command("remove new.eml", "Inbox")
    assert not path.exists() and len(os.listdir(inbox)) == 20


def test_a_listing_under_swaps_names_each_file_once(fake):
    """Nothing missing, nothing double, however the swaps fall."""
    expected = {item(n) for n in range(20000)}
    storm = threading.Thread(target=fake.command, args=("storm 20000", "Big"))
    with os.scandir(fake.path / "Big") as entries:
        names = [next(entries).name for _ in range(100)]
        storm.start()
        for entry in entries:
            names.append(entry.name)
    assert len(names) == 20000 and set(names) == expected
    for _ in range(5):
        names = os.listdir(fake.path / "Big")
        assert len(names) == 20000 and set(names) == expected
    storm.join()
    for name in (item(0), item(10000), item(19999)):
        path = fake.path / "Big" / name
        assert f"inode {path.stat().st_ino:08x}".encode() in path.read_bytes()


# --- attributes ---

def test_modes_sizes_and_totals(fake):
    stat = (fake.path / "Inbox" / item(1)).stat()
    assert oct(stat.st_mode) == "0o100400" and stat.st_nlink == 1 and stat.st_blocks == (stat.st_size + 511) // 512
    assert oct((fake.path / "Inbox").stat().st_mode) == "0o40500"
    assert oct((fake.path / ".ctl").stat().st_mode) == "0o100600"
    totals = os.statvfs(fake.path)
    assert totals.f_blocks * totals.f_frsize == 4096 * 1001 and totals.f_bfree == 0
    assert totals.f_files == 20021 and totals.f_namemax == 255


def test_umask_uid_and_gid(new_fake):
    fake = new_fake("umask=027", "uid=65534", "gid=12")
    for name, mode in ((".", 0o550), ("Inbox/" + item(1), 0o440), (".ctl", 0o640)):
        stat = (fake.path / name).stat()
        assert (stat.st_mode & 0o777, stat.st_uid, stat.st_gid) == (mode, 65534, 12), name


def test_the_mount_table_shows_a_source_with_any_characters(new_fake):
    url = URL + "?a=b,c\\d"
    fake = new_fake(url=url)
    line, = [line for line in open("/proc/mounts") if str(fake.path) in line]
    assert line.split()[0] == url.replace("\\", "\\134") and line.split()[2] == "fuse.ewsfs"


def test_extended_attributes(fake):
    path = fake.path / "Inbox" / item(1)
    assert os.getxattr(path, "user.ews.subject").decode() == "Grüße & more"
    assert set(os.listxattr(path)) == {"user.ews.subject", "user.ews.size"}
    assert os.listxattr(fake.path / ".ctl") == []
    asked = fake.counts()["attrs"]
    for name in ("user.ews.from", "user.nothing"):
        with pytest.raises(OSError) as caught:
            os.getxattr(path, name)
        assert caught.value.errno == errno.ENODATA
    for name in ("security.selinux", "system.posix_acl_access"):  # so that ls -l asks once, and not for each file
        with pytest.raises(OSError) as caught:
            os.getxattr(path, name)
        assert caught.value.errno == errno.ENOTSUP
    assert fake.counts()["attrs"] == asked + 1
    with pytest.raises(OSError) as caught:
        os.setxattr(path, "user.ews.subject", b"x")
    assert caught.value.errno == errno.EROFS


def test_no_change_is_taken(fake):
    inbox = fake.path / "Inbox"
    refused = {
        errno.EROFS: [lambda: os.unlink(inbox / item(1)), lambda: os.mkdir(inbox / "d"), lambda: os.rmdir(inbox),
                      lambda: os.rename(inbox / item(1), inbox / "x"), lambda: os.symlink("a", inbox / "s"),
                      lambda: os.link(inbox / item(1), inbox / "l"), lambda: os.mknod(inbox / "n"),
                      lambda: (inbox / "new").write_text("x"), lambda: (inbox / item(1)).write_text("x"),
                      lambda: os.chmod(inbox, 0o777), lambda: os.utime(inbox / item(1)),
                      lambda: os.truncate(inbox / item(1), 0), lambda: os.chown(inbox, 1, 1)],
        errno.EPERM: [lambda: os.unlink(inbox / ".ctl"), lambda: os.rename(inbox / ".ctl", inbox / "x"),
                      lambda: os.rename(inbox / item(1), inbox / ".ctl.json"), lambda: os.chmod(inbox / ".ctl", 0o777)],
    }
    for number, calls in refused.items():
        for call in calls:
            with pytest.raises(OSError) as caught:
                call()
            assert caught.value.errno == number
    with pytest.raises(OSError) as caught:
        (inbox / ("n" * 256)).stat()
    assert caught.value.errno == errno.ENAMETOOLONG


# --- control files ---

def test_four_readers_see_whole_snapshots(fake):
    torn = []

    def read():
        for _ in range(500):
            text = (fake.path / ".ctl").read_text()
            if len(set(re.findall(r"snapshot: (\d+)", text))) != 1 or not text.endswith("\n"):
                torn.append(text)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert not torn
    assert (fake.path / ".ctl").stat().st_ino == (fake.path / ".ctl").stat().st_ino
    assert (fake.path / ".ctl").stat().st_ino != (fake.path / "Inbox" / ".ctl").stat().st_ino


def test_an_open_snapshot_stays_as_it_was(fake):
    with open(fake.path / ".ctl", "rb", buffering=0) as held:
        head = held.read(10)
        for _ in range(10):
            fake.counts()
        text = head + held.read()
    assert len(set(re.findall(rb"snapshot: (\d+)", text))) == 1


@pytest.mark.parametrize("name, text, offset", [
    (".ctl", b"update\nupdate\n", 0), (".ctl", b"u" * 4097, 0), (".ctl", b"update\0", 0), (".ctl", b"update\n", 1),
    (".ctl", b"frobnicate\n", 0), (".ctl.json", b"update\n", 0), (".ctl.metrics", b"update\n", 0)])
def test_what_is_not_one_command_is_EINVAL(fake, name, text, offset):
    fd = os.open(fake.path / name, os.O_WRONLY)
    with pytest.raises(OSError) as caught:
        os.pwrite(fd, text, offset)
    os.close(fd)
    assert caught.value.errno == errno.EINVAL


def test_results_reach_the_shell(fake):
    assert run("sh", "-c", "echo update > .ctl", cwd=fake.path).returncode == 0
    assert run("sh", "-c", "echo fail > .ctl", cwd=fake.path).returncode != 0
    with pytest.raises(OSError) as caught:
        fake.command("fail")
    assert caught.value.errno == errno.EHOSTDOWN
    for _ in range(200):
        fake.command("early")


def test_waiting_commands_hold_up_nothing_else(fake):
    """Far more of them than libfuse has threads."""
    writers = [fake.park(f"D{n:02}") for n in range(30)]
    assert len(os.listdir(fake.path / "Big")) == 20000
    assert (fake.path / "Inbox" / item(7)).read_bytes()
    fake.command("update", "Inbox")
    with pytest.raises(OSError) as caught:
        fake.command("update", "D07")
    assert caught.value.errno == errno.EBUSY
    for n, writer in enumerate(writers):
        fake.command("release", f"D{n:02}")
        assert result(writer) == 0


def test_an_interrupted_writer_gets_EINTR_and_its_command_goes_on(fake):
    for _ in range(20):
        writer = fake.park()
        writer.send_signal(signal.SIGINT)
        assert result(writer) == errno.EINTR
        assert fake.counts()["parked"] == 0
    fake.command("update")


def test_an_interrupt_that_races_with_the_end_is_answered_once(fake):
    for n in range(200):
        writer = subprocess.Popen(["sh", "-c", "echo storm 50 > .ctl"], cwd=fake.path / "Big")
        if n % 4:
            time.sleep(0.0005 * (n % 8))
        writer.send_signal(signal.SIGINT)
        writer.wait(TIMEOUT_S)
    fake.command("update", "Big")


# --- the end ---

@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_unmounts_soon_though_a_write_waits(fake, how):
    writer = fake.park()
    held = open(fake.path / "Large" / item(0), "rb")
    begin = time.monotonic()
    fake.process.send_signal(how)
    assert fake.process.wait(TIMEOUT_S) == 0
    assert time.monotonic() - begin < 2 and not fake.is_mounted()
    assert result(writer) == errno.ECANCELED
    held.close()


def test_umount_ends_it(fake):
    begin = time.monotonic()
    assert run("umount", fake.path).returncode == 0
    assert fake.process.wait(TIMEOUT_S) == 0 and time.monotonic() - begin < 2
    assert "unmounted" in fake.log_path.read_text()


@pytest.mark.parametrize("turn", range(5))
def test_a_signal_amid_readers_and_changes_hangs_nobody(new_fake, turn):
    fake = new_fake()
    readers = [subprocess.Popen(["sh", "-c", f"while ls -l {fake.path}/Big/ > /dev/null; do :; done"],
                                stderr=subprocess.DEVNULL) for _ in range(3)]
    storm = subprocess.Popen(["sh", "-c", "while echo storm 20000 > Big/.ctl; do :; done"], cwd=fake.path,
                             stderr=subprocess.DEVNULL)
    reads = fake.counts()["lists"]
    wait_until(lambda: fake.counts()["lists"] > reads + 5 + 7 * turn, "the readers read")
    begin = time.monotonic()
    fake.process.terminate()
    assert fake.process.wait(TIMEOUT_S) == 0 and time.monotonic() - begin < 2
    for process in (*readers, storm):
        process.wait(TIMEOUT_S)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_an_end_while_a_notice_waits_for_a_reader_hangs_nobody(new_fake, how):
    """The notice waits in the kernel for a listing that the dead daemon will not answer; SIGTERM waits for it."""
    if os.getuid() != 0:
        pytest.skip("needs root, to see where a thread waits")
    fake = new_fake()
    (fake.path / "Big" / item(0)).stat()
    fake.command("slow 1000")
    lists = fake.counts()["lists"]
    # Opened beforehand: the O_CREAT of a shell's ">" waits for the reader, too.
    control = os.open(fake.path / "Big" / ".ctl", os.O_WRONLY)
    reader = subprocess.Popen(["ls", str(fake.path / "Big")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: fake.counts()["lists"] > lists, "the reader waits for its listing")
    writer = subprocess.Popen(["echo", f"swap {item(0)}"], stdout=control, stderr=subprocess.DEVNULL)
    os.close(control)
    tasks = pathlib.Path(f"/proc/{fake.process.pid}/task")
    wait_until(lambda: any("inval_entry" in task.read_text() for task in tasks.glob("*/wchan")), "the notice waits")
    fake.process.send_signal(how)
    fake.process.wait(TIMEOUT_S)
    reader.wait(TIMEOUT_S)
    writer.wait(TIMEOUT_S)


def wait_with_a_push(fake):
    """The push waits in the kernel for a page that a READ under way will fill; returns who reads."""
    files = [fake.path / "Inbox" / item(n) for n in range(20)]
    os.listdir(fake.path / "Inbox")
    fake.command(f"hold {files[3].stat().st_ino}")
    reads = fake.counts()["reads"]
    reader = subprocess.Popen(["cat", str(files[3])], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: fake.counts()["reads"] > reads, "the reader waits for his READ")
    files[0].read_bytes()
    tasks = pathlib.Path(f"/proc/{fake.process.pid}/task")
    wait_until(lambda: any("folio" in task.read_text() for task in tasks.glob("*/wchan")), "the push waits")
    return reader


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_an_end_while_a_push_waits_for_a_reader_hangs_nobody(new_fake, how):
    if os.getuid() != 0:
        pytest.skip("needs root, to see where a thread waits")
    fake = new_fake()
    reader = wait_with_a_push(fake)
    fake.process.send_signal(how)
    fake.process.wait(TIMEOUT_S)
    reader.wait(TIMEOUT_S)


def undertaker_of(fake):
    children = pathlib.Path(f"/proc/{fake.process.pid}/task/{fake.process.pid}/children").read_text().split()
    assert [pathlib.Path(f"/proc/{pid}/comm").read_text() for pid in children] == ["ewsfs-end\n"]
    return int(children[0])


def is_dead(pid):
    return re.search(r"^State:\s+Z", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M) is not None


def test_who_is_slow_to_die_while_a_push_waits_hangs_nobody(new_fake):
    """On a busy machine the thread that ends first is dead long before the others are."""
    if os.getuid() != 0:
        pytest.skip("needs root, to see where a thread waits")
    fake = new_fake()
    reader = wait_with_a_push(fake)
    undertaker = undertaker_of(fake)
    cpu = min(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, {{{cpu}}}); os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"
    code += "\nprint(flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as hog:
        hog.stdout.readline()
        for task in pathlib.Path(f"/proc/{fake.process.pid}/task").iterdir():
            if int(task.name) != fake.process.pid:
                os.sched_setscheduler(int(task.name), os.SCHED_IDLE, os.sched_param(0))
                os.sched_setaffinity(int(task.name), {cpu})
        fake.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            reader.wait(0.5)
        assert reader.returncode is not None or not is_dead(undertaker)
        hog.kill()
    fake.process.wait(TIMEOUT_S)
    reader.wait(TIMEOUT_S)


def test_only_the_end_of_a_mount_makes_its_undertaker_answer(new_fake):
    fake = new_fake()
    os.kill(undertaker_of(fake), signal.SIGUSR1)
    for n in range(2000):
        with contextlib.suppress(FileNotFoundError):
            os.stat(fake.path / f"absent-{n}")
    assert len(os.listdir(fake.path / "Inbox")) == 20


def test_a_crashed_mount_is_mounted_over_after_cleaning_up(new_fake):
    for _ in range(3):
        fake = new_fake()
        fake.process.kill()
        fake.process.wait(TIMEOUT_S)
        with pytest.raises(OSError) as caught:
            os.stat(fake.path)
        # The second for a moment, where it was killed before the kernel had its first answer.
        assert caught.value.errno in (errno.ENOTCONN, errno.ECONNREFUSED)
    fake = new_fake()
    assert len(os.listdir(fake.path / "Inbox")) == 20
    fake.end()
    assert os.listdir(fake.path) == [] and not fake.is_mounted()


def test_a_user_cleans_up_a_crashed_mount_too(new_fake, tmp_path, fuse_for_all):
    if os.getuid() != 0:
        pytest.skip("needs root, to become another user")
    nobody = pwd.getpwnam("nobody")
    for parent in [tmp_path, *tmp_path.parents][:-2]:
        os.chmod(parent, 0o755)
    os.chown(tmp_path / "m", nobody.pw_uid, nobody.pw_gid)
    as_nobody = ("setpriv", "--reuid=nobody", "--clear-groups")
    fake = new_fake(prefix=as_nobody)
    fake.process.kill()
    fake.process.wait(TIMEOUT_S)
    fake = new_fake(prefix=as_nobody)
    assert len(run(*as_nobody, "ls", fake.path / "Inbox").stdout.splitlines()) == 20
    with open("/proc/mounts") as mounts:
        assert len([line for line in mounts if str(fake.path) in line]) == 1


# --- starting ---

def start(*args, **more):
    return run(FAKE, *args, **more)


def processes():
    return set(run("pgrep", "-f", str(FAKE)).stdout.split())


@pytest.mark.parametrize("options, url, said", [
    ("conections=3", URL, "did you mean 'connections'"),
    ("connections=11", URL, "give 1 to 10"),
    ("password=x", URL, "use password_command="),
    ("auth=bearer", URL, "contradict"),
    ("log=/nonexistent/log", URL, "cannot write the log"),
    ("uid=0", "https://refused.example/", "login refused"),
])
@pytest.mark.parametrize("flags", [(), ("-f",)])
def test_a_failure_is_one_line_and_leaves_nothing(tmp_path, flags, options, url, said):
    before = processes()
    result = start(*flags, "-o", f"{OPTIONS},{options}", url, tmp_path)
    assert result.returncode != 0 and said in result.stderr
    assert result.stderr.startswith("ewsfs: ") and result.stderr.count("\n") == 1 and not result.stdout
    assert str(tmp_path) not in pathlib.Path("/proc/mounts").read_text()
    assert processes() == before


@pytest.mark.parametrize("flags", [(), ("-f",)])
def test_a_bad_mountpoint_is_refused_in_one_line(tmp_path, flags):
    (tmp_path / "file").write_text("")
    for path, said in ((tmp_path / "none", "no such directory"), (tmp_path / "file", "not a directory"),
                       (tmp_path, "not empty")):
        result = start(*flags, "-o", OPTIONS, URL, path)
        assert result.returncode != 0 and said in result.stderr and result.stderr.count("\n") == 1


def test_in_the_background_it_returns_when_the_mount_answers(tmp_path):
    """With relative paths, as mount(8) calls it: options behind, and its own among them."""
    (tmp_path / "m").mkdir()
    notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notices.bind(str(tmp_path / "notify"))
    notices.settimeout(TIMEOUT_S)
    ready, ready_child = os.pipe()
    result = start(URL, "m", "-o", f"rw,dev,suid,noatime,_netdev,user,x-systemd.automount,comment=a,{OPTIONS},log=log",
                   cwd=tmp_path, pass_fds=[ready_child],
                   env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "EWSFS_READY_FD": str(ready_child)})
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    os.close(ready_child)
    assert os.read(ready, 2) == b"\n" and os.read(ready, 1) == b""
    os.close(ready)
    assert len(os.listdir(tmp_path / "m" / "Inbox")) == 20
    told = dict(line.split("=") for line in notices.recv(100).decode().splitlines())
    process = pathlib.Path("/proc") / told["MAINPID"]
    assert told["READY"] == "1" and os.readlink(process / "cwd") == "/"
    assert [os.readlink(process / "fd" / str(fd)) for fd in range(3)] == ["/dev/null"] * 3
    assert re.search(r"Max core file size\s+0\s+0", (process / "limits").read_text())
    assert run("umount", tmp_path / "m").returncode == 0
    wait_until(lambda: not process.exists(), "the process ends")
    assert "unmounted" in (tmp_path / "log").read_text()


def test_the_helper_of_mount_8_mounts_it_by_its_type(tmp_path):
    """The helper itself, since mount(8) looks for programs in the system's directories alone."""
    if os.getuid() != 0:
        pytest.skip("needs root, for the helper")
    (tmp_path / "bin").mkdir()
    (tmp_path / "m").mkdir()
    (tmp_path / "bin" / "ewsfs").symlink_to(FAKE)
    result = run("mount.fuse3", URL, tmp_path / "m", "-t", "fuse.ewsfs", "-o", f"{OPTIONS},ro,nofail,exec",
                 env={**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"})
    assert result.returncode == 0, result.stderr
    assert len(os.listdir(tmp_path / "m" / "Inbox")) == 20
    (tmp_path / "m" / ".ctl").write_text("update\n")
    assert run("umount", tmp_path / "m").returncode == 0


def test_help_and_version():
    result = start("-h")
    assert result.returncode == 0 and "password_command=" in result.stdout and not result.stderr
    assert "maildir" not in result.stdout
    result = start("-V")
    assert result.returncode == 0 and result.stdout.startswith("ewsfs 0.1.0\n") and not result.stderr
