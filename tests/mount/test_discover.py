# SPDX-License-Identifier: MIT
"""The rules of autodiscover (src/discover/discover.h), one by one, as `ewsctl check` shows them."""
import pathlib
import time

import autodiscover
import ewsfs
import os
import pytest
from autodiscover import Reply, behind_login, json_url, pox, redirect, soap

CTL = ewsfs.BUILD / "src" / "ewsctl"
DOM = "corp.example"
ADDRESS = f"{ewsfs.USER}@{DOM}"
EWS = "https://mail.corp.example/EWS/Exchange.asmx"
LATER = "https://later.corp.example/EWS/Exchange.asmx"
HOSTS = [DOM, f"autodiscover.{DOM}", "mail.hoster.example", "srv.corp.example", "http.corp.example", "srv.port.example", "autodiscover.other.example",
         "other.example", "outlook.office365.com"]


def json_at(host, address=ADDRESS):
    return f"https://{host}/autodiscover/autodiscover.json/v1.0/{address}?Protocol=EWS"


def pox_at(host):
    return f"https://{host}/autodiscover/autodiscover.xml"


def soap_at(host):
    return f"https://{host}/autodiscover/autodiscover.svc"


PLAIN = f"http://autodiscover.{DOM}/autodiscover/autodiscover.xml"
OFFICE = json_at("outlook.office365.com")
OWN = [json_at(f"autodiscover.{DOM}"), json_at(DOM), pox_at(DOM), pox_at(f"autodiscover.{DOM}"), soap_at(DOM),
       soap_at(f"autodiscover.{DOM}")]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    if os.getuid() != 0:
        pytest.skip("needs root for namespaces and low ports")
    made = autodiscover.Internet(tmp_path_factory.mktemp("internet"), HOSTS, ["wrong.example", "autodiscover.wrong.example", "wrong.corp.example"])
    made.resolve(f"--srv-host=_autodiscover._tcp.{DOM},srv.corp.example,443,10",
                 f"--srv-host=_autodiscover._tcp.{DOM},mail.hoster.example,443,20",
                 "--srv-host=_autodiscover._tcp.port.example,srv.port.example,8443,0",
                 "--srv-host=_autodiscover._tcp.other.example,mail.hoster.example,443,0")
    yield made
    made.close()


@pytest.fixture
def internet(world):
    world.plan.clear()
    world.asked.clear()
    world.bodies.clear()
    return world


def find(internet, address=ADDRESS, password=ewsfs.PASSWORD, user=ewsfs.USER):
    """The line about autodiscover."""
    options = f"user={user},password_command=echo {password},cafile={internet.cafile},timeout=5"
    result = ewsfs.run(*internet.prefix, CTL, "check", "-o", options, address, check=False)
    assert result.stderr == "" and password not in result.stdout
    line = result.stdout.splitlines()[0]
    assert line.startswith("autodiscover: ")
    return line.removeprefix("autodiscover: ")


def found(url, where):
    return f"ok ({url}, from {where})"


def test_all_places_are_asked_in_their_order_and_none_is_sent_a_login_it_did_not_ask_for(internet):
    assert "no server found" in find(internet)
    assert internet.urls() == [*OWN, PLAIN, json_at("srv.corp.example"), pox_at("srv.corp.example"),
                               soap_at("srv.corp.example"), OFFICE]
    assert not internet.logins()


@pytest.mark.parametrize("place, body, where", [
    (OWN[0], json_url(EWS), f"JSON at autodiscover.{DOM}"), (OWN[1], json_url(EWS), f"JSON at {DOM}"),
    (OWN[2], pox(("EXPR", EWS)), f"POX at {DOM}"), (OWN[3], pox(("EXCH", EWS)), f"POX at autodiscover.{DOM}"),
    (OWN[4], soap(ExternalEwsUrl=EWS), f"SOAP at {DOM}"),
    (OWN[5], soap(InternalEwsUrl=EWS), f"SOAP at autodiscover.{DOM}"),
    (json_at("srv.corp.example"), json_url(EWS), "JSON at srv.corp.example"),
    (pox_at("srv.corp.example"), pox(("EXPR", EWS)), "POX at srv.corp.example"),
    (soap_at("srv.corp.example"), soap(ExternalEwsUrl=EWS), "SOAP at srv.corp.example"),
    (OFFICE, json_url(EWS), "JSON at outlook.office365.com")])
