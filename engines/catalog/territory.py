"""Where a license is valid: the regions that it excludes, compared with the country of the studio."""

from collections.abc import Collection
from typing import Literal

Region = Literal["EU", "GB", "KR", "US"]
"""A region that a license excludes: a country by its ISO 3166 code, or the European Union."""

_NAMES: dict[Region, str] = {"EU": "the EU", "GB": "the UK", "KR": "South Korea", "US": "the US"}
_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"


def is_licensed(excluded: Collection[Region], country: str) -> bool | None:
    """Return whether a license is valid in a country (ISO 3166 code; empty if unknown); None if that depends on the
    country, which is unknown."""
    if not excluded:
        return True
    if not country:
        return None
    return not any(country == region or (region == "EU" and country in _EU.split()) for region in excluded)


def region_names(excluded: Collection[Region]) -> str:
    """“the EU, the UK and South Korea”; empty if the license is valid everywhere."""
    *first, last = [_NAMES[region] for region in excluded] or [""]
    return f"{', '.join(first)} and {last}" if first else last
