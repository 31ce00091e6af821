# SPDX-License-Identifier: MIT
"""Each way to log in: right, wrong, expired under way and revoked; what .ctl says, and that nothing is hammered.
NTLM and Kerberos against parts that are not ours (logins.py)."""
import errno
import os
import pathlib
import tempfile

import ewsfs
import logins
import pytest
from logins import wait_until
from test_laptop import Clock, needs_faults  # noqa: F401

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
    settings = [f"user={site.user}", f"cache={place}/r-{type(site).__name__}.db", *options]
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


def test_a_login_that_is_mended_under_way_works_again_by_itself(site, mount_of, place, needs_faults):  # noqa: F811
    clock = Clock(place / "clock")
    mount = mount_of(site, env=clock.env, dirty_log=True)
    mount.update()
    site.change(site.other)
    update_fails(mount)
    assert is_refused(mount)
    site.give(site.other)
    clock.jump(61)
    new = deliver(site)
    mount.update()
    assert new in mount.by_item_id() and mount.status()["state"] == "idle"


def test_an_expired_secret_is_asked_for_again_at_once_under_way(new_site, mount_of, place, needs_faults):  # noqa: F811
    """Nobody notices, and the command was run once more."""
    clock = Clock(place / "clock")
    site = new_site(Bearer)
    mount = mount_of(site, env=clock.env)
    mount.update()
    for secret in ("token-two", "token-three"):
        site.give(secret)
        site.change(secret)
        clock.jump(6)
        mount.update()
        assert mount.status()["state"] == "idle"
    assert site.asked_n() == 3 and site.refused_n() == 2


def test_a_token_that_dies_at_once_each_time_makes_no_storm(new_site, mount_of):
    site = new_site(Bearer)
    mount = mount_of(site, dirty_log=True)
    mount.update()
    site.give("no-good")
    site.change(None)
    for _ in range(10):
        update_fails(mount)
    assert site.asked_n() <= 2 and site.refused_n() <= 2 and is_refused(mount)


def test_a_token_that_expires_during_a_stream_does_no_harm(new_site, mount_of):
    site = new_site(Bearer)
    site.server.op("notify", None, heartbeat_ms=200)
    mount = mount_of(site, "auth=bearer", "notify=streaming")
    mount.update()
    wait_until(lambda: "tells of changes (streaming)" in mount.log_path.read_text(), what="the stream")
    site.give("token-two")
    site.change("token-two")
    new = deliver(site)
    wait_until(lambda: new in mount.by_item_id(), seconds=20, what="the new mail")


def test_a_token_with_an_end_is_refused_afterwards(new_server, place, new_site):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:1:300", "--auth", "basic+bearer", "--token", f"{TOKEN}:0")
    site = Bearer(server, place)
    line = refused_mount(site, place, *site.command())
    assert "check token_command=: The token is not valid." in line


# --- a Kerberos ticket ---

def test_no_ticket_and_an_expired_one_say_so(new_site, place, mount_of):
    site = new_site(Negotiate)
    site.give(None)
    line = refused_mount(site, place, "auth=negotiate")
    assert "run kinit, there is no Kerberos ticket (" in line
    line = refused_mount(site, place)
    assert "run kinit" in line
    site.realm.login("alice", "-l", "3s")
    mount = mount_of(site, dirty_log=True)
    mount.update()

    def expired():
        try:
            mount.update()
        except OSError as error:
            assert error.errno == errno.EACCES
            return True
    wait_until(expired, seconds=20, what="the ticket's end")
    assert is_refused(mount) and "run kinit" in mount.status()["last-error"]
    assert len(mount.files()) == 30


def test_auto_goes_on_to_NTLM_where_there_is_no_ticket(new_site, mount_of):
    site = new_site(Ntlm)
    mount = mount_of(site, "auth=auto")
    mount.update()
    assert len(mount.files()) == 30
    log = site.gateway.log()
    assert [line.startswith("401 - -") for line in log[:2]] == [True, True], "asked, and no ticket"
    assert sum(line.startswith("401 - -") for line in log) == 2, "once"
    assert site.gateway.logins("ntlm") >= 1 and site.gateway.logins("basic") == 0


# --- what the server offers ---

def test_what_is_offered_is_named_where_nothing_fits(new_site, place):
    ntlm, basic = new_site(Ntlm), new_site(Basic)
    line = refused_mount(ntlm, place, "auth=basic", "password_command=echo x")
    assert "the server offers Negotiate, NTLM: give auth=ntlm" in line
    line = refused_mount(ntlm, place)
    assert "give password_command=" in line and "run kinit" in line
    assert "give password_command=" in refused_mount(basic, place)
    assert "the server offers Basic: give auth=basic" in refused_mount(basic, place, "auth=ntlm", "password_command=echo x")
    assert "the server offers Basic: give auth=basic" in refused_mount(basic, place, "auth=negotiate")
    assert "the server offers Basic: leave token_command= out" in refused_mount(basic, place, "token_command=echo x")


def test_a_server_that_wants_a_token_says_so(new_site, place):
    site = new_site(Bearer)
    assert "the server offers Bearer: give token_command=" in refused_mount(site, place, "password_command=echo x")
    assert site.refused_n() == 0, "the password was not sent"


def test_a_server_that_needs_no_login_gets_none(new_site, mount_of, place):
    """An Apache that lets everybody in, behind which there is one."""
    site = new_site(Ntlm)
    path = site.place / "apache.conf"
    path.write_text(path.read_text().replace("Require valid-user", "Require all granted"))
    site.gateway.restart()
    site.gateway.forget()
    mount = mount_of(site, "auth=auto")
    mount.update()
    assert len(mount.files()) == 30
    assert all(line.endswith(" -") for line in site.gateway.log())