def test_each_place_can_answer_and_ends_the_search(internet, place, body, where):
    internet.plan[place] = Reply(body=body)
    assert find(internet) == found(EWS, where)
    assert internet.urls()[-1] == place or "mail.corp.example" in internet.urls()[-1]
    assert not internet.logins()


def test_a_place_that_wants_a_login_gets_it_on_the_second_try(internet):
    internet.plan[OWN[2]] = behind_login(pox(("EXCH", LATER), ("EXPR", EWS)))
    assert find(internet) == found(EWS, f"POX at {DOM}")
    assert [bool(login) for _, url, login in internet.asked if url == OWN[2]] == [False, True]
    assert ADDRESS in internet.bodies[internet.urls().index(OWN[2])]


def test_json_is_never_sent_a_login(internet):
    internet.plan[OWN[0]] = internet.plan[OWN[1]] = internet.plan[OFFICE] = Reply(401)
    assert "no server found" in find(internet)
    assert not internet.logins()


def test_a_401_of_one_place_is_no_proof_of_a_wrong_password(internet):
    internet.plan[OWN[2]] = behind_login("", name="somebody", password="else")
    internet.plan[OWN[3]] = behind_login(pox(("EXPR", EWS)))
    assert find(internet) == found(EWS, f"POX at autodiscover.{DOM}")
    assert [login is not None for _, url, login in internet.asked if DOM == url.split("/")[2]].count(True) == 1


def test_a_refused_login_is_named_and_office365_is_not_asked_then(internet):
    internet.plan[OWN[2]] = internet.plan[OWN[4]] = behind_login("")
    internet.plan[OFFICE] = Reply(body=json_url(EWS))
    line = find(internet, password="wrong-one")
    assert f"{DOM} refused the login of {ewsfs.USER}" in line
    assert OFFICE not in internet.urls() and internet.logins() == {DOM}


def test_after_three_refusals_nobody_is_sent_the_login(internet):
    for url in (OWN[2], OWN[3], pox_at("http.corp.example"), pox_at("srv.corp.example")):
        internet.plan[url] = behind_login("")
    internet.plan[PLAIN] = redirect(pox_at("http.corp.example"))
    find(internet, password="wrong-one")
    assert internet.logins() == {DOM, f"autodiscover.{DOM}", "http.corp.example"}
    assert pox_at("srv.corp.example") in internet.urls()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_with_the_same_question(internet, status):
    internet.plan[OWN[2]] = redirect(pox_at("mail.hoster.example"), status)
    internet.plan["POST " + pox_at("mail.hoster.example")] = behind_login(pox(("EXPR", EWS)))
    assert find(internet) == found(EWS, "POX at mail.hoster.example")
    assert internet.logins() == {"mail.hoster.example"}


def test_the_redirect_of_plain_http_is_followed_and_http_hears_no_login(internet):
    internet.plan[PLAIN] = redirect(pox_at("http.corp.example"))
    internet.plan[pox_at("http.corp.example")] = behind_login(pox(("EXPR", EWS)))
    assert find(internet) == found(EWS, "POX at http.corp.example")
    asked = [(method, url, login) for method, url, login in internet.asked if url.startswith("http://")]
    assert asked == [("GET", PLAIN, None)]
    assert internet.logins() == {"http.corp.example"}


@pytest.mark.parametrize("host", ["mail.hoster.example", "other.example", "x.corp.example:@mail.hoster.example",
                                  "mail.hoster.example:443?.corp.example"])
def test_a_host_of_another_domain_that_plain_http_names_is_not_asked(internet, host):
    internet.plan[PLAIN] = redirect(f"https://{host}/autodiscover/autodiscover.xml")
    internet.plan[pox_at("mail.hoster.example")] = internet.plan[pox_at("other.example")] = behind_login(pox(("EXPR", EWS)))
    line = find(internet)
    assert f"{host.split('?')[0]} was found, but is not in {DOM}" in line and line.endswith("give url=")
    assert not [url for url in internet.urls() if "hoster" in url or "other" in url] and not internet.logins()


def test_a_host_of_another_domain_that_dns_names_is_not_asked(internet):
    internet.plan[pox_at("mail.hoster.example")] = behind_login(pox(("EXPR", EWS)))
    assert "mail.hoster.example was found, but is not in other.example" in find(internet, "al@other.example")
    assert not [url for url in internet.urls() if "hoster" in url] and not internet.logins()


