"""The append-only, hash-linked record of everything that was decided and done."""
