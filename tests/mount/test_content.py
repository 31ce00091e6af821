# SPDX-License-Identifier: MIT
"""What stands in the files, and what they are called."""
import hashlib
import os
import re
import subprocess

import ewsfs
import pytest

NAME = re.compile(r"(\d{4}-\d\d-\d\d \d{6}) (.+)\.([0-9a-f]{12})\.(eml|ics|vcf)", re.S)
EXTENSIONS = (("IPM.Appointment", "ics"), ("IPM.Contact", "vcf"), ("IPM.DistList", "vcf"), ("IPM.Task", "ics"))


def extension(item_class):
    return next((ext for prefix, ext in EXTENSIONS if item_class.startswith(prefix)), "eml")


def stamp(item):
    """The DATE of an item's name, by the rules of the interface."""
    if item["class"].startswith("IPM.Appointment"):
        wanted = item.get("start")
    elif extension(item["class"]) == "eml" and not item["is_draft"]:
        wanted = item.get("received")
    else:
        wanted = item.get("created")
    time = wanted or item.get("received") or item.get("created") or "0000-00-00T00:00:00Z"
    return time[:10] + " " + time[11:19].replace(":", "")


@pytest.fixture
def large(new_server):
    return new_server("--synthetic", f"{ewsfs.USER}:20:500:8000:11")


def test_every_mail_of_a_mailbox_reads_back_byte_for_byte(large, new_mount):
    mount = new_mount(large)
    mount.update()
    truth = {item["id"]: item for item in large.truth()["items"]}
    files = mount.by_item_id()
    assert len(truth) == 10_000 and set(files) == set(truth)
    counted = {"eml": 0, "ics": 0, "vcf": 0}
    for item_id, path in files.items():
        item, content = truth[item_id], path.read_bytes()
        assert path.stat().st_size == len(content), path
        name = NAME.fullmatch(path.name)
        assert name, path.name
        assert name[1] == stamp(item), path.name
        assert name[3] == hashlib.sha256(item_id.encode()).hexdigest()[:12]
        assert name[4] == extension(item["class"])
        assert len(os.fsencode(path.name)) <= 255
        counted[name[4]] += 1
        if name[4] == "eml":
            assert hashlib.sha256(content).hexdigest() == item["mime_sha256"], path
        elif name[4] == "vcf":
            assert content.startswith(b"BEGIN:VCARD\r\nVERSION:4.0\r\n") and content.endswith(b"END:VCARD\r\n")
        else:
            assert content.startswith(b"BEGIN:VCALENDAR\r\n") and b"END:VCALENDAR" in content
            assert (b"BEGIN:VTODO" in content) == item["class"].startswith("IPM.Task")
            if item["class"].startswith("IPM.Appointment"):
                assert hashlib.sha256(content).hexdigest() == item["mime_sha256"], path
    assert all(counted.values()), counted


def test_I3_two_caches_of_one_mailbox_show_the_same_tree(large, new_mount):
    """I3: names are pure. The two mounts fetch in different batches, on different connections."""
    one = new_mount(large, "batch=10", name="one")
    other = new_mount(large, "batch=3", "connections=1", name="other")
    one.update()
    other.update()
    differences = ewsfs.run("rsync", "-anciO", "--delete", f"{one.path}/", f"{other.path}/")
    assert differences.stdout == ""
    assert len(other.files()) == 10_000


def test_a_mail_of_150_MB_syncs_in_little_memory_and_reads_at_any_offset(new_server, new_mount, place):
    mail = place / "mail"
    mail.mkdir()
    line = b"0123456789abcdef" * 4 + b"\r\n"
    head = b"Subject: large\r\nDate: Tue, 30 Jan 2024 10:15:12 +0000\r\nFrom: a@example.org\r\n\r\n"
    content = head + line * (150_000_000 // len(line))
    (mail / "large.eml").write_bytes(content)
    mount = new_mount(new_server("--mail", f"{ewsfs.USER}:Inbox:{mail}"))
    mount.update()
    path, = mount.files()
    assert path.stat().st_size == len(content)
    assert mount.rss_kb() < 64 * 1024
    with open(path, "rb") as file:
        for offset in range(0, len(content), 7_654_321):
            assert os.pread(file.fileno(), 5000, offset) == content[offset:offset + 5000]
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(content).digest()
    assert mount.rss_kb() < 64 * 1024


def test_everyday_tools_copy_the_tree_without_a_complaint(small, new_mount, place):
    mount = new_mount(small)
    mount.update()
    assert "sending incremental" in ewsfs.run("rsync", "-av", f"{mount.path}/", place / "copy").stdout
    again = ewsfs.run("rsync", "-ai", f"{mount.path}/", place / "copy").stdout
    assert again == ""
    changed, = small.op("change", "Inbox", count=1)
    mount.update()
    sent = ewsfs.run("rsync", "-ai", "--delete", f"{mount.path}/", place / "copy").stdout.splitlines()
    touched = [line for line in sent if line.startswith((">f", "*deleting"))]
    assert touched and {line.rsplit(".", 2)[1] for line in touched} == \
        {hashlib.sha256(changed.encode()).hexdigest()[:12]}, sent
    ewsfs.run("cp", "-a", mount.path, place / "cp")
    ewsfs.run("diff", "-r", mount.path, place / "cp")
    with open(place / "all.tar", "wb") as tar:
        result = subprocess.run(["tar", "c", "."], cwd=mount.path, stdout=tar, stderr=subprocess.PIPE)
    assert result.returncode == 0 and not result.stderr
    listed = ewsfs.run("tar", "tf", place / "all.tar").stdout
    assert sum(not name.endswith("/") for name in listed.splitlines()) == 30
    total = sum(path.stat().st_size for path in mount.files())
    assert int(ewsfs.run("du", "-sb", "--apparent-size", mount.path).stdout.split()[0]) >= total
    assert ewsfs.run("df", mount.path).stdout
    statfs = os.statvfs(mount.path)
    assert (statfs.f_files, statfs.f_bfree, statfs.f_namemax) == (30, 0, 255)


def test_grep_finds_exactly_the_files_that_hold_the_word(large, new_mount):
    mount = new_mount(large)
    mount.update()
    holding = set()
    for path in mount.files():
        if b"expenses" in path.read_bytes():
            holding.add(str(path))
    found = ewsfs.run("grep", "-rlF", "expenses", mount.path, check=False)
    assert found.stderr == "" and set(found.stdout.splitlines()) == holding
    assert holding


def test_find_newermt_agrees_with_the_time_of_receipt(large, new_mount):
    mount = new_mount(large)
    mount.update()
    files = mount.by_item_id()
    mail = [item for item in large.truth()["items"]
            if extension(item["class"]) == "eml" and not item["is_draft"]]
    middle = sorted(item["received"] for item in mail)[len(mail) // 2]
    expected = {str(files[item["id"]]) for item in mail if item["received"] > middle}
    drafts = {str(files[item["id"]]) for item in large.truth()["items"] if item["is_draft"]}
    found = ewsfs.run("find", mount.path, "-name", "*.eml", "-newermt", middle, "-print0").stdout
    assert set(found.split("\0")) - {""} - drafts == expected
    assert expected
