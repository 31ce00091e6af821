# SPDX-License-Identifier: MIT
"""A mount by address: the server is found, kept, and found again when the mailbox moves."""
import contextlib
import os
import random
import time

import autodiscover
import ewsfs
import pytest
import test_disk
from autodiscover import Reply, behind_login, json_url, pox, redirect

ADDRESS = f"{ewsfs.USER}@corp.example"
JSON = f"https://autodiscover.corp.example/autodiscover/autodiscover.json/v1.0/{ADDRESS}?Protocol=EWS"


@pytest.fixture
def internet(place):
    """Mounts that are made in it show outside too."""
    if os.getuid() != 0:
        pytest.skip("needs root for namespaces and low ports")
    ewsfs.run("mount", "--bind", place, place)
    ewsfs.run("mount", "--make-shared", place)
    made = autodiscover.Internet(place, ["corp.example", "autodiscover.corp.example"], local=["mail.corp.example"])
    yield made
    made.close()
    ewsfs.run("umount", "-l", place)


def tls_server(new_server, internet, **more):
    return new_server("--synthetic", f"{ewsfs.USER}:2:4:2000:7", "--tls",
                      f"{internet.place}/good.pem:{internet.place}/good.key", **more)


def found_at(server):
    """The answer of autodiscover that names this server."""
    return Reply(body=json_url(f"https://mail.corp.example:{server.port}/EWS/Exchange.asmx"))


def mount_found(internet, new_mount, server):
    internet.plan[JSON] = found_at(server)
    mount = new_mount(ADDRESS, f"cafile={internet.cafile}", "poll=5", "notify=poll", prefix=internet.prefix)
    mount.update()
    return mount


def update_until(mount, said):
    """Whether or not the updates succeed."""
    while said not in mount.log_path.read_text():
        assert mount.process.poll() is None
        with contextlib.suppress(OSError):
            mount.update()


def test_a_mount_by_address_finds_its_server_and_begins_without_the_network_the_next_time(internet, new_server, new_mount):
    server = tls_server(new_server, internet)
    internet.plan[JSON] = found_at(server)
    mount = new_mount(ADDRESS, f"cafile={internet.cafile}", "notify=off", prefix=internet.prefix)
    assert not internet.logins()
    mount.update()
    ewsfs.check_against(mount, server)
    mount.unmount()
    internet.asked.clear()
    server.stop()
    mount.dirty_log = True
    mount.start()
    assert mount.files() and not internet.asked


@pytest.mark.parametrize("how", [{"kind": "451"}, {"kind": "404"}, {"kind": "error", "form": "fault", "code": "ErrorMailboxMoved"}],
                         ids=["451", "404", "ErrorMailboxMoved"])
def test_a_mailbox_that_moved_is_found_at_its_new_server(how, internet, new_server, new_mount):
    old, new = tls_server(new_server, internet), tls_server(new_server, internet)
    mount = mount_found(internet, new_mount, old)
    internet.plan[JSON] = found_at(new)
    old.op("fault", None, count=0, **how)
    new.op("deliver", "Inbox", count=1)
    mount.dirty_log = how["kind"] == "404"  # said at the first failure, moved at the second
    update_until(mount, "the mailbox has moved")
    mount.update()
    ewsfs.check_against(mount, new)


def test_a_server_whose_host_is_gone_is_looked_for_anew(internet, new_server, new_mount):
    old, new = tls_server(new_server, internet), tls_server(new_server, internet)
    mount = mount_found(internet, new_mount, old)
    internet.plan[JSON] = found_at(new)
    mount.dirty_log = True
    old.stop()
    update_until(mount, "the mailbox has moved")
    mount.update()
    ewsfs.check_against(mount, new)


def test_a_mount_that_runs_asks_neither_plain_http_nor_dns_for_another_server(internet, new_server, new_mount):
    old, new = tls_server(new_server, internet), tls_server(new_server, internet)
    mount = mount_found(internet, new_mount, old)
    del internet.plan[JSON]
    place = "autodiscover.corp.example/autodiscover/autodiscover.xml"
    internet.plan[f"http://{place}"] = redirect(f"https://{place}?here")
    internet.plan[f"https://{place}?here"] = Reply(
        body=pox(("EXPR", f"https://mail.corp.example:{new.port}/EWS/Exchange.asmx")))
    mount.dirty_log = True
    old.stop()
    update_until(mount, "looked for another server, and stays")
    assert f"https://{place}" in internet.urls()
    assert not [url for url in internet.urls() if url.startswith("http://")]


def test_a_mount_that_runs_has_its_login_refused_once_when_it_looks_for_another_server(internet, new_server, new_mount):
    old = tls_server(new_server, internet)
    mount = mount_found(internet, new_mount, old)
    del internet.plan[JSON]
    for host in ("corp.example", "autodiscover.corp.example"):
        internet.plan[f"https://{host}/autodiscover/autodiscover.xml"] = behind_login("", password="another")
    mount.dirty_log = True
    old.stop()
    update_until(mount, "looked for another server, and stays")
    assert len([login for _, _, login in internet.asked if login]) == 1


def test_a_damaged_cache_of_an_address_is_made_anew_for_the_same_mailbox(internet, new_server, new_mount):
    """It is bound to the address, whatever server was found."""
    server = tls_server(new_server, internet)
    internet.plan[JSON] = found_at(server)
    mount = new_mount(ADDRESS, f"cafile={internet.cafile}", prefix=internet.prefix, dirty_log=True)
    mount.update()
    good = test_disk.look_at(mount)
    mount.unmount()
    test_disk.flip(mount.cache, test_disk.content_page(mount.cache.read_bytes(), good), random.Random(1))
    mount.start()
    until = time.monotonic() + 60
    while test_disk.look_at(mount) != good:  # what reads meets the damage, and it is mended
        assert time.monotonic() < until, mount.status()
    assert "is made" in mount.log_path.read_text()
    mount.unmount()
    mount.start()  # the new one is of the same mailbox, and knows its server
    assert test_disk.look_at(mount) == good and internet.urls().count(JSON) == 1


def test_check_finds_all_well_by_the_address_alone(internet, new_server):
    server = tls_server(new_server, internet)
    internet.plan[JSON] = found_at(server)
    options = f"user={ewsfs.USER},password_command=echo {ewsfs.PASSWORD},cafile={internet.cafile}"
    result = ewsfs.run(*internet.prefix, ewsfs.BUILD / "src" / "ewsctl", "check", "-o", options, ADDRESS)
    assert result.stdout.count(": ok (") == 10 and "from JSON at autodiscover.corp.example" in result.stdout
