"""What the operator has written to be spoken, from wherever it stands; and the music that plays for all."""

import wave
from pathlib import Path

import numpy as np
import pytest

from softswitch.app.sounds import named_prompts, operator_texts, sound_library
from softswitch.config import Configuration
from softswitch.config.menu_rows import MenuRow
from softswitch.config.rows import Announcements, QueueRow
from softswitch.config.settings import ControlSection, Settings, SoundsSection
from softswitch.prompts.runtime.wav_files import write_wav


def test_what_queues_and_menus_play_is_known_in_advance() -> None:
    configuration = Configuration(
        directory="/etc/softswitch",
        queues=(
            QueueRow(id="sales", announce=Announcements(texts=("shop/sale",)), agent_hears=("tone:beep", "shop/name")),
        ),
        menus=(
            MenuRow(id="main", text="Choose.", keys={"1": ("play:shop/open", "hangup")}, default="play:shop/bye"),
            MenuRow(id="more", prompt=("shop/more", "shop/sale"), no_choice=""),
        ),
    )
    assert named_prompts(configuration) == [
        *("shop/sale", "greeting/closed", "shop/name", "menus/main", "menu/invalid-choice", "menu/no-choice"),
        *("shop/open", "shop/bye", "shop/more"),
    ]


def test_prompts_and_menus_have_their_words_by_language() -> None:
    configuration = Configuration(
        directory="/etc/softswitch",
        settings=Settings(sounds=SoundsSection(languages=("ru", "en"), default_language="ru")),
        prompts={"en": {"shop/sale": "Sale.", "menus/night": "Good night."}},
        menus=(
            MenuRow(id="main", text="Выберите."),
            MenuRow(id="more", text={"en": "More.", "ru": "Ещё."}),
            MenuRow(id="night", text={"en": "Night."}),
            MenuRow(id="recorded", prompt="shop/menu"),
        ),
    )
    assert operator_texts(configuration) == {
        "ru": {"menus/main": "Выберите.", "menus/more": "Ещё."},
        "en": {"shop/sale": "Sale.", "menus/more": "More.", "menus/night": "Good night."},
    }


@pytest.mark.parametrize("music", ["tone", "tone.wav", "sounds/music/tone.wav"])
def test_music_for_all_is_a_file_in_its_folder(tmp_path: Path, music: str) -> None:
    (tmp_path / "sounds" / "music").mkdir(parents=True)
    write_wav(tmp_path / "sounds" / "music" / "tone.wav", np.full(8000, 0.25, dtype=np.float32))
    configuration = Configuration(
        directory=str(tmp_path),
        settings=Settings(
            sounds=SoundsSection(directory=str(tmp_path / "sounds"), music=music),
            control=ControlSection(socket=str(tmp_path / "run" / "control.sock")),
        ),
    )
    with wave.open(sound_library(configuration).music()) as file:
        assert file.getnframes() == 8000, "and not our own piece, which is longer"
