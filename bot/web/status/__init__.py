"""The status page: what the public may know, as files that any web server can serve."""
