"""Binary BCH codes of length 127 over GF(2**7), primitive polynomial x^7 + x^3 + 1, for engines whose carriers bring bits.

Words are integers, the first bit sent the highest. A shorter word is one with leading zeros: an error that would lie in
them makes it uncorrectable. R. E. Blahut, "Algebraic Codes for Data Transmission", chapters 6 and 7.
"""

from functools import reduce
from typing import Final

ORDER: Final = 127
_POLYNOMIAL: Final = 0b10001001


def _powers() -> tuple[list[int], list[int]]:
    powers, logs, value = [0] * (2 * ORDER), [0] * (ORDER + 1), 1
    for exponent in range(ORDER):
        powers[exponent] = powers[exponent + ORDER] = value
        logs[value] = exponent
        value <<= 1
        if value > ORDER:
            value ^= _POLYNOMIAL
    return powers, logs


_POWERS, _LOGS = _powers()


class Bch:
    """A code that corrects up to `errors` wrong bits. Holds no state between calls."""

    def __init__(self, errors: int) -> None:
        self.errors = errors
        roots = {odd * 2**square % ORDER for odd in range(1, 2 * errors, 2) for square in range(7)}
        self.parity_bits = len(roots)
        self._generator = _as_word(reduce(_times_root, sorted(roots), [1]))

    def parity(self, message: int) -> int:
        """What follows the message in its word: the rest of its division by the generator."""
        rest = message << self.parity_bits
        while rest.bit_length() > self.parity_bits:
            rest ^= self._generator << (rest.bit_length() - self.parity_bits - 1)
        return rest

    def encode(self, message: int) -> int:
        return message << self.parity_bits | self.parity(message)

    def decode(self, word: int, length: int) -> tuple[int, int] | None:
        """(message, corrected bits) of a word of `length` bits; None where no message is near enough."""
        places = [place for place in range(length) if word >> place & 1]
        syndromes = [reduce(lambda total, place: total ^ _POWERS[j * place % ORDER], places, 0) for j in self._span()]
        if not any(syndromes):
            return word >> self.parity_bits, 0
        locator = _locator(syndromes)
        wrong = [place for place in range(length) if _value(locator, ORDER - place) == 0]
        if len(locator) - 1 > self.errors or len(wrong) != len(locator) - 1:
            return None
        for place in wrong:
            word ^= 1 << place
        return word >> self.parity_bits, len(wrong)

    def _span(self) -> range:
        return range(1, 2 * self.errors + 1)


def _times(a: int, b: int) -> int:
    return _POWERS[_LOGS[a] + _LOGS[b]] if a and b else 0


def _times_root(polynomial: list[int], exponent: int) -> list[int]:
    """The polynomial times (x + alpha**exponent), lowest coefficient first."""
    scaled = [_times(one, _POWERS[exponent]) for one in polynomial] + [0]
    return [low ^ high for low, high in zip(scaled, [0, *polynomial], strict=True)]


def _as_word(polynomial: list[int]) -> int:
    return sum(1 << place for place, one in enumerate(polynomial) if one)


def _locator(syndromes: list[int]) -> list[int]:
    """Berlekamp and Massey: the shortest polynomial that makes the syndromes, lowest coefficient first, no zeros on top."""
    current, former, length, since, former_gap = [1], [1], 0, 1, 1
    for number, syndrome in enumerate(syndromes):
        gap = syndrome
        for i in range(1, min(length, len(current) - 1) + 1):
            gap ^= _times(current[i], syndromes[number - i])
        if gap == 0:
            since += 1
            continue
        factor = _POWERS[(_LOGS[gap] - _LOGS[former_gap]) % ORDER]
        shifted = [0] * since + [_times(factor, one) for one in former]
        size = max(len(current), len(shifted))
        changed = [
            (current[i] if i < len(current) else 0) ^ (shifted[i] if i < len(shifted) else 0) for i in range(size)
        ]
        if 2 * length <= number:
            former, former_gap, length, since = current, gap, number + 1 - length, 1
        else:
            since += 1
        current = changed
    while len(current) > 1 and current[-1] == 0:
        current.pop()
    return current


def _value(polynomial: list[int], exponent: int) -> int:
    """At alpha**exponent."""
    return reduce(
        lambda total, term: total ^ _times(term[1], _POWERS[term[0] * exponent % ORDER]), enumerate(polynomial), 0
    )
