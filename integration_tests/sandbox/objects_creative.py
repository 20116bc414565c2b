"""Creatives, images and videos as Graph JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from integration_tests.sandbox.kinds import Creative, Thing
from integration_tests.sandbox.layouts import Layout, Values, filler, member, text
from integration_tests.sandbox.lives import Standing
from integration_tests.sandbox.moments import moment
from integration_tests.sandbox.world import World

_TEXTS = (
    "Made for long days and short nights. Free returns within 30 days, no questions asked.",
    "Über 10.000 zufriedene Kundinnen und Kunden. Jetzt entdecken und 15 % sparen! 🎉",
    "毎日をもっと快適に。期間限定、送料無料。𠮷野の職人が仕上げました。",
    "You asked, we listened: the classic is back, lighter and in six new colours.",
)
_HEADLINES = ("Back in stock", "Nur heute: 15 %", "送料無料", "The new classic", "Try it for 30 days 💪")
_BUTTONS = ("SHOP_NOW", "SIGN_UP", "LEARN_MORE", "GET_OFFER")
_PAGES = [str(110000000000001 + number) for number in range(9)]
_MARKED = re.compile(r"<(\w+)>")
_MARKS = [f"label_{each}" for each in range(13)]
FORMS = ("link", "video", "feed", "carousel")
_LINK = "https://example.com/{0}?utm_source=facebook&utm_medium=paid&utm_campaign={{{{campaign.name}}}}"


CREATIVE = Layout(
    """
