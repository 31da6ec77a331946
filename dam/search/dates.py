"""Dates in words: "yesterday", "last week", "last 7 days", "3 days ago", "this month". Weeks begin on Monday (ISO 8601)."""

import re
from datetime import date, timedelta

_AGO = re.compile(r"(\d{1,4}) (day|week|month|year)s? ago")
_LAST = re.compile(r"(?:last|past) (\d{1,4}) (day|week|month|year)s?")
_UNIT = re.compile(r"(this|last|past) (day|week|month|year)")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def spoken(value: str, today: date) -> tuple[str, str] | None:
    """The first and the last day that the words mean, as ISO dates; None if they mean nothing here."""
    words = re.sub(r"[\s_-]+", " ", value.strip().lower())
    try:
        span = _span(words, today)
    except (ValueError, OverflowError):  # a year that no calendar has
        return None
    return None if span is None else (span[0].isoformat(), span[1].isoformat())


def _span(words: str, today: date) -> tuple[date, date] | None:
    if words in ("today", "now"):
        return today, today
    if words == "yesterday":
        return today - timedelta(days=1), today - timedelta(days=1)
    if words.removeprefix("last ") in _WEEKDAYS:
        back = (today.weekday() - _WEEKDAYS.index(words.removeprefix("last "))) % 7 or 7
        day = today - timedelta(days=back)
        return day, day
    if match := _UNIT.fullmatch(words):
        first, last = _period(match[2], today)
        return (first, last) if match[1] == "this" else _period(match[2], first - timedelta(days=1))
    if match := _LAST.fullmatch(words):
        return _back(today, int(match[1]), match[2]) + timedelta(days=1), today
    if match := _AGO.fullmatch(words):
        day = _back(today, int(match[1]), match[2])
        return day, day
    return None


def _period(unit: str, day: date) -> tuple[date, date]:
    if unit == "day":
        return day, day
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    if unit == "month":
        first = day.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return date(day.year, 1, 1), date(day.year, 12, 31)


def _back(day: date, count: int, unit: str) -> date:
    if unit in ("day", "week"):
        return day - timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 - count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    last = _period("month", date(year, month + 1, 1))[1].day
    return date(year, month + 1, min(day.day, last))
