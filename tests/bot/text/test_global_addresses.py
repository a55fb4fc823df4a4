"""Which addresses are of everybody's internet, and what a url may be that somebody we do not know gives."""

from __future__ import annotations

import pytest

from bot.text.global_addresses import LONGEST_URL, Url, UrlProblem, host_of, is_global, read_url

GLOBAL = "8.8.8.8 1.1.1.1 93.184.216.34 2606:4700::1 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1"
OF_THEIR_OWN = """
    0.0.0.0 10.1.1.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1
    192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a00:1
    64:ff9b:1::1 100::1 2001::1 2001:db8::1 2001:20::1 2002:7f00:1:: 2002:a00:1::1 3fff::1 5f00::1 fc00::1 fd12::1
    fe80::1 fe80::1%eth0 2606:4700::1%eth0 fec0::1 ff02::1 ff0e::1 localhost 127.1 2130706433 0177.0.0.1
"""


@pytest.mark.parametrize("address", GLOBAL.split())
def test_addresses_of_everybodys_internet(address: str) -> None:
    assert is_global(address)


@pytest.mark.parametrize("address", ["", *OF_THEIR_OWN.split()])
def test_addresses_of_ones_own_however_they_are_spelled(address: str) -> None:
    assert not is_global(address)


@pytest.mark.parametrize(
    ("typed", "kept", "host"),
    [
        ("https://hooks.example.org/a?b=c&d", "https://hooks.example.org/a?b=c&d", "hooks.example.org"),
        (" HTTPS://Hooks.Example.org ", "https://hooks.example.org/", "hooks.example.org"),
        ("https://hooks.example.org:8443/A", "https://hooks.example.org:8443/A", "hooks.example.org:8443"),
        ("https://hooks.example.org:443", "https://hooks.example.org:443/", "hooks.example.org:443"),
        ("https://bücher.example?x", "https://xn--bcher-kva.example/?x", "xn--bcher-kva.example"),
        ("https://8.8.8.8/", "https://8.8.8.8/", "8.8.8.8"),
        ("https://[2606:4700:0::1]/", "https://[2606:4700::1]/", "[2606:4700::1]"),
    ],
)
def test_a_url_is_kept_as_it_is_sent_to(typed: str, kept: str, host: str) -> None:
    assert read_url(typed) == Url(text=kept, host=host)
    assert read_url(kept) == read_url(typed)
    assert host_of(kept) == host


REFUSED = {
    UrlProblem.NOT_A_URL: (
        *("", "hooks.example.org", "https://", "ftp://a.example/", "https:///a", "https://u:p@a.example/"),
        *("https://a.example@b.example/", "https://a.example/#b", "https://a b.example/", "https://a.example/b c"),
        *("https://a.example/ü", "https://a..b/", "https://a%2eexample/", "https://a.example\\@b.example/"),
        *("https://[::1", "https://[v1.x]/", "https://a.example/\r\nX: y", "https://a.example:٤٤٣/"),
        f"https://a.example/{'x' * LONGEST_URL}",
    ),
    UrlProblem.NOT_HTTPS: ("http://a.example/",),
    UrlProblem.PORT: tuple(f"https://a.example:{port}/" for port in (0, 22, 80, 1_023, 65_536, 99_999)),
    UrlProblem.ADDRESS: tuple(
        f"https://{host}/"
        for host in (
            *("localhost", "LOCALHOST.", "a.localhost", "intranet", "db.internal", "nas.local", "router.home.arpa"),
            *("127.0.0.1", "10.0.0.1", "[::1]", "[::ffff:10.0.0.1]"),
            *("127.1", "2130706433", "0x7f.1", "0177.0.0.1", "x.0x1"),
        )
    ),
}


@pytest.mark.parametrize(("problem", "typed"), [(problem, url) for problem, urls in REFUSED.items() for url in urls])
def test_a_url_that_leads_elsewhere_is_refused(typed: str, problem: UrlProblem) -> None:
    assert read_url(typed) is problem


@pytest.mark.parametrize("typed", ["http://127.0.0.1:9000/a", "http://nas.local/", "http://nas:80/", "https://[::1]/"])
def test_the_operator_may_allow_a_network_of_their_own(typed: str) -> None:
    assert isinstance(read_url(typed, private=True), Url)
    assert isinstance(read_url("http://nas:22/", private=True), UrlProblem)
