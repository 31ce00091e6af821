# SPDX-License-Identifier: MIT
"""Control files, and what a read-only mount refuses."""
import errno
import json
import os
import subprocess

import ewsfs
import pytest
from prometheus_client.parser import text_string_to_metric_families

LINES = ["folder", "state", "items", "unread", "pending", "bytes-done", "bytes-total", "eta", "quarantined",
         "regressed", "uncovered", "last-sync", "last-change", "last-error", "last-verify", "last-verify-items",
         "last-resync", "throttled-until", "requests", "bytes-in", "pid", "version"]


@pytest.fixture
def mount(small, new_mount):
    mount = new_mount(small)
    mount.update()
    return mount


def test_the_status_speaks_for_the_mailbox_in_the_root_and_for_the_folder_below(small, mount):
    status = mount.status()
    assert list(status) == [name for name in LINES if name in status]
    assert status["state"] == "idle" and status["items"] == "30" and status["pending"] == "0"
    assert status["pid"] == str(mount.process.pid)
    inbox = mount.status("Inbox")
    assert inbox["items"] == "10" and inbox["state"] == "idle"
    unread = sum(not item["is_read"] for item in small.truth()["items"])
    assert status["unread"] == str(unread)


def test_the_json_status_says_the_same(mount):
    text, values = mount.status("Inbox"), json.loads((mount.path / "Inbox" / ".ctl.json").read_text())
    assert set(values) == set(text)
    assert str(values["items"]) == text["items"] and values["state"] == text["state"]


def test_the_metrics_are_what_prometheus_takes_and_what_the_server_counts(small, new_mount):
    mount = new_mount(small, name="counted")
    mount.update()
    small.op("deliver", "Inbox", count=1)
    small.op("fault", None, kind="busy", op="GetItem", back_off=10)
    mount.update()
    samples = {}
    for family in text_string_to_metric_families((mount.path / ".ctl.metrics").read_text()):
        assert family.documentation and family.type != "unknown", family
        for sample in family.samples:
            assert (sample.name, *sorted(sample.labels.items())) not in samples
            samples[(sample.name, *sorted(sample.labels.items()))] = sample.value
    for operation, n in small.requests().items():
        if "." in operation:
            continue
        label = ("operation", operation)
        results = {dict(key[1:])["result"]: value for key, value in samples.items()
                   if key[0] == "ewsfs_requests_total" and label in key}
        assert results["busy"] == (operation == "GetItem") and results["ok"] + results["busy"] == n
        assert samples[("ewsfs_request_seconds_count", label)] == n
        assert samples[("ewsfs_request_seconds_bucket", ("le", "+Inf"), label)] == n
        assert 0 <= samples[("ewsfs_request_seconds_sum", label)] < 60
    assert samples[("ewsfs_items",)] == 31 and samples[("ewsfs_lag_seconds",)] < 60
    assert samples[("ewsfs_cache_bytes",)] >= mount.cache.stat().st_size > 0


def test_control_files_are_found_and_never_listed(mount):
    assert not [name for name in os.listdir(mount.path) if name.startswith(".ctl")]
    assert oct((mount.path / ".ctl").stat().st_mode & 0o777) == "0o600"
    assert (mount.path / "Inbox" / ".ctl").exists()
    assert not (mount.path / "Inbox" / ".ctl.metrics").exists()
    found = ewsfs.run("grep", "-rl", "^state:", mount.path, check=False)
    assert found.returncode == 1 and found.stdout == ""


def test_an_unknown_command_is_EINVAL_and_reaches_the_shell(mount):
    result = subprocess.run(["bash", "-c", "echo frobnicate > .ctl"], cwd=mount.path, stderr=subprocess.PIPE, text=True)
    assert result.returncode != 0 and "Invalid argument" in result.stderr


def test_a_command_may_be_appended(mount):
    result = subprocess.run(["bash", "-c", "echo update >> .ctl && echo update >> Inbox/.ctl"], cwd=mount.path)
    assert result.returncode == 0
    with open(mount.path / ".ctl", "r+b", buffering=0) as control, pytest.raises(OSError):
        control.seek(3)
        control.write(b"update\n")


@pytest.mark.parametrize("command", [
    "rm .ctl", "mv .ctl x", "rm Inbox/*.eml", "mkdir new", "rmdir Inbox", "touch new", "mv Inbox Outbox2",
    "echo x > new", "chmod 777 Inbox", "ln -s a b", "truncate -s 0 Inbox/*.eml", "setfattr -n user.x -v y Inbox"])
def test_nothing_on_the_server_can_be_changed(mount, command):
    before = ewsfs.run("ls", "-lR", mount.path).stdout
    result = subprocess.run(["sh", "-c", command], cwd=mount.path, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    expected = os.strerror(errno.EPERM if ".ctl" in command else errno.EROFS)
    assert result.returncode != 0 and expected in result.stderr
    assert ewsfs.run("ls", "-lR", mount.path).stdout == before


def test_modes_and_owner_are_the_users_alone(mount):
    assert oct(mount.path.stat().st_mode & 0o777) == "0o500"
    for path in mount.files():
        stat = path.stat()
        assert oct(stat.st_mode & 0o777) == "0o400" and stat.st_nlink == 1 and stat.st_uid == os.getuid()
        assert stat.st_blocks == (stat.st_size + 511) // 512


def test_the_mount_table_names_type_and_source(small, mount):
    with open("/proc/mounts") as mounts:
        line, = [line for line in mounts if str(mount.path) in line]
    assert line.split()[0] == small.url and line.split()[2] == "fuse.ewsfs"
