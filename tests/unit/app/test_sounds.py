"""What the operator has written to be spoken, from wherever it stands."""

from softswitch.app.sounds import named_prompts, operator_texts
from softswitch.config import Configuration
from softswitch.config.menu_rows import MenuRow
from softswitch.config.rows import Announcements, QueueRow
from softswitch.config.settings import Settings, SoundsSection


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
