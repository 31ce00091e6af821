# SPDX-License-Identifier: MIT
"""trace=DIR: exchanges that can be handed to a stranger."""
import base64
import re
import stat

import ewsfs
import pytest


@pytest.mark.parametrize("notify", ["off", "streaming", "pull"])
def test_a_trace_shows_what_was_said_and_nothing_of_what_it_was_about(new_server, new_mount, place, notify):
    server = new_server("--synthetic", f"{ewsfs.USER}:8:4:2000:7", "--auth", "basic")
    server.op("mkdir", "Inbox", name="Folder Zzyzx")
    server.op("deliver", "Inbox", count=1, subject="Subject Xyzzy")
    mount = new_mount(server, f"trace={place}/trace", f"notify={notify}")
    mount.update()
    server.op("deliver", "Inbox", count=1, subject="Subject Plugh")
    mount.update()
    files = {path.name: path.read_bytes() for path in (place / "trace").iterdir()}
    mails = [path for path in mount.files() if path.suffix == ".eml"]
    bodies = [path.read_bytes().partition(b"\r\n\r\n")[2] for path in mails]
    words = {word for body in bodies for word in re.findall(rb"[a-z]{9,}", body)}
    names = {ewsfs.xattrs(path).get("user.ews.subject", "Xyzzy").encode() for path in mails}
    secrets = {b"Xyzzy", b"Plugh", b"Zzyzx", ewsfs.USER.encode(), ewsfs.PASSWORD.encode(),
               base64.b64encode(f"{ewsfs.USER}:{ewsfs.PASSWORD}".encode())}
    assert len(words) > 10 and len(names) > 5
    for name, text in files.items():
        found = [word for word in secrets | names | words if word in text and word not in VOCABULARY]
        assert not found, (name, found)
        assert b"@" not in text and not re.search(rb"[A-Za-z0-9+/]{1000}", text), name
    whole = b"".join(files.values())
    for word in (b"NoError", b"POST /EWS/Exchange.asmx HTTP/1.1", b"HTTP/1.1 200 OK", b"request-id:", b"# fine"):
        assert word in whole
    for operation in ("GetFolder", "SyncFolderItems", "GetItem"):
        assert any(operation in name for name in files)
    assert stat.S_IMODE((place / "trace").stat().st_mode) == 0o700


def test_a_trace_of_a_refused_login_does_not_say_whose(new_server, place):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:1:100", "--auth", "basic")
    (place / "m").mkdir()
    settings = f"user={ewsfs.USER},password_command=echo wrong-one,cache={place}/m.db,trace={place}/trace"
    result = ewsfs.run(ewsfs.EWSFS, "-o", settings, server.url, place / "m", check=False)
    assert ewsfs.USER in result.stderr
    whole = b"".join(path.read_bytes() for path in (place / "trace").iterdir())
    assert b"# login refused\n# HTTP 401\n" in whole
    assert ewsfs.USER.encode() not in whole and b"wrong-one" not in whole


# Words of the protocol that a mail may hold too.
VOCABULARY = {b"Status", b"exchange", b"fieldURI", b"microsoft", b"schemas", b"envelope", b"services", b"messages", b"calendar"}