@pytest.mark.parametrize("answer", [
    pox(("EXPR", "https://mail.hoster.example/EWS/Exchange.asmx")),
    pox(action="redirectUrl", more=f"<RedirectUrl>{pox_at('mail.hoster.example')}</RedirectUrl>"),
    pox(action="redirectAddr", more="<RedirectAddr>al@other.example</RedirectAddr>")])
def test_a_host_that_plain_http_names_leads_to_no_other_domain(internet, answer):
    internet.plan[PLAIN] = redirect(pox_at("http.corp.example"))
    internet.plan[pox_at("http.corp.example")] = Reply(body=answer)
    internet.plan[pox_at("mail.hoster.example")] = internet.plan[pox_at("other.example")] = behind_login(pox(("EXPR", EWS)))
    assert "was found, but" in find(internet)
    assert not [url for url in internet.urls() if "hoster" in url or "other" in url] and not internet.logins()


def test_a_host_that_plain_http_names_is_sent_nothing_unless_its_certificate_holds(internet):
    internet.plan[PLAIN] = redirect(pox_at("wrong.corp.example"))
    internet.plan[pox_at("wrong.corp.example")] = behind_login(pox(("EXPR", EWS)))
    assert "the certificate of wrong.corp.example:443 is for another host" in find(internet)
    assert pox_at("wrong.corp.example") not in internet.urls() and not internet.logins()


@pytest.mark.parametrize("where", [OWN[0], OWN[2], OWN[4], PLAIN])
def test_a_redirect_to_plain_http_is_not_followed(internet, where):
    internet.plan[where] = redirect(f"http://mail.hoster.example/autodiscover/autodiscover.xml")
    internet.plan["http://mail.hoster.example/autodiscover/autodiscover.xml"] = behind_login(pox(("EXPR", EWS)))
    assert "without https" in find(internet)
    assert not [url for url in internet.urls() if url.startswith("http://mail.")] and not internet.logins()


def test_a_plain_reply_that_is_no_redirect_is_not_read(internet):
    internet.plan[PLAIN] = Reply(body=pox(("EXPR", EWS)))
    assert "no server found" in find(internet)


def test_an_answer_of_http_is_not_taken(internet):
    internet.plan[OWN[0]] = Reply(body=json_url("http://mail.corp.example/EWS/Exchange.asmx"))
    internet.plan[OWN[2]] = Reply(body=pox(("EXPR", "http://mail.corp.example/EWS/Exchange.asmx")))
    internet.plan[OWN[3]] = Reply(body=pox(("EXPR", "http://mail.corp.example/EWS/Exchange.asmx"), ("EXCH", EWS)))
    assert find(internet) == found(EWS, f"POX at autodiscover.{DOM}")


@pytest.mark.parametrize("answer", [
    pox(action="redirectUrl", more=f"<RedirectUrl>{pox_at('mail.hoster.example')}</RedirectUrl>"),
])
def test_an_answer_may_name_another_place(internet, answer):
    internet.plan[OWN[2]] = Reply(body=answer)
    internet.plan[pox_at("mail.hoster.example")] = behind_login(pox(("EXPR", EWS)))
    assert find(internet) == found(EWS, "POX at mail.hoster.example")


def test_a_soap_answer_may_name_another_place(internet):
    internet.plan[OWN[4]] = Reply(body=soap("RedirectUrl", soap_at("mail.hoster.example")))
    internet.plan[soap_at("mail.hoster.example")] = Reply(body=soap(ExternalEwsUrl=EWS))
    assert find(internet) == found(EWS, "SOAP at mail.hoster.example")


@pytest.mark.parametrize("place, answer", [
    (OWN[2], pox(action="redirectAddr", more="<RedirectAddr>al@other.example</RedirectAddr>")),
    (OWN[4], soap("RedirectAddress", "al@other.example"))])
def test_an_answer_may_name_another_address_and_all_begins_anew(internet, place, answer):
    internet.plan[place] = Reply(body=answer)
    internet.plan[json_at("autodiscover.other.example", "al@other.example")] = Reply(body=json_url(EWS))
    assert find(internet) == found(EWS, "JSON at autodiscover.other.example")
    assert PLAIN not in internet.urls()


