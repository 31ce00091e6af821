# SPDX-License-Identifier: MIT
"""A mount by address: the server is found, kept, and found again when the mailbox moves."""
import os

import autodiscover
import ewsfs
import pytest
from autodiscover import Reply, json_url

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


def test_a_mount_by_address_finds_its_server_and_begins_without_the_network_the_next_time(internet, new_server, new_mount):
    server = tls_server(new_server, internet)
    internet.plan[JSON] = Reply(body=json_url(f"https://mail.corp.example:{server.port}/EWS/Exchange.asmx"))
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
    internet.plan[JSON] = Reply(body=json_url(f"https://mail.corp.example:{old.port}/EWS/Exchange.asmx"))
    mount = new_mount(ADDRESS, f"cafile={internet.cafile}", "poll=5", "notify=poll", prefix=internet.prefix)
    mount.update()
    internet.plan[JSON] = Reply(body=json_url(f"https://mail.corp.example:{new.port}/EWS/Exchange.asmx"))
    old.op("fault", None, count=0, **how)
    new.op("deliver", "Inbox", count=1)
    mount.dirty_log = how["kind"] == "404"  # said at the first failure, moved at the second
    while "the mailbox has moved" not in mount.log_path.read_text():
        assert mount.process.poll() is None
        try:
            mount.update()
        except OSError:
            pass
    mount.update()
    ewsfs.check_against(mount, new)
