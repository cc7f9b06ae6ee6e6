"""The JSON Schema of a product document, for editors and for other systems that write products."""

from typing import Any

import msgspec

from adapters.catalogue.documents import FILLED
from core.origination.product import Product


def schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12); it does not know the terms that a document leaves out."""
    described = msgspec.json.schema(Product)
    terms = described["$defs"]["Terms"]
    for name in FILLED:
        del terms["properties"][name]
    terms["required"] = [name for name in terms["required"] if name not in FILLED]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Tenor product", **described}
