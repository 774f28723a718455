"""What the operator has written to be spoken, from wherever it stands."""

from softswitch.app.sounds import operator_texts
from softswitch.config import Configuration
from softswitch.config.menu_rows import MenuRow
from softswitch.config.settings import Settings, SoundsSection


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
