"""Amounts of money: exact while they are computed, rounded once where they are stated.

The rule: each rated part of a call, each rent and each VAT is rounded by itself, half up (away from zero at exactly
half), to the currency's smallest coin. All else on a bill is a sum of such amounts, so what is stated adds up, by hand
as well.
"""

from decimal import ROUND_HALF_UP, Decimal, localcontext

ZERO = Decimal(0)
PRECISION_DIGITS = 50
"""Of intermediate results: more than any price times any duration has."""

_COINS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV"), 0
    ),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Decimal places of currencies that have not two (ISO 4217)."""


def places_of(currency: str) -> int:
    """Decimal places of the currency's smallest coin."""
    return _COINS.get(currency, 2)


def rounded(amount: Decimal, places: int) -> Decimal:
    with localcontext() as context:
        context.prec = PRECISION_DIGITS
        return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def share(amount: Decimal, part: int, whole: int, places: int) -> Decimal:
    """`part` of `whole` of an amount, rounded."""
    with localcontext() as context:
        context.prec = PRECISION_DIGITS
        return rounded(amount * part / whole, places)


def for_time(price_per_minute: Decimal, seconds: int) -> Decimal:
    """What so many seconds cost, not rounded."""
    with localcontext() as context:
        context.prec = PRECISION_DIGITS
        return price_per_minute * seconds / 60
