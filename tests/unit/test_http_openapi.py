"""The interface's document is complete, and its examples are true."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest
from jsonschema import Draft202012Validator

from adapters.http.app import make_app
from adapters.http.batch import Batch
from adapters.http.commands import path_of, tag_of
from adapters.http.lending import proves
from core.commands import Command
from core.rejections import Code
from tests.unit.http_backend import CannedBackend, get

UNDOCUMENTED = {"/openapi.json", "/metrics"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = get(CannedBackend(), "/openapi.json").json()
    return found


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each route that takes a body, with the JSON content that it documents."""
    for path, methods in document["paths"].items():
        if "requestBody" in methods.get("post", {}):
            yield path, methods["post"]["requestBody"]["content"]["application/json"]


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(document["info"])
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert all("200" in operation["responses"] and operation["summary"] for operation in operations)


def test_every_route_is_documented_and_nothing_else_is(document: dict[str, Any]) -> None:
    routes = {route.path_format for route in make_app(CannedBackend()).routes}
    assert set(document["paths"]) == routes - UNDOCUMENTED


@pytest.mark.parametrize("kind", get_args(Command), ids=lambda kind: kind.__name__)
def test_every_command_is_there_with_its_headers_and_an_example_that_decodes(
    kind: type[Command], document: dict[str, Any]
) -> None:
    operation = document["paths"][path_of(kind)]["post"]
    assert operation["operationId"] == tag_of(kind)
    headers = [_resolved(document, parameter["$ref"])["name"] for parameter in operation["parameters"]]
    assert headers == ["Idempotency-Key", "Tenor-Channel", *(["Tenor-Officer-Token"] if proves(kind) else [])]
    content = operation["requestBody"]["content"]
    assert set(content) == {"application/json", "application/msgpack"}
    assert isinstance(msgspec.convert(content["application/json"]["example"], kind), kind)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = set(_references(document))
    assert len(references) > 40
    for reference in references:
        assert _resolved(document, reference)


def test_schemas_are_valid_and_examples_meet_them(document: dict[str, Any]) -> None:
    examples = list(bodies(document))
    assert len(examples) == len(get_args(Command)) + 6
    for path, content in examples:
        schema = content["schema"] | {"components": document["components"]}
        Draft202012Validator.check_schema(schema)
        errors = [error.message for error in Draft202012Validator(schema).iter_errors(content["example"])]
        assert not errors, path


def test_the_batch_example_holds_one_of_each_command(document: dict[str, Any]) -> None:
    example = document["paths"]["/v1/batch"]["post"]["requestBody"]["content"]["application/json"]["example"]
    batch = msgspec.convert(example, Batch)
    assert {type(item.command) for item in batch.commands} == set(get_args(Command))


def test_every_code_is_documented_under_its_status(document: dict[str, Any]) -> None:
    described = " ".join(response["description"] for response in document["components"]["responses"].values())
    assert set(Code) <= set(described.replace(",", " ").split())


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _resolved(document: dict[str, Any], reference: str) -> dict[str, Any]:
    node = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    assert json.dumps(node)
    return node
