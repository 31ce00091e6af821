# SPDX-License-Identifier: MIT
"""A small internet for tests: hosts with names of their own, https servers that say what a test tells them, and
DNS by dnsmasq. Programs that are to live in it run in a mount namespace with other files in /etc."""
import http.server
import os
import pathlib
import socket
import ssl
import subprocess
import threading
import time

import ewsfs

PROTOCOL = "<Protocol><Type>{}</Type><EwsUrl>{}</EwsUrl></Protocol>"


def pox(*protocols, action="settings", more=""):
    """A POX answer with protocols as (type, url)."""
    return ("<?xml version='1.0' encoding='utf-8'?><Autodiscover "
            "xmlns='http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006'><Response "
            "xmlns='http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a'><Account>"
            f"<AccountType>email</AccountType><Action>{action}</Action>{more}"
            + "".join(PROTOCOL.format(*protocol) for protocol in protocols)
            + "</Account></Response></Autodiscover>")


def soap(code="NoError", target="", **settings):
    listed = "".join(f"<UserSetting><Name>{name}</Name><Value>{value}</Value></UserSetting>"
                     for name, value in settings.items())
    return ("<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><GetUserSettingsResponseMessage "
            "xmlns='http://schemas.microsoft.com/exchange/2010/Autodiscover'><Response><ErrorCode>NoError</ErrorCode>"
            f"<UserResponses><UserResponse><ErrorCode>{code}</ErrorCode><RedirectTarget>{target}</RedirectTarget>"
            f"<UserSettings>{listed}</UserSettings></UserResponse></UserResponses></Response>"
            "</GetUserSettingsResponseMessage></s:Body></s:Envelope>")


def json_url(url):
    return '{"Protocol":"EWS","Url":"%s"}' % url


class Reply:
    def __init__(self, status=200, body="", location=None, login=None, headers=()):
        self.status, self.body, self.location, self.login, self.headers = status, body, location, login, headers


def redirect(to, status=302):
    return Reply(status, location=to)


def behind_login(body, name=ewsfs.USER, password=ewsfs.PASSWORD):
    """Only for who has logged in."""
    return Reply(body=body, login=(name, password))


def openssl(place, *words):
    ewsfs.run("openssl", *words, cwd=place, check=False).check_returncode()


def make_authority(place):
    openssl(place, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-days", "30", "-subj", "/CN=Test authority")


def make_certificate(place, name, hosts, days=30):
    """NAME.pem and NAME.key, for these hosts, from the authority in `place`."""
    openssl(place, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
            "-subj", f"/CN={name}")
    (place / f"{name}.ext").write_text("subjectAltName=" + ",".join(f"DNS:{host}" for host in hosts))
    openssl(place, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", str(days), "-out", f"{name}.pem", "-extfile", f"{name}.ext")


class Internet:
    """Everything on one loopback address: ports 443, 8443 and 80, and DNS. `plan` maps "METHOD URL" (or the URL
    alone) to a Reply; `other_hosts` have a certificate for another; `local` are on 127.0.0.1; `asked` lists (METHOD, URL, login or None) as they came."""

    def __init__(self, place, hosts, other_hosts=(), local=()):
        self.place = place
        self.address = f"127.77.{os.getpid() // 250 % 250 + 1}.{os.getpid() % 250 + 1}"
        self.hosts, self.other_hosts, self.local = list(hosts), list(other_hosts), list(local)
        self.plan, self.asked, self.bodies = {}, [], []
        self.dns = None
        make_authority(place)
        make_certificate(place, "good", [*self.hosts, *self.local])
        make_certificate(place, "other", ["another.example"])
        self.cafile = place / "ca.pem"
        self.servers = [self._serve("https", 443), self._serve("https", 8443), self._serve("http", 80)]
        self._write_files()

    def _write_files(self):
        names = " ".join(self.hosts + self.other_hosts)
        (self.place / "hosts").write_text(
            f"127.0.0.1 localhost {' '.join(self.local)}\n{self.address} {names}\n")
        (self.place / "resolv.conf").write_text(f"nameserver {self.address}\noptions timeout:1 attempts:1\n")

    def resolve(self, *options):
        """dnsmasq, with records such as --srv-host=..."""
        program = pathlib.Path("/usr/sbin/dnsmasq")
        self.dns = subprocess.Popen(
            [str(program), "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--no-daemon",
             "--bind-interfaces", f"--listen-address={self.address}", "--except-interface=none", "--user=root",
             "--pid-file=", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + ewsfs.TIMEOUT_S
        while True:  # its port is bound when it answers on TCP
            try:
                socket.create_connection((self.address, 53), 1).close()
                return
            except OSError:
                assert self.dns.poll() is None and time.monotonic() < until, "dnsmasq did not start"

    def _context(self):
        good, other = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
        good.load_cert_chain(self.place / "good.pem", self.place / "good.key")
        other.load_cert_chain(self.place / "other.pem", self.place / "other.key")

        def choose(connection, name, _):
            if name in self.other_hosts:
                connection.context = other
        good.sni_callback = choose
        return good

    def _serve(self, scheme, port):
        internet = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                url = f"{scheme}://{self.headers['Host']}{self.path}"
                login = self.headers.get("Authorization")
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                internet.asked.append((self.command, url, login))
                internet.bodies.append(body.decode())
                reply = internet.plan.get(f"{self.command} {url}") or internet.plan.get(url) or Reply(404)
                if callable(reply):
                    reply = reply(self, body)
                internet._send(self, reply, login)

            do_GET = do_POST = answer

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # whoever does not trust us hangs up

        server = Server((self.address, port), Handler)
        if scheme == "https":
            server.socket = self._context().wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    @staticmethod
    def _send(handler, reply, login):
        import base64
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        status = reply.status
        right = reply.login and "Basic " + base64.b64encode(":".join(reply.login).encode()).decode()
        if right and login != right:
            status, body = 401, b""
        handler.send_response(status)
        if status == 401:
            handler.send_header("WWW-Authenticate", 'Basic realm="test"')
        if reply.location:
            handler.send_header("Location", reply.location)
        for name, value in reply.headers:
            handler.send_header(name, value)
        handler.send_header("Content-Type", "text/xml; charset=utf-8")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    @property
    def prefix(self):
        """Runs what follows in here. Mounts below `place` are seen outside too, if that is shared."""
        script = ("mount --make-private / && for f in hosts resolv.conf; do mount --make-private /etc/$f 2>/dev/null; "
                  f"mount --bind {self.place}/$f /etc/$f || exit; done; exec \"$@\"")
        return ("unshare", "-m", "--propagation", "unchanged", "sh", "-c", script, "sh")

    def urls(self):
        return [url for _, url, _ in self.asked]

    def logins(self):
        """The hosts that were sent a login."""
        return {url.split("/")[2] for _, url, login in self.asked if login}

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()
        if self.dns:
            self.dns.kill()
            self.dns.wait()
