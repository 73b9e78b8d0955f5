"""From web pages of the user's to real rows: one module a step, `chain.py` runs them."""