"id":"%(id)s"
"account_id":"%(account)s"
"actor_id":"%(page)s"
"status":"%(status)s"
"object_type":"%(type)s"
"call_to_action_type":"%(button)s"
"thumbnail_id":"%(thumbnail)s"
"thumbnail_url":"%(host)s/emg1/v/t13/%(id)s.png?stp=p%(size)s"
"effective_object_story_id":"%(page)s_%(story)s"
"effective_instagram_media_id":"%(media)s"
"effective_authorization_category":"NONE"
"instagram_user_id":"%(instagram)s"
"instagram_permalink_url":"https://www.instagram.com/p/%(number)s/"
"enable_launch_instant_app":false
"url_tags":"utm_source=facebook&utm_content={{ad.id}}"
"degrees_of_freedom_spec":{"creative_features_spec":{%(features)s}}
"contextual_multi_ads":{"eligibility":["POST_AD_ENABLED"],"enroll_status":"OPT_IN"}
"image_url":"https://scontent.xx.fbcdn.net/v/t45.1600-4/%(picture)s"
""",
    "name title body object_story_spec video_id image_hash link_url asset_feed_spec product_set_id template_url_spec "
    "template_url adlabels",
    """
    id account page status type button thumbnail story media instagram number features picture
    name title body object_story_spec video_id image_hash link_url asset_feed_spec product_set_id template_url_spec
    template_url adlabels
    """,
)
_LINK_URL = member("link_url", _LINK.format("shop"))
_TEMPLATE_SPEC = member("template_url_spec", {"web": {"url": "https://example.com/{{product.retailer_id}}"}})
_TEMPLATE_URL = member("template_url", _LINK.format("product"))
_TITLES = [member("title", text) for text in _HEADLINES]
_BODIES = [member("body", text) for text in _TEXTS]


class CreativeRows:
    """Writes the creatives of a world: a link with carousel cards or with an asset feed, or a video."""

    def __init__(self, world: World, labels: Callable[[Creative, int], str]) -> None:
        self._world, self._labels = world, labels
        self._stories = lru_cache(1_000)(_story)
        self._feeds = lru_cache(1_000)(_feed)
        self._image = lru_cache(1_000)(self._make_image)

    def creative(self, node: Creative, standing: Standing) -> Values:
        """A creative; where its thumbnail is, its page says."""
        world, account_id, number = self._world, node.account_id, node.words[0]
        page, instagram = _PAGES[number % 9], str(17840000000000001 + number % 10**9)
        form, is_of_catalogue = FORMS[number // 3 % 4], number % 8 == 0
        is_video = form == "video"
        # Only media of the start: a creative may not change when the account grows.
        there = world.spec(account_id).creatives
        if is_video:
            shown = world.object_id(account_id, "video", number % max(1, there // 3))
            picture = f"{number}.png?oe=65C8B50F"
        else:
            shown = self._image(account_id, min(node.index, max(0, there - 1)) // 2)
            picture = f"{shown}.png"
        # Texts, button and form all follow from number % 60, the cards of a carousel too.
        story = self._stories(number % 60)((page, instagram, shown, picture))
        return (
            node.id, account_id, page, "ACTIVE" if (standing.edit >> 32) % 12 else "IN_PROCESS",
            "VIDEO" if is_video else "SHARE", _BUTTONS[number // 5 % 4], str(120000000000000 + number % 10**9),
            str(600000000000000 + number % 10**14), str(17900000000000001 + number % 10**9), instagram,
            number.to_bytes(8).hex(), _FEATURES[number & 15], picture,
            f',"name":{text(node.name)}', _TITLES[number % 5], _BODIES[number % 4], story,
            f',"video_id":"{shown}"' if is_video else "", "" if is_video else f',"image_hash":"{shown}"',
            "" if is_video else _LINK_URL,
            self._feeds(number % 60)(_marks(number, shown)) if form == "feed" else "",
            f',"product_set_id":"{250000000000000 + number % 10**9}"' if is_of_catalogue else "",
            _TEMPLATE_SPEC if is_of_catalogue else "", _TEMPLATE_URL if is_of_catalogue else "",
            self._labels(node, number),
        )  # fmt: skip

    def _make_image(self, account_id: str, index: int) -> str:
        return self._world.object_id(account_id, "image", index).partition(":")[2]


def _stencil(name: str, value: Any, holes: Sequence[str]) -> Callable[[Values], str]:
    """What writes a member with holes: where a text says `<page>`, the value of that name is put."""
    return filler(_MARKED.sub(r"%(\1)s", member(name, value)), {hole: at for at, hole in enumerate(holes)})


def _story(number: int) -> Callable[[Values], str]:
    """What writes the object story spec: of page, user, shown (the image's hash or the video's id) and picture."""
    text, headline, button = _TEXTS[number % 4], _HEADLINES[number % 5], _BUTTONS[number // 5 % 4]
    form = FORMS[number // 3 % 4]
    spec: dict[str, Any] = {"page_id": "<page>", "instagram_user_id": "<user>"}
    if form == "video":
        spec["video_data"] = {
            "video_id": "<shown>", "title": headline, "message": text, "link_description": headline,
            "image_url": "https://scontent.xx.fbcdn.net/v/t45.1600-4/<picture>",
            "call_to_action": {"type": button, "value": {"link": _LINK.format("video")}},
        }  # fmt: skip
    else:
        spec["link_data"] = {
            "link": _LINK.format("shop"), "message": text, "name": headline, "image_hash": "<shown>",
            "call_to_action": {"type": button, "value": {"link": _LINK.format("shop")}},
        }  # fmt: skip
    if form == "carousel":
        spec["link_data"]["child_attachments"] = [_card(button, each, number) for each in range(3 + number % 5)]
        spec["link_data"]["multi_share_end_card"] = False
    return _stencil("object_story_spec", spec, ("page", "user", "shown", "picture"))


def _features(number: int) -> str:
    names = ("image_touchups", "text_optimizations", "inline_comment", "video_auto_crop")
    return ",".join(
        f'"{name}":{{"enroll_status":"{"OPT_IN" if number >> bit & 1 else "OPT_OUT"}"}}'
        for bit, name in enumerate(names)
    )


_FEATURES = [_features(number) for number in range(16)]


def image(world: World, node: Thing) -> dict[str, Any]:
    """An image; its id is account, colon, hash."""
    number = world.hash(node.id)
    image_hash = node.id.partition(":")[2]
    width, height = ((1200, 1200), (1080, 1350), (1200, 628))[number % 3]
    made = moment(world, node.account_id, node.created)
    used = [world.object_id(node.account_id, "creative", index) for index in (2 * node.index, 2 * node.index + 1)]
    used = [each for each in used if int(each[9:]) < world.spec(node.account_id).creatives]
    address = f"https://scontent.xx.fbcdn.net/v/t45.1600-4/{image_hash}"
    return {
        "id": node.id,
        "hash": image_hash,
        "account_id": node.account_id,
        "name": f"{node.name}.png",
        "status": "ACTIVE",
        "width": width,
        "height": height,
        "original_width": width,
        "original_height": height,
        "creatives": used,
        "permalink_url": f"https://www.facebook.com/ads/image/?d={image_hash}",
        "url": f"{address}.png",
        "url_128": f"{address}_128.png",
        "created_time": made,
        "updated_time": made,
        "is_associated_creatives_in_adgroups": bool(used),
    }


def video(world: World, node: Thing) -> dict[str, Any]:
    """A video; unlike the objects of Ads Manager its times are in UTC and it has no account id."""
    number = world.hash(node.id)
    made = f"{node.created:%Y-%m-%dT%H:%M:%S}+0000"
    length = 6 + number % 5400 / 100
    return {
        "id": node.id,
        "title": node.name,
        "description": _TEXTS[number % 4],
        "length": round(length, 3),
        "status": {"video_status": "ready", "processing_progress": 100},
        "views": number % 100_000,
        "post_views": number % 90_000,
        "published": True,
        "embeddable": False,
        "embed_html": f'<iframe src="https://www.facebook.com/plugins/video.php?href={node.id}" width="720"></iframe>',
        "content_category": "OTHER",
        "content_tags": [],
        "custom_labels": [],
        "backdated_time_granularity": "none",
        "format": [
            {"embed_html": "<iframe></iframe>", "filter": size, "height": pixels, "width": pixels,
             "picture": f"https://scontent.xx.fbcdn.net/v/t15/{number}_{size}.jpg"}
            for size, pixels in (("130x130", 130), ("480x480", 480), ("native", 1080))
        ],
        "icon": "https://static.xx.fbcdn.net/rsrc.php/v4/yD/r/DggDhA4z4tO.gif",
        "is_crosspost_video": False,
        "is_crossposting_eligible": False,
        "is_episode": False,
        "is_instagram_eligible": True,
        "is_reference_only": False,
        "permalink_url": f"/{110000000000001 + number % 9}/videos/{node.id}/",
        "picture": f"https://scontent.xx.fbcdn.net/v/t15/{number}.jpg",
        "source": f"https://video.xx.fbcdn.net/v/t42/{number}.mp4",
        "created_time": made,
        "updated_time": made,
    }  # fmt: skip


def _card(button: str, each: int, number: int) -> dict[str, Any]:
    return {
        "link": _LINK.format(f"card-{each}"),
        "name": _HEADLINES[(number + each) % 5],
        "description": _TEXTS[(number + each) % 4],
        "image_hash": "<shown>",
        "call_to_action": {"type": button, "value": {"link": _LINK.format(f"card-{each}")}},
    }


def _feed(number: int) -> Callable[[Values], str]:
    """What writes the asset feed spec, of `_marks`."""
    button = _BUTTONS[number // 5 % 4]

    def label(each: int) -> list[dict[str, str]]:
        return [{"name": f"placement_asset_<number>_{each}", "id": f"<label_{each}>"}]

    spec = {
        "images": [{"hash": "<shown>", "adlabels": label(each)} for each in range(3)],
        "bodies": [{"text": text, "adlabels": label(each + 3)} for each, text in enumerate(_TEXTS)],
        "titles": [{"text": text, "adlabels": label(each + 7)} for each, text in enumerate(_HEADLINES)],
        "descriptions": [{"text": text} for text in _TEXTS],
        "link_urls": [{"website_url": _LINK.format("feed"), "display_url": "", "adlabels": label(12)}],
        "call_to_action_types": [button],
        "ad_formats": ["AUTOMATIC_FORMAT"],
        "asset_customization_rules": [
            {
                "customization_spec": {"age_max": 65, "age_min": 18, "publisher_platforms": [platform]},
                "image_label": label(each)[0], "body_label": label(each + 3)[0], "title_label": label(each + 7)[0],
                "priority": each + 1,
            }
            for each, platform in enumerate(("facebook", "instagram", "audience_network"))
        ],
        "optimization_type": ("DEGREES_OF_FREEDOM", "PLACEMENT", "REGULAR")[number % 3],
        "additional_data": {"multi_share_end_card": False, "is_click_to_message": False},
    }  # fmt: skip
    return _stencil("asset_feed_spec", spec, ("number", "shown", *_MARKS))


def _marks(number: int, shown: str) -> Values:
    """What is a feed's own: its number, its image, the ids of its labels."""
    first = 23850000000000000 + number % 10**9
    return (f"{number:x}", shown, *map(str, range(first, first + len(_MARKS))))
