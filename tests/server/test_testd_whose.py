# SPDX-License-Identifier: MIT
"""Mailboxes of others and other trees, as a client sees them that was not written for this server."""
import json

import pytest

import testd

exchangelib = pytest.importorskip("exchangelib", reason="python3-exchangelib is not installed")


@pytest.fixture(scope="module")
def server():
    args = ["--synthetic", "alice:2:3:2000:4", "--user", "bob:b", "--synthetic", "bob:3:4:2000:5", "--user", "eve:e",
            "--archive", "alice", "--public", "--delegate", "bob:alice:Inbox", "--impersonator", "alice"]
    if testd.SCHEMA.is_dir():
        args += ["--schema", str(testd.SCHEMA)]
    with testd.Server(*args) as made:
        for user, folder in (("alice#archive", "Old/2019"), ("#public", "Team/Plans")):
            post(made, "mkdir", user=user, folder=folder)
            post(made, "deliver", user=user, folder=folder, count=3)
        yield made


def post(server, operation, **keys):
    status, _, reply = server.raw(f"/test/{operation}", json.dumps(keys))
    assert status == 200, reply
    return json.loads(reply)["ids"]


def truth(server, user, path):
    folders = json.loads(server.raw(f"/test/mailbox?user={user.replace('#', '%23')}")[2])["folders"]
    return {item["id"] for folder in folders if folder["path"] == path for item in folder["items"]}


@pytest.fixture
def account(server):
    """Of that address, opened by alice."""
    made = []

    def make(address, access=exchangelib.DELEGATE):
        config = exchangelib.Configuration(
            service_endpoint=server.url, auth_type=exchangelib.BASIC,
            credentials=exchangelib.Credentials("alice", "secret"),
            version=exchangelib.Version(build=exchangelib.version.EXCHANGE_2016))
        made.append(config)
        return exchangelib.Account(address, config=config, autodiscover=False, access_type=access)

    yield make
    for config in made:
        config.protocol = None


def test_a_delegate_reads_the_folder_that_is_open_and_no_other(server, account):
    bob = account("bob@example.com")
    with pytest.raises(exchangelib.errors.ErrorAccessDenied):
        assert bob.root  # which the account's own properties ask for
    root = bob.__dict__["root"] = exchangelib.folders.Root(account=bob, name="root", is_distinguished=True)
    inbox = exchangelib.folders.Inbox.get_distinguished(root=root)
    assert {item.id for item in inbox.all()} == truth(server, "bob", "Inbox")
    with pytest.raises(exchangelib.errors.ErrorAccessDenied):
        exchangelib.folders.SentItems.get_distinguished(root=root)


def test_whoever_impersonates_reads_everything(server, account):
    bob = account("bob@example.com", exchangelib.IMPERSONATION)
    assert {item.id for item in bob.sent.all()} == truth(server, "bob", "Sent Items")


def test_an_archive_has_its_folders(server, account):
    top = account("alice@example.com").archive_msg_folder_root
    folder = top / "Old" / "2019"
    assert {item.id for item in folder.all()} == truth(server, "alice#archive", "Old/2019")


def test_public_folders_are_walked_one_level_at_a_time(server, account):
    folder = account("alice@example.com").public_folders_root / "Team" / "Plans"
    assert {item.id for item in folder.all()} == truth(server, "#public", "Team/Plans")
    with pytest.raises(exchangelib.errors.EWSError):
        list(folder.sync_items())
