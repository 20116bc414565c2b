"""Creatives, images and videos as Graph JSON."""

from __future__ import annotations

from typing import Any

from integration_tests.sandbox.kinds import Creative, Thing
from integration_tests.sandbox.moments import moment
from integration_tests.sandbox.objects_delivery import labels
from integration_tests.sandbox.world import World

_TEXTS = (
    "Made for long days and short nights. Free returns within 30 days, no questions asked.",
    "Über 10.000 zufriedene Kundinnen und Kunden. Jetzt entdecken und 15 % sparen! 🎉",
    "毎日をもっと快適に。期間限定、送料無料。𠮷野の職人が仕上げました。",
    "You asked, we listened: the classic is back, lighter and in six new colours.",
)
_HEADLINES = ("Back in stock", "Nur heute: 15 %", "送料無料", "The new classic", "Try it for 30 days 💪")
_BUTTONS = ("SHOP_NOW", "SIGN_UP", "LEARN_MORE", "GET_OFFER")
_LINK = "https://example.com/{0}?utm_source=facebook&utm_medium=paid&utm_campaign={{{{campaign.name}}}}"


def creative(world: World, node: Creative) -> dict[str, Any]:
    """A creative: a link with carousel cards or one of the dynamic kind with an asset feed, or a video."""
    number, revision = world.hash(node.id), world.life(node).revision
    status = "ACTIVE" if world.hash(node.id, "status", revision) % 12 else "IN_PROCESS"
    page, story = str(110000000000001 + number % 9), f"{600000000000000 + number % 10**14}"
    instagram = f"{17840000000000001 + number % 10**9}"
    text, headline, button = _TEXTS[number % 4], _HEADLINES[number % 5], _BUTTONS[number // 5 % 4]
    form = ("link", "video", "feed", "carousel")[number // 3 % 4]
    image = _image(world, node)
    row: dict[str, Any] = {
        "id": node.id,
        "account_id": node.account_id,
        "actor_id": page,
        "name": node.name,
        "title": headline,
        "body": text,
        "status": status,
        "object_type": "VIDEO" if form == "video" else "SHARE",
        "call_to_action_type": button,
        "thumbnail_id": str(120000000000000 + number % 10**9),
        "thumbnail_url": f"https://external.xx.fbcdn.net/emg1/v/t13/{number}?stp=p64x64",
        "effective_object_story_id": f"{page}_{story}",
        "effective_instagram_media_id": str(17900000000000001 + number % 10**9),
        "effective_authorization_category": "NONE",
        "instagram_user_id": instagram,
        "instagram_permalink_url": f"https://www.instagram.com/p/{number:016x}/",
        "enable_launch_instant_app": False,
        "url_tags": "utm_source=facebook&utm_content={{ad.id}}",
        "degrees_of_freedom_spec": {"creative_features_spec": _features(number)},
        "contextual_multi_ads": {"eligibility": ["POST_AD_ENABLED"], "enroll_status": "OPT_IN"},
        "object_story_spec": {"page_id": page, "instagram_user_id": instagram},
    }
    spec = row["object_story_spec"]
    if form == "video":
        row["video_id"] = world.object_id(node.account_id, "video", _of_start(world, node, 3, number))
        row["image_url"] = f"https://scontent.xx.fbcdn.net/v/t45.1600-4/{number}.png?oe=65C8B50F"
        spec["video_data"] = {
            "video_id": row["video_id"], "title": headline, "message": text, "link_description": headline,
            "image_url": row["image_url"],
            "call_to_action": {"type": button, "value": {"link": _LINK.format("video")}},
        }  # fmt: skip
    else:
        row["image_hash"], row["image_url"] = image, f"https://scontent.xx.fbcdn.net/v/t45.1600-4/{image}.png"
        row["link_url"] = _LINK.format("shop")
        spec["link_data"] = {
            "link": _LINK.format("shop"), "message": text, "name": headline, "image_hash": image,
            "call_to_action": {"type": button, "value": {"link": _LINK.format("shop")}},
        }  # fmt: skip
    if form == "carousel":
        spec["link_data"]["child_attachments"] = [_card(image, button, each, number) for each in range(3 + number % 5)]
        spec["link_data"]["multi_share_end_card"] = False
    if form == "feed":
        row["asset_feed_spec"] = _feed(image, button, number)
    if number % 8 == 0:
        row["product_set_id"] = str(250000000000000 + number % 10**9)
        row["template_url_spec"] = {"web": {"url": "https://example.com/{{product.retailer_id}}"}}
        row["template_url"] = _LINK.format("product")
    if adlabels := labels(world, node.account_id, number):
        row["adlabels"] = adlabels
    return row


def _features(number: int) -> dict[str, Any]:
    names = ("image_touchups", "text_optimizations", "inline_comment", "video_auto_crop")
    return {name: {"enroll_status": "OPT_IN" if number >> bit & 1 else "OPT_OUT"} for bit, name in enumerate(names)}


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


def _of_start(world: World, node: Creative, share: int, number: int) -> int:
    # Only media of the start: a creative may not change when the account grows.
    return number % max(1, world.spec(node.account_id).creatives // share)


def _image(world: World, node: Creative) -> str:
    index = min(node.index, max(0, world.spec(node.account_id).creatives - 1)) // 2
    return world.object_id(node.account_id, "image", index).partition(":")[2]


def _card(image_hash: str, button: str, each: int, number: int) -> dict[str, Any]:
    return {
        "link": _LINK.format(f"card-{each}"),
        "name": _HEADLINES[(number + each) % 5],
        "description": _TEXTS[(number + each) % 4],
        "image_hash": image_hash,
        "call_to_action": {"type": button, "value": {"link": _LINK.format(f"card-{each}")}},
    }


def _feed(image_hash: str, button: str, number: int) -> dict[str, Any]:
    def label(each: int) -> list[dict[str, str]]:
        return [{"name": f"placement_asset_{number:x}_{each}", "id": str(23850000000000000 + number % 10**9 + each)}]

    return {
        "images": [{"hash": image_hash, "adlabels": label(each)} for each in range(3)],
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
