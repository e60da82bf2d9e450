"""Plausible content for columns whose names say what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visitor is; its parts go together."""

    city: str
    region: str
    country: str
    timezone: str
    language: str
    currency: str
    latitude: float
    longitude: float


PLACES: Final = (
    Place("Amsterdam", "North Holland", "NL", "Europe/Amsterdam", "nl-NL", "EUR", 52.37, 4.9),
    Place("Berlin", "Berlin", "DE", "Europe/Berlin", "de-DE", "EUR", 52.52, 13.4),
    Place("Chicago", "Illinois", "US", "America/Chicago", "en-US", "USD", 41.88, -87.63),
    Place("Dublin", "Leinster", "IE", "Europe/Dublin", "en-IE", "EUR", 53.35, -6.26),
    Place("London", "England", "GB", "Europe/London", "en-GB", "GBP", 51.51, -0.13),
    Place("Lyon", "Auvergne-Rhône-Alpes", "FR", "Europe/Paris", "fr-FR", "EUR", 45.76, 4.84),
    Place("Mumbai", "Maharashtra", "IN", "Asia/Kolkata", "hi-IN", "INR", 19.08, 72.88),
    Place("Nairobi", "Nairobi", "KE", "Africa/Nairobi", "sw-KE", "KES", -1.29, 36.82),
    Place("New York", "New York", "US", "America/New_York", "en-US", "USD", 40.71, -74.01),
    Place("Osaka", "Osaka", "JP", "Asia/Tokyo", "ja-JP", "JPY", 34.69, 135.5),
    Place("São Paulo", "São Paulo", "BR", "America/Sao_Paulo", "pt-BR", "BRL", -23.55, -46.63),
    Place("Sydney", "New South Wales", "AU", "Australia/Sydney", "en-AU", "AUD", -33.87, 151.21),
    Place("Toronto", "Ontario", "CA", "America/Toronto", "en-CA", "CAD", 43.65, -79.38),
    Place("Zürich", "Zürich", "CH", "Europe/Zurich", "de-CH", "CHF", 47.38, 8.54),
)

WORDS: Final = (
    "amber", "anchor", "birch", "breeze", "canyon", "cedar", "copper", "coral", "dawn", "delta",
    "ember", "fern", "glacier", "harbour", "hazel", "indigo", "island", "juniper", "lagoon", "maple",
    "meadow", "mist", "moss", "oak", "ocean", "olive", "opal", "pebble", "pine", "quartz",
    "river", "sage", "shore", "slate", "spruce", "summit", "thistle", "tide", "valley", "willow",
)  # fmt: skip

PATHS: Final = (
    "/",
    "/about",
    "/blog",
    "/blog/hello",
    "/cart",
    "/checkout",
    "/docs",
    "/pricing",
    "/search",
    "/signup",
)
HOSTS: Final = ("example.com", "www.example.com", "shop.example.org", "blog.example.net", "search.example")

# The last word of a column's name to what may stand in it. Hosts are those that RFC 2606 keeps
# for examples.
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "action": ("add", "click", "open", "remove", "search", "view"),
    "browser": ("Chrome", "Edge", "Firefox", "Safari", "Samsung Internet"),
    "campaign": ("autumn_sale", "launch", "newsletter_12", "spring_sale"),
    "category": ("books", "clothes", "games", "garden", "music", "toys"),
    "channel": ("app", "email", "partner", "shop", "web"),
    "content": ("banner_a", "banner_b", "footer", "hero"),
    "device": ("desktop", "mobile", "tablet"),
    "domain": HOSTS,
    "environment": ("dev", "prod", "staging"),
    "event": ("add_to_cart", "click", "page_view", "purchase", "scroll", "sign_up"),
    "host": HOSTS,
    "hostname": HOSTS,
    "level": ("debug", "error", "info", "warning"),
    "manufacturer": ("Apple", "Fairphone", "Google", "Lenovo", "Samsung"),
    "medium": ("cpc", "email", "organic", "referral", "social"),
    "method": ("DELETE", "GET", "PATCH", "POST", "PUT"),
    "model": ("Fairphone 5", "Galaxy S24", "MacBook Air", "Pixel 9", "ThinkPad X1", "iPhone 16"),
    "os": ("Android", "Linux", "Windows", "iOS", "macOS"),
    "page": PATHS,
    "path": PATHS,
    "pathname": PATHS,
    "plan": ("basic", "free", "pro", "team"),
    "platform": ("android", "ios", "web"),
    "source": ("bing", "direct", "google", "newsletter", "partner"),
    "state": ("active", "closed", "new", "pending"),
    "status": ("active", "cancelled", "done", "new", "pending"),
    "term": ("analytics", "cookieless tracking", "iceberg tables", "web statistics"),
    "type": ("click", "order", "page_view", "sign_up"),
}  # fmt: skip
