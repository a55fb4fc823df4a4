"""What deploy/ says is true of this version: its settings exist, its commands are ours, its units are systemd's."""

from __future__ import annotations

import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.settings import VARIABLES
from tests.paths import ROOT

DEPLOY = ROOT / "deploy"
UNITS = ("outcry.service", "outcry-backup.service", "outcry-backup.timer")
OF_THESE_FILES = {"OUTCRY_HOST", "OUTCRY_UPSTREAMS"}  # compose.yaml and the Caddyfile read them, Outcry does not
SETTING = re.compile(r"\b(?:OUTCRY|DISCORD|TELEGRAM)_[A-Z_]+\b|\bDATABASE_URL\b")


def read(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(path.name for path in DEPLOY.iterdir() if path.is_file()))
def test_every_setting_that_is_named_exists(name: str) -> None:
    assert set(SETTING.findall(read(name))) - OF_THESE_FILES <= set(VARIABLES)


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_what_systemd_reads(name: str, tmp_path: Path) -> None:
    """Where systemd is installed it checks them itself; what they run is not installed here."""
    unit = RawConfigParser(strict=False, interpolation=None)
    unit.read_string(read(name))
    assert unit.has_section("Unit")
    if shutil.which("systemd-analyze") is None:
        return
    for each in UNITS:
        (tmp_path / each).write_text(re.sub(r"(?m)^(Exec\w+)=\S+", r"\1=/bin/true", read(each)), encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", f"./{name}"]
    verified = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    told = [line for line in verified.stderr.splitlines() if any(each in line for each in UNITS)]
    assert told == []


@pytest.mark.parametrize("name", ["outcry.service", "outcry-backup.service"])
def test_a_service_has_no_rights_it_does_not_need(name: str) -> None:
    lines = set(read(name).splitlines())
    needed = ("User=outcry", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "UMask=0077")
    assert [line for line in needed if line not in lines] == []


def test_the_services_run_commands_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"(?m)^ExecStart=/opt/outcry/bin/outcry (\w+)(.*)$", "\n".join(map(read, UNITS)))
    assert [command for command, _ in commands] == ["run", "backup"]
    for command, options in commands:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        assert all(option in capsys.readouterr().out for option in re.findall(r"--\w+", options))


def test_an_image_is_made_of_the_product_alone_and_holds_no_secret() -> None:
    dockerfile = read("Dockerfile")
    copied = [path for line in re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", dockerfile) for path in line.split()]
    assert [path for path in copied if not (ROOT / path).exists()] == []
    let_through = re.findall(r"(?m)^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"))
    assert sorted(let_through) == sorted(copied)
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").startswith("*\n")
    secret = [name for name, (field, _, _) in VARIABLES.items() if "token" in field or "secret" in field]
    assert [name for name in [*secret, "DATABASE_URL"] if name in dockerfile + read("compose.yaml")] == []
    assert re.search(r"(?m)^USER (?!root)", dockerfile)


def test_the_proxy_is_believed_by_the_address_it_has() -> None:
    compose = read("compose.yaml")
    [address] = re.findall(r"ipv4_address: (\S+)", compose)
    assert f"OUTCRY_TRUSTED_PROXIES: {address}\n" in compose
