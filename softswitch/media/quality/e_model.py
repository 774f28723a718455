"""How good a call sounds, from what the network did to it: the E-model (ITU-T G.107).

The rating R is a sum: what an ordinary telephone connection is worth, less what delay, codec and loss take away. All
parameters of the telephones themselves (loudness, room noise, echo) are the Recommendation's defaults, its table 3,
for which R is 93.2. Names are those of the Recommendation.
"""

import math
from functools import lru_cache
from typing import NamedTuple

SLR, RLR = 8.0, 2.0
"""Loudness ratings of sending and receiving, dB."""
STMR, LSTR = 15.0, 18.0
"""Sidetone, of the voice and of the room, dB."""
D_S = 3.0
P_S = P_R = 35.0
"""The telephone's D-value, and room noise on both sides, dB(A)."""
TELR, WEPL = 65.0, 110.0
"""Loss of the echo that the talker and the listener hear, dB."""
N_C, N_FOR = -70.0, -64.0
"""Noise of the circuit and of the receiver, dBm0p."""
QDU = 1.0
"""Quantising distortion: one coding by G.711."""

R_MAX = 100.0
MOS_MAX = 4.5


class Impairment(NamedTuple):
    """What a codec costs (ITU-T G.113)."""

    i_e: float
    """Without loss."""
    b_pl: float
    """How well it bears loss: at this many per cent of packets lost at random half of what can be lost is."""


G711 = Impairment(0.0, 25.1)
"""G.113 appendix I: 10 ms packets with concealment like ours; without any, 4.3."""
IMPAIRMENTS = {
    "PCMU": G711,
    "PCMA": G711,
    "L16": G711,
    "G722": G711,
    "OPUS": Impairment(1.0, 30.0),
}
"""By codec. G.107 is about the telephone band, to which we bring everything, so the wider band earns nothing here.
There G.722 at 64 kbit/s is as good as G.711 and is concealed alike. No Recommendation rates Opus: these are what
PESQ gives for 24 kbit/s at 8 kHz with in-band FEC, 4.46 without loss and 3.61 with a tenth of the packets lost."""


def rating(
    *, delay_ms: float = 0.0, loss_percent: float = 0.0, burst_ratio: float = 1.0, impairment: Impairment = G711
) -> float:
    """R, at most 100 and at worst below 0.

    `delay_ms` is one way, from mouth to ear (T = Ta = Tr / 2). `burst_ratio` is the mean length of a run of lost
    packets over what it would be if they were lost at random; 1 or more.
    """
    return _without_loss(delay_ms) - _equipment(loss_percent, burst_ratio, impairment)


def mean_opinion_score(r: float) -> float:
    """MOS-CQE for a rating, 1 to 4.5 (G.107 annex B)."""
    if r <= 0.0:
        return 1.0
    if r >= R_MAX:
        return MOS_MAX
    return max(1.0, 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6)


@lru_cache(maxsize=1024)
def _without_loss(t: float) -> float:
    """Ro - Is - Id. A worker asks for the same few delays again and again."""
    return _R_O - _simultaneous(t) - _delay(t)


def _equipment(loss_percent: float, burst_ratio: float, impairment: Impairment) -> float:
    """Ie,eff (equation 7-29)."""
    i_e, b_pl = impairment
    return i_e + (95.0 - i_e) * loss_percent / (loss_percent / burst_ratio + b_pl)


def _simultaneous(t: float) -> float:
    """Is (equations 7-8 to 7-17): what happens at the same time as the voice."""
    x_olr = SLR + RLR + 0.2 * (64.0 + _N_O - RLR)
    i_olr = 20.0 * ((1.0 + (x_olr / 8.0) ** 8) ** (1 / 8) - x_olr / 8.0)
    stmr_o = -10.0 * math.log10(10 ** (-STMR / 10) + math.exp(-t / 4.0) * 10 ** (-TELR / 10))
    i_st = (
        12.0 * (1.0 + ((stmr_o - 13.0) / 6.0) ** 8) ** (1 / 8)
        - 28.0 * (1.0 + ((stmr_o + 1.0) / 19.4) ** 35) ** (1 / 35)
        - 13.0 * (1.0 + ((stmr_o - 3.0) / 33.0) ** 13) ** (1 / 13)
        + 29.0
    )
    q = 37.0 - 15.0 * math.log10(QDU)
    g = 1.07 + 0.258 * q + 0.0602 * q * q
    y = (_R_O - 100.0) / 15.0 + 46.0 / 8.4 - g / 9.0
    z = 46.0 / 30.0 - g / 40.0
    return i_olr + i_st + 15.0 * math.log10(1.0 + 10**y + 10**z)


def _delay(t: float) -> float:
    """Id (equations 7-18 to 7-28): echo of the talker and of the listener, and delay itself."""
    terv = TELR - 40.0 * math.log10((1.0 + t / 10.0) / (1.0 + t / 150.0)) + 6.0 * math.exp(-0.3 * t * t)
    r_oe, r_e = -1.5 * (_N_O - RLR), 80.0 + 2.5 * (terv - 14.0)
    i_dte = ((r_oe - r_e) / 2.0 + math.sqrt((r_oe - r_e) ** 2 / 4.0 + 100.0) - 1.0) * (1.0 - math.exp(-t))
    r_le = 10.5 * (WEPL + 7.0) * (2.0 * t + 1.0) ** -0.25
    i_dle = (_R_O - r_le) / 2.0 + math.sqrt((_R_O - r_le) ** 2 / 4.0 + 169.0)
    if t <= 100.0:
        return i_dte + i_dle
    x = math.log2(t / 100.0)
    return i_dte + i_dle + 25.0 * ((1.0 + x**6) ** (1 / 6) - 3.0 * (1.0 + (x / 3.0) ** 6) ** (1 / 6) + 2.0)


def _noise() -> float:
    """No (equations 7-3 to 7-7): all noise at the 0 dBr point."""
    n_os = P_S - SLR - D_S - 100.0 + 0.004 * (P_S - SLR - RLR - D_S - 14.0) ** 2
    p_re = P_R + 10.0 * math.log10(1.0 + 10 ** ((10.0 - LSTR) / 10.0))
    n_or = RLR - 121.0 + p_re + 0.008 * (p_re - 35.0) ** 2
    return 10.0 * math.log10(sum(10 ** (noise / 10.0) for noise in (N_C, n_os, n_or, N_FOR + RLR)))


_N_O = _noise()
_R_O = 15.0 - 1.5 * (SLR + _N_O)
