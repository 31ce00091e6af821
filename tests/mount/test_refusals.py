# SPDX-License-Identifier: MIT
"""Servers, gateways and proxies that will not: one line that names the cause, and nothing mounted."""
import contextlib
import os
import select
import socket
import threading
import time

import ewsfs
import pytest
from test_bad_input import at, command, refused
from test_tls import certificate


@contextlib.contextmanager
def listening(serve):
    """A port on which serve(connection) answers each connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def head_of(connection):
    text = b""
    while b"\r\n\r\n" not in text:
        piece = connection.recv(65536)
        if not piece:
            return ""
        text += piece
    return text.decode("latin-1")


def saying(answer):
    """Takes a request and says that, whatever it was."""
    def serve(connection):
        with connection, contextlib.suppress(OSError):
            while head_of(connection):
                connection.sendall(answer.encode())
    return serve


def answer(status, *headers, body=""):
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def url(port):
    return f"http://127.0.0.1:{port}/EWS/Exchange.asmx"


def test_a_server_that_closes_at_once(place, at):
    with listening(socket.socket.close) as port:
        line = refused(command(place, at, url(port)), at)
    assert f"127.0.0.1:{port}" in line and ("closed" in line or "reset" in line)


def test_a_server_that_never_answers_is_given_up_after_timeout(place, at):
    with listening(lambda connection: connection.recv(65536) and threading.Event().wait(30)) as port:
        begun = time.monotonic()
        line = refused(command(place, at, url(port)), at)  # timeout=5
    assert "no answer within 5 s" in line and 4 < time.monotonic() - begun < 25


REFUSALS = [
    (answer("302 Found", "Location: /EWS/Exchange.asmx"), "redirected 10 times"),
    (answer("302 Found", "Location: https://sso.corp.example/adfs/ls?x=secret"), "redirected to sso.corp.example,"),
    (answer("302 Found", "Location: /owa/auth/logon.aspx?url=secret"), "login page"),
    (answer("302 Found", "Location: /InternalSite/x.asp"), "gateway"),
    (answer("200 OK", "Content-Type: text/html", body="<!DOCTYPE html><title>Sign in</title>"), '"Sign in"'),
    (answer("403 Forbidden"), "EWSEnabled, EwsAllowedAppIDs"),
    (answer("403 Forbidden", body="EWS is disabled: EWSEnabled"), "EWS is switched off here"),
    (answer("401 Unauthorized", 'X-MS-Diagnostics: 1;reason="EWSEnabled"'), "EWS is switched off here"),
    (answer("404 Not Found"), "no Exchange web service"),
    (answer("456 Unknown"), "interactive login"),
]


@pytest.mark.parametrize("reply, says", REFUSALS, ids=[says for _, says in REFUSALS])
def test_a_server_that_refuses(place, at, reply, says):
    with listening(saying(reply)) as port:
        line = refused(command(place, at, url(port)), at)
    assert says in line and "secret" not in line


@pytest.mark.parametrize("status", ["403", "500"])
def test_in_the_foreground_too_it_is_one_line_and_the_log_has_the_servers_ids(small, place, at, status):
    small.op("fault", None, op="*", kind=status, count=0)
    program, *rest = command(place, at, small.url)
    refused([program, "-f", *rest], at)
    refused(command(place, at, small.url, f"log={place}/log"), at)
    assert "client-request-id=" in (place / "log").read_text()


@pytest.mark.parametrize("code, says", [
    ("ErrorNonExistentMailbox", "no mailbox of that address is here"),
    ("ErrorAccessDenied", "you have no rights on this mailbox"),
    ("ErrorMailboxLogonFailed", "ErrorMailboxLogonFailed"),
    ("ErrorPasswordExpired", "ErrorPasswordExpired"),
    ("ErrorImpersonateUserDenied", "ErrorImpersonateUserDenied")])
@pytest.mark.parametrize("form", ["message", "fault"])
def test_a_mailbox_that_cannot_be_opened(small, place, at, code, says, form):
    small.op("fault", None, op="*", kind="error", code=code, form=form, count=0)
    line = refused(command(place, at, small.url), at)
    assert code in line and says in line


def test_each_failure_is_logged_with_what_the_server_calls_it(small, new_mount):
    mount = new_mount(small, dirty_log=True)
    for fault in ({"kind": "500"}, {"kind": "error", "code": "ErrorMailboxStoreUnavailable", "form": "fault"}):
        small.op("fault", None, op="*", count=1, **fault)
        mount.update()
    log = mount.log_path.read_text()
    page, fault = [line for line in log.splitlines() if "client-request-id=" in line]
    assert '"Runtime Error" (HTTP 500)' in page and "ErrorMailboxStoreUnavailable" in fault
    assert all(f" {name}=" in fault for name in ("request-id", "X-FEServer", "X-BEServer", "X-DiagInfo"))
    assert ewsfs.PASSWORD not in log


# --- proxies ---

class Proxy:
    """Lets every CONNECT through to one place, whatever name was asked for; or says something else."""

    def __init__(self, port, instead=None):
        self.port, self.instead, self.asked = port, instead, []

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            self.asked.append(head_of(connection).split("\r\n")[0])
            if self.instead:
                connection.sendall(self.instead.encode())
                return
            with socket.create_connection(("127.0.0.1", self.port)) as server:
                connection.sendall(b"HTTP/1.1 200 Go on\r\n\r\n")
                ends = {connection: server, server: connection}
                while True:
                    for end in select.select(list(ends), [], [])[0]:
                        piece = end.recv(65536)
                        if not piece:
                            return
                        ends[end].sendall(piece)


@pytest.fixture
def secure(new_server, place):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:5:500", "--tls",
                        certificate(place, "mail", "DNS:mail.corp.example,DNS:outlook.office365.com"))
    server.url = f"https://mail.corp.example:{server.port}/EWS/Exchange.asmx"
    return server


def test_proxy_is_gone_through(secure, place, new_mount):
    proxy = Proxy(secure.port)
    with listening(proxy.serve) as port:
        mount = new_mount(secure, f"cafile={place}/ca.pem", f"proxy=http://127.0.0.1:{port}")
        mount.update()
        assert len(mount.files()) == 5
        mount.close()
    assert proxy.asked and set(proxy.asked) == {f"CONNECT mail.corp.example:{secure.port} HTTP/1.1"}


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_the_environment_names_a_proxy_and_whom_it_is_not_for(secure, place, at, new_mount, name):
    proxy = Proxy(secure.port)
    with listening(proxy.serve) as port:
        env = {name: f"http://127.0.0.1:{port}"}
        mount = new_mount(secure, f"cafile={place}/ca.pem", env=env)
        assert len(mount.files()) == 5 or mount.update() is None
        mount.close()
        n = len(proxy.asked)
        env |= {"NO_PROXY": "corp.example", **os.environ, "EWSFS_TEST_TAG": str(at)}
        # Without it the name leads nowhere.
        line = refused(command(place / "m", at, secure.url, f"cafile={place}/ca.pem"), at, env=env)
    assert n > 0 and len(proxy.asked) == n and "cannot be resolved" in line


@pytest.mark.parametrize("reply, says", [
    ("HTTP/1.1 407 Log in\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n", "the proxy wants a login"),
    ("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "the proxy does not connect us to mail.corp.example")])
def test_a_proxy_that_refuses(secure, place, at, reply, says):
    with listening(Proxy(0, reply).serve) as port:
        line = refused(command(place, at, secure.url, f"cafile={place}/ca.pem", f"proxy=http://127.0.0.1:{port}"), at)
    assert says in line


def test_a_proxy_that_is_away(secure, place, at):
    line = refused(command(place, at, secure.url, "proxy=http://127.0.0.1:9"), at)
    assert "the proxy cannot be reached" in line and "127.0.0.1" in line


@pytest.mark.parametrize("status", ["401", "403"])
def test_Exchange_Online_says_where_EWS_is_switched_off(secure, place, at, status):
    secure.op("fault", None, op="*", kind=status, count=0)
    secure.url = "https://outlook.office365.com/EWS/Exchange.asmx"
    with listening(Proxy(secure.port).serve) as port:
        line = refused(command(place, at, secure.url, f"cafile={place}/ca.pem", f"proxy=http://127.0.0.1:{port}"), at)
    assert "EWSEnabled, EwsAllowedAppIDs" in line and f"HTTP {status}" in line
