"""Make up plausible records that pass the check: the same ones for a seed, on any machine."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from compiler.iceberg import Field, ListType, MapType, Primitive, StructType, Type
from compiler.records.vocabulary import CHOICES, HOSTS, PATHS, PLACES, WORDS, Place

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DEFAULT = datetime(2025, 1, 1, tzinfo=UTC)
_SECONDS_BETWEEN_RECORDS = 40
_LEFT_OUT = 0.04
"""The share of optional values that are left out, so that a reader meets a gap too."""
_MOST_ITEMS = 3
_SECOND = 1_000_000


def sample(columns: Sequence[Field], count: int, seed: int, at: datetime | None = None) -> Iterator[str]:
    """Yield records as JSON text, in the order of time.

    `at` is when the first one happens; without it a day that follows from the seed, never the
    clock. A column's values depend on its name and type alone, so a new column leaves the others'
    as they are.
    """
    start = at or _FIRST_DEFAULT + timedelta(days=seed % 365)
    makers = [(column, _Dice(f"{seed}:{column.name}")) for column in columns]
    scene_dice = _Dice(f"{seed}:")
    moment = (start - _EPOCH) // timedelta(microseconds=1)
    for number in range(count):
        scene = _Scene(number, moment, scene_dice.pick(PLACES))
        yield json.dumps(_record(makers, scene), ensure_ascii=False, separators=(",", ":"))
        moment += scene_dice.below(2 * _SECONDS_BETWEEN_RECORDS * _SECOND)


class _Dice:
    """Draw from `random()` alone: of the generator's methods, only that one is the same for ever.

    Python's documentation, "Notes on Reproducibility": the sequence of random() for a seed does
    not change between versions; every other method may.
    """

    def __init__(self, seed: str) -> None:
        digest = hashlib.sha256(seed.encode()).digest()
        self._random = random.Random(int.from_bytes(digest)).random

    def chance(self, share: float) -> bool:
        return self._random() < share

    def below(self, end: int) -> int:
        return int(self._random() * end)

    def pick(self, options: Sequence[Any]) -> Any:
        return options[self.below(len(options))]

    def octets(self, count: int) -> bytes:
        # random() has 53 bits: six octets are the most that one draw fills.
        drawn = (self.below(1 << 48).to_bytes(6) for _ in range(0, count, 6))
        return b"".join(drawn)[:count]


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all values of one record share."""

    number: int
    moment: int
    """Microseconds since 1970."""
    place: Place


def _record(makers: Sequence[tuple[Field, _Dice]], scene: _Scene) -> dict[str, Any]:
    # The dice are thrown for a required column too, so that its values do not depend on that.
    drawn = [
        (column, _value(column.type, column.name, scene, dice, 1), dice.chance(_LEFT_OUT))
        for column, dice in makers
    ]
    record = {column.name: value for column, value, left_out in drawn if column.required or not left_out}
    first, value, _ = drawn[0]
    return record or {first.name: value}


def _value(type_: Type, name: str, scene: _Scene, dice: _Dice, level: int) -> Any:
    match type_:
        case Primitive(kind, arguments):
            return _PRIMITIVES[kind](name, scene, dice, *arguments)
        case ListType(element):
            return [
                _value(element, _singular(name), scene, dice, level + 1) for _ in range(_items(dice, level))
            ]
        case MapType(key, value):
            keys = [_map_key(key, scene, dice, level) for _ in range(_items(dice, level))]
            return {each: _value(value, "", scene, dice, level + 1) for each in keys}
        case StructType(fields):
            return {each.name: _value(each.type, each.name, scene, dice, level + 1) for each in fields}


def _items(dice: _Dice, level: int) -> int:
    """Return how many items a list or map has: few, and inside another one only one."""
    return 1 + dice.below(_MOST_ITEMS) if level == 1 else 1


def _map_key(type_: Type, scene: _Scene, dice: _Dice, level: int) -> str:
    key = _value(type_, "key", scene, dice, level + 1)
    return key if isinstance(key, str) else json.dumps(key)


def _singular(name: str) -> str:
    return name.removesuffix("s")


# --- Primitive types ---


def _boolean(name: str, scene: _Scene, dice: _Dice) -> bool:
    return dice.chance(0.5)


def _whole(name: str, scene: _Scene, dice: _Dice) -> int:
    last = _last_word(name)
    if last == "id":
        return 1_000_000 + scene.number
    if last in _WHOLE_RANGES:
        low, high = _WHOLE_RANGES[last]
        return low + int(dice.below(high - low + 1))
    return dice.below(1_000)


_WHOLE_RANGES: Mapping[str, tuple[int, int]] = {
    "age": (18, 90),
    "day": (1, 28),
    "height": (480, 2160),
    "hour": (0, 23),
    "minute": (0, 59),
    "month": (1, 12),
    "percent": (0, 100),
    "quantity": (1, 5),
    "rating": (1, 5),
    "width": (320, 3840),
    "year": (2024, 2026),
}


