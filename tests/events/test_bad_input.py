"""Bad input: a reason that names the field and the mend, and the rest of the batch is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makegood.clock import DAY, MINUTE, VirtualClock, to_rfc3339
from makegood.errors import InvalidInput
from makegood.events.ingest import ingest
from makegood.events.model import Limits, Outcome
from makegood.events.read import read_event
from tests.events.making import EUR, T0, cloud_event, context, courier, created, hub, placed, raw

if TYPE_CHECKING:
    from makegood.store.session import Store

LIMITS = Limits()
NOW_US = T0 + DAY


def refused(event: bytes | dict[str, Any]) -> InvalidInput:
    with pytest.raises(InvalidInput) as problem:
        read_event(event, NOW_US, LIMITS)
    return problem.value


def problem_of(event: bytes | dict[str, Any]) -> InvalidInput | None:
    try:
        read_event(event, NOW_US, LIMITS)
    except InvalidInput as problem:
        return problem
    return None


def without(event: dict[str, Any], name: str) -> dict[str, Any]:
    return {k: v for k, v in event.items() if k != name}


def money(minor: object, currency: object = "EUR") -> dict[str, Any]:
    return placed(data={"total": {"minor": minor, "currency": currency}, "lines": []})


def drop_off(lat: object, lon: object = 0) -> dict[str, Any]:
    return placed(data={"drop_off": {"lat": lat, "lon": lon}})


BAD: Final[list[tuple[dict[str, Any], str, str]]] = [
    (placed() | {"type": "sales_order.plaecd"}, "type", "not a known event type"),
    (placed() | {"specversion": "0.3"}, "specversion", "1.0"),
    (placed() | {"id": ""}, "id", "match"),
    (placed() | {"id": 7}, "id", "string"),
    (placed() | {"source": "two words"}, "source", "match"),
    (placed() | {"subject": "a b"}, "subject", "match"),
    (without(placed(), "source"), "source", "is missing"),
    (without(placed(), "time"), "time", "is missing"),
    (without(placed(), "data"), "data", "is missing"),
    (without(placed(), "hub"), "hub", "is missing"),
    (without(placed(), "data") | {"data_base64": "eA=="}, "data_base64", "not supported"),
    (placed() | {"datacontenttype": "text/plain"}, "datacontenttype", "application/json"),
    (placed() | {"time": "2026-07-14T09:00:00"}, "time", "has no zone"),
    (placed() | {"time": "2026-02-30T09:00:00Z"}, "time", "exist"),
    (placed() | {"time": "yesterday"}, "time", "not a time"),
    (placed() | {"time": "0001-01-01T00:00:00Z"}, "time", "before 1970"),
    (placed(data={"promised_at": "9999-12-31T23:59:59Z"}), "data.promised_at", "after 2255"),
    (placed() | {"time": 1_784_000_000}, "time", "not a time"),
    (placed() | {"time": to_rfc3339(NOW_US + 6 * MINUTE)}, "time", "future"),
    (placed() | {"sequence": 4}, "sequence", "digits"),
    (placed() | {"sequence": "-4"}, "sequence", "digits"),
    (placed() | {"sequence": "9" * 30}, "sequence", "15 digits"),
    (placed() | {"data": []}, "data", "dictionary"),
    (placed(data={"colour": "red"}), "data.colour", "not a field"),
    (placed(data={"customer_id": 5}), "data.customer_id", "string"),
    (placed(data={"promised_at": "2026-07-14 10:00"}), "data.promised_at", "not a time"),
    (placed(data={"note": "x" * 2_001}), "data.note", "2000"),
    (money(-1), "data.total.minor", "greater than or equal to 0"),
    (money(19.9), "data.total.minor", "integer"),
    (money("1990"), "data.total.minor", "integer"),
    (money([1]), "data.total.minor", "integer"),
    (money(2**60), "data.total.minor", "less than or equal"),
    (money(1, "EURO"), "data.total.currency", "match"),
    (money(1, "XXQ"), "data.total.currency", "ISO 4217"),
    (money(1, "XAU"), "data.total.currency", "no minor units"),
    (placed(data={"total": {"minor": 1}}), "data.total.currency", "is missing"),
    (
        placed(data={"total": EUR | {"currency": "JPY"}}),
        "data.lines.0.price.currency",
        "not the currency of the total",
    ),
    (drop_off("31.2"), "data.drop_off.lat", "number"),
    (drop_off(90.5), "data.drop_off.lat", "less than or equal to 90"),
    (drop_off(0, -181), "data.drop_off.lon", "greater than or equal to -180"),
    (drop_off(float("nan")), "data.drop_off.lat", "not a finite number"),
    (drop_off(float("inf")), "data.drop_off.lat", "not a finite number"),
    (cloud_event("hub.registered", "h2", {"zone": "Mars/Base"}), "data.zone", "IANA"),
    (cloud_event("courier.position", "k1"), "data.position", "is missing"),
    (cloud_event("stock.counted", "s1", {"sku": "a", "on_hand": -1}), "data.on_hand", "0"),
]


@pytest.mark.parametrize(("event", "field", "problem"), BAD)
def test_the_reason_names_the_field_and_the_mend(
    event: dict[str, Any], field: str, problem: str
) -> None:
    found = refused(event)
    assert found.field == field
    assert problem in found.problem
    assert found.mend


def test_an_unknown_type_is_told_what_it_may_have_meant() -> None:
    event = placed() | {"type": "sales_order.plaecd"}
    assert refused(event).mend == "did you mean sales_order.placed?"


@pytest.mark.parametrize(
    ("event", "field", "problem"),
    [
        (b'{"specversion"', "event", "is not JSON at character"),
        (b"[1]", "event", "not a JSON object"),
        (b"null", "event", "not a JSON object"),
        (b"[" * 100_000, "event", "is not JSON"),
        (b'{"a":' * 100_000, "event", "is not JSON"),
        (b'{"a": 1' + b"0" * 10_000 + b"}", "event", "is not JSON"),
        (raw(placed()).replace(b"Ada", b"\xc3\x28"), "data.customer_name", "is not valid UTF-8"),
        (raw(placed())[:-1] + b"\xff}", "event", "is not valid UTF-8"),
        (raw(placed()).replace(b"31.2304", b"NaN"), "data.drop_off.lat", "not a finite"),
        (raw(placed()).replace(b"31.2304", b"-Infinity"), "data.drop_off.lat", "not a finite"),
        (raw(placed()).replace(b"31.2304", b"1e999"), "data.drop_off.lat", ""),
        (raw(placed()).replace(b"Ada", b"\\ud800"), "data.customer_name", "unicode"),
        (raw(placed()) + b" " * 10_000_000, "event", "the limit is 1,048,576"),
    ],
)
def test_bytes_that_are_no_event_are_refused_by_name(
    event: bytes, field: str, problem: str
) -> None:
    found = refused(event)
    assert found.field == field
    assert problem in found.problem
    assert found.mend


def test_five_minutes_in_the_future_is_still_now() -> None:
    event = placed() | {"time": to_rfc3339(NOW_US + 5 * MINUTE)}
    assert read_event(event, NOW_US, LIMITS).occurred_us == NOW_US + 5 * MINUTE


def test_extensions_that_nobody_asked_for_are_allowed_as_the_standard_says() -> None:
    event = placed() | {"traceparent": "00-abc", "dataschema": "https://example.org/schema"}
    assert read_event(event, NOW_US, LIMITS).subject == "o1"


def test_an_unknown_hub_is_refused_wherever_it_is_named(store: Store) -> None:
    into = context(VirtualClock(NOW_US))
    rerouted = cloud_event("fulfilment_order.rerouted", "f1", {"to_hub": "h9"}, minute=5)
    batch = [hub(), placed(hub="h9"), created(), rerouted, courier(hub="h2"), hub("h2")]
    receipt = ingest(store, batch, into)
    found = {o.index: (o.field, o.problem) for o in receipt.problems}
    assert found == {
        1: ("hub", "is not a known hub"),
        3: ("data.to_hub", "is not a known hub"),
    }
    assert receipt.counts == {Outcome.ACCEPTED: 4, Outcome.QUARANTINED: 2}


def test_bad_events_are_set_aside_and_the_rest_of_the_batch_is_kept(store: Store) -> None:
    into = context(VirtualClock(NOW_US))
    bad: list[bytes | dict[str, Any]] = [
        b"\xff",
        b"{}" + b" " * 2_000_000,
        money(-1),
        drop_off(float("nan")),
        raw(placed("o2")).replace(b"31.2304", b"NaN"),
    ]
    batch = [hub(), *bad, placed()]
    receipt = ingest(store, batch, into)
    assert [o.outcome for o in receipt.outcomes] == [
        Outcome.ACCEPTED,
        *[Outcome.QUARANTINED] * 5,
        Outcome.ACCEPTED,
    ]
    assert all(o.field and o.problem and o.mend and o.quarantine_id for o in receipt.problems)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["id", "source", "type", "subject", "time", "hub", "sequence", "specversion", "data"]
)


@given(FIELDS, JSON)
def test_whatever_stands_in_a_field_the_answer_is_an_event_or_a_reason(
    field: str, value: object
) -> None:
    problem = problem_of(placed() | {field: value})
    assert problem is None or (problem.field and problem.mend)


@given(st.sampled_from(sorted(placed()["data"])), JSON)
def test_whatever_stands_in_the_data_the_answer_is_an_event_or_a_reason(
    field: str, value: object
) -> None:
    problem = problem_of(placed(data={field: value}))
    assert problem is None or problem.field.startswith("data")


@given(st.binary(max_size=60), st.integers(0, 500))
def test_any_damage_to_the_bytes_is_an_event_or_a_reason(damage: bytes, at: int) -> None:
    whole = orjson.dumps(placed())
    damaged = whole[:at] + damage + whole[at + len(damage) :]
    problem = problem_of(damaged)
    assert problem is None or problem.mend
