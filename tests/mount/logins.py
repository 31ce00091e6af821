# SPDX-License-Identifier: MIT
"""Logins that are not ours: Apache with mod_auth_gssapi before an ews-testd (NTLM by gss-ntlmssp), and an MIT KDC."""
import base64
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import ewsfs

APACHE = "/usr/sbin/apache2"
MODULES = pathlib.Path("/usr/lib/apache2/modules")
KDC = "/usr/sbin/krb5kdc"
REALM = "EWSFS.TEST"
NTLM_MECHANISM = "/etc/gss/mech.d"


def missing():
    """What there is not of Apache, gss-ntlmssp and the KDC; None when all is there."""
    for path in (APACHE, MODULES / "mod_auth_gssapi.so", KDC, "/usr/bin/kinit"):
        if not os.path.exists(path):
            return f"{path} is not installed"
    if not any("ntlm" in path.read_text().lower() for path in pathlib.Path(NTLM_MECHANISM).glob("*.conf")):
        return "gss-ntlmssp is not installed"
    return None


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_until(is_true, seconds=30, what="it"):
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.05)


def answers(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


# gss-ntlmssp takes no messages of NTLM without the eight bytes of a version, which curl leaves out as others do,
# and servers allow: they are put in. Behind them the payload moves.
VERSIONS_LUA = """
local zeros = string.rep("\\0", 8)
local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- Apache's own swallows the last byte.
local function decode(text)
	local bits, n, bytes = 0, 0, {}
	for c in text:gmatch("[%w+/]") do
		bits, n = (bits << 6 | alphabet:find(c, 1, true) - 1) & 0xffff, n + 6
		if n >= 8 then
			n = n - 8
			bytes[#bytes + 1] = string.char(bits >> n & 255)
		end
	end
	return table.concat(bytes)
end

function add_version(r)
	local text = (r.headers_in["Authorization"] or ""):match("^NTLM (.+)$")
	if not text then
		return apache2.DECLINED
	end
	local from = decode(text)
	local to = from
	if from:byte(9) == 1 and #from == 32 then
		to = from .. zeros
	elseif from:byte(9) == 3 then
		to = from:sub(1, 12)
		for at = 13, 53, 8 do
			local n, room, offset = string.unpack("<I2I2I4", from, at)
			to = to .. string.pack("<I2I2I4", n, room, offset + 8)
		end
		to = to .. from:sub(61, 64) .. zeros .. from:sub(65)
	end
	r.headers_in["Authorization"] = "NTLM " .. r:base64_encode(to)
	return apache2.DECLINED
end
"""


class Realm:
    """A KDC with the principals alice, mallory and HTTP/localhost."""

    def __init__(self, place):
        self.place = place
        self.port = free_port()
        self.cache = place / "tickets"
        (place / "krb5.conf").write_text(f"""
[libdefaults]
default_realm = {REALM}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
[realms]
{REALM} = {{
kdc = 127.0.0.1:{self.port}
}}
[domain_realm]
localhost = {REALM}
""")
        (place / "kdc.conf").write_text(f"""
[kdcdefaults]
kdc_listen = 127.0.0.1:{self.port}
kdc_tcp_listen = 127.0.0.1:{self.port}
[realms]
{REALM} = {{
database_name = {place}/principal
key_stash_file = {place}/stash
max_life = 10h
}}
[logging]
kdc = FILE:{place}/kdc.log
""")
        self.env = {"KRB5_CONFIG": f"{place}/krb5.conf", "KRB5_KDC_PROFILE": f"{place}/kdc.conf",
                    "KRB5CCNAME": f"FILE:{self.cache}"}
        self.tool("kdb5_util", "create", "-s", "-r", REALM, "-P", "master")
        for name in ("alice", "mallory"):
            self.admin(f"addprinc -pw {ewsfs.PASSWORD} {name}")
        self.admin("addprinc -randkey HTTP/localhost")
        self.admin(f"ktadd -k {place}/keytab HTTP/localhost")
        (place / "keytab").chmod(0o644)
        self.process = subprocess.Popen([KDC, "-n", "-r", REALM], env={**os.environ, **self.env},
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: answers(self.port), what="the KDC")

    def tool(self, *words, check=True, **more):
        path = f"{os.environ['PATH']}:/usr/sbin"
        program = shutil.which(words[0], path=path)
        return ewsfs.run(program, *words[1:], check=check, env={**os.environ, **self.env}, **more)

    def admin(self, query):
        result = self.tool("kadmin.local", "-r", REALM, "-q", query, check=False)
        assert result.returncode == 0, result.stderr

    def login(self, name="alice", *options):
        self.tool("kinit", *options, name, input=ewsfs.PASSWORD + "\n")

    def logout(self):
        self.tool("kdestroy", check=False)

    def stop(self):
        self.process.terminate()
        self.process.wait(ewsfs.TIMEOUT_S)


class Gateway:
    """Apache, which checks the login of `users` and hands requests on to the server as its own user."""

    def __init__(self, place, server, mechanism, users="valid-user", environment=None, more=""):
        self.place = place
        self.port = free_port()
        self.environment = environment or {}
        self.server, self.mechanism, self.more = server, mechanism, more
        self.users_path = place / "ntlm-users"
        (place / "versions.lua").write_text(VERSIONS_LUA)
        self.set_password(ewsfs.PASSWORD)
        self.write(users)
        self.url = f"http://localhost:{self.port}/EWS/Exchange.asmx"
        self.start()

    def write(self, users):
        basic = base64.b64encode(f"{ewsfs.USER}:{ewsfs.PASSWORD}".encode()).decode()
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in (
            "mpm_event", "authz_core", "authz_user", "authn_core", "auth_gssapi", "proxy", "proxy_http", "headers",
            "setenvif", "lua"))
        user = "User www-data\nGroup www-data" if os.getuid() == 0 else ""
        keytab = f"GssapiCredStore keytab:{self.place}/keytab" if self.mechanism == "krb5" else ""
        (self.place / "apache.conf").write_text(f"""
ServerRoot {self.place}
PidFile {self.place}/apache.pid
Mutex file:{self.place} default
Listen 127.0.0.1:{self.port}
ServerName localhost
{modules}
{user}
ErrorLog {self.place}/error.log
SetEnvIf Authorization "^(\\S+ .{{0,12}})" SAID=$1
CustomLog {self.place}/access.log "%>s %u %{{SAID}}e"
MaxKeepAliveRequests 0
KeepAliveTimeout 100
ProxyPass /EWS http://127.0.0.1:{self.server.port}/EWS flushpackets=on
<Location /EWS>
AuthType GSSAPI
AuthName EWS
GssapiAllowedMech {self.mechanism}
{keytab}
GssapiConnectionBound On
{self.more}
Require {users}
RequestHeader set Authorization "Basic {basic}"
</Location>
LuaHookTranslateName {self.place}/versions.lua add_version early
""")

    def start(self):
        environment = {**os.environ, "NTLM_USER_FILE": str(self.users_path), **self.environment}
        self.process = subprocess.Popen([APACHE, "-f", str(self.place / "apache.conf"), "-DFOREGROUND"],
                                        env=environment, stderr=open(self.place / "apache.err", "ab"))
        wait_until(lambda: answers(self.port), what="Apache")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(ewsfs.TIMEOUT_S)

    def restart(self, users=None):
        """All connections end, and with them what was logged in."""
        self.stop()
        if users:
            self.write(users)
        self.start()

    def set_password(self, password):
        self.users_path.write_text(f"CORP:{ewsfs.USER}:{password}\n")
        self.users_path.chmod(0o644)

    def log(self):
        path = self.place / "access.log"
        return path.read_text().splitlines() if path.exists() else []

    def forget(self):
        (self.place / "access.log").write_text("")

    def logins(self, how):
        """Requests with a finished login of that kind: NTLM's third message, a ticket, a password."""
        start = {"ntlm": "NTLM TlRMTVNTUAAD", "negotiate": "Negotiate YI", "basic": "Basic"}[how]
        return sum(f" {start}" in line for line in self.log())


class Mount(ewsfs.Mount):
    """With no password_command in its options, unless it is among those given."""

    def command(self, *flags):
        own = [option for option in self.options if option.startswith("password_command=cat ")]
        self.options = [option for option in self.options if option not in own[:1]]
        return super().command(*flags)
