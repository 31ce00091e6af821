# SPDX-License-Identifier: MIT
"""`ewsctl check`: a line each, ok or what to do; the exit status tells."""
import http.server
import os
import threading

import autodiscover
import ewsfs
import pytest

CTL = ewsfs.BUILD / "src" / "ewsctl"
STEPS = ["autodiscover", "name", "tls", "methods", "login", "version", "mailbox", "folders", "streaming", "latency"]


def check(url, *options, password=ewsfs.PASSWORD, **more):
    """The lines by step, in their order, and the exit status."""
    settings = ",".join([f"user={ewsfs.USER}", f"password_command=echo {password}", *options])
    result = ewsfs.run(CTL, "check", "-o", settings, url, check=False, **more)
    assert result.stderr == "" and password not in result.stdout
    lines = dict(line.split(": ", 1) for line in result.stdout.splitlines())
    assert list(lines) == STEPS
    return lines, result.returncode


def bad(lines):
    """The steps that are not ok, and not merely left out."""
    return [step for step, text in lines.items() if not text.startswith("ok (") and text != "not tried"]


def test_all_is_ok(small):
    lines, status = check(small.url)
    assert status == 0 and not bad(lines) and "not tried" not in lines.values()
    assert lines["methods"] == "ok (Basic)" and "15.2" in lines["version"] and "ms" in lines["latency"]
    assert small.requests().get("SyncFolderItems", 0) == 0


@pytest.fixture
def offering():
    """Starts a server that knows nobody; what it answers is its URL."""
    made = []

    def start(*challenges):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"] or 0))
                self.send_response(401)
                for challenge in challenges:
                    self.send_header("WWW-Authenticate", challenge)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        made.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=made[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{made[-1].server_port}/EWS/Exchange.asmx"

    yield start
    for server in made:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("challenges, says", [
    (['Negotiate, Basic realm="mail, NTLM", ntlm'], "ok (Negotiate, NTLM, Basic)"), (["NTLM", "Digest x=y", "Bearer"], "ok (NTLM, Bearer)"),
    (["Digest x=y"], "no login that is known here"), ([], "no login that is known here")])
def test_every_login_that_is_offered_is_named(offering, challenges, says):
    lines, status = check(offering(*challenges))
    assert status == 1 and says in lines["methods"] and "login" in bad(lines)


def test_tls_is_described(new_server, place):
    autodiscover.make_authority(place)
    autodiscover.make_certificate(place, "good", ["localhost"], days=5)
    server = new_server("--synthetic", f"{ewsfs.USER}:1:1:100", "--tls", f"{place}/good.pem:{place}/good.key")
    url = server.url.replace("127.0.0.1", "localhost")
    lines, status = check(url, f"cafile={place}/ca.pem")
    assert status == 0 and lines["tls"].startswith("ok (TLSv1.") and "renewed soon" in lines["tls"]
    assert "Test authority" in lines["tls"]
    lines, status = check(url)
    assert status == 1 and bad(lines) == ["tls"] and "cafile=" in lines["tls"]
    assert lines["login"] == "not tried"
    lines, _ = check(server.url, f"cafile={place}/ca.pem")
    assert "for another host" in lines["tls"]


def test_a_wrong_password(small):
    lines, status = check(small.url, password="wrong-one")
    assert status == 1 and bad(lines) == ["login"] and "password" in lines["login"]
    assert lines["mailbox"] == "not tried"


@pytest.mark.parametrize("url, step", [
    ("https://no-such-host.invalid/EWS/Exchange.asmx", "name"), ("http://127.0.0.1:9/EWS/Exchange.asmx", "tls")])
def test_a_server_that_is_not_there(url, step):
    lines, status = check(url)
    assert status == 1 and bad(lines) == [step] and "check" in lines[step]


@pytest.mark.parametrize("name", ["proxy=", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_name_is_for_the_proxy_to_resolve(name):
    proxy = "http://127.0.0.1:9"
    options, env = ([f"proxy={proxy}"], {}) if name == "proxy=" else ([], {name: proxy})
    lines, status = check("https://no-such-host.invalid/EWS/Exchange.asmx", *options, env={**os.environ, **env})
    assert status == 1 and lines["name"].startswith("ok (") and bad(lines) == ["tls"] and "proxy" in lines["tls"]


def test_a_wrong_path(small):
    lines, status = check(small.url.replace("/EWS/Exchange.asmx", "/nothing"))
    assert status == 1 and bad(lines) == ["login"] and "url=" in lines["login"]


def test_a_server_without_streaming(small):
    small.op("fault", None, kind="error", op="Subscribe", code="ErrorInvalidOperation", count=0)
    lines, status = check(small.url)
    assert status == 1 and bad(lines) == ["streaming"] and "notify=" in lines["streaming"]
    lines, status = check(small.url, "notify=poll")
    assert status == 0


def test_an_account_of_the_configuration_file(small, place):
    config = place / "ewsfs" / "config"
    config.parent.mkdir()
    config.write_text(f"[work]\nurl = {small.url}\nuser = {ewsfs.USER}\npassword_command = echo {ewsfs.PASSWORD}\n")
    config.chmod(0o600)
    result = ewsfs.run(CTL, "check", "work", env={"XDG_CONFIG_HOME": str(place), "HOME": str(place), "PATH": "/usr/bin"})
    assert result.stdout.count(": ok (") == len(STEPS)


def test_wrong_words_are_refused_in_one_line(small):
    for words in ([], ["-o", "conections=3", small.url], [small.url, "more"]):
        result = ewsfs.run(CTL, "check", *words, check=False)
        assert result.returncode == 1 and result.stderr.count("\n") == 1 and not result.stdout
