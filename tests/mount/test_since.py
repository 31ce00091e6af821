# SPDX-License-Identifier: MIT
"""since= and exclude=: what is mirrored, and what happens when that changes."""
import os
import subprocess
import time

import ewsfs
import pytest
from test_changes import check_against

INBOX = "Inbox"
DAY_S = 86400

SHIFTED_CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
/* The time of day runs as many seconds ahead as the file CLOCK_SHIFT says. */
int clock_gettime(clockid_t id, struct timespec *ret)
{
	static int (*real)(clockid_t, struct timespec *);
	const char *path = getenv("CLOCK_SHIFT");
	long shift = 0;
	if (!real)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	int result = real(id, ret);
	FILE *file = id == CLOCK_REALTIME && path ? fopen(path, "r") : NULL;
	if (file) {
		if (fscanf(file, "%ld", &shift) == 1)
			ret->tv_sec += shift;
		fclose(file);
	}
	return result;
}
"""


def received_ago(server, folder, days):
    """A new mail that was received that many days ago."""
    item, = server.op("deliver", folder, count=1)
    server.op("change", folder, item=item, kind="received", received=ewsfs.iso(int(time.time()) - days * DAY_S))
    return item


def set_options(mount, *options):
    mount.options = [o for o in mount.options if not o.startswith(("since=", "exclude="))] + list(options)


def remount(mount, *options):
    mount.unmount()
    set_options(mount, *options)
    mount.start()
    mount.update()


def shown(mount):
    return set(mount.by_item_id())


def all_ids(server):
    return {item["id"] for item in server.truth()["items"]}


@pytest.fixture
def mailbox(new_server):
    """A server with old mail and appointments, and mail of 2, 20 and 200 days; and which is which."""
    server = new_server("--synthetic", f"{ewsfs.USER}:8:4:3000:7")
    old = {item["id"] for item in server.truth()["items"]}
    fresh = {days: received_ago(server, INBOX, days) for days in (2, 20, 200)}
    classes = {item["id"]: item["class"] for item in server.truth()["items"]}
    mail = {i for i in old if not classes[i].startswith(("IPM.Appointment", "IPM.Contact", "IPM.DistList", "IPM.Task"))}
    assert mail and old - mail
    return server, old - mail, fresh


def test_only_recent_mail_is_mirrored_and_all_else(mailbox, new_mount):
    server, others, fresh = mailbox
    mount = new_mount(server, "since=30d")
    mount.update()
    assert shown(mount) == others | {fresh[2], fresh[20]}
    assert mount.status()["state"] == "idle" and mount.status()["pending"] == "0"
    server.reset_requests()
    old, = server.op("change", INBOX, item=fresh[200])
    server.op("flag", INBOX, item=fresh[200])
    mount.update()
    assert "GetItem" not in server.requests()
    server.op("delete", INBOX, item=old)
    server.op("delete", INBOX, item=fresh[20])
    mount.update()
    assert shown(mount) == others | {fresh[2]}


def test_the_window_changes_between_mounts_without_a_listing(mailbox, new_mount):
    server, others, fresh = mailbox
    mount = new_mount(server, "since=30d")
    mount.update()
    files = {i: (p.stat().st_ino, p.read_bytes()) for i, p in mount.by_item_id().items()}
    mount.unmount()
    server.reset_requests()
    set_options(mount, "since=1y")
    mount.start()
    mount.update()
    assert shown(mount) == others | set(fresh.values())
    assert {i: (p.stat().st_ino, p.read_bytes()) for i, p in mount.by_item_id().items() if i in files} == files
    assert "SyncFolderItems" not in server.requests()
    remount(mount, "since=10d")
    assert shown(mount) == others | {fresh[2]}
    assert "SyncFolderItems" not in server.requests()
    remount(mount)
    assert shown(mount) == all_ids(server)
    check_against(mount, server)


def test_a_narrower_window_holds_with_the_server_away(mailbox, new_mount):
    server, others, fresh = mailbox
    mount = new_mount(server, dirty_log=True)
    mount.update()
    mount.unmount()
    server.stop()
    set_options(mount, "since=30d")
    mount.start()
    with pytest.raises(OSError):
        mount.update()
    assert shown(mount) == others | {fresh[2], fresh[20]}


def test_mail_ages_out_at_the_first_check_after_midnight(mailbox, new_mount, place, monkeypatch):
    server, others, fresh = mailbox
    source, library, shift = place / "clock.c", place / "clock.so", place / "shift"
    source.write_text(SHIFTED_CLOCK)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("CLOCK_SHIFT", str(shift))
    monkeypatch.setenv("ASAN_OPTIONS", "verify_asan_link_order=0")
    mount = new_mount(server, "since=30d")
    monkeypatch.delenv("LD_PRELOAD")
    mount.update()
    assert fresh[20] in shown(mount)
    to_midnight = DAY_S - int(time.time()) % DAY_S
    shift.write_text(str(9 * DAY_S + to_midnight + 5))
    mount.update()
    assert shown(mount) == others | {fresh[2], fresh[20]}
    shift.write_text(str(10 * DAY_S + to_midnight + 5))
    server.reset_requests()
    mount.update()
    assert shown(mount) == others | {fresh[2]}
    assert "GetItem" not in server.requests()


@pytest.fixture
def tree(new_server):
    server = new_server("--synthetic", f"{ewsfs.USER}:3:6:3000:7")
    server.op("mkdir", INBOX, name="Lists")
    server.op("mkdir", "Inbox/Lists", name="Deep, and odd")
    server.op("mkdir", INBOX, name="Keep")
    for folder in ("Inbox/Lists", "Inbox/Lists/Deep, and odd", "Inbox/Keep"):
        server.op("deliver", folder, count=3)
    return server


def directories(mount):
    return {str(path.relative_to(mount.path)) for path in mount.directories()}


def test_excluded_folders_are_neither_shown_nor_synced(tree, new_mount):
    mount = new_mount(tree, "exclude=Inbox/Lists", "exclude=/Junk Email/")
    mount.update()
    assert "Inbox/Keep" in directories(mount)
    assert not any(d.startswith(("Inbox/Lists", "Junk Email")) for d in directories(mount))
    tree.reset_requests()
    tree.op("deliver", "Inbox/Lists", count=2)
    mount.update()
    assert not {"SyncFolderItems", "GetItem"} & set(tree.requests())
    tree.op("mkdir", "Inbox/Lists", name="New")
    tree.op("deliver", "Inbox/Lists/New", count=1)
    mount.update()
    assert not any(d.startswith("Inbox/Lists") for d in directories(mount))
    assert mount.status()["state"] == "idle"


def test_exclude_changes_between_mounts_in_both_directions(tree, new_mount):
    mount = new_mount(tree)
    mount.update()
    check_against(mount, tree)
    size = int(mount.status()["items"])
    remount(mount, "exclude=Inbox/Lists/Deep\\, and odd")
    assert "Inbox/Lists" in directories(mount) and "Inbox/Lists/Deep, and odd" not in directories(mount)
    assert int(mount.status()["items"]) == size - 3
    remount(mount, "exclude=Inbox/Lists")
    assert "Inbox/Lists" not in directories(mount) and "Inbox/Keep" in directories(mount)
    assert int(mount.status()["items"]) == size - 6
    remount(mount)
    check_against(mount, tree)
    assert int(mount.status()["items"]) == size


def test_a_regression_is_not_forgotten_by_leaving_the_folder_out(tree, new_mount):
    mount = new_mount(tree)
    mount.update()
    remount(mount, "exclude=Inbox/Lists")
    tree.reset_requests()
    regressed, = tree.op("regress", "Inbox/Lists", count=1, by=5)
    tree.op("delete", "Inbox/Lists/Deep, and odd", count=1)
    mount.update()
    assert not {"SyncFolderItems", "GetItem"} & set(tree.requests())
    remount(mount)
    check_against(mount, tree)
    assert ewsfs.xattrs(mount.by_item_id()[regressed])["user.ews.sync"] == "regressed"
    assert mount.status()["regressed"] == "1"


def test_even_the_inbox_can_be_left_out(tree, new_mount):
    mount = new_mount(tree, "exclude=Inbox")
    mount.update()
    assert "Inbox" not in directories(mount) and "Sent Items" in directories(mount)
    assert mount.status()["state"] == "idle"
    remount(mount)
    check_against(mount, tree)


def test_a_folder_that_is_not_there_is_told(tree, new_mount):
    mount = new_mount(tree, "exclude=Inbox/No such")
    mount.update()
    assert "exclude=Inbox/No such: no such folder" in mount.log_path.read_text()
    tree.op("rename", "Inbox/Keep", name="No such")
    mount.update()
    assert "Inbox/No such" not in directories(mount) and "Inbox/Keep" not in directories(mount)
    assert os.listdir(mount.path / INBOX)
