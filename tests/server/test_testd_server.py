# SPDX-License-Identifier: MIT
"""The command line, logins, the controls, and mail from disk."""
import base64
import concurrent.futures
import hashlib
import json
import mailbox
import os
import subprocess
import time

import pytest

import testd
from testd import NS, text

MAIL = "\r\n".join((
    "From: =?iso-8859-1?Q?J=F6rg?= <joerg@example.org>",
    'To: "Smith, Bob" <bob@example.net>,', " anna@example.net",
    "Subject: =?utf-8?B?R3LDvMOfZQ==?= =?utf-8?Q?_aus_K=C3=B6ln?=",
    "Date: Tue, 30 Jan 2024 10:15:12 +0100", "Message-ID: <1@example.org>",
    "Content-Type: text/plain; charset=iso-8859-1", "", "Schöne Grüße", "")).encode("iso-8859-1")

REQUEST = "\r\n".join((
    "From: a@example.org", "To: b@example.net", "Subject: Meet",
    "Date: Tue, 30 Jan 2024 10:15:12 +0000",
    "Content-Type: multipart/alternative; boundary=xx", "",
    "--xx", "Content-Type: text/plain", "", "hi",
    "--xx", "Content-Type: text/calendar; method=REQUEST", "",
    "BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:77", "DTSTART:20240201T100000Z",
    "DTEND:20240201T110000Z", "END:VEVENT", "END:VCALENDAR", "--xx--", "")).encode()

EVENT = "\r\n".join((
    "BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20240101T000000Z",
    r"SUMMARY:Room\, large", "DTSTART;VALUE=DATE:20240201", "DTEND;VALUE=DATE:20240202",
    r"DESCRIPTION:One\nTwo long", "  line", 'ORGANIZER;CN="Berg: Anna":mailto:anna@example.org',
    "ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:b@example.net", "END:VEVENT", "END:VCALENDAR",
    "")).encode()

CARD = "\r\n".join((
    "BEGIN:VCARD", "VERSION:3.0", "FN:Anna Berg", "N:Berg;Anna;;;", r"ORG:A\;B;Sales",
    "TEL;TYPE=CELL:+1", "ADR;TYPE=WORK:;;Main St 1;Köln;;50667;Germany", "NOTE:Hi",
    "REV:2024-03-12T10:05:00Z", "END:VCARD", "")).encode()


def run(*args):
    return subprocess.run([testd.BINARY, *args], capture_output=True, text=True, timeout=10,
                          check=False)


@pytest.mark.parametrize("args", (
    (), ("--user", "alice"), ("--synthetic", "alice:1:1:1"), ("--user", "a:b", "--auth", "ntlm"),
    ("--user", "a:b", "--auth", "basic+"), ("--user", "a:b", "--token", ":5"),
    ("--user", "a:b", "--nonsense"), ("--user", "a:b", "--synthetic", "a:1:x:1"),
    ("--user", "a:b", "--synthetic", "a:1:1:1", "--synthetic", "a:1:1:1"),
    ("--user", "a:b", "more"), ("--user", "a:b", "--schema", "/nonexistent"),
    ("--user", "a:b", "--mail", "a:Inbox:/nonexistent"),
    ("--user", "a:b", "--clock-rate", "0"), ("--user", "a:b", "--clock-rate", "fast"),
))
def test_what_it_cannot_do_is_one_line(args):
    done = run(*args)
    assert done.returncode == 1 and not done.stdout
    assert done.stderr.count("\n") == 1


def test_ready_fd():
    read, write = os.pipe()
    os.set_inheritable(write, True)
    process = subprocess.Popen([testd.BINARY, "--user", "a:b", "--ready-fd", str(write)],
                               stdout=subprocess.PIPE, close_fds=False)
    os.close(write)
    assert os.read(read, 10)
    process.terminate()
    assert process.wait() == 0


