"""Proxies and certificates that the environment names: understood, or refused by name."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clients import Blocking
from support.command_line import BBQUERY
from support.raw_server import KEY, RawServer, answer

import bbquery
from bbquery.client.network_settings import choose_proxy, trusted_certificates

Connect = Callable[..., Blocking]

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, *map(str.lower, NAMES), "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)


# --- proxies -----------------------------------------------------------------------------------

EXEMPT = [
    ("*", "https://api.example.com"),
    ("api.example.com", "https://api.example.com"),
    ("API.Example.COM", "https://api.example.com"),
    ("example.com", "https://api.example.com"),
    (".example.com", "https://api.example.com"),
    ("*.example.com", "https://api.example.com"),
    ("other.net, example.com", "https://api.example.com"),
    ("other.net example.com", "https://api.example.com"),
    ("api.example.com:443", "https://api.example.com"),
    ("example.com:8443", "https://api.example.com:8443"),
    ("https://api.example.com", "https://api.example.com"),
    ("all://example.com", "https://api.example.com"),
    ("10.1.2.3", "https://10.1.2.3"),
    ("10.0.0.0/8", "https://10.1.2.3"),
    ("10.1.2.3/8", "https://10.1.2.3"),
    ("[::1]", "https://[::1]"),
    ("::1", "https://[::1]"),
    ("[2001:db8::1]:443", "https://[2001:db8::1]"),
    ("2001:db8::/32", "https://[2001:db8::1]"),
    ("[2001:db8::/32]", "https://[2001:db8:0::1]"),
    ("2001:0db8:0:0:0:0:0:1", "https://[2001:db8::1]"),
    ("bücher.example", "https://bücher.example"),
    ("xn--bcher-kva.example", "https://bücher.example"),
]
NOT_EXEMPT = [
    ("", "https://api.example.com"),
    ("localhost,127.0.0.1,[::1]", "https://api.example.com"),
    ("other.net", "https://api.example.com"),
    ("ample.com", "https://api.example.com"),
    ("api.example.com.evil", "https://api.example.com"),
    ("api.example.com:8443", "https://api.example.com"),
    ("http://api.example.com", "https://api.example.com"),
    ("10.0.0.0/8", "https://11.1.2.3"),
    ("10.0.0.0/8", "https://api.example.com"),
    ("::/0", "https://10.1.2.3"),
    ("[::1]:8443", "https://[::1]"),
]


@pytest.mark.parametrize("spelled", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize(
    ("no_proxy", "url", "exempt"), [(*e, True) for e in EXEMPT] + [(*n, False) for n in NOT_EXEMPT]
)
def test_no_proxy(monkeypatch: pytest.MonkeyPatch, spelled: str, no_proxy: str, url: str, exempt: bool) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv(spelled, no_proxy)
    assert (choose_proxy(url) is None) == exempt


@pytest.mark.parametrize("entry", ["[::1", "::1]", "10.0.0.0/99", "10.0.0/abc", "host:port", "[::1]x", "host:1:"])
def test_a_no_proxy_that_says_nothing(monkeypatch: pytest.MonkeyPatch, connect: Connect, entry: str) -> None:
    monkeypatch.setenv("NO_PROXY", f"localhost,{entry}")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    with pytest.raises(
        bbquery.BuildError, match=r"^NO_PROXY holds .*, which is neither a host nor a network"
    ) as caught:
        connect(api_key=KEY).sessions()
    assert caught.value.code == "bad-environment"


def test_the_scheme_decides_and_all_proxy_is_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://plain.example:1")
    assert choose_proxy("https://api.example.com") is None
    monkeypatch.setenv("ALL_PROXY", "all.example:2")
    assert str(getattr(choose_proxy("https://api.example.com"), "url", None)) == "http://all.example:2"
    monkeypatch.setenv("https_proxy", "https://secure.example:3")
    assert str(getattr(choose_proxy("https://api.example.com"), "url", None)) == "https://secure.example:3"


BAD_PROXIES = {
    "ftp://proxy.example": "names a proxy of the kind ftp",
    "socks4://proxy.example": "names a proxy of the kind socks4",
    "http://user:s3cret@[::1": "cannot be read",
    "http://user:s3cret@host:port": "cannot be read",
    "user:s3cret:8080": "cannot be read",
    "user:s3cret@://host": "cannot be read",
    "http://": "cannot be read",
    "http://user:s3cret@": "cannot be read",
    "http://ho st": "cannot be read",
    "http://host:99999999": "cannot be read",
    "\x1b[31mred://host": "cannot be read",
}


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("proxy", BAD_PROXIES)
def test_a_proxy_that_is_none(connect: Connect, monkeypatch: pytest.MonkeyPatch, variable: str, proxy: str) -> None:
    monkeypatch.setenv(variable, proxy)
    with pytest.raises(bbquery.BuildError, match=f"^{variable} {BAD_PROXIES[proxy]}") as caught:
        connect(api_key=KEY).sessions()
    assert "s3cret" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_socks_proxy_needs_its_library(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with pytest.raises(bbquery.BuildError, match=r"^ALL_PROXY names a SOCKS proxy, which needs the package socksio"):
        connect(api_key=KEY).sessions()


@given(st.text(), st.text())
def test_no_text_is_a_surprise(proxy: str, no_proxy: str) -> None:
    texts = [text.replace("\0", "").encode("utf-8", "replace").decode() for text in (proxy, no_proxy)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", texts[0])
        patch.setenv("NO_PROXY", texts[1])
        for url in ("https://api.example.com", "https://[::1]:8443"):
            try:
                assert isinstance(choose_proxy(url), httpx.Proxy | None)
            except bbquery.BuildError as error:
                assert "PROXY" in str(error)  # noqa: PT017  # not every text raises


def test_this_machine_needs_no_proxy(connect: Connect, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "ftp://nowhere")
    assert len(connect(raw_server).sessions()) == 0


def test_a_callers_own_transport_goes_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://nowhere")
    own = httpx.MockTransport(lambda request: httpx.Response(200, json=[]))
    with bbquery.Client(api_key=KEY, transport=own) as client:
        assert len(client.sessions()) == 0


# --- certificates ------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_server_whose_certificate_the_environment_trusts(
    connect: Connect, certificate: Path, monkeypatch: pytest.MonkeyPatch, variable: str, tmp_path: Path
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with RawServer(context) as server:
        server.script = [answer()]
        url = f"https://localhost:{server.port}"
        with pytest.raises(bbquery.TransportError, match="CERTIFICATE_VERIFY_FAILED"):
            connect(server, base_url=url, retries=0).sessions()
        monkeypatch.setenv(variable, str(certificate if variable == "SSL_CERT_FILE" else hashed(certificate, tmp_path)))
        assert len(connect(server, base_url=url, retries=0).sessions()) == 0


def hashed(certificate: Path, folder: Path) -> Path:
    """A folder in which OpenSSL finds a certificate by the hash of its subject."""
    command = ["openssl", "x509", "-noout", "-subject_hash", "-in", f"{certificate}.crt"]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    (folder / f"{name}.0").write_bytes(Path(f"{certificate}.crt").read_bytes())
    return folder


@pytest.mark.parametrize(
    ("variable", "kind", "problem"),
    [
        ("SSL_CERT_FILE", "missing", "no such file or directory"),
        ("SSL_CERT_FILE", "text", "there are no certificates in it"),
        ("SSL_CERT_FILE", "empty", "there are no certificates in it"),
        ("SSL_CERT_FILE", "folder", "is a directory|there are no certificates in it|no such"),
        ("SSL_CERT_DIR", "missing", "there is no such folder"),
        ("SSL_CERT_DIR", "text", "there is no such folder"),
    ],
)
def test_certificates_that_are_none(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, kind: str, problem: str
) -> None:
    paths = {name: tmp_path / name for name in ("missing", "text", "empty", "folder")}
    paths["text"].write_text("hello")
    paths["empty"].write_text("")
    paths["folder"].mkdir()
    monkeypatch.setenv(variable, str(paths[kind]))
    with pytest.raises(bbquery.BuildError, match=f"^{variable} names .*{kind}': ({problem})") as caught:
        connect(api_key=KEY).sessions()
    assert caught.value.code == "bad-environment"


def test_the_command_line_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSERBASE_API_KEY", KEY)
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all")
    done = subprocess.run([*BBQUERY, "sessions"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "SSL_CERT_FILE names '/nowhere/at/all': no such file or directory" in done.stderr


def test_without_any_variable_the_usual_certificates_count() -> None:
    assert trusted_certificates().get_ca_certs()
