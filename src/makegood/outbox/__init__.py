"""Telling others: messages written with what they tell of, and delivered as Standard Webhooks."""
