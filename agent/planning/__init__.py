"""Who gets the next lessons, by whom written, and what may be expected of them: pure functions, no I/O, no clock.

    looks at the gate ───► effects ──┐
    funnels, ledger ─────► yields ───┼─► allocate ─► forecast
    needs (diagnosis) ───► budget ───┘

A plan is a bandit with one batch of pulls a cycle: an arm is a strategy for a weakness, its pull a lesson ordered, its reward
the held-out items of that weakness that the gate saw fixed, less those broken, seen once a cycle and for all lessons together.
"""
