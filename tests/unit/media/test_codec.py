"""Finding codecs: plug-ins of other distributions, and those that are broken."""

import sys
from pathlib import Path

import pytest

from softswitch.base.errors import StartError
from softswitch.media.codec import CodecSpec, load_codecs

PLUGIN = """
from softswitch.media.codec import CodecSpec

class Codec:
    spec = CodecSpec(
        name="{name}", payload_type=None, sample_rate_hz=16000, clock_rate_hz=8000, bit_rate=64000, silence_byte=0
    )

codec = Codec()
"""


def install(folder: Path, entry_point: str, name: str = "WIDE") -> None:
    """A distribution with one codec, as pip would leave it."""
    (folder / "wide_codec.py").write_text(PLUGIN.format(name=name))
    metadata = folder / "wide_codec-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: wide-codec\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[softswitch.codecs]\nwide = {entry_point}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "wide_codec", raising=False)
    return tmp_path


def test_a_codec_of_another_distribution_is_found(site: Path) -> None:
    install(site, "wide_codec:codec")
    assert sorted(load_codecs()) == ["PCMA", "PCMU", "WIDE"]


@pytest.mark.parametrize("entry_point", ["wide_codec:absent", "absent_module:codec"])
def test_a_codec_that_cannot_be_loaded_is_named(site: Path, entry_point: str) -> None:
    install(site, entry_point)
    with pytest.raises(StartError, match=f"{entry_point} cannot be loaded .*: reinstall or uninstall"):
        load_codecs()


def test_two_codecs_of_one_name_are_refused(site: Path) -> None:
    install(site, "wide_codec:codec", name="PCMU")
    with pytest.raises(StartError, match="provides PCMU, which another plug-in already does"):
        load_codecs()


def test_sizes_of_packets() -> None:
    wide = CodecSpec(
        name="G722", payload_type=9, sample_rate_hz=16000, clock_rate_hz=8000, bit_rate=64000, silence_byte=0
    )
    assert (wide.samples(20), wide.payload_bytes(20)) == (320, 160)