def _real(name: str, scene: _Scene, dice: _Dice) -> float:
    last = _last_word(name)
    wobble = (dice.below(2_001) - 1_000) / 10_000
    if last in ("lat", "latitude"):
        return round(scene.place.latitude + wobble, 4)
    if last in ("lon", "lng", "longitude"):
        return round(scene.place.longitude + wobble, 4)
    return dice.below(100_000) / 100


def _decimal(name: str, scene: _Scene, dice: _Dice, precision: int, scale: int) -> int | float:
    digits = dice.below(10 ** min(precision, scale + 4, 9))
    # At most nine digits: the shortest text of such a float is the decimal that is meant.
    return digits / 10**scale if scale else digits


def _date(name: str, scene: _Scene, dice: _Dice) -> str:
    return _day(scene)


def _time(name: str, scene: _Scene, dice: _Dice) -> str:
    return _clock(scene).time().isoformat(timespec="milliseconds")


def _timestamp(name: str, scene: _Scene, dice: _Dice) -> int:
    return scene.moment + dice.below(_SECOND)


def _uuid(name: str, scene: _Scene, dice: _Dice) -> str:
    digits = dice.octets(16).hex()
    # The marks of version 4 and of RFC 9562's variant.
    digits = f"{digits[:12]}4{digits[13:16]}a{digits[17:]}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _binary(name: str, scene: _Scene, dice: _Dice, length: int = 12) -> str:
    return base64.b64encode(dice.octets(length)).decode("ascii")


# --- Text, by what the name says ---


def _string(name: str, scene: _Scene, dice: _Dice) -> str:
    last = _last_word(name)
    if last in _TEXTS:
        return _TEXTS[last](scene, dice)
    if last in CHOICES:
        return str(dice.pick(CHOICES[last]))
    return f"{dice.pick(WORDS)} {dice.pick(WORDS)}"


def _last_word(name: str) -> str:
    return name.rsplit("_", 1)[-1]


def _identifier(scene: _Scene, dice: _Dice) -> str:
    return dice.octets(16).hex()


def _url(scene: _Scene, dice: _Dice) -> str:
    return f"https://{dice.pick(HOSTS)}{dice.pick(PATHS)}"


def _email(scene: _Scene, dice: _Dice) -> str:
    return f"{dice.pick(WORDS)}.{dice.pick(WORDS)}@example.com"


def _address(scene: _Scene, dice: _Dice) -> str:
    return f"192.0.2.{1 + dice.below(254)}"  # RFC 5737 keeps this network for examples


def _version(scene: _Scene, dice: _Dice) -> str:
    return f"{100 + dice.below(40)}.{dice.below(10)}"


def _agent(scene: _Scene, dice: _Dice) -> str:
    return f"Mozilla/5.0 (X11; Linux x86_64; rv:{_version(scene, dice)}) Gecko/20100101 Firefox/128.0"


def _pixels(scene: _Scene, dice: _Dice) -> str:
    return str(dice.pick((360, 412, 768, 1080, 1440, 1920, 2560)))


def _clock(scene: _Scene) -> datetime:
    return _EPOCH + timedelta(microseconds=scene.moment)


def _day(scene: _Scene) -> str:
    return _clock(scene).date().isoformat()


_TEXTS: Mapping[str, Callable[[_Scene, _Dice], str]] = {
    "agent": _agent,
    "city": lambda scene, dice: scene.place.city,
    "country": lambda scene, dice: scene.place.country,
    "currency": lambda scene, dice: scene.place.currency,
    "date": lambda scene, dice: _day(scene),
    "day": lambda scene, dice: _day(scene),
    "dt": lambda scene, dice: _day(scene),
    "email": _email,
    "hash": _identifier,
    "height": _pixels,
    "href": _url,
    "id": _identifier,
    "ip": _address,
    "key": lambda scene, dice: str(dice.pick(WORDS)),
    "language": lambda scene, dice: scene.place.language,
    "link": _url,
    "locale": lambda scene, dice: scene.place.language,
    "referer": _url,
    "referrer": _url,
    "region": lambda scene, dice: scene.place.region,
    "timezone": lambda scene, dice: scene.place.timezone,
    "token": _identifier,
    "url": _url,
    "uuid": lambda scene, dice: _uuid("", scene, dice),
    "version": _version,
    "width": _pixels,
}

_PRIMITIVES: Mapping[str, Callable[..., Any]] = {
    "boolean": _boolean,
    "int": _whole,
    "long": _whole,
    "float": _real,
    "double": _real,
    "decimal": _decimal,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "timestamptz": _timestamp,
    "string": _string,
    "uuid": _uuid,
    "fixed": lambda name, scene, dice, length: _binary(name, scene, dice, length),
    "binary": _binary,
}
