"""The LLM teacher: one client, one retry layer, a hard budget, nothing paid twice."""
