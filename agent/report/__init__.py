"""One dictionary of facts, three renderers: terminal, Markdown and JSON, HTML."""
