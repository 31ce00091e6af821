# SPDX-License-Identifier: MIT
"""TLS is verified: the chain, the name and the dates."""
import contextlib
import os
import socket
import ssl
import threading

import ewsfs
import pytest


def openssl(place, *words):
    ewsfs.run("openssl", *words, cwd=place, check=False).check_returncode()


def certificate(place, name, address, days="30"):
    """CERT:KEY of a server, signed by the test's own authority ca.pem."""
    if not (place / "ca.pem").exists():
        openssl(place, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
                "-subj", "/CN=test authority", "-days", "30")
    openssl(place, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
            "-subj", f"/CN={name}")
    (place / f"{name}.ext").write_text(f"subjectAltName={address}\n")
    openssl(place, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-extfile", f"{name}.ext", "-days", days, "-out", f"{name}.pem")
    return f"{place}/{name}.pem:{place}/{name}.key"


@pytest.fixture
def serve(place, new_server):
    def make(*args, **more):
        return new_server("--synthetic", f"{ewsfs.USER}:1:5:500", "--tls", certificate(place, *args, **more))
    return make


def refused(server, place, *options):
    at = place / "refused"
    at.mkdir(exist_ok=True)
    settings = [f"user={ewsfs.USER}", f"password_command=echo {ewsfs.PASSWORD}", f"cache={place}/r.db", *options]
    result = ewsfs.run(ewsfs.EWSFS, "-o", ",".join(settings), server.url, at, check=False)
    assert result.returncode != 0 and result.stderr.count("\n") == 1
    assert not os.path.ismount(at)
    return result.stderr


def test_a_server_with_a_trusted_certificate_is_mounted(serve, new_mount, place):
    server = serve("good", "IP:127.0.0.1")
    assert server.url.startswith("https://")
    mount = new_mount(server, f"cafile={place}/ca.pem")
    mount.update()
    assert len(mount.files()) == 5


def test_an_unknown_authority_is_refused(serve, place):
    assert "certificate" in refused(serve("good", "IP:127.0.0.1"), place)


def test_a_wrong_host_name_is_refused(serve, place):
    line = refused(serve("other", "DNS:mail.example.org"), place, f"cafile={place}/ca.pem")
    assert "127.0.0.1" in line and "certificate" in line


def test_an_expired_certificate_is_refused(serve, place):
    line = refused(serve("old", "IP:127.0.0.1", days="-1"), place, f"cafile={place}/ca.pem")
    assert "expired" in line


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("newest, works", [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)])
def test_nothing_older_than_TLS_1_2_is_spoken(place, newest, works):
    """A handshake with a server that has that and nothing newer; it hangs up then."""
    cert, key = certificate(place, "old", "IP:127.0.0.1").split(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
    context.load_cert_chain(cert, key)
    spoken = []

    def serve(listener):
        with contextlib.suppress(OSError):
            while True:
                connection = listener.accept()[0]
                with connection, contextlib.suppress(OSError):
                    with context.wrap_socket(connection, server_side=True) as secure:
                        spoken.append(secure.version())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=[listener], daemon=True).start()
        port = listener.getsockname()[1]
        server = type("", (), {"url": f"https://127.0.0.1:{port}/EWS/Exchange.asmx"})
        line = refused(server, place, f"cafile={place}/ca.pem", "timeout=5")
        listener.shutdown(socket.SHUT_RDWR)
    assert set(spoken) == ({"TLSv1.2"} if works else set())
    assert f"127.0.0.1:{port}" in line
    assert works or "it speaks no TLS 1.2 or newer" in line


def test_a_server_without_TLS_is_named(new_server, place):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:5:500")
    server.url = server.url.replace("http:", "https:")
    line = refused(server, place)
    server.url = server.url.replace("https:", "http:")
    assert "no TLS is spoken there" in line
