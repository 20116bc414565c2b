"""Meta (Facebook) Ads as an Airbyte source: ad objects and insights reports, incrementally and exactly."""

import contextlib


def _spare_docstrings() -> None:
    """Have airbyte-cdk's serializers made without the descriptions of their fields.

    For these, serpyco-rs reads and parses the source code of every message class, which takes a third of the CDK's
    import, and nobody ever asks for them. It takes the function that does so when it is imported; everybody else finds
    it as it was. Where it was imported before, or works otherwise, nothing changes.
    """
    import attributes_doc

    real = attributes_doc.get_attributes_doc
    attributes_doc.get_attributes_doc = lambda cls: {}  # noqa: ARG005
    try:
        import serpyco_rs  # noqa: F401
    finally:
        attributes_doc.get_attributes_doc = real


with contextlib.suppress(ImportError, AttributeError):
    _spare_docstrings()
