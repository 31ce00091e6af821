# SPDX-License-Identifier: MIT
"""Each way to log in: right, wrong, expired under way and revoked; what .ctl says, and that nothing is hammered.
NTLM and Kerberos against parts that are not ours (logins.py)."""
import errno
import json
import os
import pathlib
import tempfile
import time

import ewsfs
import logins
import pytest
from logins import wait_until

RATE = 60  # of the mount's clock, where it can be set
TOKEN = "token-one"


@pytest.fixture
def open_place():
    """Where Apache's children may read, whoever they are."""
    with tempfile.TemporaryDirectory(prefix="ewsfs-test-") as path:
        place = pathlib.Path(path)
        place.chmod(0o755)
        yield place


class Basic:
    """A password that ews-testd checks itself."""
    options = ["auth=basic"]
    hint = "check user= and password_command="
    user, secret, other = ewsfs.USER, ewsfs.PASSWORD, "another"
    env = {}

    def __init__(self, server, place):
        self.server, self.url, self.place = server, server.url, place
        self.secret_path = place / "secret"
        self.count_path = place / "asked"
        self.give(self.secret)

    def give(self, secret):
        self.secret_path.write_text(secret + "\n")

    def command(self):
        return [f"password_command=echo >>{self.count_path}; cat {self.secret_path}"]

    def asked_n(self):
        return len(self.count_path.read_text().splitlines()) if self.count_path.exists() else 0

    def change(self, secret):
        """From now on only that is right, on new connections and on old ones."""
        self.server._call("POST", "/test/password", {"password": secret})

    def refused_n(self):
        return self.server.requests().get("401", 0)

    def stop(self):
        pass


class Bearer(Basic):
    options = ["auth=bearer"]
    hint = "check token_command="
    server_options = ["--auth", "bearer", "--token", TOKEN]
    secret, other = TOKEN, "token-two"

    def command(self):
        return [f"token_command=echo >>{self.count_path}; cat {self.secret_path}"]

    def change(self, secret):
        self.server._call("POST", "/test/token", {"token": secret})


class Ntlm(Basic):
    options = ["auth=ntlm"]
    user = "CORP\\\\alice"

    def __init__(self, server, place):
        super().__init__(server, place)
        self.gateway = logins.Gateway(place, server, "ntlmssp")
        self.url = self.gateway.url

    def change(self, secret):
        self.gateway.set_password(secret)
        self.gateway.restart()
        self.gateway.forget()

    def refused_n(self):
        return sum(line.startswith("401") and "NTLM TlRMTVNTUAAD" in line for line in self.gateway.log())

    def stop(self):
        self.gateway.stop()


class Negotiate(Basic):
    """The secret is a ticket: `secret` is whose."""
    options = ["auth=negotiate"]
    hint = "refused the Kerberos login: check klist"
    secret, other = "alice", "mallory"

    def __init__(self, server, place):
        self.realm = logins.Realm(place)
        super().__init__(server, place)
        self.env = self.realm.env
        self.gateway = logins.Gateway(place, server, "krb5", users=f"user alice@{logins.REALM}", environment=self.env)
        self.url = self.gateway.url

    def give(self, secret):
        self.realm.logout()
        if secret:
            self.realm.login(secret)

    def command(self):
        return []

    def change(self, secret):
        self.gateway.restart(f"user {secret}@{logins.REALM}")
        self.gateway.forget()

    def refused_n(self):
        return sum(line.startswith("401") for line in self.gateway.log())

    def stop(self):
        self.gateway.stop()
        self.realm.stop()


WAYS = [Basic, Bearer, Ntlm, Negotiate]


@pytest.fixture
def new_site(new_server, open_place):
    made = []

    def make(way):
        if issubclass(way, (Ntlm, Negotiate)) and logins.missing():
            pytest.skip(logins.missing())
        server = new_server("--synthetic", f"{ewsfs.USER}:3:10:3000:7", *getattr(way, "server_options", []))
        made.append(way(server, open_place))
        return made[-1]

    yield make
    for site in made:
        site.stop()


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__.lower())
def site(request, new_site):
    return new_site(request.param)


@pytest.fixture
def mount_of(place):
    made = []

    def make(site, *options, env=None, **more):
        own = options or site.options
        made.append(logins.Mount(site.url, place / "m", place / "m.db", *site.command(), *own, "connections=2",
                                 source_user=site.user, env={**site.env, **(env or {})}, **more))
        return made[-1]

    yield make
    for mount in made:
        mount.close()


def refused_mount(site, place, *options):
    """The one line that says why not."""
    at = place / "refused"
    at.mkdir(exist_ok=True)
    settings = [f"user={site.user}", f"cache={place}/r.db", *options]
    result = ewsfs.run(ewsfs.EWSFS, "-o", ",".join(settings), site.url, at, check=False, env={**os.environ, **site.env})
    assert result.returncode != 0 and result.stderr.count("\n") == 1 and not os.path.ismount(at)
    return result.stderr


def update_fails(mount):
    with pytest.raises(OSError) as failure:
        mount.update()
    assert failure.value.errno == errno.EACCES


def deliver(site):
    return site.server.op("deliver", "Inbox")[0]


def is_refused(mount):
    status = mount.status()
    return status["state"] == "auth" and "login refused" in status["last-error"]


# --- right and wrong ---

@pytest.mark.parametrize("how", ["as said", "auto"])
def test_a_right_login_is_mounted_and_streams(site, mount_of, how):
    mount = mount_of(site, *(site.options if how == "as said" else ["auth=auto"]), "notify=streaming")
    mount.update()
    assert len(mount.files()) == 30 and site.refused_n() <= 2
    wait_until(lambda: "tells of changes (streaming)" in mount.log_path.read_text(), what="the stream")
    new = deliver(site)
    wait_until(lambda: new in mount.by_item_id(), what="the new mail")
    wait_until(lambda: mount.status()["state"] == "idle")


def test_a_wrong_login_is_one_line_and_one_try(site, place):
    site.give("mallory")
    line = refused_mount(site, place, *site.options, *site.command())
    assert site.hint in line and "login refused" in line and "mallory" not in line
    assert site.refused_n() == 1


# --- under way ---

def test_a_login_that_is_refused_under_way_is_not_hammered(site, mount_of):
    mount = mount_of(site, dirty_log=True)
    mount.update()
    site.server.reset_requests()
    site.change(site.other)
    for _ in range(5):
        update_fails(mount)
    assert is_refused(mount) and site.refused_n() <= 2 and site.asked_n() <= 2
    assert len(mount.files()) == 30 and all(path.read_bytes() for path in mount.files())
    mount.unmount()
    site.give(site.other)
    mount.start()
    mount.update()
    assert mount.status()["state"] == "idle"
