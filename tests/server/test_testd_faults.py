# SPDX-License-Identifier: MIT
"""Everything that can be made to go wrong, by raw requests."""
import base64
import http.client
import json
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
from lxml import etree

import testd
from testd import NS, TAG, text

GET_FOLDER = ("<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape>"
              '<m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder>')


@pytest.fixture(name="server")
def _server():
    with testd.Server("--synthetic", "alice:2:8:600") as server:
        yield server


def get_item(*ids, shape="Default", mime=False):
    mime = "<t:IncludeMimeContent>true</t:IncludeMimeContent>" if mime else ""
    asked = "".join(f'<t:ItemId Id="{i}"/>' for i in ids)
    return (f"<m:GetItem><m:ItemShape><t:BaseShape>{shape}</t:BaseShape>{mime}"
            f"</m:ItemShape><m:ItemIds>{asked}</m:ItemIds></m:GetItem>")


def ids(server, folder="Inbox"):
    return [item["id"] for item in server.truth(mime=False)[folder]["items"]]


def codes(reply):
    return [element.text for element in reply.iter(TAG["m"] + "ResponseCode")]


def report(server):
    return json.loads(server.raw("/test/faults")[2])["faults"]


def wire(server, body=GET_FOLDER, timeout=5):
    """All that comes back on a connection until it ends or falls silent."""
    login = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
    xml = testd.envelope(body).encode()
    connection = socket.create_connection(address(server))
    connection.settimeout(timeout)
    connection.sendall((f"POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: x\r\nAuthorization: Basic "
                        f"{login}\r\nContent-Length: {len(xml)}\r\n\r\n").encode() + xml)
    return connection


def address(server):
    parts = urlsplit(server.base)
    return parts.hostname, parts.port


def read_all(connection):
    got, ended = b"", "silence"
    try:
        while chunk := connection.recv(65536):
            got += chunk
        ended = "end"
    except ConnectionResetError:
        ended = "reset"
    except TimeoutError:
        pass
    connection.close()
    return got, ended


@pytest.mark.parametrize("status", (401, 403, 500, 503, 302, 429))
def test_statuses(server, status):
    server.control("fault", kind=str(status), retry_after=7, location="/elsewhere")
    connection = http.client.HTTPConnection(*address(server))
    login = base64.b64encode(b"alice:secret").decode()
    for expected in (status, 200):
        connection.request("POST", "/EWS/Exchange.asmx", testd.envelope(GET_FOLDER),
                           {"Authorization": "Basic " + login})
        reply = connection.getresponse()
        reply.read()
        assert reply.status == expected
        if expected == status:
            assert reply.headers["Retry-After"] == "7"
            assert reply.headers["Location"] == "/elsewhere"
            assert reply.headers["Content-Type"].startswith("text/html")
            assert ("WWW-Authenticate" in reply.headers) == (status == 401)
    connection.close()


def test_a_new_password_is_the_only_one(server):
    assert server.post(testd.envelope(""))[0] != 401
    server.control("password", password="new")
    assert server.post(testd.envelope(""))[0] == 401
    server.password = "new"
    assert server.post(testd.envelope(""))[0] != 401
    assert server.raw("/test/password", '{"password":""}', "POST")[0] == 400


def test_count_skip_operation_and_the_report(server):
    server.control("fault", kind="503", op="GetItem", skip=1, count=2)
    item = testd.envelope(get_item(ids(server)[0]))
    folder = testd.envelope(GET_FOLDER)
    assert [server.post(item)[0] for _ in range(2)] == [200, 503]
    assert server.post(folder)[0] == 200
    assert [server.post(item)[0] for _ in range(2)] == [503, 200]
    assert report(server) == [{"id": 1, "kind": "status", "op": "GetItem", "user": None,
                               "fired": 2, "left": 0, "skip": 0, "forever": False}]
    server.raw("/test/faults", method="DELETE")
    assert report(server) == []


