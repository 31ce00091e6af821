# SPDX-License-Identifier: MIT
"""A client that was not written for it lists and fetches the whole mailbox."""
import hashlib

import pytest

import testd

exchangelib = pytest.importorskip("exchangelib", reason="python3-exchangelib is not installed")


@pytest.fixture(scope="module", params=("version given", "version probed"))
def account_and_server(request):
    args = ["--synthetic", "alice:14:25:2000:4"]
    if testd.SCHEMA.is_dir():
        args += ["--schema", str(testd.SCHEMA)]
    with testd.Server(*args) as server:
        version = {}
        if request.param == "version given":
            version["version"] = exchangelib.Version(build=exchangelib.version.EXCHANGE_2016)
        config = exchangelib.Configuration(
            service_endpoint=server.url, auth_type=exchangelib.BASIC,
            credentials=exchangelib.Credentials("alice", "secret"), **version)
        yield exchangelib.Account("alice@example.com", config=config, autodiscover=False,
                                  access_type=exchangelib.DELEGATE), server
        config.protocol = None


def below_the_top(account):
    top = account.root / "Top of Information Store"
    return top, {folder.id: folder for folder in top.walk()}


def test_folders(account_and_server):
    account, server = account_and_server
    _, folders = below_the_top(account)
    truth = {f["id"]: f["name"] for path, f in server.truth(mime=False).items() if path}
    assert {key: folder.name for key, folder in folders.items()} == truth
    assert account.inbox.id == server.truth(mime=False)["Inbox"]["id"]


def test_every_item_by_find(account_and_server):
    account, server = account_and_server
    truth = {item["id"]: item for f in server.truth(mime=False).values() for item in f["items"]}
    _, folders = below_the_top(account)
    found = {item.id: item for folder in folders.values() for item in folder.all()}
    assert found.keys() == truth.keys()
    for key, item in found.items():
        assert item.changekey == truth[key]["change_key"]
        assert item.item_class == truth[key]["class"]


def test_every_item_by_fetch(account_and_server):
    account, server = account_and_server
    truth = {item["id"]: item for f in server.truth().values() for item in f["items"]}
    fetched = list(account.fetch([(key, None) for key in truth]))
    assert [item.id for item in fetched] == list(truth)
    for item in fetched:
        assert item.datetime_received.timestamp() == truth[item.id]["received"]
        if item.mime_content:
            assert hashlib.sha256(item.mime_content).hexdigest() == truth[item.id]["mime_sha256"]


def test_searches(account_and_server):
    account, server = account_and_server
    mails = server.truth(mime=False)["Inbox"]["items"]
    word = mails[0]["subject"].split()[0]

    def search(*args, **keys):
        return {item.id for item in account.inbox.filter(*args, **keys).only("id")}

    def expected(holds):
        return {mail["id"] for mail in mails if holds(mail)}

    assert search(is_read=True) == expected(lambda mail: mail["is_read"])
    assert search(subject__icontains=word) == \
        expected(lambda mail: word.lower() in mail["subject"].lower()) != set()
    assert search(~exchangelib.Q(importance="Normal"), is_read=False) == \
        expected(lambda mail: mail["importance"] != "Normal" and not mail["is_read"])
    middle = sorted(mail["size"] for mail in mails)[len(mails) // 2]
    assert search(exchangelib.Q(size__lt=middle) | exchangelib.Q(size__gt=middle)) == \
        expected(lambda mail: mail["size"] != middle)
    assert search(in_reply_to__exists=False) == expected(lambda mail: True) - \
        {item.id for item in account.inbox.all() if item.in_reply_to}


def test_sync(account_and_server):
    account, server = account_and_server
    list(account.inbox.sync_items())
    made, = server.control("deliver", folder="Inbox", subject="Neu")
    changes = list(account.inbox.sync_items())
    assert [(what, item.id, item.subject) for what, item in changes] == [("create", made, "Neu")]
    server.control("flag", item=made)
    (what, (item, read)), = account.inbox.sync_items()
    assert what == "read_flag_change" and item.id == made and read
    server.control("delete", item=made)
