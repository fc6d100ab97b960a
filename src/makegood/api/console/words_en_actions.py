"""The console's texts in English: actions in one sentence each, their kinds and causes."""

from __future__ import annotations

from typing import Final

EN: Final[dict[str, str]] = {
    # --- actions, in one sentence each ---
    "act.reassign": "Give delivery {fulfilment} to courier {to} instead of {from}",
    "act.reassign_new": "Give delivery {fulfilment} to courier {to}",
    "act.reroute": "Serve delivery {fulfilment} from {to}",
    "act.reschedule": "Promise order {order} for {time}",
    "act.split": "Split {n} line off order {order} | Split {n} lines off order {order}",
    "act.merge": "Deliver order {order} together with {with_order}",
    "act.substitute": "Replace a line of order {order} by {sku}",
    "act.hold": "Stop work on order {order}",
    "act.release": "Carry on with order {order}",
    "act.notify": "Tell the customer of order {order}: {template}",
    "act.notify_minutes": "Tell the customer of order {order}: {template}, {minutes} min",
    "act.stop_service": "Take no more orders at {hub}",
    "act.recall": "Call the courier of {fulfilment} back",
    "act.unassign": "Take delivery {fulfilment} away from its courier",
    "act.coupon": "Give the customer of order {order} a coupon of {money}",
    "act.refund": "Pay {money} back for order {order}",
    "act.refund_lines": (
        "Pay {money} back for {n} line of order {order} | "
        "Pay {money} back for {n} lines of order {order}"
    ),
    "act.cancel": "Cancel order {order}, worth {money}",
    "act.supplier_change": "Buy a line of order {order} from {supplier}, {money} more",
    "act.other": "{kind} on order {order}",
    "act.other_money": "{kind} on order {order}, {money}",
    "act.return": "Take {n} line of order {order} back | Take {n} lines of order {order} back",
    "act.return_money": (
        "Take {n} line of order {order} back and pay {money} back | "
        "Take {n} lines of order {order} back and pay {money} back"
    ),
    "act.exchange": (
        "Exchange {n} line of order {order} for {skus} | "
        "Exchange {n} lines of order {order} for {skus}"
    ),
    "act.exchange_money": (
        "Exchange {n} line of order {order} for {skus} and pay {money} back | "
        "Exchange {n} lines of order {order} for {skus} and pay {money} back"
    ),
    "act.change_items": (
        "Change {n} line of order {order} to {skus} | Change {n} lines of order {order} to {skus}"
    ),
    "act.change_items_money": (
        "Change {n} line of order {order} to {skus} and pay {money} back | "
        "Change {n} lines of order {order} to {skus} and pay {money} back"
    ),
    "act.change_address": "Deliver order {order} to another address",
    "act.change_address_money": "Deliver order {order} to another address and pay {money} back",
    "act.change_payment": "Charge order {order} to {method}",
    "act.change_payment_money": "Charge order {order} to {method} and pay {money} back",
    "template.ordered_twice": "was it ordered twice?",
    "template.apology": "we are sorry",
    "template.running_late": "it runs late",
    "template.delay": "a delay",
    "template.delayed": "a delay",
    "template.delay_apology": "a delay, and we are sorry",
    "template.new_promise": "a new promise",
    "template.at_risk": "it may not be delivered",
    "short.return": "Return",
    "short.exchange": "Exchange",
    "short.change_items": "Change of articles",
    "short.change_address": "Change of address",
    "short.change_payment": "Change of payment",
    "short.stop_service": "Stop of service",
    "short.refund": "Refund",
    "short.cancel": "Cancellation",
    "short.coupon": "Coupon",
    "short.supplier_change": "Supplier change",
    "cause.late": "the promise is late",
    "cause.undeliverable": "it cannot be delivered",
    "cause.out_of_stock": "out of stock",
    "cause.capacity": "too few couriers",
    "cause.weather": "the weather",
    "cause.duplicate": "a duplicate",
    "cause.returned": "it was returned",
    "cause.goodwill": "goodwill",
    "cause.safety": "safety",
}
