# SPDX-License-Identifier: MIT
"""Clients that nobody wrote for ews-testd, DavMail with mbsync: they see the mailbox that the mount shows."""
import collections
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

import ewsfs
import pytest

DAVMAIL = pathlib.Path("/usr/share/davmail/davmail.jar")
SCHEMA = pathlib.Path(os.environ.get("EWSFS_SHARED", ewsfs.ROOT.parent / "shared")) / "ews/schema/V2018_01_08"
# What DavMail calls the folders that every mailbox has.
IMAP_NAMES = {"inbox": "INBOX", "sentitems": "Sent", "drafts": "Drafts", "deleteditems": "Trash",
              "junkemail": "Junk", "outbox": "Unsent Messages"}
# mbsync gives up at such a name: its own buffer is too small.
TOO_LONG = "A very long folder name"

pytestmark = pytest.mark.skipif(
    not (DAVMAIL.exists() and shutil.which("java") and shutil.which("mbsync")),
    reason="davmail-server or isync is not installed")


@pytest.fixture
def server(new_server):
    schema = ("--schema", str(SCHEMA)) if SCHEMA.is_dir() else ()
    server = new_server("--synthetic", f"{ewsfs.USER}:20:25:4000:5", *schema)
    for folder in server.truth()["folders"]:
        if folder["name"].startswith(TOO_LONG):
            server.op("rename", folder["id"], name="Not so long")
    return server


class DavMail:
    """DavMail, headless: IMAP on loopback in front of the server's EWS. `java`: options of the machine it
    runs on; by default it starts quickly and stays slow."""

    def __init__(self, url, place, *java):
        self.log = place / "davmail.log"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        settings = {
            "server": "true", "mode": "EWS", "url": url, "imapPort": self.port,
            "bindAddress": "127.0.0.1", "allowRemote": "false", "disableUpdateCheck": "true",
            "disableGuiNotifications": "true", "enableKeepAlive": "false", "logFilePath": self.log,
            **{name: "" for name in ("popPort", "smtpPort", "caldavPort", "ldapPort")}}
        properties = place / "davmail.properties"
        properties.write_text("log4j.rootLogger=WARN\nlog4j.logger.davmail=WARN\n" +
                              "".join(f"davmail.{key}={value}\n" for key, value in settings.items()))
        self.said = open(place / "davmail.out", "w+")
        self.process = subprocess.Popen(
            ["java", *(java or ["-XX:TieredStopAtLevel=1"]), f"-Duser.home={place}", "-jar", DAVMAIL, "-server",
             properties], stdout=self.said, stderr=self.said, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < end, "DavMail did not start"
            time.sleep(0.02)

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except OSError:
            return False

    def stop(self):
        """And it has found nothing wrong."""
        self.process.terminate()
        self.process.wait(ewsfs.TIMEOUT_S)
        self.said.seek(0)
        said = self.said.read() + self.log.read_text()
        self.said.close()
        complaints = [line for line in said.splitlines() if re.search("WARN|ERROR|FATAL|Exception", line)]
        assert not complaints, complaints[:5]


@pytest.fixture
def davmail(server, place):
    running = DavMail(server.url, place)
    yield running
    running.stop()


class MailDir:
    """What mbsync pulls."""

    def __init__(self, davmail, place):
        self.path = place / "maildir"
        self.path.mkdir()
        self.config = place / "mbsyncrc"
        self.config.write_text(
            f"IMAPAccount davmail\nHost 127.0.0.1\nPort {davmail.port}\nUser {ewsfs.USER}\n"
            f"Pass {ewsfs.PASSWORD}\nSSLType None\nAuthMechs LOGIN\nTimeout 60\n\n"
            "IMAPStore far\nAccount davmail\n\n"
            f"MaildirStore near\nPath {self.path}/\nInbox {self.path}/INBOX\nSubFolders Verbatim\n\n"
            "Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Near\nRemove Near\nExpunge Near\n"
            "Sync Pull\nSyncState *\n")

    def pull(self):
        result = ewsfs.run("mbsync", "-q", "-c", self.config, "-a", check=False)
        said = result.stderr.replace("*** IMAP Warning *** Password is being sent in the clear\n", "")
        assert result.returncode == 0 and not said, said

    def folders(self):
        """{IMAP name: Counter of (bytes, is read, is flagged)}."""
        found = {}
        for directory in self.path.rglob("cur"):
            files = [*directory.iterdir(), *(directory.parent / "new").iterdir()]
            name = str(directory.parent.relative_to(self.path))
            found[from_utf7(name)] = collections.Counter(map(self.message, files))
        return found

    @staticmethod
    def message(path):
        """mbsync marks each with a line of its own, and keeps no CR."""
        flags = path.name.partition(":2,")[2]
        return (re.sub(rb"^X-TUID: .*\n", b"", path.read_bytes(), count=1, flags=re.M), "S" in flags,
                "F" in flags)


def from_utf7(name):
    """IMAP's own way to write what is not ASCII."""
    return re.sub("&([^-]*)-", lambda coded: (
        f"+{coded[1].replace(',', '/')}-".encode().decode("utf-7") if coded[1] else "&"), name)


def imap_name(mount, path):
    """What DavMail makes of a folder: it has a way of its own to write a slash in a name."""
    parts = []
    while path != mount.path:
        distinguished = ewsfs.xattrs(path).get("user.ews.distinguished")
        name = ewsfs.xattr(path, "user.ews.display_name").replace("/", "_xF8FF_")
        parts.insert(0, IMAP_NAMES.get(distinguished, name))
        path = path.parent
    return "/".join(parts)


def shown(path):
    said = ewsfs.xattrs(path)
    return (path.read_bytes().replace(b"\r\n", b"\n"), said["user.ews.is_read"] == "true",
            said.get("user.ews.flag") == "Flagged")


def mail_folders(mount):
    """Of the mount, in the form of MailDir.folders(). DavMail shows no others by IMAP."""
    found = {}
    for path in mount.directories():
        if path != mount.path and ewsfs.xattr(path, "user.ews.folder_class") == "IPF.Note":
            files = [file for file in path.iterdir() if file.is_file()]
            found[imap_name(mount, path)] = collections.Counter(map(shown, files))
    return found


def compare(maildir, mount):
    theirs, ours = maildir.folders(), mail_folders(mount)
    assert theirs.keys() == ours.keys()
    assert {name: sum(mails.values()) for name, mails in theirs.items()} == \
        {name: sum(mails.values()) for name, mails in ours.items()}
    for name, mails in theirs.items():
        assert mails == ours[name], f"{name}: {len(mails - ours[name])} differ"


def test_davmail_and_mbsync_pull_the_mailbox_that_the_mount_shows(server, davmail, new_mount, place):
    """Byte for byte: DavMail hands on the MIME as it comes. And again after changes of every kind."""
    mount, maildir = new_mount(server), MailDir(davmail, place)
    mount.update()
    maildir.pull()
    compare(maildir, mount)
    assert sum(map(len, maildir.folders().values())) >= 300

    server.op("deliver", "Inbox", count=7)
    server.op("deliver", "Inbox", mime="Subject: =?utf-8?q?J=C3=BCrgen?=\r\n\r\n.\r\nFrom here on\r\n")
    server.op("delete", "Sent Items", count=3)
    server.op("move", "Drafts", count=2, to="Inbox")
    server.op("flag", "Archive", read=True)
    server.op("mkdir", "Inbox", name="New & other")
    server.op("deliver", "Inbox/New & other", count=2)
    mount.update()
    maildir.pull()
    compare(maildir, mount)
