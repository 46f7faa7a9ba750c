"""Pages: health and metrics inside; the status page, feeds and hooks come in later versions."""
