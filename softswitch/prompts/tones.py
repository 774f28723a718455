"""Call progress tones as people of a country know them: cadences that a media worker plays (media/sounds/tones.py).

By country (ISO 3166) and name; after ITU-T E.180 supplement 2 and the national figures that operators use. A record
tone tells that a call is recorded; where the country has none of its own, it is half a second of 1400 Hz.
"""

import re
from collections.abc import Mapping

_RECORD = "1400/500,0/15000"
_CADENCE = re.compile(r"tone:[0-9+*/!,]{1,1000}", re.ASCII)

TONES: Mapping[str, Mapping[str, str]] = {
    "au": {
        "dial": "413+438",
        "ringback": "413+438/400,0/200,413+438/400,0/2000",
        "busy": "425/375,0/375",
        "congestion": "425/375,0/375,420/375,0/375",
        "call-waiting": "425/200,0/200,425/200,0/4400",
        "record": "1400/425,0/14575",
    },
    "br": {
        "dial": "425",
        "ringback": "425/1000,0/4000",
        "busy": "425/250,0/250",
        "congestion": "425/250,0/250,425/750,0/250",
        "call-waiting": "425/50,0/1000",
        "record": _RECORD,
    },
    "de": {
        "dial": "425",
        "ringback": "425/1000,0/4000",
        "busy": "425/480,0/480",
        "congestion": "425/240,0/240",
        "call-waiting": "425/200,0/200,425/200,0/5000",
        "record": "1400/80,0/15000",
    },
    "es": {
        "dial": "425",
        "ringback": "425/1500,0/3000",
        "busy": "425/200,0/200",
        "congestion": "425/200,0/200,425/200,0/200,425/200,0/600",
        "call-waiting": "425/175,0/175,425/175,0/3500",
        "record": _RECORD,
    },
    "fr": {
        "dial": "440",
        "ringback": "440/1500,0/3500",
        "busy": "440/500,0/500",
        "congestion": "440/250,0/250",
        "call-waiting": "440/300,0/10000",
        "record": _RECORD,
    },
    "gb": {
        "dial": "350+440",
        "ringback": "400+450/400,0/200,400+450/400,0/2000",
        "busy": "400/375,0/375",
        "congestion": "400/400,0/350,400/225,0/525",
        "call-waiting": "400/100,0/4000",
        "record": "1400/500,0/59500",
    },
    "in": {
        "dial": "400*25",
        "ringback": "400*25/400,0/200,400*25/400,0/2000",
        "busy": "400/750,0/750",
        "congestion": "400/250,0/250",
        "call-waiting": "400/200,0/100,400/200,0/7500",
        "record": _RECORD,
    },
    "it": {
        "dial": "425/200,0/200,425/600,0/1000",
        "ringback": "425/1000,0/4000",
        "busy": "425/500,0/500",
        "congestion": "425/200,0/200",
        "call-waiting": "425/400,0/100,425/250,0/100,425/150,0/14000",
        "record": "1400/400,0/15000",
    },
    "jp": {
        "dial": "400",
        "ringback": "400*16/1000,0/2000",
        "busy": "400/500,0/500",
        "congestion": "400/500,0/500",
        "call-waiting": "400*16/500,0/8000",
        "record": _RECORD,
    },
    "nl": {
        "dial": "425",
        "ringback": "425/1000,0/4000",
        "busy": "425/500,0/500",
        "congestion": "425/250,0/250",
        "call-waiting": "425/500,0/9500",
        "record": _RECORD,
    },
    "pl": {
        "dial": "425",
        "ringback": "425/1000,0/4000",
        "busy": "425/500,0/500",
        "congestion": "425/250,0/250",
        "call-waiting": "425/150,0/150,425/150,0/4000",
        "record": _RECORD,
    },
    "ru": {
        "dial": "425",
        "ringback": "425/1000,0/4000",
        "busy": "425/350,0/350",
        "congestion": "425/175,0/175",
        "call-waiting": "425/200,0/5000",
        "record": "1400/400,0/15000",
    },
    "ua": {
        "dial": "425",
        "ringback": "425/1000,0/4000",
        "busy": "425/350,0/350",
        "congestion": "425/175,0/175",
        "call-waiting": "425/200,0/5000",
        "record": "1400/400,0/15000",
    },
    "us": {
        "dial": "350+440",
        "ringback": "440+480/2000,0/4000",
        "busy": "480+620/500,0/500",
        "congestion": "480+620/250,0/250",
        "call-waiting": "440/300,0/10000",
        "record": _RECORD,
    },
}

BEEP = "1000/400,0/100"
"""After it the caller speaks his message; the same in every country."""


def tone(country: str, name: str) -> str | None:
    """The sound to play for a country's tone: "tone:" and its cadence; None if there is no such tone."""
    cadence = BEEP if name == "beep" else TONES[country].get(name)
    return None if cadence is None else f"tone:{cadence}"


def is_cadence(sound: str) -> bool:
    """Whether a sound, "tone:..." as a whole, is written out and no name of a tone."""
    return _CADENCE.fullmatch(sound) is not None


def tone_names(country: str) -> list[str]:
    return ["beep", *TONES[country]]
