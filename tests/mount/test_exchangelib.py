# SPDX-License-Identifier: MIT
"""A client that knows nothing of ewsfs sees the mailbox that the mount shows."""
import hashlib
import re

import ewsfs
import exchangelib
import pytest

MAIL = (exchangelib.Message, exchangelib.items.MeetingRequest, exchangelib.items.MeetingResponse,
        exchangelib.items.MeetingCancellation, exchangelib.items.PostItem)


@pytest.fixture
def server(new_server):
    return new_server("--synthetic", f"{ewsfs.USER}:20:100:4000:3")


def account_of(server):
    credentials = exchangelib.Credentials(ewsfs.USER, ewsfs.PASSWORD)
    config = exchangelib.Configuration(service_endpoint=server.url, credentials=credentials,
                                       auth_type=exchangelib.BASIC)
    return exchangelib.Account(f"{ewsfs.USER}@example.com", config=config, autodiscover=False,
                               access_type=exchangelib.DELEGATE)


def iso(time):
    return time.astimezone(exchangelib.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(text):
    """Once a reply held a character that XML forbids, exchangelib's parser drops every &amp; and &lt; in it."""
    return re.sub("[&<>]", "", text)


def test_exchangelib_fetches_the_mailbox_that_the_mount_shows(server, new_mount):
    mount = new_mount(server)
    mount.update()
    files = mount.by_item_id()
    seen = 0
    for folder in account_of(server).msg_folder_root.walk():
        for item in folder.all():
            assert not isinstance(item, Exception), item
            path = files.pop(item.id)
            shown = ewsfs.xattrs(path)
            assert shown["user.ews.change_key"] == item.changekey
            assert shown["user.ews.parent_folder_id"] == item.parent_folder_id.id == folder.id
            assert shown["user.ews.item_class"] == item.item_class
            assert shown["user.ews.created"] == iso(item.datetime_created)
            assert shown["user.ews.modified"] == iso(item.last_modified_time)
            assert shown["user.ews.importance"] == item.importance
            categories = shown.get("user.ews.categories", "").splitlines()
            assert [plain(text) for text in categories] == [plain(text) for text in item.categories or []]
            if isinstance(item, MAIL):
                assert shown["user.ews.is_read"] == str(item.is_read).lower()
                assert shown["user.ews.received"] == iso(item.datetime_received)
                assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(item.mime_content).digest()
            elif isinstance(item, exchangelib.CalendarItem):
                assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(item.mime_content).digest()
            seen += 1
    assert seen == 2000 and not files