def test_its_clock_can_run_fast():
    """A token good for ten minutes is refused after less than one."""
    with testd.Server("--auth", "bearer", "--token", "good:600", "--clock-rate", "200") as server:
        begun = time.monotonic()
        statuses = []
        while not statuses or statuses[-1] == 200:
            assert time.monotonic() < begun + 60
            statuses.append(server.raw("/EWS/Exchange.asmx", testd.envelope("<m:GetFolder/>"),
                                       headers={"Authorization": "Bearer good"})[0])
            time.sleep(0.05)
    assert len(statuses) > 1 and statuses[-1] == 401


def test_logins():
    request = testd.envelope(
        "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>"
        '<t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder>')
    with testd.Server("--synthetic", "alice:1:1:300") as server:
        for password, expected in (("secret", 200), ("wrong", 401)):
            server.password = password
            assert server.post(request)[0] == expected
        status, headers, _ = server.raw("/EWS/Exchange.asmx", "x")
        assert status == 401 and headers["WWW-Authenticate"].startswith("Basic realm=")
        assert server.raw("/nowhere")[0] == 404


def test_requests_are_counted():
    with testd.Server("--synthetic", "alice:1:1:300") as server:
        inbox = server.truth(mime=False)["Inbox"]["id"]
        server.sync(inbox)
        server.sync(inbox)
        assert json.loads(server.raw("/test/requests")[2]) == {
            "SyncFolderItems": 2, "SyncFolderItems.initial": 2}
        assert server.raw("/test/requests", method="DELETE")[0] == 200
        assert json.loads(server.raw("/test/requests")[2]) == {}


def test_controls_refuse_in_words():
    with testd.Server("--synthetic", "alice:1:1:300") as server:
        for path, body, expected in (
                ("nothing", "{}", 404), ("delete", "no json", 400), ("delete", "{}", 400),
                ("delete", '{"folder":"Inbox"}', 400), ("deliver", '{"user":"bob"}', 400),
                ("move", '{"folder":"Inbox","count":1}', 400),
                ("delete", '{"folder":"Inbox","count":5}', 400)):
            status, _, reply = server.raw("/test/" + path, body, "POST")
            assert status == expected and json.loads(reply)["error"]


def get_item(server, item, body_type="Text"):
    reply = server.ask(
        "<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape><t:IncludeMimeContent>true"
        f"</t:IncludeMimeContent><t:BodyType>{body_type}</t:BodyType></m:ItemShape><m:ItemIds>"
        f'<t:ItemId Id="{item}"/></m:ItemIds></m:GetItem>')
    return reply.find(".//m:Items/*", NS)


def mime_of(server, item):
    return base64.b64decode(text(get_item(server, item["id"]), "t:MimeContent"))


def test_mail_from_a_directory(tmp_path):
    (tmp_path / "one.eml").write_bytes(MAIL)
    (tmp_path / "two.eml").write_bytes(REQUEST)
    (tmp_path / "ignored.txt").write_text("x")
    with testd.Server("--mail", f"alice:Inbox/Sub:{tmp_path}") as server:
        items = server.truth()["Inbox/Sub"]["items"]
        assert [item["kind"] for item in items] == ["Message", "MeetingRequest"]
        assert items[0]["subject"] == "Grüße aus Köln"
        assert items[0]["mime_sha256"] == hashlib.sha256(MAIL).hexdigest()
        element = get_item(server, items[0]["id"])
        assert base64.b64decode(text(element, "t:MimeContent")) == MAIL
        assert text(element, "t:DateTimeReceived") == "2024-01-30T09:15:12Z"
        assert text(element, "t:Body") == "Schöne Grüße\r\n"
        assert text(element, "t:From/t:Mailbox/t:Name") == "Jörg"
        names = [name.text for name in element.iterfind("t:ToRecipients/t:Mailbox/t:Name", NS)]
        assert names == ["Smith, Bob", "anna@example.net"]
        element = get_item(server, items[1]["id"])
        assert text(element, "t:Start") == "2024-02-01T10:00:00Z"