def test_two_addresses_that_name_each_other_end(internet):
    internet.plan[OWN[2]] = Reply(body=pox(action="redirectAddr", more="<RedirectAddr>al@other.example</RedirectAddr>"))
    internet.plan[pox_at("other.example")] = Reply(
        body=pox(action="redirectAddr", more=f"<RedirectAddr>{ADDRESS}</RedirectAddr>"))
    assert "more than 10 redirects" in find(internet)
    assert internet.urls().count(OWN[2]) <= 6


@pytest.mark.parametrize("address", ["nobody", "al@", "a b@other.example", "al@other.example/x", "al@-", "@other.example"])
def test_what_is_no_address_is_not_asked_for(internet, address):
    internet.plan[OWN[2]] = Reply(body=pox(action="redirectAddr", more=f"<RedirectAddr>{address}</RedirectAddr>"))
    assert "no server found" in find(internet)
    assert all(DOM in url or "hoster" in url or "office365" in url or "-" in address for url in internet.urls())


def test_endless_redirects_end_after_ten(internet):
    def further(handler, _):
        number = int(handler.path.rsplit("=", 1)[1]) if "=" in handler.path else 0
        return redirect(f"https://{DOM}/autodiscover/further?n={number + 1}")
    internet.plan[OWN[2]] = further
    for n in range(1, 40):
        internet.plan[f"https://{DOM}/autodiscover/further?n={n}"] = further
    assert "more than 10 redirects" in find(internet)
    assert len([url for url in internet.urls() if "further" in url]) == 10


def test_a_circle_is_left_and_the_next_place_asked(internet):
    internet.plan[OWN[2]] = redirect(OWN[2])
    internet.plan[OWN[3]] = Reply(body=pox(("EXPR", EWS)))
    assert find(internet) == found(EWS, f"POX at autodiscover.{DOM}")
    assert internet.urls().count(OWN[2]) == 1


def test_a_host_with_a_wrong_certificate_is_asked_once_and_sent_nothing(internet):
    line = find(internet, "alice@wrong.example")
    assert "certificate" in line and not internet.logins()
    assert internet.urls() == ["http://autodiscover.wrong.example/autodiscover/autodiscover.xml",
                               json_at("outlook.office365.com", "alice@wrong.example")]


@pytest.mark.parametrize("body", ["<!DOCTYPE html><html>login</html>", "", "{", "<x/>", "<Autodiscover>",
                                  '<!DOCTYPE x [<!ENTITY e "y">]><Autodiscover>&e;</Autodiscover>', "x" * 400_000],
                         ids=["html", "nothing", "half a brace", "another root", "half an element", "an entity", "too long"])
def test_what_is_no_answer_is_passed_over(internet, body):
    for url in OWN[:3]:
        internet.plan[url] = Reply(body=body)
    internet.plan[OWN[3]] = Reply(body=pox(("EXPR", EWS)))
    internet.plan[json_at("srv.corp.example")] = Reply(body=json_url(EWS))
    assert find(internet).startswith("ok")


def test_the_server_is_quoted_when_it_says_no(internet):
    internet.plan[OWN[2]] = Reply(body="<Autodiscover><Response><Error><ErrorCode>500</ErrorCode><Message>The email "
                                       "address can't be found.</Message></Error></Response></Autodiscover>")
    assert "corp.example says: The email address can't be found., error 500" in find(internet)


def test_the_port_of_the_srv_record_counts(internet):
    place = pox_at("srv.port.example:8443")
    url = "https://mail.port.example/EWS/Exchange.asmx"
    internet.plan[place] = behind_login(pox(("EXPR", url)))
    assert find(internet, "alice@port.example") == found(url, "POX at srv.port.example:8443")
    assert internet.logins() == {"srv.port.example:8443"}


def test_a_place_that_does_not_answer_takes_a_few_seconds(internet):
    internet.plan[OWN[2]] = lambda *_: time.sleep(30) or Reply(500)
    internet.plan[OWN[3]] = Reply(body=pox(("EXPR", EWS)))
    begun = time.monotonic()
    assert find(internet) == found(EWS, f"POX at autodiscover.{DOM}")
    assert 7 < time.monotonic() - begun < 25


def test_the_program_leaves_no_login_in_its_output(internet):
    internet.plan[OWN[2]] = behind_login("")
    assert "very-secret" not in find(internet, password="very-secret")