def test_one_after_the_other_and_clear(server):
    for kind in ("500", "503", "403"):
        server.control("fault", kind=kind)
    server.control("fault", kind="401", count=0, op="GetItem")
    folder = testd.envelope(GET_FOLDER)
    assert [server.post(folder)[0] for _ in range(2)] == [500, 503]
    server.control("fault", kind="clear", op="*")
    assert server.post(folder)[0] == 200
    item = testd.envelope(get_item(ids(server)[0]))
    assert [server.post(item)[0] for _ in range(3)] == [401] * 3
    server.control("fault", kind="clear")
    assert server.post(item)[0] == 200


def test_of_one_user():
    with testd.Server("--user", "bob:b") as server:
        server.control("fault", kind="403", user="bob")
        assert server.post(testd.envelope(GET_FOLDER))[0] == 200
        server.user, server.password = "bob", "b"
        assert server.post(testd.envelope(GET_FOLDER))[0] == 403


def test_of_nobody_in_particular():
    with testd.Server("--user", "bob:b") as server:
        server.control("fault", kind="403")
        assert server.post(testd.envelope(GET_FOLDER))[0] == 403
        wrong = json.dumps({"kind": "403", "folder": "Inbox"})
        assert server.raw("/test/fault", wrong, "POST")[0] == 400, "whose Inbox?"


def test_many_at_once(server):
    """Exactly as often as was said, however many ask."""
    server.control("fault", kind="403", count=50)
    statuses = []

    def ask():
        for _ in range(12):
            statuses.append(server.post(testd.envelope(GET_FOLDER))[0])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(403) == 50 and statuses.count(200) == 8 * 12 - 50


def test_failover_under_load(server):
    """Connections are closed while others are opened and used."""
    stop = threading.Event()
    odd = []

    def ask():
        while not stop.is_set():
            try:
                status = server.post(testd.envelope(GET_FOLDER))[0]
                if status != 200:
                    odd.append(status)
            except (OSError, http.client.HTTPException):
                pass

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        server.control("failover")
    stop.set()
    for thread in threads:
        thread.join()
    assert not odd
    server.ask(GET_FOLDER)


def test_of_one_folder(server):
    server.control("fault", kind="error", code="ErrorAccessDenied", op="SyncFolderItems",
                   folder="Drafts")
    server.sync(server.truth(False)["Inbox"]["id"])
    with pytest.raises(AssertionError, match="ErrorAccessDenied"):
        server.sync(server.truth(False)["Drafts"]["id"])


@pytest.mark.parametrize("wrong", (
    {}, {"kind": "nothing"}, {"kind": "200"}, {"kind": "busy", "form": "odd"},
    {"kind": "drip", "rate": 0}, {"kind": "error", "items": "x"}, {"kind": "500", "folder": "No"},
    {"kind": "between_pages"}, {"kind": "between_pages", "then": [["deliver"]]},
    {"kind": "500", "count": -1}, {"kind": "delay", "ms": -1}))
def test_wrong_ones_are_refused(server, wrong):
    assert server.raw("/test/fault", json.dumps(wrong), "POST")[0] == 400


@pytest.mark.parametrize("back_off", (None, 0, 297749))
def test_busy_as_fault(server, back_off):
    keys = {} if back_off is None else {"back_off": back_off}
    server.control("fault", kind="busy", **keys)
    status, reply = server.post(testd.envelope(GET_FOLDER))
    tree = testd.parse(reply)
    assert status == 500
    assert tree.findtext(".//faultcode") == "a:ErrorServerBusy"
    value = tree.find(".//t:Value[@Name='BackOffMilliseconds']", NS)
    assert value is None if back_off is None else value.text == str(back_off)


