# SPDX-License-Identifier: MIT
"""--like exchange2010, exchange2013, online: what was recorded of them."""
import base64
import re

import pytest

import testd
from test_testd_faults import get_item, ids
from testd import NS

RECORDED = {"exchange2010": "GetItem_14.3_2015-07-17_APITest_testGetCalendarItem_04.http",
            "exchange2013": "GetFolder_15.0_2016-05-13_ContactsAPI_testCreateContact_00.http",
            "exchange2019": "FindItem_15.2_2025-07-06_ContactsAPITest_testContactBulkOperations_03.http",
            "online": "CreateItem_15.20_2017-10-31_APITest_testCreateItems_00.http"}
# What the recorder's server had beside, by its login or the way to it.
BESIDE = {"persistent-auth", "strict-transport-security", "x-feproxyinfo", "date", "connection",
          "client-request-id", "x-ewshandler"}


def raw(server, body, version="Exchange2010_SP1"):
    login = base64.b64encode(b"alice:secret").decode()
    text = testd.envelope(body).replace("Exchange2013_SP1", version)
    return server.raw("/EWS/Exchange.asmx", text, headers={"Authorization": "Basic " + login})


def recorded(like):
    path = testd.SHARED / "traces/garethp-php-ews" / RECORDED[like]
    if not path.exists():
        pytest.skip("no recordings here")
    head, _, body = path.read_text().replace("\r", "").partition("\n\n")
    return [line.split(": ", 1) for line in head.splitlines()[1:]], body


@pytest.mark.parametrize("like", RECORDED)
def test_heads_are_the_recorded_ones(like):
    lines, _ = recorded(like)
    with testd.Server("--synthetic", "alice:1:3:500", "--like", like) as server:
        _, headers, _ = raw(server, get_item(ids(server)[0]))
    assert {name.lower() for name in headers} - BESIDE == {name.lower() for name, _ in lines} - BESIDE
    of = dict(line for line in lines if len(line) == 2)
    assert headers["X-AspNet-Version"] == of["X-AspNet-Version"]
    assert not of.get("Server") or headers["Server"] == of["Server"]
    cookies = {line[1].split("=")[0] for line in lines if line[0] == "Set-Cookie"}
    assert {line.split("=")[0] for line in headers.get_all("Set-Cookie")} - {"OutlookSession"} == cookies
    assert len(headers.get_all("X-FEServer", [])) == sum(line[0] == "X-FEServer" for line in lines)


@pytest.mark.parametrize("like", RECORDED)
def test_envelopes_begin_as_recorded(like):
    _, body = recorded(like)
    with testd.Server("--synthetic", "alice:1:3:500", "--like", like) as server:
        reply = raw(server, get_item(ids(server)[0]))[2].decode()

    def opening(text):
        return re.sub(r"m:\w+Response", "m:Response", text[text.index("<s:Envelope"):text.index("<m:ResponseMessages>")])

    assert opening(reply) == opening(body)


@pytest.mark.parametrize("like, taken, refused", [
    ("exchange2010", ["Exchange2007_SP1", "Exchange2010", "Exchange2010_SP2"], ["Exchange2013", "Exchange2013_SP1", "V2017_07_11"]),
    ("exchange2013", ["Exchange2013_SP1"], ["Exchange2016"]),
    ("online", ["Exchange2016", "V2017_07_11"], ["Exchange2019"])])
def test_a_version_that_is_too_new_is_a_fault(like, taken, refused):
    with testd.Server("--synthetic", "alice:1:3:500", "--like", like) as server:
        for version in taken + refused:
            status, _, body = raw(server, get_item(ids(server)[0]), version)
            assert (status == 500 and b"ErrorInvalidServerVersion" in body) == (version in refused), version


def test_online_packs_some_ids_and_reads_both_forms():
    with testd.Server("--synthetic", "alice:3:40:500", "--like", "online") as server:
        all_ids = ids(server)
        assert len(set(all_ids)) == len(all_ids)
        packed = [one for one in all_ids if one.startswith("AQMk")]
        assert packed and all(one.startswith(("AQMk", "AAMk")) for one in all_ids)
        for one in packed[:5]:
            reply = server.ask(get_item(one))
            assert reply.find(".//t:ItemId", NS).get("Id") == one
        assert all(len(unpacked(one)) == 113 for one in all_ids)


def unpacked(text):
    raw_bytes = base64.b64decode(text)
    if raw_bytes[0] == 0:
        return raw_bytes
    out, i = bytearray(b"\0"), 1
    while i < len(raw_bytes):
        is_run = raw_bytes[i:i + 1] == raw_bytes[i + 1:i + 2]
        out += raw_bytes[i:i + 1] * (raw_bytes[i + 2] + 2 if is_run else 1)
        i += 3 if is_run else 1
    return bytes(out)