def test_mail_from_an_mbox_and_a_maildir(tmp_path):
    box = mailbox.mbox(tmp_path / "box")
    first = mailbox.mboxMessage(b"From: a@example.org\nSubject: One\nDate: Tue, 30 Jan 2024 "
                                b"10:15:12 +0000\n\nFrom here on\n>From there\n")
    first.set_flags("R")
    box.add(first)
    box.add(b"From: a@example.org\nSubject: Two\nDate: Wed, 31 Jan 2024 10:15:12 +0000\n\ntext\n")
    box.close()
    maildir = mailbox.Maildir(tmp_path / "maildir")
    message = mailbox.MaildirMessage(b"From: a@example.org\nSubject: Three\n\ntext\n")
    message.set_subdir("cur")
    message.set_flags("FS")
    maildir.add(message)
    paths = "--mail", f"alice:Box:{tmp_path}/box", "--mail", f"alice:Dir:{tmp_path}/maildir"
    with testd.Server(*paths) as server:
        folders = server.truth()
        one, two = folders["Box"]["items"]
        assert [one["subject"], two["subject"]] == ["One", "Two"]
        assert one["is_read"] and not two["is_read"]
        assert b"\n\nFrom here on\n" in mime_of(server, one)
        three, = folders["Dir"]["items"]
        assert three["is_read"] and three["flag"] == "Flagged"


def test_change_alters_the_bytes_and_flag_does_not():
    with testd.Server("--synthetic", "alice:1:3:300") as server:
        before = server.truth()["Inbox"]["items"][0]
        server.control("flag", item=before["id"])
        flagged = server.truth()["Inbox"]["items"][0]
        assert flagged["is_read"] != before["is_read"]
        assert flagged["change_key"] == before["change_key"]
        assert flagged["modified"] == before["modified"]
        server.control("change", item=before["id"], kind="category")
        coloured = server.truth()["Inbox"]["items"][0]
        assert coloured["mime_sha256"] == before["mime_sha256"]
        assert coloured["change_key"] != before["change_key"]
        assert server.control("change", item=before["id"], subject="Neu") == [before["id"]]
        changed = server.truth()["Inbox"]["items"][0]
        assert changed["mime_sha256"] != before["mime_sha256"]
        assert changed["subject"] == "Neu"


def test_a_large_message(tmp_path):
    mime = b"Subject: large\r\n\r\n" + b"0123456789abcdef" * (10 << 16) + b"\r\n"
    (tmp_path / "large.eml").write_bytes(mime)
    with testd.Server("--mail", f"alice:Inbox:{tmp_path}") as server:
        item, = server.truth()["Inbox"]["items"]
        assert mime_of(server, item) == mime


def test_many_at_once():
    with testd.Server("--synthetic", "alice:3:400:2000") as server:
        folders = server.truth(mime=False)

        def work(number):
            folder = list(folders.values())[number % 3 + 1]["id"]
            state = ""
            for _ in range(20):
                state, _, changes = server.sync(folder, state, 100)
                server.control("change", folder="Inbox", count=3)
                if changes:
                    get_item(server, changes[0][1])
            return True

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            assert all(pool.map(work, range(6)))


def test_a_calendar_and_a_card(tmp_path):
    (tmp_path / "a.ics").write_bytes(EVENT)
    (tmp_path / "b.vcf").write_bytes(CARD)
    with testd.Server("--mail", f"alice:Calendar:{tmp_path}") as server:
        items = {item["kind"]: item for item in server.truth()["Calendar"]["items"]}
        event = get_item(server, items["CalendarItem"]["id"])
        assert text(event, "t:Subject") == "Room, large"
        assert text(event, "t:Body") == "One\nTwo long line"
        assert text(event, "t:Start") == "2024-02-01T00:00:00Z"
        assert text(event, "t:IsAllDayEvent") == "true"
        assert text(event, "t:Organizer/t:Mailbox/t:Name") == "Berg: Anna"
        assert text(event, "t:OptionalAttendees//t:EmailAddress") == "b@example.net"
        card = get_item(server, items["Contact"]["id"])
        assert text(card, "t:CompanyName") == "A;B"
        assert text(card, "t:Body") == "Hi"
        assert text(card, ".//t:City") == "Köln"
        assert items["Contact"]["created"] == 1710237900