@pytest.mark.parametrize("form", ("message", "inner"))
def test_busy_in_messages(server, form):
    server.control("fault", kind="busy", form=form, back_off=10)
    reply = server.ask(get_item(*ids(server)[:3]))
    code = "ErrorServerBusy" if form == "message" else "ErrorInternalServerError"
    assert codes(reply) == [code] * 3
    values = {v.get("Name"): v.text for v in reply.iterfind(".//t:Value", NS)}
    assert values["BackOffMilliseconds"] == "10"
    assert values.get("InnerErrorResponseCode") == (None if form == "message"
                                                    else "ErrorServerBusy")


def test_error_of_a_sync_has_an_empty_state(server):
    inbox = server.truth(False)["Inbox"]["id"]
    server.control("fault", kind="error", code="ErrorInvalidSyncStateData")
    reply = server.ask(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        f'<m:SyncFolderId><t:FolderId Id="{inbox}"/></m:SyncFolderId>'
        "<m:MaxChangesReturned>512</m:MaxChangesReturned></m:SyncFolderItems>")
    assert codes(reply) == ["ErrorInvalidSyncStateData"] and text(reply, ".//m:SyncState") == ""


def test_errors_of_single_items(server):
    all_ids = ids(server)
    server.control("fault", kind="error", code="ErrorItemCorrupt", items=[all_ids[1]], count=1)
    server.control("fault", kind="error", code="ErrorAccessDenied", n=2, at=1)
    good, bad, denied = "NoError", "ErrorItemCorrupt", "ErrorAccessDenied"
    assert codes(server.ask(get_item(*all_ids[:3]))) == [good, bad, good]
    assert codes(server.ask(get_item(*all_ids[:4]))) == [good, denied, denied, good]


def test_unconvertible(server):
    all_ids = ids(server)
    server.control("fault", kind="unconvertible", items=all_ids[:1] + all_ids[3:4])
    bad = "ErrorMimeContentConversionFailed"
    for _ in range(2):
        reply = server.ask(get_item(*all_ids[:4], mime=True))
        assert codes(reply) == [bad, "NoError", "NoError", bad]
    assert codes(server.ask(get_item(all_ids[3], mime=True))) == [bad]
    assert codes(server.ask(get_item(all_ids[3]))) == ["NoError"], "nothing is to be converted"
    server.control("fault", kind="clear")
    server.control("fault", kind="unconvertible", n=2, code="ErrorItemCorrupt")
    assert codes(server.ask(get_item(*all_ids[:3], mime=True))) == ["ErrorItemCorrupt"] * 2 + ["NoError"]


def test_stopped(server):
    server.control("fault", kind="stopped", op="GetItem", at=1)
    reply = server.ask(get_item(*ids(server)[:4]))
    stopped = "ErrorBatchProcessingStopped"
    assert codes(reply) == ["NoError", "ErrorMailboxStoreUnavailable", stopped, stopped]
    classes = [m.get("ResponseClass") for m in reply.iter(TAG["m"] + "GetItemResponseMessage")]
    assert classes == ["Success", "Error", "Warning", "Warning"]


def answered(reply):
    return [e.get("Id") for e in reply.iter(TAG["t"] + "ItemId")]


def test_wrong_ids(server):
    asked = ids(server)[:3]
    server.control("fault", kind="wrongid", op="GetItem", at=1)
    got = answered(server.ask(get_item(*asked)))
    assert got[0] == asked[0] and got[2] == asked[2] and got[1] not in ids(server)
    server.control("fault", kind="wrongid", op="GetItem", rotate=True)
    assert answered(server.ask(get_item(*asked))) == asked[1:] + asked[:1]


def test_duplicates_are_older_first(server):
    inbox = server.truth(False)["Inbox"]["id"]
    server.control("fault", kind="duplicate")
    state, _, changes = server.sync(inbox)
    assert len(changes) == 16
    for old, new in zip(changes[::2], changes[1::2]):
        assert old[:2] == new[:2]
        keys = [int.from_bytes(base64.b64decode(c[2])[-6:], "big") for c in (old, new)]
        assert keys[0] == keys[1] - 1
    server.control("flag", item=changes[0][1])
    server.control("fault", kind="duplicate")
    flags = [text(c[3], "t:IsRead") for c in server.sync(inbox, state)[2]]
    assert sorted(flags) == ["false", "true"]


