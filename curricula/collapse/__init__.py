"""The collapse monitor: what a model and its curriculum lose when synthetic text replaces the real.

Texts and losses in, a panel of metrics out (`panel.py`), compared with the panel of cycle 0 (`alarms.py`). One
alarm warns, two cycles in a row veto the promotion. Nothing here does I/O or knows a model.
"""
