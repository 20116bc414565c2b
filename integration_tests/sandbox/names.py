"""Names of things, as advertisers write them: some with emoji, accents and other four-byte characters."""

from __future__ import annotations

OBJECTIVES = ("OUTCOME_SALES", "OUTCOME_LEADS", "OUTCOME_TRAFFIC", "OUTCOME_AWARENESS", "OUTCOME_ENGAGEMENT",
              "OUTCOME_APP_PROMOTION")  # fmt: skip
GOALS = {
    "OUTCOME_SALES": ("OFFSITE_CONVERSIONS", "VALUE", "LANDING_PAGE_VIEWS"),
    "OUTCOME_LEADS": ("LEAD_GENERATION", "OFFSITE_CONVERSIONS"),
    "OUTCOME_TRAFFIC": ("LINK_CLICKS", "LANDING_PAGE_VIEWS"),
    "OUTCOME_AWARENESS": ("REACH", "AD_RECALL_LIFT"),
    "OUTCOME_ENGAGEMENT": ("POST_ENGAGEMENT", "THRUPLAY"),
    "OUTCOME_APP_PROMOTION": ("APP_INSTALLS", "LINK_CLICKS"),
}
ATTRIBUTIONS = ("7d_click_1d_view", "7d_click_1d_view", "7d_click", "1d_click")
COUNTRIES = ("US", "DE", "JP", "FR", "GB", "BR", "CA", "ES")

_CAMPAIGNS = ("Sales", "Leads", "Spring launch", "Always on", "Retargeting", "Black Friday 🛍️", "Über uns", "新商品 𠮷",
              "Catalogue", "Brand \N{FIRE}")  # fmt: skip
_AUDIENCES = ("LAL 1%", "LAL 3%", "Broad", "Interests", "Web 180d", "Buyers 💎", "Engaged 365d", "Käufer")
_ADS = ("Video A", "Video B", "Carousel", "Static", "UGC 🎬", "Testimonial", "Größe S–XL", "セール")


def campaign(number: int, index: int) -> str:
    """A campaign's name."""
    return f"{_CAMPAIGNS[number % 10]} | {COUNTRIES[number // 10 % 8]} | {index + 1:03d}"


def adset(number: int, index: int) -> str:
    """An ad set's name."""
    return f"{_AUDIENCES[number % 8]} | {index + 1:04d}"


def ad(number: int, index: int) -> str:
    """An ad's name."""
    return f"{_ADS[number % 8]} | {index + 1:05d}"


def audience(number: int, index: int) -> str:
    """A custom audience's name."""
    return f"{_AUDIENCES[number % 8]} #{index + 1}"


def creative(number: int, index: int) -> str:
    """A creative's name, with the hash that Ads Manager appends."""
    return f"{_ADS[number % 8]} {index + 1} 2026-03-17-{number:016x}"


def thing(kind: str, number: int, index: int) -> str:
    """The name of anything else."""
    return f"{kind.replace('_', ' ').capitalize()} {index + 1}{' ✨' if number % 9 == 0 else ''}"