def test_reorder(server):
    inbox = server.truth(False)["Inbox"]["id"]
    plain = [c[1] for c in server.sync(inbox)[2]]
    server.control("fault", kind="reorder")
    shuffled = [c[1] for c in server.sync(inbox)[2]]
    assert shuffled != plain and sorted(shuffled) == sorted(plain)


@pytest.mark.parametrize("folder", ("Inbox", "Drafts"))
def test_phantoms(server, folder):
    server.control("fault", kind="phantom", n=3)
    _, _, changes = server.sync(server.truth(False)[folder]["id"])
    made = [c[1] for c in changes if c[1] not in ids(server, folder)]
    assert len(set(made)) == 3 and all(c[0] == "Create" for c in changes)
    assert codes(server.ask(get_item(*made))) == ["ErrorItemNotFound"] * 3


def test_not_the_last(server):
    inbox = server.truth(False)["Inbox"]["id"]
    state, _, _ = server.sync(inbox)
    server.control("fault", kind="notlast")
    again, last, changes = server.sync(inbox, state)
    assert again == state and not last and not changes
    assert server.sync(inbox, state)[1]


def test_illegal_characters(server):
    server.control("fault", kind="illegal")
    _, reply = server.post(testd.envelope(get_item(ids(server)[0])))
    assert "&#x0;&#x1F;" in reply
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(reply.encode())
    server.control("fault", kind="illegal", raw=True)
    got, _ = read_all(wire(server, get_item(ids(server)[0]), timeout=0.5))
    assert b"\x01\x1f\xff</t:Subject>" in got


@pytest.mark.parametrize("kind", ("malformed", "truncated"))
@pytest.mark.parametrize("keys", ({}, {"bytes": 300}))
def test_cut_and_broken(server, kind, keys):
    whole = server.post(testd.envelope(GET_FOLDER))[1]
    server.control("fault", kind=kind, **keys)
    status, reply = server.post(testd.envelope(GET_FOLDER))
    assert status == 200
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(reply.encode())
    assert whole[:300] == reply[:300]
    if kind == "truncated":
        assert len(reply) == 300 if keys else len(reply) < len(whole)


@pytest.mark.parametrize("after", (-1, 0, 400))
def test_reset(server, after):
    server.control("fault", kind="reset", bytes=after)
    got, ended = read_all(wire(server))
    assert ended == "reset"
    head, _, body = got.partition(b"\r\n\r\n")
    assert bool(head) == (after >= 0)
    assert (after <= 0) == (b"Envelope" not in body)
    assert server.post(testd.envelope(GET_FOLDER))[0] == 200


def test_drip(server):
    server.control("fault", kind="drip", rate=2000)
    start = time.monotonic()
    _, reply = server.post(testd.envelope(GET_FOLDER))
    etree.fromstring(reply.encode())
    assert time.monotonic() - start > 0.7 * len(reply) / 2000


def test_delay(server):
    server.control("fault", kind="delay", ms=300)
    start = time.monotonic()
    server.ask(GET_FOLDER)
    assert time.monotonic() - start >= 0.3


def test_hang_until_cleared_others_go_on(server):
    server.control("fault", kind="hang", op="GetFolder")
    result = []
    thread = threading.Thread(target=lambda: result.append(read_all(wire(server))))
    thread.start()
    while not report(server)[0]["fired"]:
        time.sleep(0.01)
    server.ask(get_item(ids(server)[0]))
    assert not result
    server.control("fault", kind="clear")
    thread.join()
    assert result[0][0] == b""


def test_a_server_with_hanging_requests_ends():
    with testd.Server() as server:
        server.control("fault", kind="hang", count=3)
        connections = [wire(server) for _ in range(2)]
        while not report(server)[0]["fired"]:
            time.sleep(0.01)
        start = time.monotonic()
    assert time.monotonic() - start < 3
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("delay", (0, 50))
def test_a_second_response(server, delay):
    server.control("fault", kind="second", ms=delay)
    got, _ = read_all(wire(server, timeout=0.5))
    first, _, second = got.partition(b"0\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert first.startswith(b"HTTP/1.1 200 OK") and b"</s:Envelope>" in first
    assert second.endswith(b"></s:Body></s:Envelope>")


def test_a_second_response_is_refused_with_tls(tmp_path):
    import subprocess
    key, cert = tmp_path / "key", tmp_path / "cert"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=x", "-keyout", key, "-out", cert], check=True,
                   capture_output=True)
    process = subprocess.Popen([testd.BINARY, "--user", "alice:secret", "--tls", f"{cert}:{key}"],
                               stdout=subprocess.PIPE, text=True)
    try:
        import ssl
        import urllib.request
        url = process.stdout.readline().split("/EWS")[0] + "/test/fault"
        context = ssl._create_unverified_context()
        with pytest.raises(urllib.error.HTTPError, match="400"):
            urllib.request.urlopen(url, b'{"kind":"second"}', context=context)
    finally:
        process.terminate()
        assert process.wait() == 0
        process.stdout.close()


def test_done_all_the_same(server):
    """The operation runs, and its answer is lost."""
    inbox = server.truth(False)["Inbox"]["id"]
    state, _, changes = server.sync(inbox)
    item = changes[0][1]
    then = [["delete", {"item": item}]]
    server.control("fault", kind="between_pages", count=0, then=then)
    server.control("fault", kind="500", done=True, op="SyncFolderItems")
    with pytest.raises(AssertionError):
        server.sync(inbox, state)
    assert item not in ids(server)


def test_between_pages(server):
    inbox = server.truth(False)["Inbox"]
    oldest = sorted(inbox["items"], key=lambda i: i["received"])[0]["id"]
    server.control("fault", kind="between_pages", folder="Inbox", then=[
        ["deliver", {"folder": "Inbox", "count": 2}], ["delete", {"item": oldest}],
        ["no such thing", {}]])
    server.sync(server.truth(False)["Drafts"]["id"])
    assert oldest in ids(server)
    state, last, changes = server.sync(inbox["id"], most=4)
    assert not last and len(changes) == 4 and oldest not in ids(server)
    state, last, changes = server.sync(inbox["id"], state)
    assert last and len(changes) == 4 - 1 + 2
    assert oldest not in [c[1] for c in changes]


def test_a_folder_vanishes_between_its_pages(server):
    server.control("mkdir", folder="Gone")
    folder = server.truth(False)["Gone"]["id"]
    server.control("deliver", folder="Gone", count=4)
    server.control("fault", kind="between_pages", folder="Gone", then=[
        ["delete", {"folder": "Gone"}]])
    state, last, _ = server.sync(folder, most=2)
    assert not last
    with pytest.raises(AssertionError, match="ErrorSyncFolderNotFound"):
        server.sync(folder, state)


def test_failover(server):
    inbox = server.truth(False)["Inbox"]["id"]
    state, _, _ = server.sync(inbox)
    names, cookies = [], []
    idle = wire(server, timeout=1)
    for _ in range(2):
        login = base64.b64encode(b"alice:secret").decode()
        _, headers, _ = server.raw("/EWS/Exchange.asmx", testd.envelope(GET_FOLDER),
                                   headers={"Authorization": "Basic " + login})
        names.append((headers["X-FEServer"], headers["X-BEServer"]))
        cookies += [c for c in headers.get_all("Set-Cookie") if c.startswith("X-BackEndCookie")]
        server.control("failover")
    assert names[0] != names[1] and len(set(cookies)) == 2
    assert read_all(idle)[1] == "end"
    _, last, changes = server.sync(inbox, state)
    assert last and not changes
